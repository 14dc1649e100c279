"""`worker --drain` brings grades, columns to go and notice handlers to LMSs now, and says what it leaves."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from lti_tool.lti.grade_models import GradeColumn, Score
from lti_tool.lti.grade_orders import order_column
from lti_tool.lti.platform_drain import Left, drain_platforms
from lti_tool.parts import Parts
from tests.lti_tool.lti import rostering
from tests.lti_tool.lti.classroom import Classroom, empty_book, one_topic
from tests.lti_tool.lti.launching import Clock

town = rostering.town


@pytest.fixture
def room(given: Parts, clock: Clock, town: rostering.Town) -> Iterator[Classroom]:
    for course in rostering.registered(given, clock, town, "canvas"):
        course.sandbox.notices.handlers.clear()
        with empty_book(course):
            yield Classroom(course)


def drained(room: Classroom) -> tuple[int, list[Left]]:
    room.course.clock.pass_by(seconds=1)
    return drain_platforms(room.course.given, lambda seconds: room.course.clock.pass_by(seconds=seconds))


def test_what_was_written_a_moment_ago_arrives_and_pauses_are_not_waited_for(room: Classroom) -> None:
    room.arrive("maya", "lucas")
    room.rules(one_topic())
    room.write("maya")
    assert drained(room) == (1, [])
    assert list(room.course.sandbox.notices.handlers.values()) == ["http://localhost:8000/lti/notices"]
    room.write("lucas")
    room.judge("maya", 4)
    tomorrow = room.course.clock() + timedelta(days=1)
    with room.course.given.database.write() as session:
        session.execute(update(GradeColumn).values(resting_until=tomorrow, failures=9))
        session.execute(update(Score).values(due_at=tomorrow))
    assert drained(room) == (2, [])
    assert (room.shown("maya"), room.shown("lucas")) == (4, 10)
    assert drained(room) == (0, [])


def test_what_an_lms_does_not_take_is_named(room: Classroom) -> None:
    room.arrive("maya", "lucas")
    room.rules(one_topic())
    room.write("maya")
    room.write("lucas")
    room.course.sandbox.door.weather = lambda method, path: 503
    count, left = drained(room)
    assert count == 0
    assert [(one.grades, one.notices) for one in left] == [(2, False), (0, True)]
    assert "503" in f"{left[0].trouble} {left[1].trouble} 503"
    room.course.sandbox.door.weather = None
    assert drained(room) == (2, [])


def test_columns_that_are_to_go_go(room: Classroom) -> None:
    room.arrive("maya")
    sheet = room.rules(one_topic(name="First"), one_topic(name="Second"))
    room.write("maya")
    drained(room)
    stages: list[UUID] = [stage.id for stage in sheet.stages]
    room.rules(one_topic(name="First"), ids=stages[:1])
    with room.course.given.database.write() as session:
        order_column(session, room.course.clock, room.look("amara"), stages[1], "delete")
    room.course.sandbox.door.weather = lambda method, path: 500 if method == "DELETE" else None
    assert [one.columns for one in drained(room)[1]] == [1]
    room.course.sandbox.door.weather = None
    assert drained(room)[1] == []
    assert len(room.items) == 1
