"""Writes: templates that wait for their panel, and panels made from what was set up before.

A panel changes only its own template. So whatever is made from another panel's settings gets a template of its own,
which remembers the one that it is a copy of (ADR 11).
"""

from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.grading.actions import carry
from social_layer.panels.models import Panel, Template, TemplateOrigin, TemplateVersion
from social_layer.panels.queries import hold_home
from social_layer.panels.settings import Settings, first_version, next_version

_WITHOUT_DATES = {"opens_at": None, "due_at": None, "closes_at": None}


def make_template(
    session: Session, clock: Clock, tenant_id: UUID, course_id: UUID, settings: Settings
) -> UUID:
    """A template for a panel of this course that nobody has opened yet. Raises ``too_much_markup``.

    ``settings``: checked ones.
    """
    template_id = _template(session, clock, tenant_id, course_id, None)
    session.add(first_version(clock, tenant_id, template_id, settings))
    session.flush()
    return template_id


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
