"""Writes: templates that wait for their panel, and panels made from what was set up before.

A panel changes only its own template. So whatever is made from another panel's settings gets a template of its own,
which remembers the one that it is a copy of (ADR 11).
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.grading.actions import carry, keep_rules
from social_layer.grading.queries import zone_named
from social_layer.grading.rules import Stage, first_rule, rounded
from social_layer.panels.models import Kind, Panel, Template, TemplateOrigin, TemplateVersion
from social_layer.panels.queries import hold_home
from social_layer.panels.settings import Settings, first_version, next_version
from social_layer.people.models import Course

_WITHOUT_DATES = {"opens_at": None, "due_at": None, "closes_at": None}


def make_template(
    session: Session, clock: Clock, tenant_id: UUID, course_id: UUID, settings: Settings
) -> UUID:
    """A template for a panel of this course that nobody has opened yet. Raises ``too_much_markup``.

    ``settings``: checked ones.
    """
    template_id = _template(session, clock, tenant_id, course_id, None)
    version = first_version(clock, tenant_id, template_id, settings)
    session.add(version)
    session.flush()
    if settings.points is not None and rounded(settings.points) > 0:
        _grade_as_usual(
            session, tenant_id, course_id, version.id, settings.kind, settings.points, settings.due_at
        )
    return template_id


def _grade_as_usual(
    session: Session,
    tenant_id: UUID,
    course_id: UUID,
    version_id: UUID,
    kind: Kind,
    points: float,
    due_at: datetime | None,
) -> None:
    """A usual rule for the points that were given. Nobody has chosen it yet: nothing is sent until staff say so."""
    zone = zone_named(
        session.scalar(select(Course.time_zone).where(Course.tenant_id == tenant_id, Course.id == course_id))
    )
    due_on = due_at.astimezone(zone).date() if due_at else None
    rule = first_rule(kind, rounded(points), due_on=due_on, by_itself=False)
    keep_rules(session, tenant_id, version_id, [Stage(uuid4(), rule)])


def make_panel_from(
    session: Session,
    clock: Clock,
    tenant_id: UUID,
    course_id: UUID,
    version: TemplateVersion,
    *,
    is_set_up: bool,
) -> Panel:
    """An empty panel with the settings of ``version``.

    It takes the template over where that waits for it, and gets a copy of it otherwise. A copy in another course has
    no dates: they belonged to a term that is over.
    """
    home = hold_home(session, tenant_id, version.template_id)
    if home.is_free_for(course_id):
        own = version
    else:
        root_id = home.root_id or version.template_id
        template_id = _template(session, clock, tenant_id, course_id, root_id)
        is_same_course = home.course_id == course_id
        dates = {} if is_same_course else _WITHOUT_DATES
        own = next_version(clock, version, template_id, 1, **dates)
        session.add(own)
        session.flush()
        carry(session, tenant_id, version.id, own.id, with_dates=is_same_course)
    panel = Panel(
        tenant_id=tenant_id,
        id=uuid4(),
        course_id=course_id,
        template_version_id=own.id,
        set_up_at=clock() if is_set_up else None,
        created_at=clock(),
    )
    session.add(panel)
    session.flush()
    return panel


def _template(session: Session, clock: Clock, tenant_id: UUID, course_id: UUID, root_id: UUID | None) -> UUID:
    template = Template(tenant_id=tenant_id, id=uuid4(), created_at=clock())
    session.add(template)
    session.flush()
    session.add(
        TemplateOrigin(tenant_id=tenant_id, template_id=template.id, course_id=course_id, root_id=root_id)
    )
    session.flush()
    return template.id
