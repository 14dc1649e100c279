"""Writes: panels are made at the first launch of their place, set up by staff, and opened."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.database import upsert
from social_layer.events.actions import append
from social_layer.events.models import EventType
from social_layer.grading.actions import carry
from social_layer.groups.queries import set_to_use
from social_layer.panels.models import GroupMode, Kind, Panel, PanelGroups, Template, TemplateVersion
from social_layer.panels.queries import has_entries, hold_unless_opened, version_by_id
from social_layer.panels.settings import DATES, Settings, checked, first_version, next_version
from social_layer.refusals import Conflict, NotAllowed
from social_layer.viewer import Viewer

# An opening is noted once in this time, however often the page is loaded.
OPENING_LASTS = timedelta(minutes=30)


def make_panel(
    session: Session,
    clock: Clock,
    tenant_id: UUID,
    course_id: UUID,
    *,
    title: str,
    kind: Kind = Kind.discussion,
    purpose: str = "",
    prompt: str = "",
) -> Panel:
    """A panel that works at once, with a template of its own as the origin of its settings."""
    now = clock()
    template = Template(tenant_id=tenant_id, id=uuid4(), created_at=now)
    session.add(template)
    session.flush()
    settings = Settings(kind=kind, title=title, purpose=purpose, prompt=prompt)
    version = first_version(clock, tenant_id, template.id, settings)
    session.add(version)
    session.flush()
    panel = Panel(
        tenant_id=tenant_id, id=uuid4(), course_id=course_id, template_version_id=version.id, created_at=now
    )
    session.add(panel)
    session.flush()
    return panel


def set_up(
    session: Session,
    clock: Clock,
    viewer: Viewer,
    *,
    kind: Kind,
    title: str,
    purpose: str,
    prompt: str,
    group_mode: GroupMode | None = None,
    group_set_id: UUID | None = None,
    dates: Mapping[str, datetime | None] | None = None,
) -> None:
    """Gives the panel new settings, as the next version of its template.

    ``group_mode``: as it was, where none is given. ``group_set_id``: which groups, where the mode has any.
    ``dates``: of ``settings.DATES`` those that change, None for no such date; the others stay.
    Raises ``not_staff``, ``kind_not_offered``, ``title_missing``, ``text_too_long``, ``too_much_markup``,
    ``dates_out_of_order``, ``group_set_missing``, ``group_set_not_found``, and ``kind_is_fixed`` once somebody has
    posted: what was written under one kind's rules must not change its meaning.
    """
    if not viewer.may_set_up:
        raise NotAllowed("not_staff")
    # Taking the panel's row first makes two set-ups at once, or a set-up and a first post, one after the other.
    panel_is = (Panel.tenant_id == viewer.tenant_id) & (Panel.id == viewer.panel.id)
    taken = update(Panel).where(panel_is).values(set_up_at=clock()).returning(Panel.template_version_id)
    # What the viewer saw may have changed before the row was ours.
    present = version_by_id(session, viewer.tenant_id, session.execute(taken).scalar_one())
    days = {name: getattr(present, name) for name in DATES} | dict(dates or {})
    wanted = checked(Settings(kind=kind, title=title, purpose=purpose, prompt=prompt, **days))
    if kind != present.kind and has_entries(session, viewer):
        raise Conflict("kind_is_fixed")
    if group_mode is not None:
        _use_groups(session, viewer, group_mode, group_set_id)
    number = session.scalar(
        select(func.max(TemplateVersion.number)).where(
            TemplateVersion.tenant_id == viewer.tenant_id,
            TemplateVersion.template_id == viewer.panel.template_id,
        )
    )
    version = next_version(
        clock,
        present,
        viewer.panel.template_id,
        (number or 0) + 1,
        kind=wanted.kind,
        title=wanted.title,
        purpose=wanted.purpose,
        prompt=wanted.prompt,
        **days,
        **({"group_mode": group_mode} if group_mode is not None else {}),
    )
    session.add(version)
    session.flush()
    carry(session, viewer.tenant_id, present.id, version.id)
    session.execute(update(Panel).where(panel_is).values(template_version_id=version.id))


def open_panel(session: Session, clock: Clock, viewer: Viewer) -> None:
    """Notes that the viewer looks at the panel, at most once in ``OPENING_LASTS``, in however many tabs at once."""
    since = clock() - OPENING_LASTS
    if hold_unless_opened(session, viewer, since):
        append(session, clock, viewer, EventType.panel_opened, viewer.panel.id)


def _use_groups(session: Session, viewer: Viewer, mode: GroupMode, set_id: UUID | None) -> None:
    """Notes which groups the panel uses; kept once noted, see :class:`PanelGroups`."""
    if mode is GroupMode.everyone:
        if not viewer.panel.has_groups:
            return
        chosen: dict[str, UUID | None] = {}
    else:
        chosen = {"set_id": set_to_use(session, viewer, set_id)}
    row = {"tenant_id": viewer.tenant_id, "panel_id": viewer.panel.id, **chosen}
    key = ["tenant_id", "panel_id"]
    change = upsert(session, PanelGroups).values(row)
    session.execute(
        change.on_conflict_do_update(index_elements=key, set_=chosen)
        if chosen
        else change.on_conflict_do_nothing(index_elements=key)
    )
