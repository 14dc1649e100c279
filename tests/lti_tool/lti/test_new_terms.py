"""A new term: the grades that the LMS has stay as they are, until staff say otherwise."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from lti_tool.config import Settings
from lti_tool.lti import reading, rosters
from lti_tool.lti.grade_models import ScoreState
from lti_tool.parts import Parts
from social_layer.grading.queries import find_sheet
from tests.lti_tool.lti import rostering
from tests.lti_tool.lti.classroom import Classroom, empty_book, one_topic
from tests.lti_tool.lti.launching import Clock, Course, config_of, settings_for

town = rostering.town


@pytest.fixture
def settings(tables_url: str, tmp_path: Path) -> Settings:
    """On SQLite and on PostgreSQL."""
    return settings_for(tables_url, tmp_path)


@pytest.fixture(params=["moodle", "canvas"])
def room(
    request: pytest.FixtureRequest, given: Parts, clock: Clock, town: rostering.Town
) -> Iterator[Classroom]:
    """Maya has her ten points in the LMS."""
    for course in rostering.registered(given, clock, town, request.param):
        with empty_book(course):
            room = Classroom(course)
            room.arrive("maya", "lucas")
            room.rules(one_topic(due_on=clock().date() + timedelta(days=30)))
            room.write("maya")
            room.tick()
            assert room.shown("maya") == 10
            yield room


def points_page(room: Classroom) -> str:
    config = config_of(room.course.launch("amara", room.link))
    answer = room.course.app.test_client().get(
        f"{config['panel']}/terms/1/points", headers={"Authorization": f"Bearer {config['token']}"}
    )
    assert answer.status_code == 200
    return answer.text


def begin_term(room: Classroom) -> None:
    config = config_of(room.course.launch("amara", room.link))
    begun = room.course.app.test_client().post(
        f"{config['panel']}/terms",
        data={"term": room.look("amara").panel.term},
        headers={"Authorization": f"Bearer {config['token']}", "HX-Request": "true"},
    )
    assert begun.status_code == 200


def by_itself_again(room: Classroom) -> None:
    with room.course.given.database.read() as session:
        sheet = find_sheet(session, room.tenant_id, room.panel_id)
    assert sheet is not None
    room.rules(one_topic(), ids=[sheet.stages[0].id])


def test_grades_of_the_former_term_stay(room: Classroom) -> None:
    begin_term(room)
    for _ in range(3):
        room.tick(seconds=3700)
    room.course.clock.pass_by(days=60)
    room.arrive("aisha")
    room.tick()
    assert (room.shown("maya"), room.shown("lucas"), room.shown("aisha")) == (10, None, None)
    assert len(room.posts()) == 1
    assert "<strong>10</strong> / 10" in points_page(room)


def test_they_stay_when_staff_let_the_rule_send_again_until_somebody_is_done(room: Classroom) -> None:
    begin_term(room)
    by_itself_again(room)
    room.arrive("aisha")
    room.write("aisha")
    room.tick(seconds=3700)
    assert (room.shown("maya"), room.shown("aisha")) == (10, 10)
    assert room.sending("maya") is None
    room.judge("maya", 4)
    room.tick()
    assert room.shown("maya") == 4


def test_staff_send_the_new_terms_points(room: Classroom) -> None:
    begin_term(room)
    room.send_all()
    room.tick()
    assert (room.shown("maya"), room.shown("lucas")) == (0, 0)


def test_what_had_not_arrived_is_not_sent_in_the_new_term(room: Classroom) -> None:
    room.course.sandbox.door.weather = lambda method, path: 503 if path.endswith("/scores") else None
    room.write("lucas")
    room.tick()
    begin_term(room)
    room.course.sandbox.door.weather = None
    room.tick(seconds=7200)
    assert room.shown("lucas") is None
    assert {score.state for score in room.scores()} == {ScoreState.former}


def test_a_column_that_is_gone_is_not_filled_with_the_former_terms_grades(room: Classroom) -> None:
    begin_term(room)
    room.course.sandbox.gradebook.remove(room.items[0])
    by_itself_again(room)
    room.write("lucas")
    room.tick()
    room.tick(seconds=3700)
    assert (room.shown("lucas"), room.shown("maya")) == (10, None)


OFFER = "A new term seems to have begun."


def read_roster(course: Course) -> None:
    with course.given.database.read() as session:
        due = rosters.due(session, course.clock, 5)
    assert [reading.read(course.given, *each) for each in due] == [True]


def test_after_a_course_reset_a_new_term_is_offered_on_a_panel_that_nobody_set_up(
    given: Parts, clock: Clock, town: rostering.Town
) -> None:
    for course in rostering.registered(given, clock, town, "moodle"):
        with empty_book(course):
            sandbox = course.sandbox
            members = dict(sandbox.world.courses["ecology"].members)
            try:
                room = Classroom(course)
                room.arrive("maya", "lucas")
                room.write("maya")
                assert not room.look("amara").panel.is_set_up
                sandbox.reset_course("ecology")
                clock.pass_by(days=1)
                assert OFFER not in course.launch("amara", room.link).text
                read_roster(course)
                page = course.launch("amara", room.link).text
                # Beside the offer to set it up, which is all that is visible.
                assert OFFER in page[page.index('id="set-up"') : page.index('id="sheet"')]
                begin_term(room)
                assert OFFER not in course.launch("amara", room.link).text
                assert room.look("amara").panel.term == 2
            finally:
                sandbox.world.courses["ecology"].members.update(members)
