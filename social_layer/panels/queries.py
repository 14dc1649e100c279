"""Reads: a panel as one of its readers sees it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, exists, select
from sqlalchemy.orm import Session

from social_layer.database import rows
from social_layer.discussion.models import Entry
from social_layer.events.models import Event, EventType
from social_layer.grading.models import GradingStage
from social_layer.panels.models import Kind, Panel, TemplateVersion
from social_layer.people.models import Course, Membership, Person, Role, Voice
from social_layer.viewer import PanelCard, Viewer


def find_viewer(session: Session, tenant_id: UUID, membership_id: UUID, panel_id: UUID) -> Viewer | None:
    """The viewer and the panel, in one statement; None where the membership ended or the panel is another course's."""
    asked = {"tenant": tenant_id, "membership": membership_id, "panel": panel_id}
    found = rows(session, _VIEWER, asked)
    if not found:
        return None
    row = found[0]
    panel = PanelCard(
        id=panel_id,
        course_id=row.course_id,
        course_title=row.course_title,
        kind=Kind(row.kind),
        title=row.title,
        purpose=row.purpose,
        prompt=row.prompt,
        prompt_html=row.prompt_html,
        template_id=row.template_id,
        template_version_id=row.template_version_id,
        is_set_up=row.set_up_at is not None,
        counter=row.counter,
        term=row.term,
        is_graded=row.is_graded,
    )
    return Viewer(
        tenant_id=tenant_id,
        membership_id=membership_id,
        person_id=row.person_id,
        voice_id=row.voice_id,
        name=row.name,
        role=Role(row.role),
        is_test=row.is_test,
        language=row.language or row.course_language,
        time_zone=row.time_zone or row.course_time_zone,
        panel=panel,
    )


_VIEWER: Select[*tuple[Any, ...]] = (
    select(
        Membership.person_id,
        Membership.role,
        Membership.is_test,
        Person.name,
        Person.language,
        Person.time_zone,
        Voice.id.label("voice_id"),
        Course.id.label("course_id"),
        Course.title.label("course_title"),
        Course.language.label("course_language"),
        Course.time_zone.label("course_time_zone"),
        Course.term,
        Panel.counter,
        Panel.set_up_at,
        Panel.template_version_id,
        TemplateVersion.template_id,
        TemplateVersion.kind,
        TemplateVersion.title,
        TemplateVersion.purpose,
        TemplateVersion.prompt,
        TemplateVersion.prompt_html,
        exists()
        .where(
            GradingStage.tenant_id == TemplateVersion.tenant_id,
            GradingStage.template_version_id == TemplateVersion.id,
        )
        .label("is_graded"),
    )
    .join(Person, and_(Person.tenant_id == Membership.tenant_id, Person.id == Membership.person_id))
    .join(Course, and_(Course.tenant_id == Membership.tenant_id, Course.id == Membership.course_id))
    .join(
        Voice,
        and_(
            Voice.tenant_id == Membership.tenant_id,
            Voice.course_id == Membership.course_id,
            Voice.person_id == Membership.person_id,
        ),
    )
    .join(Panel, and_(Panel.tenant_id == Membership.tenant_id, Panel.course_id == Membership.course_id))
    .join(
        TemplateVersion,
        and_(TemplateVersion.tenant_id == Panel.tenant_id, TemplateVersion.id == Panel.template_version_id),
    )
    .where(
        Membership.tenant_id == bindparam("tenant"),
        Membership.id == bindparam("membership"),
        Membership.active,
        Panel.id == bindparam("panel"),
    )
)


def tenant_of(session: Session, panel_id: UUID) -> UUID | None:
    """Whose panel this is, asked before anybody is known."""
    return session.scalar(select(Panel.tenant_id).where(Panel.id == panel_id))


def kind_of_version(session: Session, viewer: Viewer, version_id: UUID) -> Kind:
    """The kind that a version of the panel's template sets: without a statement for the one that the viewer saw."""
    if version_id == viewer.panel.template_version_id:
        return viewer.panel.kind
    of_version = (TemplateVersion.tenant_id == viewer.tenant_id) & (TemplateVersion.id == version_id)
    return Kind(session.scalars(select(TemplateVersion.kind).where(of_version)).one())


def has_entries(session: Session, viewer: Viewer) -> bool:
    """Whether anything was ever posted in the panel, by anybody, removed or not."""
    return bool(
        session.scalar(
            select(exists().where(Entry.tenant_id == viewer.tenant_id, Entry.panel_id == viewer.panel.id))
        )
    )


def opened_since(session: Session, viewer: Viewer, moment: datetime) -> bool:
    """Whether the viewer's opening of this panel was noted after ``moment``."""
    values = {
        "tenant_id": viewer.tenant_id,
        "panel_id": viewer.panel.id,
        "voice_id": viewer.voice_id,
        "moment": moment,
    }
    return bool(rows(session, _OPENED, values))


def hold_voice(session: Session, viewer: Viewer) -> None:
    """Until the transaction ends, others who ask for the same wait; posting under the voice goes on meanwhile."""
    rows(session, _HELD_VOICE, {"tenant_id": viewer.tenant_id, "voice_id": viewer.voice_id})


_HELD_VOICE: Select[*tuple[Any, ...]] = (
    select(Voice.id)
    .where(Voice.tenant_id == bindparam("tenant_id"), Voice.id == bindparam("voice_id"))
    .with_for_update(key_share=True)
)
_OPENED = (
    select(Event.id)
    .where(
        Event.tenant_id == bindparam("tenant_id"),
        Event.panel_id == bindparam("panel_id"),
        Event.voice_id == bindparam("voice_id"),
        Event.type == EventType.panel_opened,
        Event.occurred_at > bindparam("moment"),
    )
    .limit(1)
)
