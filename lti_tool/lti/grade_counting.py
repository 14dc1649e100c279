"""From what was counted to what is to be sent: each learner's points as a wish, which a courier brings to the LMS.

A panel is counted again when something in it, its rules or its judgements has changed, when a day is over, and once
an hour for who joined meanwhile; once a day in a course that nobody has used for two weeks. Nobody is asked over the
network here.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.lti.grade_models import GradeColumn, GradeCount, GradeService, Score, ScoreState
from lti_tool.lti.grade_queries import Destination, find_destination, near
from lti_tool.lti.models import ID_LENGTH, LtiLink
from lti_tool.lti.rosters import USED_LATELY
from social_layer.clock import Clock
from social_layer.database import run, upsert
from social_layer.grading import queries
from social_layer.grading.models import GradingStage, PanelGrading
from social_layer.grading.queries import Grade, Sheet
from social_layer.grading.rules import ends_at
from social_layer.panels.models import Panel
from social_layer.people.models import Membership

AGAIN = timedelta(hours=1)
# Where nobody has opened anything lately, nobody joins either.
AGAIN_UNUSED = timedelta(days=1)
# Whoever writes on and on does not have the panel counted at every word.
REST = timedelta(seconds=20)
_PANELS = 100


def panels_to_count(session: Session, now: datetime, limit: int = _PANELS) -> list[tuple[UUID, UUID]]:
    """Graded panels whose grades can go somewhere and may have changed, as (tenant, panel); one statement."""
    is_graded = exists().where(
        GradingStage.tenant_id == Panel.tenant_id,
        GradingStage.template_version_id == Panel.template_version_id,
    )
    goes_somewhere = exists().where(
        LtiLink.tenant_id == Panel.tenant_id,
        LtiLink.panel_id == Panel.id,
        GradeService.tenant_id == LtiLink.tenant_id,
        GradeService.link_id == LtiLink.id,
    )
    found = session.execute(
        select(Panel.tenant_id, Panel.id)
        .outerjoin(GradeCount, and_(GradeCount.tenant_id == Panel.tenant_id, GradeCount.panel_id == Panel.id))
        .outerjoin(
            PanelGrading, and_(PanelGrading.tenant_id == Panel.tenant_id, PanelGrading.panel_id == Panel.id)
        )
        .where(
            is_graded,
            goes_somewhere,
            or_(
                GradeCount.panel_id.is_(None),
                GradeCount.changes != PanelGrading.changes,
                GradeCount.version_id != Panel.template_version_id,
                GradeCount.again_at <= now,
                and_(GradeCount.counter != Panel.counter, GradeCount.counted_at <= now - REST),
            ),
        )
        .limit(limit)
    )
    return [(row[0], row[1]) for row in found]


def count_panel(
    session: Session, clock: Clock, tenant_id: UUID, panel_id: UUID, *, everyone: bool = False
) -> int:
    """Writes down what the LMS is to show; answers how many wishes are new or changed.

    ``everyone``: staff want all to be sent, whether or not it is final. Otherwise only stages that send by themselves
    are, and of those only what is final, or was sent before and has changed.
    """
    now = clock()
    _hold(session, tenant_id, panel_id)
    sheet = queries.find_sheet(session, tenant_id, panel_id)
    if sheet is None:
        return 0
    destination = find_destination(session, tenant_id, panel_id)
    changed = 0
    if sheet.stages and destination is not None and destination.takes_scores:
        _keep_columns(session, sheet, destination)
        changed = _wish(session, sheet, now, everyone)
    _note(session, sheet, now)
    return changed


def _hold(session: Session, tenant_id: UUID, panel_id: UUID) -> None:
    """Makes the panel's row, or takes it: two who count one panel do so one after the other."""
    held = upsert(session, GradeCount)
    held = held.on_conflict_do_update(
        index_elements=["tenant_id", "panel_id"], set_={"counter": GradeCount.counter}
    )
    run(session, held, {"tenant_id": tenant_id, "panel_id": panel_id, "counter": -1, "changes": -1})


def _note(session: Session, sheet: Sheet, now: datetime) -> None:
    ends = [ends_at(stage.rule, sheet.zone) for stage in sheet.stages]
    last = session.scalar(
        select(func.max(Membership.last_launch_at)).where(
            Membership.tenant_id == sheet.tenant_id, Membership.course_id == sheet.course_id
        )
    )
    is_used = last is not None and now - last < USED_LATELY
    ahead = [end for end in ends if end is not None and end > now]
    session.execute(
        update(GradeCount)
        .where(GradeCount.tenant_id == sheet.tenant_id, GradeCount.panel_id == sheet.panel_id)
        .values(
            counter=sheet.counter,
            changes=sheet.changes,
            version_id=sheet.version_id,
            counted_at=now,
            again_at=min([now + (AGAIN if is_used else AGAIN_UNUSED), *ahead]),
        )
    )


def _keep_columns(session: Session, sheet: Sheet, destination: Destination) -> None:
    """A row for each stage's column; the courier finds or makes what it stands for."""
    for stage in sheet.stages:
        name = f"{sheet.title} · {stage.rule.name}" if stage.rule.name else sheet.title
        says = {"label": name[:ID_LENGTH], "maximum": stage.rule.points}
        kept = upsert(session, GradeColumn).on_conflict_do_update(
            index_elements=["tenant_id", "panel_id", "stage"], set_=says
        )
        column = {
            "tenant_id": sheet.tenant_id,
            "id": uuid4(),
            "panel_id": sheet.panel_id,
            "stage": stage.id,
            "link_id": destination.link_id,
            "is_ours": False,
            "failures": 0,
            **says,
        }
        run(session, kept, column)


def _wish(session: Session, sheet: Sheet, now: datetime, everyone: bool) -> int:
    known = {
        (row.membership_id, row.stage): row
        for row in session.execute(
            select(
                Score.id,
                Score.membership_id,
                Score.stage,
                Score.points,
                Score.maximum,
                Score.comment,
                Score.state,
                Score.wish,
            ).where(Score.tenant_id == sheet.tenant_id, Score.panel_id == sheet.panel_id)
        )
    }
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for learner in queries.grades(session, sheet, now):
        for grade in learner.grades:
            row = known.get((learner.membership_id, grade.stage.id))
            is_former = row is not None and row.state == ScoreState.former
            if not _is_due(grade, row is not None and not is_former, everyone):
                continue
            says = _says(grade, now)
            if row is None:
                new.append(
                    {
                        "tenant_id": sheet.tenant_id,
                        "id": uuid4(),
                        "panel_id": sheet.panel_id,
                        "stage": grade.stage.id,
                        "membership_id": learner.membership_id,
                        **says,
                    }
                )
            elif is_former or _differs(row, grade) or (everyone and row.state == ScoreState.parked):
                changed.append(
                    {"tenant_id": sheet.tenant_id, "id": row.id, **says, "wish": row.wish + 1, "answer": None}
                )
    if new:
        session.execute(insert(Score), new)
    if changed:
        session.execute(update(Score), changed)
    return len(new) + len(changed)


def _is_due(grade: Grade, is_known: bool, everyone: bool) -> bool:
    return everyone or (grade.stage.rule.by_itself and (is_known or grade.is_final))


def _differs(row: Any, grade: Grade) -> bool:
    return (
        not near(row.points, grade.points)
        or not near(row.maximum, grade.stage.rule.points)
        or row.comment != grade.comment
    )


def _says(grade: Grade, now: datetime) -> dict[str, Any]:
    return {
        "points": grade.points,
        "maximum": grade.stage.rule.points,
        "comment": grade.comment,
        "activity": _activity(grade),
        "state": ScoreState.pending,
        "replaces": False,
        "attempts": 0,
        "due_at": now,
        "wish": 1,
    }


def _activity(grade: Grade) -> str:
    """In the words of the standard (LTI-AGS 2.0, section 3.4.7)."""
    if grade.is_final:
        return "Completed"
    return "InProgress" if grade.has_begun else "Initialized"
