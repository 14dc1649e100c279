"""Panels made from templates: who takes one over, who gets a copy, and what a copy takes along."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from social_layer.grading.rules import Counted
from social_layer.panels.actions import set_up
from social_layer.panels.copying import make_panel_from, make_template
from social_layer.panels.models import Kind, Panel, TemplateVersion
from social_layer.panels.queries import earlier_settings, earlier_version, newest_version
from social_layer.panels.settings import Settings, checked
from social_layer.people.models import Role
from social_layer.refusals import Invalid
from tests import factories
from tests.factories import NOW
from tests.room import Room
from tests.social_layer.grading.class_room import MARCH_14, grade_by, rule, sheet_of

CHOSEN = Settings(
    kind=Kind.reflection, title="Looking back", prompt="*Think*", points=5, due_at=NOW + timedelta(days=7)
)


def other_course(room: Room) -> UUID:
    with room.rows():
        course_id: UUID = factories.CourseFactory(tenant_id=room.tenant_id).id
    return course_id


def placed(room: Room) -> UUID:
    with room.database.write() as session:
        return make_template(session, room.clock, room.tenant_id, room.course_id, CHOSEN)


def opened(room: Room, template_id: UUID, course_id: UUID) -> tuple[Panel, TemplateVersion]:
    """A panel made from the newest version, and its settings."""
    with room.database.write() as session:
        version = newest_version(session, room.tenant_id, template_id)
        assert version is not None
        panel = make_panel_from(session, room.clock, room.tenant_id, course_id, version, is_set_up=True)
        own = session.get(TemplateVersion, (room.tenant_id, panel.template_version_id))
        assert own is not None
        return panel, own


def test_the_first_panel_of_its_course_takes_the_template_over_and_others_get_copies(room: Room) -> None:
    template_id = placed(room)
    elsewhere, _ = opened(room, template_id, other_course(room))
    first, own = opened(room, template_id, room.course_id)
    second, duplicate = opened(room, template_id, room.course_id)
    assert own.template_id == template_id
    assert len({elsewhere.template_version_id, first.template_version_id, second.template_version_id}) == 3
    assert (duplicate.kind, duplicate.title, duplicate.points) == ("reflection", "Looking back", 5)
    assert "<em>Think</em>" in duplicate.prompt_html


def test_points_of_a_placed_panel_come_with_a_usual_rule_that_sends_nothing_by_itself(room: Room) -> None:
    panel, _ = opened(room, placed(room), room.course_id)
    (stage,) = sheet_of(room, panel.id).stages
    assert (stage.rule.points, stage.rule.due_on, stage.rule.by_itself) == (5, date(2026, 3, 9), False)
    assert [need.counted for need in stage.rule.needs] == [Counted.reflections, Counted.replies]


def test_dates_stay_in_their_course(room: Room) -> None:
    template_id = placed(room)
    assert opened(room, template_id, other_course(room))[1].due_at is None
    assert opened(room, template_id, room.course_id)[1].due_at == CHOSEN.due_at
    assert opened(room, template_id, room.course_id)[1].due_at == CHOSEN.due_at


def test_rules_of_grading_go_along_and_their_days_stay_in_their_course(room: Room) -> None:
    template_id = placed(room)
    panel, own = opened(room, template_id, room.course_id)
    teacher = room.look(room.join(Role.instructor), panel.id)
    sheet = grade_by(room, rule(10, due_on=MARCH_14), teacher=teacher)
    beside, _ = opened(room, own.template_id, room.course_id)
    elsewhere, _ = opened(room, own.template_id, other_course(room))
    (stage,) = sheet.stages
    assert sheet_of(room, beside.id).stages == (stage,)
    (carried,) = sheet_of(room, elsewhere.id).stages
    assert carried.rule == replace(stage.rule, due_on=None)


def test_a_change_of_one_is_no_change_of_another(room: Room) -> None:
    template_id = placed(room)
    first, _ = opened(room, template_id, room.course_id)
    second, _ = opened(room, template_id, room.course_id)
    viewer = room.look(room.join(Role.instructor), second.id)
    with room.database.write() as session:
        set_up(session, room.clock, viewer, kind=Kind.discussion, title="Else", purpose="", prompt="")
    assert room.look(room.join(), first.id).panel.title == "Looking back"
    with room.database.read() as session:
        newest = newest_version(session, room.tenant_id, template_id)
    assert newest is not None
    assert newest.title == "Looking back"


def test_a_set_up_keeps_what_it_does_not_name(room: Room) -> None:
    panel, _ = opened(room, placed(room), room.course_id)
    viewer = room.look(room.join(Role.instructor), panel.id)
    with room.database.write() as session:
        set_up(session, room.clock, viewer, kind=Kind.reflection, title="Else", purpose="", prompt="")
    with room.database.read() as session:
        newest = newest_version(session, room.tenant_id, viewer.panel.template_id)
    assert newest is not None
    assert (newest.number, newest.title, newest.points, newest.due_at) == (2, "Else", 5, CHOSEN.due_at)


def test_earlier_panels_are_those_of_courses_that_one_sets_up(room: Room) -> None:
    opened(room, placed(room), room.course_id)
    elsewhere = other_course(room)
    viewer = room.look(room.join(Role.instructor))
    learner = room.look(room.join())
    with room.database.read() as session:
        (one,) = earlier_settings(session, room.tenant_id, viewer.person_id, elsewhere, 10)
        assert (one.title, one.kind) == ("Looking back", Kind.reflection)
        assert earlier_version(session, room.tenant_id, viewer.person_id, one.version_id) is not None
        assert earlier_settings(session, room.tenant_id, learner.person_id, room.course_id, 10) == []
        assert earlier_version(session, room.tenant_id, learner.person_id, one.version_id) is None


@pytest.mark.parametrize("points", [0, -1, 1001, float("nan"), float("inf")])
def test_points_that_are_none_are_refused(points: float) -> None:
    with pytest.raises(Invalid, match="points_wrong"):
        checked(Settings(kind=Kind.discussion, title="T", points=points))
