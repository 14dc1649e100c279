"""Writes: templates that wait for their panel, and panels made from what was set up before.

A panel changes only its own template. So whatever is made from another panel's settings gets a template of its own,
which remembers the one that it is a copy of (ADR 11).
"""

from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.grading.actions import carry, give_zone, keep_rules
from social_layer.grading.models import GradingStage
from social_layer.grading.queries import stages_of
from social_layer.grading.rules import Need, Rule, Stage, first_rule, rounded
from social_layer.panels.models import Panel, Template, TemplateOrigin, TemplateVersion
from social_layer.panels.queries import hold_home, version_by_id
from social_layer.panels.settings import NewPanel, Settings, columns, first_version, next_version
from social_layer.people.zones import zone_of_course

_WITHOUT_DATES = {"opens_at": None, "due_at": None, "closes_at": None}


def make_template(
    session: Session,
    clock: Clock,
    tenant_id: UUID,
    course_id: UUID,
    settings: Settings,
    zone: str | None = None,
) -> UUID:
    """A template for a panel of this course that nobody has opened yet. Raises ``too_much_markup``.

    ``settings``: checked ones; what ``like`` names, the caller has looked at. ``zone``: of whoever makes it, whose days
    a course has that knows no others.
    """
    wanted = settings if isinstance(settings, NewPanel) else NewPanel(**columns(settings))
    template_id = _template(session, clock, tenant_id, course_id, None)
    if wanted.like is None:
        version = first_version(clock, tenant_id, template_id, wanted)
    else:
        like = version_by_id(session, tenant_id, wanted.like)
        version = next_version(clock, like, template_id, 1, **columns(wanted))
    session.add(version)
    session.flush()
    rule = None if wanted.graded_alike else first_rule_of(wanted)
    if rule or wanted.graded_alike:
        give_zone(session, tenant_id, course_id, zone)
    due_on = (
        wanted.due_at.astimezone(zone_of_course(session, tenant_id, course_id)).date()
        if wanted.due_at
        else None
    )
    if wanted.like is not None and wanted.graded_alike:
        carry(session, tenant_id, wanted.like, version.id, with_dates=False)
        _end_only_stage(session, tenant_id, version.id, due_on)
    elif rule:
        keep_rules(session, tenant_id, version.id, [Stage(uuid4(), replace(rule, due_on=due_on))])
    return template_id


def _end_only_stage(session: Session, tenant_id: UUID, version_id: UUID, due_on: date | None) -> None:
    """The panel's last day is that of its grading, where this has one stage; of several it tells nothing."""
    stages = stages_of(session, tenant_id, version_id)
    if due_on and len(stages) == 1:
        session.execute(
            update(GradingStage)
            .where(GradingStage.tenant_id == tenant_id, GradingStage.template_version_id == version_id)
            .values(due_on=due_on)
        )


def first_rule_of(wanted: NewPanel) -> Rule | None:
    """The rule that its points make, without days; None where it has none.

    Nobody has seen yet how it counts: nothing is sent until staff say so.
    """
    if wanted.points is None or rounded(wanted.points) <= 0:
        return None
    usual = first_rule(wanted.kind, rounded(wanted.points), by_itself=False)
    if wanted.beginnings is None and wanted.replies is None:
        return usual
    asked = zip(usual.needs, (wanted.beginnings or 0, wanted.replies or 0), strict=True)
    return replace(usual, needs=tuple(Need(need.counted, number) for need, number in asked if number))


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
