"""A panel's rules: set, changed, carried along, refused."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from social_layer.grading import actions
from social_layer.grading.rules import Counted, Need, ends_at, opens_at
from social_layer.panels.actions import set_up
from social_layer.panels.models import Kind
from social_layer.people.models import Course, Role
from social_layer.refusals import Refusal
from tests import factories
from tests.room import Room
from tests.social_layer.grading.class_room import MARCH_14, grade_by, rule, sheet_of


def test_rules_are_kept_in_order_as_they_were_given(room: Room) -> None:
    wanted = [
        rule(name="Week one", due_on=MARCH_14, late_counts=True),
        rule(0.5, openings=0, replies=1, opens_on=date(2026, 3, 15), by_itself=False),
    ]
    grade_by(room, *wanted)
    assert [stage.rule for stage in sheet_of(room).stages] == wanted


def test_a_stage_stays_the_same_one_when_its_rule_changes(room: Room) -> None:
    first, second = grade_by(room, rule(), rule(5)).stages
    changed = grade_by(room, rule(7), rule(20), ids=[second.id, None])
    assert changed.stages[0].id == second.id
    assert first.id not in {stage.id for stage in changed.stages}
    assert [stage.rule.points for stage in changed.stages] == [7, 20]
    assert grade_by(room, rule(7), rule(20), ids=[stage.id for stage in changed.stages]) is not None


def test_the_same_again_makes_no_new_version(room: Room) -> None:
    sheet = grade_by(room, rule())
    again = grade_by(room, rule(), ids=[sheet.stages[0].id])
    assert again.version_id == sheet.version_id


def test_a_new_set_up_keeps_the_rules_and_new_rules_keep_the_set_up(room: Room) -> None:
    teacher = room.newcomer(Role.instructor)
    with room.database.write() as session:
        set_up(
            session, room.clock, teacher, kind=Kind.discussion, title="Rivers", purpose="P", prompt="*Why*"
        )
    sheet = grade_by(room, rule(), teacher=room.look(teacher.membership_id))
    panel = room.look(teacher.membership_id).panel
    assert (panel.title, panel.purpose, panel.prompt, panel.is_graded) == ("Rivers", "P", "*Why*", True)
    with room.database.write() as session:
        set_up(session, room.clock, teacher, kind=Kind.discussion, title="Lakes", purpose="", prompt="")
    assert sheet_of(room).stages == sheet.stages


def test_a_copy_of_the_panel_has_the_same_rules(room: Room) -> None:
    """A course copy makes another panel from the same version."""
    sheet = grade_by(room, rule())
    with room.rows():
        course = factories.CourseFactory(tenant_id=room.tenant_id)
        copy = factories.PanelFactory(
            tenant_id=room.tenant_id, course_id=course.id, template_version_id=sheet.version_id
        )
    assert sheet_of(room, copy.id).stages == sheet.stages
    # And goes its own way from there.
    other = room.look(room.join(Role.instructor, course_id=course.id), copy.id)
    grade_by(room, rule(99), teacher=other, ids=[sheet.stages[0].id])
    assert sheet_of(room, copy.id).stages[0].rule.points == 99
    assert sheet_of(room).stages == sheet.stages


def test_no_rules_end_the_grading(room: Room) -> None:
    grade_by(room, rule())
    grade_by(room)
    assert sheet_of(room).stages == ()


@pytest.mark.parametrize("zone", [None, "Europe/Vienna"])
def test_days_are_those_of_the_course_or_of_who_sets_them(room: Room, zone: str | None) -> None:
    with room.database.write() as session:
        session.get_one(Course, (room.tenant_id, room.course_id)).time_zone = zone
    grade_by(room, rule(), teacher=room.newcomer(Role.instructor, time_zone="Asia/Tokyo"))
    assert sheet_of(room).zone.key == (zone or "Asia/Tokyo")


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_a_day_without_end_that_was_kept_before_is_counted_all_the_same(zone: str) -> None:
    far = rule(opens_on=date.min, due_on=date.max)
    opens, ends = opens_at(far, ZoneInfo(zone)), ends_at(far, ZoneInfo(zone))
    assert opens is not None
    assert ends is not None
    assert (opens.year < 2001, ends.year > 2998) == (True, True)


@pytest.mark.parametrize("role", [Role.learner, Role.assistant, Role.observer])
def test_only_who_sets_panels_up_makes_rules(room: Room, role: Role) -> None:
    with pytest.raises(Refusal, match="not_staff"):
        grade_by(room, rule(), teacher=room.newcomer(role))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"needs": ()}, "rule_empty"),
        ({"needs": (Need(Counted.replies, 0),)}, "rule_number_wrong"),
        ({"needs": (Need(Counted.replies, 101),)}, "rule_number_wrong"),
        ({"needs": (Need(Counted.replies, 1), Need(Counted.replies, 2))}, "rule_number_wrong"),
        ({"points": 0}, "points_wrong"),
        ({"points": 1000.01}, "points_wrong"),
        ({"points": 0.333}, "points_wrong"),
        ({"points": float("nan")}, "points_wrong"),
        ({"due_on": date.max}, "day_out_of_reach"),
        ({"opens_on": date.min}, "day_out_of_reach"),
        ({"opens_on": date(2026, 3, 15), "due_on": MARCH_14}, "dates_crossed"),
        ({"name": "x" * 101}, "text_too_long"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(room: Room, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal, match=code):
        grade_by(room, replace(rule(), **changes))
    assert sheet_of(room).stages == ()


def test_stages_are_few_and_known(room: Room) -> None:
    with pytest.raises(Refusal, match="too_many_stages"):
        grade_by(room, *[rule()] * 11)
    with pytest.raises(Refusal, match="stage_not_found"):
        grade_by(room, rule(), ids=[uuid4()])
    (stage,) = grade_by(room, rule()).stages
    with pytest.raises(Refusal, match="stage_not_found"):
        grade_by(room, rule(), rule(), ids=[stage.id, stage.id])


def test_a_version_made_from_another_carries_its_rules(room: Room) -> None:
    sheet = grade_by(room, rule(), rule(3))
    with room.rows():
        version = factories.TemplateVersionFactory(tenant_id=room.tenant_id)
        panel = factories.PanelFactory(
            tenant_id=room.tenant_id, course_id=room.course_id, template_version_id=version.id
        )
    with room.database.write() as session:
        actions.carry(session, room.tenant_id, sheet.version_id, version.id)
    assert sheet_of(room, panel.id).stages == sheet.stages
