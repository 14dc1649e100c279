"""A submission review opens the learner's grading screen for staff, and one's own lines for a learner."""

from collections.abc import Iterator
from typing import Any

import pytest

from lti_tool.lti.grades import REVIEW
from lti_tool.parts import Parts
from lti_tool.sandbox import authorize
from tests.lti_tool.lti import rostering
from tests.lti_tool.lti.classroom import Classroom, empty_book, one_topic
from tests.lti_tool.lti.launching import Clock, asked_of_platform, config_of

town = rostering.town


@pytest.fixture(params=["moodle", "canvas"])
def room(
    request: pytest.FixtureRequest, given: Parts, clock: Clock, town: rostering.Town
) -> Iterator[Classroom]:
    for course in rostering.registered(given, clock, town, request.param):
        with empty_book(course):
            yield Classroom(course)


def review(room: Classroom, who: str, whose: str) -> Any:
    sandbox, browser = room.course.sandbox, room.course.browser()
    _, params = sandbox.begin_review(who, room.items[0], whose)
    _, fields = authorize(sandbox, asked_of_platform(browser.log_in(params)))
    return browser.post("/lti/launch", fields)


def graded(room: Classroom) -> None:
    room.arrive("maya")
    room.rules(one_topic())
    room.write("maya")
    room.tick()


def test_staff_come_to_that_persons_screen(room: Classroom) -> None:
    graded(room)
    config = config_of(review(room, "amara", "maya"))
    member = room.look("maya").membership_id
    assert config["open"] == f"/grading/learners/{member}"
    assert config["panel_id"] == str(room.panel_id)
    screen = room.course.app.test_client().get(
        f"{config['panel']}{config['open']}", headers={"Authorization": f"Bearer {config['token']}"}
    )
    assert screen.status_code == 200
    assert "Maya Chen" in screen.text


def test_the_grade_book_offers_it_for_the_column_that_we_made(room: Classroom) -> None:
    room.arrive("lucas")
    graded(room)
    book = room.course.sandbox.gradebook
    (item,) = room.items
    assert item.submission_review == dict(REVIEW)
    assert book.is_reviewable(item, "maya")
    assert not book.is_reviewable(item, "lucas")
    assert "url" not in REVIEW  # that of the link


def test_learners_come_to_their_own_lines_and_to_nobody_elses(room: Classroom) -> None:
    graded(room)
    room.arrive("lucas")
    assert config_of(review(room, "maya", "maya"))["open"] == "/participation"
    refused = review(room, "lucas", "maya")
    assert refused.status_code == 403
    assert "Maya" not in refused.text


def test_somebody_who_is_not_known_here_is_said_so(room: Classroom) -> None:
    graded(room)
    refused = review(room, "amara", "aisha")
    assert refused.status_code == 404
    assert "nothing to review" in refused.text


def test_an_ordinary_launch_begins_with_the_panel(room: Classroom) -> None:
    assert config_of(room.course.launch("amara", room.link))["open"] == ""
