"""What is wrong with one panel, or with one column, holds up nobody else's grades, and staff see it."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from lti_tool.lti import grade_courier
from lti_tool.lti.grade_models import OwnWords
from lti_tool.lti.grades import GradeBook
from lti_tool.parts import Parts
from lti_tool.web.grading_words import told
from social_layer.clock import Clock as DomainClock
from tests.lti_tool.lti import rostering
from tests.lti_tool.lti.classroom import Classroom, empty_book, one_topic
from tests.lti_tool.lti.launching import Clock

town = rostering.town


@pytest.fixture
def room(given: Parts, clock: Clock, town: rostering.Town) -> Iterator[Classroom]:
    for course in rostering.registered(given, clock, town, "moodle"):
        with empty_book(course):
            yield Classroom(course)


def test_a_panel_that_cannot_be_counted_stops_no_other(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Classroom(room.course, link="first-back")
    for each in (bad, room):
        each.arrive("maya")
        each.rules(one_topic())
        each.write("maya")
    count = grade_courier.count_panel

    def fails(session: Session, clock: DomainClock, tenant_id: UUID, panel_id: UUID) -> int:
        if panel_id == bad.panel_id:
            raise OverflowError("date value out of range")
        return count(session, clock, tenant_id, panel_id)

    monkeypatch.setattr(grade_courier, "count_panel", fails)
    room.tick()
    assert [post["scoreGiven"] for post in room.posts()] == [10]
    monkeypatch.undo()
    room.tick()
    assert [post["scoreGiven"] for post in room.posts()] == [10, 10]


def test_a_column_with_a_fault_of_ours_rests_and_says_so(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.arrive("maya")
    room.rules(one_topic())
    room.write("maya")

    def fails(*_: object) -> None:
        raise KeyError("a line item without an id")

    monkeypatch.setattr(GradeBook, "send", fails)
    room.tick()
    (column,) = room.columns()
    assert (column.trouble, column.lease) == (OwnWords.our_fault, None)
    assert column.resting_until is not None
    assert room.grader.sweep() == []
    assert "Something went wrong in the tool itself" in told(column.trouble)
    monkeypatch.undo()
    room.tick(seconds=3700)
    assert room.shown("maya") == 10
