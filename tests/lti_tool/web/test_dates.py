"""A panel's dates: shown in the reader's time, kept by the panel, and changed by who sets it up."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from social_layer.people.models import Role
from tests.lti_tool.web.reader import Reader, words_of
from tests.queries import counted
from tests.room import Room

ANYBODY = Callable[..., Reader]
WANTED = {"kind": "discussion", "title": "Seeds", "purpose": "", "prompt": "Why *fire*?"}
STAFF = [Role.instructor, Role.assistant, Role.designer, Role.administrator]


@pytest.fixture
def berlin(read_as: ANYBODY) -> Reader:
    return read_as(Role.instructor, time_zone="Europe/Berlin")


def local(room: Room, **ahead: float) -> str:
    """What a field of date and time holds, in UTC."""
    return (room.clock.now + timedelta(**ahead)).strftime("%Y-%m-%dT%H:%M")


def date_panel(instructor: Reader, **dates: str) -> TestResponse:
    done = instructor.post("/setup", **WANTED, **dates)
    assert done.status_code == 200, done.text
    return done


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, (answer.json or {})["code"]


def writing(reader: Reader, entry: Any) -> list[TestResponse]:
    """All the ways of writing, on the page and in the API."""
    return [
        reader.post("/entries", body="x"),
        reader.post("/entries", body="x", parent_id=entry),
        reader.send("PATCH", f"/entries/{entry}", data={"body": "x", "version": 1}),
        reader.get(f"/entries/{entry}/edit"),
        reader.send("DELETE", f"/entries/{entry}"),
        reader.send("PUT", f"/entries/{entry}/reactions/like"),
        reader.send_api("POST", "/entries", {"body": "x"}),
    ]


def test_before_the_opening_learners_see_only_when_it_is(
    instructor: Reader, learner: Reader, room: Room
) -> None:
    instructor.write("For the first day")
    date_panel(instructor, opens_at=local(room, hours=2), closes_at=local(room, days=9))
    seen = learner.sees()
    assert "This panel is not open yet. Opens on" in seen
    assert "UTC" in seen
    for hidden in ("For the first day", "fire", "topic-composer"):
        assert hidden not in learner.page()
    panel = learner.send_api("GET", "").json
    assert (panel["phase"], panel["prompt"], panel["viewer"]["may_post"]) == ("ahead", "", False)
    assert learner.send_api("GET", "/entries").json["items"] == []
    assert learner.get("/updates?after=" + learner.config()["cursor"]).status_code == 204
    refused = learner.post("/entries", body="x")
    assert refusal(refused) == (403, "panel_not_open")
    assert refused.json["title"].startswith("This panel opens on ")
    assert datetime.fromisoformat(refused.json["at"]) > room.clock.now
    assert refusal(learner.send_api("PUT", "/drafts/topic", {"body": "x"})) == (403, "panel_not_open")
    room.clock.pass_by(hours=3)
    seen = learner.sees()
    assert "For the first day" in seen
    assert "Opens on" not in seen
    assert "fire" in seen
    learner.write("At last")


@pytest.mark.parametrize("role", STAFF)
def test_who_runs_the_course_is_there_before(
    read_as: ANYBODY, instructor: Reader, room: Room, role: Role
) -> None:
    date_panel(instructor, opens_at=local(room, days=2))
    early = read_as(role)
    early.write("For the first day")
    seen = early.sees()
    assert "Learners do not see this yet." in seen
    assert "For the first day" in seen
    assert "fire" in seen


def test_after_the_close_it_can_be_read_and_no_longer_written_in(
    instructor: Reader, learner: Reader, room: Room
) -> None:
    entry = learner.write("In time")
    date_panel(instructor, closes_at=local(room, hours=1))
    assert "Closes on" in learner.sees()
    learner.send_api("PUT", "/drafts/topic", {"body": "Not quite <done>"})
    room.clock.pass_by(hours=2)
    for refused in writing(learner, entry):
        assert refusal(refused) == (403, "panel_closed")
        assert datetime.fromisoformat(refused.json["at"]) < room.clock.now
    # Whoever was typing when it closed loses nothing.
    assert learner.send_api("PUT", "/drafts/topic", {"body": "Not quite <done> yet"}).status_code == 204
    page = learner.page()
    assert "This panel is closed." in words_of(page)
    assert "In time" in page
    assert "Not quite &lt;done&gt; yet" in page
    for act in ("reply", "edit", "remove", "open-composer"):
        assert f'data-act="{act}"' not in page
    assert learner.send_api("GET", "").json["phase"] == "closed"
    instructor.write("A last word")
    assert "You can still write." in instructor.sees()
    date_panel(instructor, closes_at=local(room, days=1))
    learner.write("Once more")


def test_dates_are_shown_and_set_in_each_ones_own_time(berlin: Reader, read_as: ANYBODY, room: Room) -> None:
    year = room.clock.now.year + 1
    date_panel(
        berlin, opens_at=f"{year}-01-04T08:00", due_at=f"{year}-07-09T23:59", closes_at=f"{year}-07-11T23:59"
    )
    panel = berlin.send_api("GET", "").json
    assert [panel[name] for name in ("opens_at", "due_at", "closes_at")] == [
        f"{year}-01-04T07:00:00Z",
        f"{year}-07-09T21:59:00Z",
        f"{year}-07-11T21:59:00Z",
    ]
    form = berlin.get("/setup").text
    assert f'value="{year}-01-04T08:00"' in form
    assert "Europe/Berlin" in form
    tokyo = read_as(time_zone="Asia/Tokyo").sees()
    assert f"Opens on 4 January {year}, 16:00" in tokyo
    assert f"Due on 10 July {year}, 06:59" in tokyo
    assert f"Closes on 12 July {year}, 06:59" in tokyo
    assert "07:00 UTC" in read_as(time_zone=None).sees()


def test_dates_stay_where_a_form_says_nothing_and_go_where_it_is_empty(
    instructor: Reader, room: Room
) -> None:
    exact = (room.clock.now + timedelta(days=1)).replace(microsecond=0) + timedelta(seconds=7)
    sent = {**WANTED, "closes_at": exact.isoformat(), "due_at": None}
    assert instructor.send_api("PUT", "/setup", sent).status_code == 200

    def closes_at() -> datetime | None:
        return instructor.viewer.panel.closes_at

    instructor.post("/setup", **WANTED)
    assert closes_at() == exact
    instructor.post("/setup", **WANTED, closes_at=exact.strftime("%Y-%m-%dT%H:%M"))
    assert closes_at() == exact.astimezone(UTC)
    instructor.post("/setup", **WANTED, closes_at="")
    assert closes_at() is None


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ({"opens_at": "2031-01-02T08:00", "closes_at": "2031-01-01T08:00"}, "dates_out_of_order"),
        ({"closes_at": "soon"}, "invalid"),
        ({"closes_at": "9999-12-31T23:59"}, "invalid"),
        ({"opens_at": "0001-01-01T00:00"}, "invalid"),
    ],
)
def test_dates_that_cannot_be_are_refused(read_as: ANYBODY, dates: dict[str, str], code: str) -> None:
    instructor = read_as(Role.instructor, time_zone="Asia/Tokyo")
    assert refusal(instructor.post("/setup", **WANTED, **dates)) == (
        409 if code == "dates_out_of_order" else 422,
        code,
    )
    assert instructor.viewer.panel.opens_at is None


def test_dates_cost_no_statement(instructor: Reader, learner: Reader, room: Room) -> None:
    learner.page()
    with counted(room.database.engine) as before:
        learner.page()
    date_panel(instructor, closes_at=local(room, days=1))
    with counted(room.database.engine) as after:
        learner.page()
    assert len(after) == len(before)


def test_what_was_posted_in_time_is_answered_after_the_close(
    instructor: Reader, learner: Reader, room: Room
) -> None:
    """The first answer may have been lost on its way."""
    date_panel(instructor, closes_at=local(room, hours=1))
    key = {"idempotency_key": "0123456789abcdef"}
    entry = learner.write("Just in time", **key)
    room.clock.pass_by(hours=2)
    assert learner.write("Just in time", **key) == entry
    assert refusal(learner.post("/entries", body="Another text", **key)) == (409, "idempotency_key_reused")
    late = learner.post("/entries", body="Just in time", idempotency_key="fedcba9876543210")
    assert refusal(late) == (403, "panel_closed")
