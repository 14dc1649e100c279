"""Names and Roles as recorded from a running Moodle 4.5, read."""

import json
from pathlib import Path
from typing import Any

from requests.structures import CaseInsensitiveDict

from lti_tool.lti.names_roles import MEDIA_TYPE, batches
from lti_tool.lti.services import ServiceAnswer
from social_layer.people.listed import Listed
from social_layer.people.models import Role

RECORDINGS = Path(__file__).parent / "moodle"
MEMBERS = "http://127.0.0.1:8090/mod/lti/services.php/CourseSection/2/bindings/2/memberships"


def recorded(name: str) -> Any:
    return json.loads((RECORDINGS / f"{name}.json").read_text())


class Replay:
    """Answers with what was recorded, by address; a page that was not recorded is an empty one."""

    def __init__(self, *answers: Any, **others: Any) -> None:
        self.answers = {each["request"]["url"]: each["response"] for each in answers}
        self.others = others
        self.asked: list[str] = []

    def get(self, url: str, **options: Any) -> ServiceAnswer:
        self.asked.append(url)
        assert options["accept"] == MEDIA_TYPE
        answer = self.answers.get(url) or {
            "status": 200,
            "headers": {},
            "body": self.others or {"members": []},
        }
        headers = CaseInsensitiveDict(answer["headers"])
        return ServiceAnswer(url, answer["status"], headers, json.dumps(answer["body"]).encode())


def call(note: str) -> Any:
    (found,) = [each for each in recorded("nrps_calls") if each["note"] == note]
    return found


def everybody(lms: Any, url: str) -> list[Listed]:
    return [each for batch in batches(lms, url) for each in batch]


def test_a_course_as_it_was_recorded() -> None:
    whole = call("nrps all")
    whole["request"]["url"] += "?limit=200"
    assert everybody(Replay(whole), MEMBERS) == [
        Listed("5", Role.learner, "Zoë Müller-O'Neil"),
        Listed("4", Role.learner, "Sam Student"),
        Listed("3", Role.instructor, "Tina Teacher"),
        Listed("6", Role.learner, "李 小龙"),
    ]


def test_the_next_page_is_asked_for_at_the_address_that_moodle_gives() -> None:
    lms = Replay(call("nrps limit=2"))
    assert [each.account for each in everybody(lms, f"{MEMBERS}?limit=2")] == ["5", "4"]
    assert lms.asked == [f"{MEMBERS}?limit=2", f"{MEMBERS}?limit=2&from=2"]


def test_who_is_asked_for_by_link_is_the_same() -> None:
    by_link = call("nrps rlid=7")
    by_link["request"]["url"] += "&limit=200"
    assert len(everybody(Replay(by_link), f"{MEMBERS}?rlid=7")) == 4


def test_with_names_withheld_people_are_accounts_with_roles() -> None:
    body = recorded("nrps_privacy_off")["nrps_privacy_off_and_student3_suspended"]
    found = everybody(Replay(**body), MEMBERS)
    assert {each.account: each.role for each in found} == {
        "5": Role.learner,
        "4": Role.learner,
        "3": Role.instructor,
        "8": Role.instructor,
        # The non-editing teacher, whose launch says otherwise.
        "7": Role.learner,
    }
    assert {each.name for each in found} == {None}
