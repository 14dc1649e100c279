"""Grades on their way to an LMS: the right ones arrive once, and nothing that a teacher gave there is touched."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from lti_tool.config import Settings
from lti_tool.lti import grade_courier
from lti_tool.lti.grade_looking import FRESH
from lti_tool.lti.grade_models import OwnWords, ScoreState
from lti_tool.lti.grade_queue import LEASE
from lti_tool.lti.outbound import PlatformSession
from lti_tool.lti.tool_card import CUSTOM
from lti_tool.parts import Parts
from social_layer.grading.queries import find_sheet
from tests.lti_tool.lti import rostering
from tests.lti_tool.lti.classroom import Classroom, empty_book, one_topic
from tests.lti_tool.lti.launching import Clock, settings_for

town = rostering.town
SUBMISSION = "https://canvas.instructure.com/lti/submission"


@pytest.fixture
def settings(tables_url: str, tmp_path: Path) -> Settings:
    """On SQLite and on PostgreSQL."""
    return settings_for(tables_url, tmp_path)


@pytest.fixture(params=["moodle", "canvas"])
def room(
    request: pytest.FixtureRequest, given: Parts, clock: Clock, town: rostering.Town
) -> Iterator[Classroom]:
    yield from _room(request.param, given, clock, town)


@pytest.fixture
def moodle(given: Parts, clock: Clock, town: rostering.Town) -> Iterator[Classroom]:
    yield from _room("moodle", given, clock, town)


def _room(profile: str, given: Parts, clock: Clock, town: rostering.Town) -> Iterator[Classroom]:
    # The first launch fixes Canvas's deployment.
    for course in rostering.registered(given, clock, town, profile):
        with empty_book(course):
            yield Classroom(course)


def state(room: Classroom, who: str) -> str | None:
    sending = room.sending(who)
    return sending.state if sending else None


# What arrives.


def test_a_course_that_nobody_uses_is_counted_once_a_day(
    moodle: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, counted = moodle, []
    count = grade_courier.count_panel
    monkeypatch.setattr(grade_courier, "count_panel", lambda *given: counted.append(1) or count(*given))
    room.arrive("maya")
    room.rules(one_topic())
    for hours, times in ((0, 1), (1.1, 2), (24 * 15, 3), (1.1, 3), (23, 4)):
        room.tick(seconds=3600 * hours)
        assert len(counted) == times
    # A day of its own is not missed.
    room.rules(one_topic(due_on=room.course.clock().date()))
    room.tick()
    room.tick(seconds=3600 * 24)
    assert room.shown("maya") == 0


def test_who_has_met_the_rule_gets_the_points_in_a_column_of_ours(room: Classroom) -> None:
    room.arrive("maya", "lucas")
    (stage,) = room.rules(one_topic(name="Week one")).stages
    room.write("maya")
    room.tick()
    (item,) = room.items
    assert (item.label, item.score_maximum, item.tag) == (
        "Food web · Week one",
        10,
        str(stage.id),
    ) or item.label.endswith("· Week one")
    assert item.tag == str(stage.id)
    assert item.link == room.link
    assert room.shown("maya") == 10
    assert room.shown("lucas") is None
    (sent,) = room.posts()
    assert sent["userId"] == room.sub("maya")
    assert (sent["scoreGiven"], sent["scoreMaximum"]) == (10, 10)
    assert (sent["activityProgress"], sent["gradingProgress"]) == ("Completed", "FullyGraded")
    assert datetime.fromisoformat(sent["timestamp"]) <= room.course.clock()
    assert state(room, "maya") == ScoreState.sent
    room.tick()
    room.tick()
    assert len(room.posts()) == 1


def test_the_column_that_the_lms_made_is_used(room: Classroom) -> None:
    sandbox = room.course.sandbox
    sandbox.gradebook.add("ecology", sandbox.registration.client_id, "Theirs", 100, link=room.link)
    room.arrive("maya")
    room.rules(one_topic())
    room.write("maya")
    room.tick()
    assert [item.label for item in room.items] == ["Theirs"]
    assert room.shown("maya") == 100


def test_what_is_not_final_waits_for_its_last_day_or_for_staff(room: Classroom) -> None:
    room.arrive("maya", "lucas")
    tomorrow = room.course.clock().date() + timedelta(days=1)
    room.rules(one_topic(due_on=tomorrow))
    room.tick()
    assert room.posts() == []
    room.course.clock.pass_by(days=2)
    room.tick()
    assert (room.shown("maya"), room.shown("lucas")) == (0, 0)


def test_staff_send_what_there_is(room: Classroom) -> None:
    room.arrive("maya", "lucas")
    room.rules(one_topic(by_itself=False))
    room.write("maya")
    room.tick()
    assert room.posts() == []
    room.send_all()
    room.tick()
    assert (room.shown("maya"), room.shown("lucas")) == (10, 0)
    assert {each["activityProgress"] for each in room.posts()} == {"Completed", "Initialized"}


def test_points_by_hand_and_a_comment_arrive(room: Classroom) -> None:
    room.arrive("maya")
    room.rules(one_topic())
    room.judge("maya", 7.5, "Fewer, but better")
    room.tick()
    grade = room.grade("maya")
    assert grade is not None
    assert (grade.score, grade.comment) == (7.5, "Fewer, but better")


def test_a_change_is_sent_later_in_time_and_is_no_new_submission(room: Classroom) -> None:
    room.arrive("maya")
    room.rules(one_topic())
    topic = room.write("maya")
    room.tick()
    room.remove("maya", topic)
    room.tick()
    assert room.shown("maya") == 0
    room.judge("maya", 4)
    room.tick()
    assert room.shown("maya") == 4
    stamps = [each["timestamp"] for each in room.posts()]
    assert stamps == sorted(set(stamps))
    if room.course.sandbox.config.profile == "canvas":
        assert [each[SUBMISSION]["new_submission"] for each in room.posts()] == [True, False, False]
        grade = room.grade("maya")
        assert grade is not None
        assert grade.submissions == 1
    else:
        assert all(SUBMISSION not in each for each in room.posts())


def test_two_changes_within_a_second_are_two_seconds(moodle: Classroom) -> None:
    moodle.arrive("maya")
    moodle.rules(one_topic())
    moodle.judge("maya", 4)
    moodle.tick()
    moodle.judge("maya", 5)
    moodle.tick(seconds=0)
    assert moodle.shown("maya") == 4
    moodle.tick(seconds=1)
    assert moodle.shown("maya") == 5
    assert all(call.status != 409 for call in moodle.course.sandbox.door.calls)


def test_stages_have_a_column_each(room: Classroom) -> None:
    room.arrive("maya")
    room.rules(one_topic(4, name="One"), one_topic(6, name="Two"))
    room.write("maya")
    room.tick()
    assert [item.score_maximum for item in room.items] == [4, 6]
    assert [room.shown("maya", 0), room.shown("maya", 1)] == [4, 6]
    # Moodle no longer names a line item in launches now, since there are two.
    room.arrive("maya")
    room.judge("maya", 1, stage=0)
    room.tick()
    assert room.shown("maya", 0) == 1


def test_other_points_change_the_column_and_the_grades_stay_ours(room: Classroom) -> None:
    room.arrive("maya")
    (stage,) = room.rules(one_topic(10)).stages
    room.write("maya")
    room.tick()
    room.rules(one_topic(20, name="Renamed"), ids=[stage.id])
    room.tick()
    assert room.items[0].score_maximum == 20
    assert room.items[0].label.endswith("Renamed")
    assert room.shown("maya") == 20
    assert state(room, "maya") == ScoreState.sent


def test_a_column_with_our_marks_is_found_again(room: Classroom) -> None:
    """Our table was lost, or a course was copied with its columns: no second one is made."""
    from sqlalchemy import delete

    from lti_tool.lti.grade_models import GradeColumn, Score

    room.arrive("maya")
    room.rules(one_topic())
    room.write("maya")
    room.tick()
    with room.course.given.database.write() as session:
        session.execute(delete(GradeColumn))
        session.execute(delete(Score))
    room.judge("maya", 3)
    room.tick()
    assert len(room.items) == 1
    # What stands there is not known to be ours any more.
    assert state(room, "maya") == ScoreState.held


def test_without_the_service_nothing_is_counted_or_sent(room: Classroom) -> None:
    registration = room.course.sandbox.registration
    registration.scopes = tuple(scope for scope in registration.scopes if "ags" not in scope)
    room.arrive("amara", "maya")
    room.rules(one_topic())
    room.write("maya")
    room.tick()
    assert room.scores() == []
    assert room.posts() == []


def test_a_copied_course_has_columns_of_its_own(room: Classroom) -> None:
    sandbox = room.course.sandbox
    before, sandbox.registration.custom = sandbox.registration.custom, dict(CUSTOM)
    room.arrive("amara", "maya")
    stages = room.rules(one_topic(4, name="One"), one_topic(6, name="Two")).stages
    room.write("maya")
    room.tick()
    copy = sandbox.copy_course("ecology", f"copy-{uuid4()}")
    of = sandbox.world.link(room.link).id
    (link,) = [each for each in sandbox.world.links_of(copy) if each.history[:1] == (of,)]
    there = Classroom(room.course, link.key)
    there.grader = room.grader
    sandbox.enrol("lucas", copy.key, "learner")
    there.arrive("lucas")
    sandbox.registration.custom = before
    with room.course.given.database.read() as session:
        sheet = find_sheet(session, there.tenant_id, there.panel_id)
    assert sheet is not None
    assert [stage.id for stage in sheet.stages] == [stage.id for stage in stages]
    there.write("lucas")
    there.tick()
    book = sandbox.gradebook
    # The LMS copied both columns with the link; no third one is made, and the old ones stay as they were.
    copied = book.items_of(copy.key)
    assert [item.tag for item in copied] == [str(stage.id) for stage in stages]
    assert [book.grade(item, "lucas").score for item in copied] == [4, 6]  # type: ignore[union-attr]
    assert [book.grade(item, "lucas") for item in book.items_of("ecology")] == [None, None]
    assert [book.grade(item, "maya").score for item in book.items_of("ecology")] == [4, 6]  # type: ignore[union-attr]


# A teacher's grade.


def test_a_grade_that_a_teacher_gave_in_the_lms_is_never_touched(room: Classroom) -> None:
    room.arrive("maya", "lucas")
    room.rules(one_topic())
    room.write("maya")
    room.tick()
    room.course.sandbox.set_grade(room.items[0], "lucas", 9, "By hand")
    room.course.sandbox.set_grade(room.items[0], "maya", 8)
    room.course.clock.pass_by(seconds=5)
    room.judge("maya", 2)
    room.write("lucas")
    room.tick()
    assert (room.shown("maya"), room.shown("lucas")) == (8, 9)
    for who, shown in (("maya", 8), ("lucas", 9)):
        sending = room.sending(who)
        assert sending is not None
        assert (sending.state, sending.shown, sending.needs_look) == (ScoreState.held, shown, True)
    room.send_all()
    room.tick()
    assert (room.shown("maya"), room.shown("lucas")) == (8, 9)


def test_unless_staff_say_so(room: Classroom) -> None:
    room.arrive("maya")
    room.rules(one_topic())
    room.write("maya")
    room.tick()
    room.course.sandbox.set_grade(room.items[0], "maya", 8)
    room.course.clock.pass_by(seconds=5)
    room.judge("maya", 2)
    room.tick()
    room.order("maya", "replace")
    room.tick()
    assert room.shown("maya") == 2
    assert state(room, "maya") == ScoreState.sent
    # That was said for one grade and not for the next.
    room.course.sandbox.set_grade(room.items[0], "maya", 8)
    room.course.clock.pass_by(seconds=5)
    room.judge("maya", 3)
    room.tick()
    assert room.shown("maya") == 8


def test_or_take_the_lms_grade_over(room: Classroom) -> None:
    room.arrive("maya")
    room.rules(one_topic())
    room.write("maya")
    room.tick()
    room.course.sandbox.set_grade(room.items[0], "maya", 8)
    room.course.clock.pass_by(seconds=5)
    room.judge("maya", 2)
    room.tick()
    sent = len(room.posts())
    room.order("maya", "keep")
    room.tick()
    assert room.shown("maya") == 8
    assert len(room.posts()) == sent
    sending = room.sending("maya")
    assert sending is not None
    assert (sending.state, sending.points, sending.needs_look) == (ScoreState.sent, 8, False)


def test_a_difference_is_found_when_staff_ask_and_changed_by_nobody(room: Classroom) -> None:
    room.arrive("maya")
    room.rules(one_topic())
    room.write("maya")
    room.tick()
    room.course.sandbox.set_grade(room.items[0], "maya", 6)
    room.read_back()
    room.tick()
    sending = room.sending("maya")
    assert sending is not None
    assert (sending.shown, sending.sent, sending.differs) == (6, 10, True)
    assert room.shown("maya") == 6


def test_without_the_right_to_look_nothing_is_overwritten(room: Classroom) -> None:
    registration = room.course.sandbox.registration
    registration.scopes = tuple(scope for scope in registration.scopes if "result" not in scope)
    room.arrive("amara", "maya")
    room.rules(one_topic())
    room.write("maya")
    room.tick()
    sending = room.sending("maya")
    assert sending is not None
    assert (sending.state, sending.answer) == (ScoreState.held, OwnWords.unseen)
    room.order("maya", "replace")
    room.tick()
    assert room.shown("maya") == 10


# Bad weather.


def test_a_busy_lms_is_left_alone_for_as_long_as_it_says(room: Classroom) -> None:
    room.arrive("maya", "lucas")
    room.rules(one_topic())
    for who in ("maya", "lucas"):
        room.write(who)
    room.course.sandbox.door.weather = lambda method, path: 429 if path.endswith("scores") else None
    room.tick()
    (asked,) = room.posts()
    room.tick(seconds=0)
    assert room.posts() == [asked]
    room.course.sandbox.door.weather = None
    room.tick(seconds=2)
    room.tick()
    assert (room.shown("maya"), room.shown("lucas")) == (10, 10)


def test_a_failing_lms_is_asked_again_later_and_later(room: Classroom) -> None:
    room.arrive("maya")
    room.rules(one_topic())
    room.write("maya")
    room.course.sandbox.door.weather = lambda method, path: 500 if path.endswith("scores") else None
    for _ in range(4):
        room.tick(seconds=60)
    sending = room.sending("maya")
    assert sending is not None
    assert (sending.state, sending.attempts) == (ScoreState.pending, 4)
    assert "500" in (sending.answer or "")
    room.course.sandbox.door.weather = None
    room.tick(seconds=60)
    assert room.shown("maya") == 10


def test_a_refused_score_is_parked_with_the_lms_own_words_and_tried_again_on_request(room: Classroom) -> None:
    room.arrive("maya", "lucas")
    room.rules(one_topic())
    room.course.sandbox.suspend("maya", "ecology")
    room.write("maya")
    room.write("lucas")
    room.tick()
    sending = room.sending("maya")
    assert sending is not None
    assert sending.state == ScoreState.parked
    assert sending.answer
    assert sending.answer.startswith(("400", "422"))
    assert room.shown("lucas") == 10
    tried = len(room.posts())
    room.tick(seconds=7200)
    assert len(room.posts()) == tried
    room.course.sandbox.readmit("maya", "ecology")
    room.order("maya", "again")
    room.tick()
    assert room.shown("maya") == 10


def test_a_removed_column_is_made_anew_once(room: Classroom) -> None:
    book = room.course.sandbox.gradebook
    room.arrive("maya", "lucas")
    room.rules(one_topic())
    room.write("maya")
    room.tick()
    book.remove(room.items[0])
    room.write("lucas")
    room.tick()
    assert len(room.items) == 1
    # Everything is sent again, since the new one is empty.
    assert (room.shown("maya"), room.shown("lucas")) == (10, 10)
    book.remove(room.items[0])
    room.judge("maya", 1)
    room.tick()
    assert room.items == []
    (column,) = room.columns()
    assert column.trouble is not None
    assert OwnWords.gone_again in column.trouble
    # Until staff say so.
    room.send_all()
    room.tick()
    assert room.shown("maya") == 1


def test_what_was_stored_without_an_answer_is_not_sent_again(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.arrive("maya")
    room.rules(one_topic())
    room.write("maya")
    genuine = PlatformSession.request

    def cut_off(self: PlatformSession, method: Any, url: Any, *args: Any, **options: Any) -> Any:
        answer = genuine(self, method, url, *args, **options)
        if str(url).partition("?")[0].endswith("/scores"):
            raise requests.ConnectionError("cut off")
        return answer

    monkeypatch.setattr(PlatformSession, "request", cut_off)
    room.tick()
    assert state(room, "maya") == ScoreState.pending
    monkeypatch.undo()
    room.tick()
    assert state(room, "maya") == ScoreState.sent
    assert len(room.posts()) == 1


def test_a_killed_worker_leaves_nothing_behind_but_its_lease(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.arrive("maya", "lucas", "aisha")
    room.rules(one_topic())
    for who in ("maya", "lucas", "aisha"):
        room.write(who)
    genuine = PlatformSession.request
    sent = []

    class Killed(BaseException):
        pass

    def killed(self: PlatformSession, method: Any, url: Any, *args: Any, **options: Any) -> Any:
        answer = genuine(self, method, url, *args, **options)
        if str(url).partition("?")[0].endswith("/scores"):
            sent.append(url)
            if len(sent) == 2:
                raise Killed
        return answer

    monkeypatch.setattr(PlatformSession, "request", killed)
    with pytest.raises(Killed):
        room.tick()
    monkeypatch.undo()
    other = room.new_grader()
    room.tick(grader=other)
    assert len(room.posts()) == 2
    room.tick(seconds=LEASE.total_seconds(), grader=other)
    assert [room.shown(who) for who in ("maya", "lucas", "aisha")] == [10, 10, 10]
    assert len(room.posts()) == 3


def test_two_workers_do_not_work_at_one_column(room: Classroom) -> None:
    room.arrive("maya")
    room.rules(one_topic())
    room.write("maya")
    room.course.clock.pass_by(seconds=30)
    first, second = room.new_grader(), room.new_grader()
    (key,) = first.sweep()
    assert second.sweep() == [key]
    first.deliver(key)
    second.deliver(key)
    assert len(room.posts()) == 1


def test_many_scores_through_bad_weather_arrive_once(room: Classroom) -> None:
    from social_layer.people.actions import Newcomer, arrive
    from social_layer.people.models import Role

    people = room.course.sandbox.add_members("ecology", 130)
    room.rules(one_topic(due_on=date(2020, 1, 1)))
    viewer = room.look("amara")
    with room.course.given.database.write() as session:
        for person in people:
            arrive(
                session,
                room.course.clock,
                Newcomer(
                    tenant_id=viewer.tenant_id,
                    course_id=viewer.panel.course_id,
                    home_page=room.course.sandbox.profile.issuer,
                    account=person.sub,
                    role=Role.learner,
                ),
            )
    # One of them was graded in the LMS itself.
    spared = people[7]
    room.send_all()
    room.course.sandbox.door.weather = lambda method, path: 503 if path.endswith("scores") else None
    room.tick()
    room.course.sandbox.set_grade(room.items[0], spared.key, 9)
    room.course.clock.pass_by(seconds=FRESH.total_seconds())
    turns = iter(range(10**6))
    weather = {0: 429, 3: 500, 4: 500, 9: 503}
    room.course.sandbox.door.weather = lambda method, path: (
        weather.get(next(turns) % 23) if path.endswith("scores") else None
    )
    for _ in range(60):
        room.tick(seconds=5)
        if all(score.state != ScoreState.pending for score in room.scores()):
            break
    states = [score.state for score in room.scores()]
    assert (states.count(ScoreState.sent), states.count(ScoreState.held)) == (len(people) - 1, 1)
    taken = [each["userId"] for each in room.posts(status=200)]
    assert sorted(taken) == sorted(person.sub for person in people if person is not spared)
    assert room.shown(spared.key) == 9
    assert all(score.shown_at is not None for score in room.scores())
    refused = [call.status for call in room.course.sandbox.door.calls if call.status >= 400]
    assert {429, 500, 503} <= set(refused)
