"""The places that a rule of what leaves can be about: the institution, an LMS of its, a course, a panel."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from lti_tool.lti.models import Platform
from social_layer.panels.models import Panel, TemplateVersion
from social_layer.people.models import Course, Tenant
from xapi.scopes.models import Level


@dataclass(frozen=True, slots=True)
class ScopePlace:
    """``target``: as in a rule. ``within``: the places around it, the nearest first."""

    tenant_id: UUID
    level: Level
    target: str
    name: str
    within: tuple["ScopePlace", ...] = ()


def find_place(session: Session, tenant_id: UUID, level: Level, target: str) -> ScopePlace | None:
    """None where the institution has no such place: a rule for what is not there would hold nothing back."""
    tenant = session.scalar(select(Tenant.name).where(Tenant.id == tenant_id))
    if tenant is None:
        return None
    whole = ScopePlace(tenant_id, Level.tenant, "", tenant)
    if level is Level.tenant:
        return whole if target == "" else None
    if level is Level.platform:
        return (
            ScopePlace(tenant_id, level, target, target, (whole,)) if _has(session, whole, target) else None
        )
    try:
        key = UUID(target)
    except ValueError:
        return None
    if level is Level.course:
        course = session.execute(
            select(Course.title, Course.home_page).where(Course.tenant_id == tenant_id, Course.id == key)
        ).first()
        if course is None:
            return None
        lms = ScopePlace(tenant_id, Level.platform, course.home_page, course.home_page)
        return ScopePlace(tenant_id, level, str(key), course.title, (lms, whole))
    panel = session.execute(
        select(
            TemplateVersion.title,
            Course.id.label("course_id"),
            Course.title.label("course"),
            Course.home_page,
        )
        .select_from(Panel)
        .join(Course, and_(Course.tenant_id == Panel.tenant_id, Course.id == Panel.course_id))
        .join(
            TemplateVersion,
            and_(
                TemplateVersion.tenant_id == Panel.tenant_id, TemplateVersion.id == Panel.template_version_id
            ),
        )
        .where(Panel.tenant_id == tenant_id, Panel.id == key)
    ).first()
    if panel is None:
        return None
    course_place = ScopePlace(tenant_id, Level.course, str(panel.course_id), panel.course)
    lms = ScopePlace(tenant_id, Level.platform, panel.home_page, panel.home_page)
    return ScopePlace(tenant_id, level, str(key), panel.title, (course_place, lms, whole))


def _has(session: Session, tenant: ScopePlace, home_page: str) -> bool:
    known = or_(
        exists().where(Platform.tenant_id == tenant.tenant_id, Platform.issuer == home_page),
        exists().where(Course.tenant_id == tenant.tenant_id, Course.home_page == home_page),
    )
    return bool(session.scalar(select(known)))
