"""The column of a removed stage: it stays in the LMS until staff want it gone, and goes only if we made it."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from lti_tool.lti.grade_models import GradeColumn, Score
from lti_tool.parts import Parts
from tests.lti_tool.lti import rostering
from tests.lti_tool.lti.classroom import Classroom, empty_book, one_topic
from tests.lti_tool.lti.launching import Clock, config_of

town = rostering.town


@pytest.fixture(params=["moodle", "canvas"])
def room(
    request: pytest.FixtureRequest, given: Parts, clock: Clock, town: rostering.Town
) -> Iterator[Classroom]:
    """A panel whose second stage was graded, sent and removed."""
    for course in rostering.registered(given, clock, town, request.param):
        with empty_book(course):
            room = Classroom(course)
            room.arrive("maya")
            sheet = room.rules(one_topic(name="First"), one_topic(name="Second"))
            room.write("maya")
            room.tick()
            assert [item.label.split(" · ")[1] for item in room.items] == ["First", "Second"]
            room.rules(one_topic(name="First"), ids=[sheet.stages[0].id])
            yield room


def asked(room: Classroom, who: str, stage: UUID, wish: str) -> TestResponse:
    config = config_of(room.course.launch(who, room.link))
    return room.course.app.test_client().post(
        f"{config['panel']}/grading/columns/{stage}",
        data={"wish": wish},
        headers={"Authorization": f"Bearer {config['token']}", "HX-Request": "true"},
    )


def stage_of(room: Classroom, name: str) -> UUID:
    return next(row.stage for row in room.columns() if row.label.endswith(name))


def labels(room: Classroom) -> list[str]:
    return [item.label.split(" · ")[1] for item in room.items]


def deletions(room: Classroom) -> int:
    return sum(call.method == "DELETE" for call in room.course.sandbox.door.calls)


def test_it_stays_until_staff_want_it_gone(room: Classroom) -> None:
    for _ in range(3):
        room.tick()
    assert (labels(room), deletions(room)) == (["First", "Second"], 0)
    page = asked(room, "amara", stage_of(room, "Second"), "delete").text
    assert "It is being deleted in your LMS." in page
    # Not in the request: the worker does it.
    assert labels(room) == ["First", "Second"]
    room.tick()
    assert (labels(room), deletions(room)) == (["First"], 1)
    assert room.shown("maya") == 10
    assert [row.label.split(" · ")[1] for row in room.course.rows(GradeColumn)] == ["First"]
    assert len(room.course.rows(Score)) == 1
    room.tick()
    assert deletions(room) == 1


def test_a_wish_can_be_taken_back(room: Classroom) -> None:
    stage = stage_of(room, "Second")
    asked(room, "amara", stage, "delete")
    assert "Delete it in your LMS…" in asked(room, "amara", stage, "leave").text
    room.tick()
    assert labels(room) == ["First", "Second"]


def test_what_the_lms_refuses_is_said_and_tried_again(room: Classroom) -> None:
    stage = stage_of(room, "Second")
    asked(room, "amara", stage, "delete")
    door = room.course.sandbox.door
    door.weather = lambda method, path: 403 if method == "DELETE" else None
    room.tick()
    (column,) = [row for row in room.columns() if row.stage == stage]
    assert column.trouble is not None
    assert column.trouble.startswith("403")
    door.weather = None
    room.tick(seconds=3700)
    assert labels(room) == ["First"]


def test_one_that_is_gone_already_is_done(room: Classroom) -> None:
    book = room.course.sandbox.gradebook
    book.remove(room.items[1])
    asked(room, "amara", stage_of(room, "Second"), "delete")
    room.tick()
    assert (labels(room), deletions(room), len(room.columns())) == (["First"], 0, 1)


def test_one_that_does_not_bear_our_mark_is_never_deleted(room: Classroom) -> None:
    room.items[1].tag = "somebody else's"
    asked(room, "amara", stage_of(room, "Second"), "delete")
    room.tick()
    assert (labels(room), deletions(room)) == (["First", "Second"], 0)
    assert "does not let the tool delete" in asked_for(room)


def test_one_that_the_lms_made_is_never_deleted(room: Classroom) -> None:
    stage = stage_of(room, "Second")
    with room.course.given.database.write() as session:
        (found,) = [row for row in room.columns() if row.stage == stage]
        session.get_one(GradeColumn, (found.tenant_id, found.id)).is_ours = False
    assert "it can only be deleted there" in asked_for(room)
    refused = asked(room, "amara", stage, "delete")
    assert (refused.status_code, "column_stays" in refused.text) == (409, True)
    room.tick()
    assert (labels(room), deletions(room)) == (["First", "Second"], 0)


def test_one_that_is_graded_stays_and_learners_order_nothing(room: Classroom) -> None:
    for who, stage, status in (
        ("amara", stage_of(room, "First"), 409),
        ("amara", uuid4(), 409),
        ("maya", stage_of(room, "Second"), 403),
    ):
        assert asked(room, who, stage, "delete").status_code == status
    room.tick()
    assert labels(room) == ["First", "Second"]


def test_what_waited_when_grading_was_ended_is_not_sent(
    given: Parts, clock: Clock, town: rostering.Town
) -> None:
    for course in rostering.registered(given, clock, town, "moodle"):
        with empty_book(course):
            room = Classroom(course)
            room.arrive("maya")
            room.rules(one_topic(name="First"))
            room.write("maya")
            course.sandbox.door.weather = lambda method, path: 503
            room.tick()
            assert [score.state for score in room.scores()] == ["pending"]
            room.rules()
            course.sandbox.door.weather = None
            room.tick(seconds=7200)
            assert (room.items, room.posts(status=200), room.scores()) == ([], [], [])
            # And nothing is due there any more.
            assert room.grader.sweep() == []


def test_a_rename_that_waited_when_its_stage_was_removed_is_not_made(room: Classroom) -> None:
    stage = stage_of(room, "Second")
    with room.course.given.database.write() as session:
        (found,) = [row for row in room.columns() if row.stage == stage]
        session.get_one(GradeColumn, (found.tenant_id, found.id)).label = "Another name"
    room.tick()
    assert labels(room) == ["First", "Second"]
    assert room.grader.sweep() == []


def asked_for(room: Classroom) -> str:
    config = config_of(room.course.launch("amara", room.link))
    return (
        room.course.app.test_client()
        .get(f"{config['panel']}/grading/rules", headers={"Authorization": f"Bearer {config['token']}"})
        .text
    )
