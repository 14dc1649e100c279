"""What learners have of a rule is counted from their entries."""

from datetime import UTC, date, datetime, timedelta

import pytest

from social_layer.discussion import actions as discussion
from social_layer.grading import queries
from social_layer.grading.rules import Counted, Giving
from social_layer.panels.models import Kind
from social_layer.people.models import Course, Role
from tests.queries import counted
from tests.room import Room
from tests.social_layer.grading.class_room import MARCH_14, grade_by, learner, points, rule, sheet_of


def test_a_share_of_the_points_for_a_share_of_the_work(room: Room) -> None:
    grade_by(room, rule())
    maya = room.newcomer()
    assert points(room, maya) == 0
    topic = room.post(maya, title="One")
    room.post(maya, title="Two")
    room.post(maya, parent_id=topic)
    (grade,) = learner(room, maya).grades
    assert [(line.in_time, line.need.number) for line in grade.lines] == [(2, 2), (1, 3)]
    assert grade.computed == grade.points == 6
    assert not grade.is_met
    assert grade.has_begun


def test_all_or_nothing(room: Room) -> None:
    grade_by(room, rule(openings=1, replies=1, giving=Giving.whole))
    maya = room.newcomer()
    topic = room.post(maya)
    assert points(room, maya) == 0
    room.post(maya, parent_id=topic)
    assert points(room, maya) == 10


def test_more_of_one_thing_makes_up_for_nothing_else(room: Room) -> None:
    grade_by(room, rule(openings=1, replies=1))
    maya = room.newcomer()
    for _ in range(5):
        room.post(maya)
    assert points(room, maya) == 5


def test_points_are_shown_to_the_hundredth(room: Room) -> None:
    grade_by(room, rule(10, openings=3, replies=0))
    maya = room.newcomer()
    room.post(maya)
    assert points(room, maya) == 3.33


def test_a_removed_entry_does_not_count(room: Room) -> None:
    grade_by(room, rule(openings=1, replies=0))
    maya = room.newcomer()
    entry = room.post(maya)
    with room.database.write() as session:
        discussion.remove(session, room.clock, maya, entry)
    assert points(room, maya) == 0


def test_others_entries_and_other_panels_do_not_count(room: Room) -> None:
    grade_by(room, rule(openings=1, replies=0))
    maya, lucas = room.newcomer(), room.newcomer()
    room.post(lucas)
    elsewhere = room.add_panel()
    room.post(room.look(maya.membership_id, elsewhere))
    assert points(room, maya) == 0
    assert points(room, lucas) == 10


def test_a_reflection_counts_as_one(room: Room) -> None:
    panel = room.add_panel(Kind.reflection)
    teacher = room.look(room.join(Role.instructor), panel)
    grade_by(room, rule(openings=0, replies=0, needs={Counted.reflections: 1}), teacher=teacher)
    maya = room.look(room.join(), panel)
    room.post(maya)
    assert points(room, maya) == 10


def test_the_last_day_ends_at_midnight_of_the_course(room: Room) -> None:
    with room.database.write() as session:
        session.get_one(Course, (room.tenant_id, room.course_id)).time_zone = "America/New_York"
    grade_by(room, rule(openings=2, replies=0, due_on=MARCH_14))
    maya = room.newcomer()
    # 14 March 2026, 23:59 in New York, which is four hours behind since the 8th.
    room.clock.now = datetime(2026, 3, 15, 3, 59, tzinfo=UTC)
    room.post(maya)
    assert not learner(room, maya).grades[0].is_over
    room.clock.now = datetime(2026, 3, 15, 4, 0, tzinfo=UTC)
    room.post(maya)
    (grade,) = learner(room, maya).grades
    assert (grade.lines[0].in_time, grade.lines[0].late) == (1, 1)
    assert (grade.points, grade.is_over, grade.has_late) == (5, True, True)


def test_a_rule_may_count_what_comes_late(room: Room) -> None:
    grade_by(room, rule(openings=1, replies=0, due_on=MARCH_14, late_counts=True))
    maya = room.newcomer()
    room.clock.now = datetime(2026, 3, 20, tzinfo=UTC)
    room.post(maya)
    (grade,) = learner(room, maya).grades
    assert (grade.points, grade.has_late) == (10, False)


def test_stages_have_days_of_their_own(room: Room) -> None:
    grade_by(
        room,
        rule(4, openings=1, replies=0, due_on=date(2026, 3, 7)),
        rule(6, openings=1, replies=0, opens_on=date(2026, 3, 8), due_on=MARCH_14),
    )
    maya = room.newcomer()
    room.post(maya)
    assert [grade.points for grade in learner(room, maya).grades] == [4, 0]
    room.clock.now = datetime(2026, 3, 9, tzinfo=UTC)
    room.post(maya)
    assert [grade.points for grade in learner(room, maya).grades] == [4, 6]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.learner])
def test_only_learners_are_graded(room: Room, role: Role) -> None:
    grade_by(room, rule())
    room.newcomer(role)
    with room.database.read() as session:
        assert queries.grades(session, sheet_of(room), room.clock()) == []


def test_test_students_and_those_who_left_are_not_graded(room: Room) -> None:
    from social_layer.people.models import Membership

    grade_by(room, rule())
    test, gone = room.join(), room.join()
    with room.database.write() as session:
        session.get_one(Membership, (room.tenant_id, test)).is_test = True
        session.get_one(Membership, (room.tenant_id, gone)).active = False
    with room.database.read() as session:
        assert queries.grades(session, sheet_of(room), room.clock()) == []
        assert queries.grade_of(session, sheet_of(room), room.clock(), test) is None


def test_all_learners_by_name_in_two_statements(room: Room) -> None:
    grade_by(room, rule(), rule(5, openings=1, replies=0))
    zoe, nobody, adam = room.newcomer(name="Zoe"), room.newcomer(name=None), room.newcomer(name="adam")
    room.post(zoe)
    sheet = sheet_of(room)
    for _ in range(2):
        with room.database.read() as session, counted(room.database.engine) as statements:
            found = queries.grades(session, sheet, room.clock())
        assert len(statements) == 2
        assert [one.membership_id for one in found[:1]] == [adam.membership_id]
        assert [one.membership_id for one in found[-1:]] == [nobody.membership_id]
        zoes = next(one for one in found if one.membership_id == zoe.membership_id)
        assert ([grade.points for grade in zoes.grades], zoes.entries) == ([2, 5], 1)
        for number in range(20):
            room.post(room.newcomer(name=f"Person {number}"))


def test_an_old_term_does_not_count(room: Room) -> None:
    grade_by(room, rule(openings=1, replies=0))
    maya = room.newcomer()
    room.post(maya)
    with room.database.write() as session:
        session.get_one(Course, (room.tenant_id, room.course_id)).term = 2
    assert points(room, maya) == 0
    assert learner(room, maya).last_at is None


def test_a_panel_without_rules_is_not_graded(room: Room) -> None:
    assert sheet_of(room).stages == ()
    assert not room.newcomer().panel.is_graded
    grade_by(room, rule())
    assert room.newcomer().panel.is_graded


def test_an_unknown_zone_is_utc(room: Room) -> None:
    with room.database.write() as session:
        session.get_one(Course, (room.tenant_id, room.course_id)).time_zone = "Nowhere/Land"
    assert sheet_of(room).zone.key == "UTC"


def test_an_instant_is_counted_once(room: Room) -> None:
    """What is written in the very moment of midnight is late, and of the next stage."""
    grade_by(
        room,
        rule(1, openings=1, replies=0, due_on=MARCH_14),
        rule(1, openings=1, replies=0, opens_on=MARCH_14 + timedelta(days=1)),
    )
    maya = room.newcomer()
    room.clock.now = datetime(2026, 3, 14, 23, 59, 59, tzinfo=UTC)
    room.post(maya)
    assert [grade.points for grade in learner(room, maya).grades] == [0, 1]
