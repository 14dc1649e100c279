"""Whose days a course has: its own, where its LMS or a teacher said them, else the institution's, else UTC's."""

from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from social_layer.people.models import Course, Tenant


def zone_of_course(session: Session, tenant_id: UUID, course_id: UUID) -> ZoneInfo:
    course, tenant = session.execute(
        select(Course.time_zone, Tenant.time_zone)
        .join(Tenant, Tenant.id == Course.tenant_id)
        .where(Course.tenant_id == tenant_id, Course.id == course_id)
    ).one()
    return zone_named(course or tenant)


def zone_named(name: str | None) -> ZoneInfo:
    """The time zone of that name, or UTC."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, OSError, ValueError):
        return ZoneInfo("UTC")
