"""Writes: a new term begins."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.grading.actions import carry
from social_layer.grading.models import GradingStage
from social_layer.panels.models import Panel, TemplateVersion
from social_layer.panels.settings import DATES
from social_layer.people.models import Course, CourseTerm
from social_layer.refusals import Conflict, NotAllowed
from social_layer.viewer import Viewer


def start_new_term(session: Session, clock: Clock, viewer: Viewer, *, after: int) -> int:
    """Ends the course's term ``after`` and begins the next, whose number it answers.

    What was written is archived: staff read it as a former term, and its authors can download what is theirs. The
    panels lose their dates, and their grading its days: they belonged to the term that is over. No rule sends by
    itself any more until staff say so: the grades that an LMS has are those of the former term.
    Raises ``not_arranging``, and ``term_changed`` where that is not the present term (any more).
    """
    if not viewer.may_arrange:
        raise NotAllowed("not_arranging")
    now = clock()
    # The panels first, as whoever sets one up takes them, and then the course.
    versions = _hold_panels(session, viewer)
    of_course = (Course.tenant_id == viewer.tenant_id) & (Course.id == viewer.panel.course_id)
    begun = session.execute(
        update(Course).where(of_course, Course.term == after).values(term=after + 1).returning(Course.term)
    ).first()
    if begun is None:
        raise Conflict("term_changed")
    session.add(
        CourseTerm(tenant_id=viewer.tenant_id, course_id=viewer.panel.course_id, number=after, ended_at=now)
    )
    session.flush()
    _clear_days(session, viewer.tenant_id, versions, now)
    return after + 1


def _hold_panels(session: Session, viewer: Viewer) -> dict[UUID, UUID]:
    """The course's panels by the versions that they have, held until the transaction ends."""
    held = session.execute(
        update(Panel)
        .where(Panel.tenant_id == viewer.tenant_id, Panel.course_id == viewer.panel.course_id)
        .values(counter=Panel.counter)
        .returning(Panel.template_version_id, Panel.id)
    )
    return {row[0]: row[1] for row in held}


def _clear_days(session: Session, tenant_id: UUID, panels: dict[UUID, UUID], now: datetime) -> None:
    """Gives each of these panels that needs it a version like its own, without days and without sending by itself."""
    for version in _bound_to_the_term(session, tenant_id, list(panels)):
        number = session.scalar(
            select(func.max(TemplateVersion.number)).where(
                TemplateVersion.tenant_id == tenant_id, TemplateVersion.template_id == version.template_id
            )
        )
        kept = {column.key: getattr(version, column.key) for column in TemplateVersion.__table__.columns}
        # After the end of the former term: what held until then can be told from what holds now.
        begins_at = now + timedelta(microseconds=1)
        own_id = uuid4()
        own = {"id": own_id, "number": (number or 0) + 1, "created_at": begins_at, **dict.fromkeys(DATES)}
        session.add(TemplateVersion(**{**kept, **own}))
        session.flush()
        carry(session, tenant_id, version.id, own_id, with_dates=False, by_itself=False)
        session.execute(
            update(Panel)
            .where(Panel.tenant_id == tenant_id, Panel.id == panels[version.id])
            .values(template_version_id=own_id)
        )


def _bound_to_the_term(session: Session, tenant_id: UUID, versions: list[UUID]) -> list[TemplateVersion]:
    """Of these versions those with dates, or with a rule that has days or sends by itself."""
    graded = set(
        session.scalars(
            select(GradingStage.template_version_id).where(
                GradingStage.tenant_id == tenant_id,
                GradingStage.template_version_id.in_(versions),
                GradingStage.by_itself
                | GradingStage.opens_on.is_not(None)
                | GradingStage.due_on.is_not(None),
            )
        )
    )
    found = session.scalars(
        select(TemplateVersion).where(
            TemplateVersion.tenant_id == tenant_id, TemplateVersion.id.in_(versions)
        )
    )
    return [
        version
        for version in found
        if version.id in graded or any(getattr(version, name) is not None for name in DATES)
    ]
