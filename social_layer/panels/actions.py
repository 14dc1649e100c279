"""Writes: panels are made at the first launch of their place, set up by staff, and opened."""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from social_layer import text
from social_layer.clock import Clock
from social_layer.events.actions import append
from social_layer.events.models import EventType
from social_layer.grading.actions import carry
from social_layer.panels.kinds import OFFERED_KINDS
from social_layer.panels.models import Kind, Panel, Template, TemplateVersion
from social_layer.panels.queries import has_entries, hold_voice, kind_of_version, opened_since
from social_layer.refusals import Conflict, Invalid, NotAllowed
from social_layer.viewer import Viewer

# An opening is noted once in this time, however often the page is loaded.
OPENING_LASTS = timedelta(minutes=30)
MAX_PURPOSE = 500


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
    version = _version(clock, tenant_id, template.id, 1, kind, title, purpose, prompt)
    session.add(version)
    session.flush()
    panel = Panel(
        tenant_id=tenant_id, id=uuid4(), course_id=course_id, template_version_id=version.id, created_at=now
    )
    session.add(panel)
    session.flush()
    return panel


def set_up(
    session: Session, clock: Clock, viewer: Viewer, *, kind: Kind, title: str, purpose: str, prompt: str
) -> None:
    """Gives the panel new settings, as the next version of its template.

    Raises ``not_staff``, ``kind_not_offered``, ``title_missing``, ``text_too_long``, ``too_much_markup``, and
    ``kind_is_fixed`` once somebody has posted: what was written under one kind's rules must not change its meaning.
    """
    if not viewer.may_set_up:
        raise NotAllowed("not_staff")
    title, purpose, prompt = text.one_line(title), text.one_line(purpose), text.tidy(prompt)
    if kind not in OFFERED_KINDS:
        raise Invalid("kind_not_offered", field="kind", kind=kind)
    if not title:
        raise Invalid("title_missing", field="title")
    limits = (
        ("title", title, text.MAX_TITLE),
        ("purpose", purpose, MAX_PURPOSE),
        ("prompt", prompt, text.MAX_BODY),
    )
    for field, value, most in limits:
        text.check_length(field, value, most)
    # Taking the panel's row first makes two set-ups at once, or a set-up and a first post, one after the other.
    panel_is = (Panel.tenant_id == viewer.tenant_id) & (Panel.id == viewer.panel.id)
    taken = update(Panel).where(panel_is).values(set_up_at=clock()).returning(Panel.template_version_id)
    # What the viewer saw may have changed before the row was ours.
    present_version: UUID = session.execute(taken).scalar_one()
    present = kind_of_version(session, viewer, present_version)
    if kind != present and has_entries(session, viewer):
        raise Conflict("kind_is_fixed")
    number = session.scalar(
        select(func.max(TemplateVersion.number)).where(
            TemplateVersion.tenant_id == viewer.tenant_id,
            TemplateVersion.template_id == viewer.panel.template_id,
        )
    )
    version = _version(
        clock, viewer.tenant_id, viewer.panel.template_id, (number or 0) + 1, kind, title, purpose, prompt
    )
    session.add(version)
    session.flush()
    carry(session, viewer.tenant_id, present_version, version.id)
    session.execute(update(Panel).where(panel_is).values(template_version_id=version.id))


def open_panel(session: Session, clock: Clock, viewer: Viewer) -> None:
    """Notes that the viewer looks at the panel, at most once in ``OPENING_LASTS``, in however many tabs at once."""
    since = clock() - OPENING_LASTS
    if opened_since(session, viewer, since):
        return
    hold_voice(session, viewer)
    if not opened_since(session, viewer, since):
        append(session, clock, viewer, EventType.panel_opened, viewer.panel.id)


def _version(
    clock: Clock,
    tenant_id: UUID,
    template_id: UUID,
    number: int,
    kind: Kind,
    title: str,
    purpose: str,
    prompt: str,
) -> TemplateVersion:
    return TemplateVersion(
        tenant_id=tenant_id,
        id=uuid4(),
        template_id=template_id,
        number=number,
        kind=kind,
        title=title,
        purpose=purpose,
        prompt=prompt,
        prompt_html=text.render(prompt, field="prompt"),
        created_at=clock(),
    )
