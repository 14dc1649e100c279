"""Staff put points of their own in place of the counted ones, with a comment, and take that back."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from social_layer.grading import actions
from social_layer.grading.queries import Grade
from social_layer.people.models import Role
from social_layer.refusals import Refusal
from social_layer.viewer import Viewer
from tests.room import Room
from tests.social_layer.grading.class_room import grade_by, learner, rule, sheet_of


def judge(
    room: Room, teacher: Viewer, whom: Viewer, points: float | None, comment: str = "", **more: Any
) -> None:
    stage = more.pop("stage", None) or sheet_of(room).stages[0].id
    with room.database.write() as session:
        actions.judge(
            session, room.clock, teacher, whom.membership_id, stage, points=points, comment=comment, **more
        )


def grade(room: Room, whom: Viewer) -> Grade:
    return learner(room, whom).grades[0]


def standing(room: Room, whom: Viewer) -> UUID | None:
    verdict = grade(room, whom).verdict
    return verdict.id if verdict else None


@pytest.mark.parametrize("role", [Role.instructor, Role.assistant, Role.administrator])
def test_staff_give_points_with_a_comment(room: Room, role: Role) -> None:
    grade_by(room, rule())
    teacher, maya = room.newcomer(role, name="Amara Okafor"), room.newcomer()
    judge(room, teacher, maya, 7.5, "Fewer, but **better**")
    found = grade(room, maya)
    assert (found.points, found.computed, found.is_final) == (7.5, 0, True)
    assert found.verdict is not None
    assert (found.verdict.comment, found.verdict.by) == ("Fewer, but **better**", "Amara Okafor")


def test_a_comment_alone_leaves_the_counted_points(room: Room) -> None:
    grade_by(room, rule(openings=1, replies=0))
    teacher, maya = room.newcomer(Role.instructor), room.newcomer()
    judge(room, teacher, maya, None, "Well begun")
    room.post(maya)
    assert (grade(room, maya).points, grade(room, maya).comment) == (10, "Well begun")


def test_what_is_taken_back_is_counted_again(room: Room) -> None:
    grade_by(room, rule())
    teacher, maya = room.newcomer(Role.instructor), room.newcomer()
    judge(room, teacher, maya, 7)
    with room.database.write() as session:
        actions.take_back(
            session,
            room.clock,
            teacher,
            maya.membership_id,
            sheet_of(room).stages[0].id,
            seen=standing(room, maya),
        )
    assert grade(room, maya).verdict is None
    assert grade(room, maya).points == 0


def test_of_two_who_judge_at_once_the_second_looks_again(room: Room) -> None:
    grade_by(room, rule())
    amara, jonas, maya = room.newcomer(Role.instructor), room.newcomer(Role.assistant), room.newcomer()
    judge(room, amara, maya, 7)
    with pytest.raises(Refusal, match="grade_changed"):
        judge(room, jonas, maya, 3)
    with pytest.raises(Refusal, match="grade_changed"):
        judge(room, jonas, maya, 3, seen=uuid4())
    judge(room, jonas, maya, 3, seen=standing(room, maya))
    assert grade(room, maya).points == 3


def test_the_same_said_twice_is_said_once(room: Room) -> None:
    grade_by(room, rule())
    amara, maya = room.newcomer(Role.instructor), room.newcomer()
    judge(room, amara, maya, 7, "Good")
    first, changes = standing(room, maya), sheet_of(room).changes
    judge(room, amara, maya, 7, "Good ")
    assert standing(room, maya) == first
    judge(room, amara, maya, 8, "Good", seen=first)
    assert sheet_of(room).changes > changes


@pytest.mark.parametrize(
    ("points", "comment", "code"),
    [
        (-1, "", "points_beyond"),
        (10.01, "", "points_beyond"),
        (float("nan"), "", "points_beyond"),
        (None, "  ", "judgement_missing"),
        (5, "x" * 2001, "text_too_long"),
    ],
)
def test_what_cannot_be_taken_is_refused(room: Room, points: float | None, comment: str, code: str) -> None:
    grade_by(room, rule())
    maya = room.newcomer()
    with pytest.raises(Refusal, match=code):
        judge(room, room.newcomer(Role.instructor), maya, points, comment)
    assert standing(room, maya) is None


@pytest.mark.parametrize("role", [Role.learner, Role.designer, Role.observer])
def test_nobody_else_judges(room: Room, role: Role) -> None:
    grade_by(room, rule())
    with pytest.raises(Refusal, match="not_grader"):
        judge(room, room.newcomer(role), room.newcomer(), 10)


def test_only_learners_and_known_stages_are_judged(room: Room) -> None:
    grade_by(room, rule())
    teacher = room.newcomer(Role.instructor)
    with pytest.raises(Refusal, match="learner_not_found"):
        judge(room, teacher, room.newcomer(Role.assistant), 1)
    with pytest.raises(Refusal, match="stage_not_found"):
        judge(room, teacher, room.newcomer(), 1, stage=uuid4())
