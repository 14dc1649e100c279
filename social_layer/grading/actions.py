"""Writes: a panel's rules are set, and staff judge single learners. What they have done is counted, never stored."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from social_layer import text
from social_layer.clock import Clock
from social_layer.database import run, upsert
from social_layer.grading.models import GradingStage, Judgement, PanelGrading
from social_layer.grading.queries import Sheet, find_sheet, grade_of
from social_layer.grading.rules import MOST_STAGES, Rule, Stage, check, rounded, to_json
from social_layer.panels.models import Panel, TemplateVersion
from social_layer.people.models import Course
from social_layer.refusals import Conflict, Invalid, NotAllowed, NotFound
from social_layer.viewer import Viewer

MAX_COMMENT = 2000


def set_rules(
    session: Session, clock: Clock, viewer: Viewer, rules: Sequence[tuple[UUID | None, Rule]]
) -> Sheet:
    """Gives the panel these stages, as the next version of its template; an empty list ends its grading.

    Each rule comes with the id of the stage that it changes, or None for a new one. Raises ``not_staff``,
    ``too_many_stages``, ``stage_not_found``, and as :func:`~social_layer.grading.rules.check`.
    """
    if not viewer.may_set_up:
        raise NotAllowed("not_staff")
    if len(rules) > MOST_STAGES:
        raise Invalid("too_many_stages", most=MOST_STAGES)
    for _, rule in rules:
        check(rule)
    _note_change(session, viewer.tenant_id, viewer.panel.id)
    sheet = _sheet(session, viewer)
    present = {stage.id for stage in sheet.stages}
    asked = [stage for stage, _ in rules if stage is not None]
    if len(set(asked)) < len(asked) or not set(asked) <= present:
        raise Conflict("stage_not_found")
    stages = tuple(Stage(stage or uuid4(), rule) for stage, rule in rules)
    if stages == sheet.stages:
        return sheet
    version_id = _next_version(session, clock(), viewer, sheet)
    keep_rules(session, viewer.tenant_id, version_id, stages)
    panel_is = (Panel.tenant_id == viewer.tenant_id) & (Panel.id == viewer.panel.id)
    session.execute(update(Panel).where(panel_is).values(template_version_id=version_id))
    if viewer.time_zone:
        # Days have to be somebody's: where the LMS does not say the course's zone, they are those of its teacher.
        session.execute(
            update(Course)
            .where(
                Course.tenant_id == viewer.tenant_id,
                Course.id == viewer.panel.course_id,
                Course.time_zone.is_(None),
            )
            .values(time_zone=viewer.time_zone)
        )
    return _sheet(session, viewer)


def keep_rules(session: Session, tenant_id: UUID, version_id: UUID, stages: Sequence[Stage]) -> None:
    """Writes the stages of a template's version that has none yet."""
    for position, stage in enumerate(stages):
        rule = stage.rule
        session.add(
            GradingStage(
                tenant_id=tenant_id,
                id=uuid4(),
                template_version_id=version_id,
                stage=stage.id,
                position=position,
                name=text.one_line(rule.name),
                needs=to_json(rule.needs),
                points=rule.points,
                giving=rule.giving,
                opens_on=rule.opens_on,
                due_on=rule.due_on,
                late_counts=rule.late_counts,
                by_itself=rule.by_itself,
            )
        )
    session.flush()


def judge(
    session: Session,
    clock: Clock,
    viewer: Viewer,
    membership_id: UUID,
    stage_id: UUID,
    *,
    points: float | None,
    comment: str = "",
    seen: UUID | None = None,
) -> None:
    """Staff give points in place of the counted ones, or leave those (``points`` None) and only comment.

    ``seen``: the judgement that stood when the viewer looked. Saying the same again writes nothing.
    Raises ``not_grader``, ``learner_not_found``, ``stage_not_found``, ``points_beyond``, ``text_too_long``,
    ``judgement_missing``, ``grade_changed``.
    """
    stage, standing = _judged(session, clock, viewer, membership_id, stage_id)
    comment = text.tidy(comment)
    text.check_length("comment", comment, MAX_COMMENT)
    if points is None and not comment:
        raise Invalid("judgement_missing", field="points")
    if points is not None:
        points = rounded(points)
        if not 0 <= points <= stage.rule.points:
            raise Invalid("points_beyond", field="points", most=f"{stage.rule.points:g}")
    if standing is not None and (standing.points, standing.comment) == (points, comment):
        return
    _check_seen(standing, seen)
    now = clock()
    _end(session, viewer.tenant_id, standing, now)
    session.add(
        Judgement(
            tenant_id=viewer.tenant_id,
            id=uuid4(),
            panel_id=viewer.panel.id,
            term=viewer.panel.term,
            stage=stage_id,
            membership_id=membership_id,
            points=points,
            comment=comment,
            by_id=viewer.membership_id,
            created_at=now,
        )
    )
    session.flush()


def take_back(
    session: Session, clock: Clock, viewer: Viewer, membership_id: UUID, stage_id: UUID, *, seen: UUID | None
) -> None:
    """The counted points hold again, without a comment. Raises as :func:`judge`; nothing happens where none stands."""
    _, standing = _judged(session, clock, viewer, membership_id, stage_id)
    if standing is None:
        return
    _check_seen(standing, seen)
    _end(session, viewer.tenant_id, standing, clock())


def carry(
    session: Session,
    tenant_id: UUID,
    from_version: UUID,
    to_version: UUID,
    *,
    with_dates: bool = True,
    by_itself: bool = True,
) -> None:
    """Gives a template's new version the stages of the one before; whoever makes a version from another calls it.

    ``by_itself``: whether a rule that sends by itself goes on doing so.
    """
    present = session.scalars(
        select(GradingStage).where(
            GradingStage.tenant_id == tenant_id, GradingStage.template_version_id == from_version
        )
    ).all()
    names = [column.key for column in GradingStage.__table__.columns if column.key != "id"]
    own: dict[str, Any] = {"template_version_id": to_version}
    if not with_dates:
        own |= {"opens_on": None, "due_on": None}
    if not by_itself:
        own |= {"by_itself": False}
    rows = [{**{name: getattr(row, name) for name in names}, "id": uuid4(), **own} for row in present]
    if rows:
        session.flush()
        session.execute(insert(GradingStage), rows)


def _judged(
    session: Session, clock: Clock, viewer: Viewer, membership_id: UUID, stage_id: UUID
) -> tuple[Stage, Judgement | None]:
    """The stage and the judgement that stands, with the panel's grading held until the transaction ends."""
    if not viewer.is_staff:
        raise NotAllowed("not_grader")
    _note_change(session, viewer.tenant_id, viewer.panel.id)
    sheet = _sheet(session, viewer)
    if grade_of(session, sheet, clock(), membership_id) is None:
        raise NotFound("learner_not_found")
    stage = next((each for each in sheet.stages if each.id == stage_id), None)
    if stage is None:
        raise NotFound("stage_not_found")
    standing = session.scalar(
        select(Judgement).where(
            Judgement.tenant_id == viewer.tenant_id,
            Judgement.panel_id == viewer.panel.id,
            Judgement.term == viewer.panel.term,
            Judgement.membership_id == membership_id,
            Judgement.stage == stage_id,
            Judgement.ended_at.is_(None),
        )
    )
    return stage, standing


def _check_seen(standing: Judgement | None, seen: UUID | None) -> None:
    if (standing.id if standing else None) != seen:
        raise Conflict("grade_changed")


def _end(session: Session, tenant_id: UUID, standing: Judgement | None, now: datetime) -> None:
    if standing is not None:
        session.execute(
            update(Judgement)
            .where(Judgement.tenant_id == tenant_id, Judgement.id == standing.id)
            .values(ended_at=now)
        )


def _sheet(session: Session, viewer: Viewer) -> Sheet:
    sheet = find_sheet(session, viewer.tenant_id, viewer.panel.id)
    if sheet is None:
        raise RuntimeError("a viewer's panel cannot be found")
    return sheet


def _note_change(session: Session, tenant_id: UUID, panel_id: UUID) -> None:
    """Raises the counter of changes. Takes the row first, so that changes of one panel come one after the other."""
    noted = upsert(session, PanelGrading)
    noted = noted.on_conflict_do_update(
        index_elements=["tenant_id", "panel_id"], set_={"changes": PanelGrading.changes + 1}
    )
    run(session, noted, {"tenant_id": tenant_id, "panel_id": panel_id, "changes": 1})


def _next_version(session: Session, now: datetime, viewer: Viewer, sheet: Sheet) -> UUID:
    """A version like the present one, for its new rules."""
    # The panel's row first, as a set-up does, so that the two come one after the other.
    panel_is = (Panel.tenant_id == viewer.tenant_id) & (Panel.id == viewer.panel.id)
    held = update(Panel).where(panel_is).values(counter=Panel.counter).returning(Panel.template_version_id)
    present_id = session.execute(held).scalar_one()
    present = session.get_one(TemplateVersion, (viewer.tenant_id, present_id), populate_existing=True)
    number = session.scalar(
        select(func.max(TemplateVersion.number)).where(
            TemplateVersion.tenant_id == viewer.tenant_id,
            TemplateVersion.template_id == sheet.template_id,
        )
    )
    kept = {column.key: getattr(present, column.key) for column in TemplateVersion.__table__.columns}
    version = TemplateVersion(**{**kept, "id": uuid4(), "number": (number or 0) + 1, "created_at": now})
    session.add(version)
    session.flush()
    return version.id
