"""Assignment and Grade Services as recorded from a running Moodle 4.5: what it takes, and what it says."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from requests.structures import CaseInsensitiveDict

from lti_tool.lti.claims import launch_message
from lti_tool.lti.grade_queries import LINE_ITEM, RESULTS, SCORE, Destination
from lti_tool.lti.grades import REVIEW, GradeBook, Item, Result, ScoreMessage, shows
from lti_tool.lti.service_answers import FailureKind, ServiceAnswer, ServiceFailure, failure_of
from lti_tool.lti.services import Services
from tests.factories import NOW

RECORDINGS = Path(__file__).parent / "moodle"
ITEMS = "http://127.0.0.1:8090/mod/lti/services.php/2/lineitems?type_id=2"
ITEM = "http://127.0.0.1:8090/mod/lti/services.php/2/lineitems/14/lineitem?type_id=2"
CALLS = json.loads((RECORDINGS / "ags_calls.json").read_text())


class Replay:
    """Answers as Moodle did, to a request that was recorded: by method, address and types."""

    def __init__(self, *notes: str) -> None:
        self.calls = [call for note in notes for call in CALLS if call["note"] == note]
        assert len(self.calls) == len(notes)
        self.bodies: list[Any] = []

    def send(
        self, method: str, url: str, *, accept: str = "", content_type: str | None = None, **more: Any
    ) -> Any:
        recorded = self.calls.pop(0)
        request, response = recorded["request"], recorded["response"]
        assert (method, url) == (request["method"], request["url"])
        assert content_type == request["content_type"]
        if request["accept"]:
            assert accept == request["accept"]
        self.bodies.append(more.get("json"))
        content = json.dumps(response["body"]).encode() if response["body"] != "" else b""
        answer = SimpleNamespace(
            status_code=response["status"],
            reason=response["reason"],
            headers=CaseInsensitiveDict(response["headers"]),
            content=content,
            text=content.decode(),
            encoding="utf-8",
        )
        if failure := failure_of(cast(Any, answer), url, lambda: NOW):
            raise failure
        return ServiceAnswer(url, answer.status_code, answer.headers, content)

    def get(self, url: str, **more: Any) -> Any:
        return self.send("GET", url, **more)

    def post(self, url: str, **more: Any) -> Any:
        return self.send("POST", url, **more)

    def put(self, url: str, **more: Any) -> Any:
        return self.send("PUT", url, **more)


def book(lms: Replay, items: str = ITEMS) -> GradeBook:
    to = Destination(
        uuid4(), uuid4(), "7", uuid4(), "Moodle", "moodle", "http://127.0.0.1:8090", items, None,
        frozenset({LINE_ITEM, SCORE, RESULTS}),
    )  # fmt: skip
    return GradeBook(cast(Services, lms), to)


def score(user: str = "4", points: float = 15, comment: str = "Good <b>work</b>") -> ScoreMessage:
    return ScoreMessage(user, points, 30, comment, NOW, "Completed", is_first=True, replaces=False)


def test_the_claim_names_both_addresses_and_the_scopes() -> None:
    recorded = json.loads((RECORDINGS / "launch_submission_review.json").read_text())
    message = launch_message(recorded["id_token_payload"])
    assert message.grades.line_items_url == ITEMS
    assert message.grades.line_item_url == ITEM.replace("/14/", "/7/")
    assert {LINE_ITEM, SCORE, RESULTS} <= message.grades.scopes
    assert message.for_user == "4"


def test_a_line_item_is_made_at_its_link() -> None:
    lms = Replay("create lineitem coupled to resourceLinkId 7")
    made = book(lms).make(Item("Second col", 5, tag="second", resource_id="x", resource_link_id="7"))
    assert made.url == ITEM.replace("/14/", "/15/")
    recorded = {
        "scoreMaximum": 5,
        "label": "Second col",
        "resourceLinkId": "7",
        "resourceId": "x",
        "tag": "second",
    }
    assert lms.bodies == [{**recorded, "submissionReview": REVIEW}]


def test_a_line_item_of_another_link_is_refused_in_moodles_words() -> None:
    with pytest.raises(ServiceFailure) as failure:
        book(Replay("create with bad resourceLinkId")).make(Item("bad", 5, "", "", "9999"))
    assert (failure.value.kind, failure.value.status) == (FailureKind.refused, 403)
    assert "Forbidden" in failure.value.said


def test_our_marks_are_found_at_whichever_link() -> None:
    items = book(Replay("list filter tag")).find("participation")
    assert "7" in {item.resource_link_id for item in items}
    assert len(items) > 1
    assert all(item.tag == "participation" for item in items)


def test_label_and_points_are_changed() -> None:
    lms = Replay("put lineitem")
    book(lms).change(ITEM, Item("Reflection wk1 v2", 30, "reflection2", "refl-1"))
    assert lms.bodies == [{**CALLS_BODY["put lineitem"], "submissionReview": REVIEW}]


CALLS_BODY = {call["note"]: call["request"]["body"] for call in CALLS}


def test_a_score_is_taken_and_read_back() -> None:
    lms = Replay("score student1 FullyGraded", "results after first score")
    grades = book(lms)
    grades.send(ITEM, score())
    recorded = CALLS_BODY["score student1 FullyGraded"]
    assert {**lms.bodies[0], "timestamp": ""} == {**recorded, "timestamp": ""}
    results = grades.results(ITEM)
    assert results == {"4": Result(15, 30, "Good <b>work</b>")}
    assert shows(results["4"], 15, 30)
    assert shows(results["4"], 5, 10)
    assert not shows(results["4"], 15, 100)


@pytest.mark.parametrize(
    "note", ["score replay same timestamp", "score older timestamp", "score +300ms same second"]
)
def test_a_score_that_is_not_later_is_known_as_such(note: str) -> None:
    grades = book(Replay(note))
    with pytest.raises(ServiceFailure) as failure:
        grades.send(ITEM, score())
    assert grades.is_stale(failure.value)


def test_who_has_no_grade_is_listed_without_one() -> None:
    found = book(Replay("results")).results(ITEM)
    assert found["4"] == Result(None, None, None)
    assert found["5"].points == 3


def test_a_line_item_that_was_deleted_is_gone() -> None:
    assert not book(Replay("get deleted")).exists(ITEM.replace("/14/", "/15/"))
    assert book(Replay("get lineitem")).exists(ITEM)


def test_another_tools_line_item_is_refused_and_not_gone() -> None:
    with pytest.raises(ServiceFailure) as failure:
        book(Replay("score on foreign tool lineitem (type1 item 2)")).send(
            ITEM.replace("/14/", "/2/"), score("5", 3, "")
        )
    assert failure.value.kind is FailureKind.refused
    assert "Invalid LTI id supplied" in failure.value.said
