"""What staff order about scores: send all, try again, put ours in place of the LMS's grade, or take the LMS's over."""

from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from lti_tool.lti.grade_counting import count_panel
from lti_tool.lti.grade_models import GradeColumn, Score, ScoreState
from lti_tool.lti.grade_queries import find_destination, of_maximum
from social_layer.clock import Clock
from social_layer.grading import actions, queries
from social_layer.panels.models import Panel
from social_layer.refusals import Conflict, NotAllowed, NotFound
from social_layer.viewer import Viewer


def send_all(session: Session, clock: Clock, viewer: Viewer) -> None:
    """Everybody's present points; what was refused, and columns that rest, are tried again.

    Raises ``not_grader``, and ``grades_stay_here`` where the LMS takes none.
    """
    _let_grade(viewer)
    _check_destination(session, viewer)
    count_panel(session, clock, viewer.tenant_id, viewer.panel.id, everyone=True)
    _wake(session, viewer)


def read_back(session: Session, clock: Clock, viewer: Viewer) -> None:
    """What the LMS shows is read soon. Raises as :func:`send_all`."""
    _let_grade(viewer)
    _check_destination(session, viewer)
    count_panel(session, clock, viewer.tenant_id, viewer.panel.id)
    session.execute(update(GradeColumn).where(*_of_panel(viewer)).values(read_due_at=clock()))
    _wake(session, viewer)


def order(
    session: Session, clock: Clock, viewer: Viewer, membership_id: UUID, stage_id: UUID, wish: str
) -> None:
    """``again``: one score is tried again. ``replace``: it may take the place of what the LMS shows. ``keep``: what
    the LMS shows becomes staff's judgement here.

    Raises ``not_grader``, ``learner_not_found``, ``nothing_to_keep``, and as
    :func:`~social_layer.grading.actions.judge`.
    """
    _let_grade(viewer)
    score = session.scalar(
        select(Score).where(
            Score.tenant_id == viewer.tenant_id,
            Score.panel_id == viewer.panel.id,
            Score.membership_id == membership_id,
            Score.stage == stage_id,
            Score.state != ScoreState.former,
        )
    )
    if score is None:
        raise NotFound("learner_not_found")
    # The columns first, as everybody does who changes scores.
    _wake(session, viewer)
    if wish == "keep":
        _keep(session, clock, viewer, score)
    else:
        score.replaces = wish == "replace" or score.replaces
        score.state = ScoreState.pending
        score.attempts, score.due_at, score.answer = 0, clock(), None
        score.wish += 1
    session.flush()


def leave_former(session: Session, viewer: Viewer) -> None:
    """A new term has begun in the viewer's course: the grades in the LMS stay as they are, and what had not arrived
    is not sent any more. Staff's next sending, or what is final in the new term, takes their place."""
    panels = select(Panel.id).where(
        Panel.tenant_id == viewer.tenant_id, Panel.course_id == viewer.panel.course_id
    )
    # The columns first, as everybody does who changes scores.
    session.execute(
        update(GradeColumn)
        .where(GradeColumn.tenant_id == viewer.tenant_id, GradeColumn.panel_id.in_(panels))
        .values(read_due_at=None, trouble=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Score)
        .where(Score.tenant_id == viewer.tenant_id, Score.panel_id.in_(panels))
        # Another wish: whoever is just sending the one before takes nothing for done.
        .values(state=ScoreState.former, wish=Score.wish + 1, replaces=False, answer=None)
        .execution_options(synchronize_session=False)
    )


def order_column(session: Session, clock: Clock, viewer: Viewer, stage_id: UUID, wish: str) -> None:
    """What is to become of the column of a stage that is graded no more. ``delete``: the worker deletes it in the LMS,
    where it was made from here. ``leave``: it stays there after all.

    Raises ``not_staff``, ``column_stays``.
    """
    if not viewer.may_set_up:
        raise NotAllowed("not_staff")
    sheet = queries.find_sheet(session, viewer.tenant_id, viewer.panel.id)
    graded = {stage.id for stage in sheet.stages} if sheet else set()
    ordered = session.execute(
        update(GradeColumn)
        .where(
            *_of_panel(viewer),
            GradeColumn.stage == stage_id,
            GradeColumn.stage.not_in(graded),
            GradeColumn.is_ours,
        )
        .values(
            removing_at=clock() if wish == "delete" else None, resting_until=None, failures=0, trouble=None
        )
        .returning(GradeColumn.id)
    )
    if ordered.first() is None:
        raise Conflict("column_stays")


def _keep(session: Session, clock: Clock, viewer: Viewer, score: Score) -> None:
    shown = of_maximum(score.shown_points, score.shown_maximum, score.maximum)
    if shown is None:
        raise Conflict("nothing_to_keep")
    sheet = queries.find_sheet(session, viewer.tenant_id, viewer.panel.id)
    learner = queries.grade_of(session, sheet, clock(), score.membership_id) if sheet else None
    standing = next(
        (grade.verdict for grade in learner.grades if grade.stage.id == score.stage) if learner else iter(()),
        None,
    )
    points = min(max(round(shown, 2), 0.0), score.maximum)
    actions.judge(
        session,
        clock,
        viewer,
        score.membership_id,
        score.stage,
        points=points,
        comment=score.shown_comment if score.shown_comment is not None else score.comment,
        seen=standing.id if standing else None,
    )
    score.points, score.comment = points, score.shown_comment or score.comment
    score.sent_points, score.sent_maximum = score.shown_points, score.shown_maximum
    score.sent_comment, score.sent_at = score.comment, score.shown_at
    score.state, score.answer = ScoreState.sent, None
    score.wish += 1


def _check_destination(session: Session, viewer: Viewer) -> None:
    destination = find_destination(session, viewer.tenant_id, viewer.panel.id)
    if destination is None or not destination.takes_scores:
        raise Conflict("grades_stay_here")


def _let_grade(viewer: Viewer) -> None:
    if not viewer.is_staff:
        raise NotAllowed("not_grader")


def _of_panel(viewer: Viewer) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return GradeColumn.tenant_id == viewer.tenant_id, GradeColumn.panel_id == viewer.panel.id


def _wake(session: Session, viewer: Viewer) -> None:
    """Columns that were left alone for a while are tried at once: staff have looked."""
    session.execute(
        update(GradeColumn)
        .where(*_of_panel(viewer))
        .values(resting_until=None, failures=0, trouble=None, remade_at=None)
    )
