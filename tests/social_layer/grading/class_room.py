"""A panel that is graded, for tests: rules in one line, and what somebody has of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from social_layer.grading import actions, queries
from social_layer.grading.queries import Learner, Sheet
from social_layer.grading.rules import Counted, Need, Rule
from social_layer.people.models import Role
from social_layer.viewer import Viewer
from tests.room import Room

MARCH_14 = date(2026, 3, 14)


def rule(points: float = 10, *, openings: int = 2, replies: int = 3, **more: Any) -> Rule:
    """2 topics or answers and 3 replies, 10 points."""
    numbers = {Counted.openings: openings, Counted.replies: replies, **more.pop("needs", {})}
    return Rule(tuple(Need(kind, number) for kind, number in numbers.items() if number), points, **more)


def grade_by(
    room: Room, *rules: Rule, teacher: Viewer | None = None, ids: Sequence[UUID | None] = ()
) -> Sheet:
    teacher = teacher or room.newcomer(Role.instructor)
    wanted = list(zip(ids or [None] * len(rules), rules, strict=True))
    with room.database.write() as session:
        return actions.set_rules(session, room.clock, teacher, wanted)


def sheet_of(room: Room, panel_id: UUID | None = None) -> Sheet:
    with room.database.read() as session:
        sheet = queries.find_sheet(session, room.tenant_id, panel_id or room.panel_id)
    assert sheet is not None
    return sheet


def learner(room: Room, viewer: Viewer) -> Learner:
    sheet = sheet_of(room, viewer.panel.id)
    with room.database.read() as session:
        found = queries.grade_of(session, sheet, room.clock.now, viewer.membership_id)
    assert found is not None
    return found


def points(room: Room, viewer: Viewer, stage: int = 0) -> float:
    return learner(room, viewer).grades[stage].points
