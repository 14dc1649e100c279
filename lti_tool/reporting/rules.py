"""Whether those who run a course may look at a person's timeline: the institution's word, no by default."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.reporting.models import TimelineRule
from social_layer.database import upsert
from social_layer.people.models import Course


def staff_may_look(session: Session, tenant_id: UUID, course_id: UUID) -> bool:
    """The course's own rule, else the institution's."""
    rows = session.execute(
        select(TimelineRule.target, TimelineRule.staff_may_look).where(
            TimelineRule.tenant_id == tenant_id, TimelineRule.target.in_(["", str(course_id)])
        )
    )
    found: dict[str, bool] = dict(rows.all())
    return found.get(str(course_id), found.get("", False))


def rules(session: Session, tenant_id: UUID) -> dict[UUID | None, bool]:
    """What was said: by course, and under None for the institution."""
    rows = session.execute(
        select(TimelineRule.target, TimelineRule.staff_may_look)
        .where(TimelineRule.tenant_id == tenant_id)
        .order_by(TimelineRule.target)
    )
    return {UUID(row.target) if row.target else None: row.staff_may_look for row in rows}


def say(session: Session, tenant_id: UUID, course_id: UUID | None, *, may_look: bool) -> bool:
    """Holds from now on; False where the institution has no such course."""
    if course_id is not None and session.get(Course, (tenant_id, course_id)) is None:
        return False
    values = {
        "tenant_id": tenant_id,
        "target": str(course_id or ""),
        "staff_may_look": may_look,
    }
    session.execute(
        upsert(session, TimelineRule)
        .values(**values)
        .on_conflict_do_update(index_elements=["tenant_id", "target"], set_={"staff_may_look": may_look})
    )
    return True
