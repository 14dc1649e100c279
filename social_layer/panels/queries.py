"""Reads: a panel as one of its readers sees it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, select
from sqlalchemy.orm import Session

from social_layer.database import rows
from social_layer.discussion.models import Entry
from social_layer.events.models import Event, EventType
from social_layer.grading.models import GradingStage
from social_layer.panels.models import (
    GroupMode,
    Kind,
    Panel,
    PanelGroups,
    Template,
    TemplateOrigin,
    TemplateVersion,
)
from social_layer.people.models import (
    MAY_SET_UP,
    Course,
    CourseGroup,
    GroupMember,
    GroupOrigin,
    GroupSet,
    Membership,
    Person,
    Role,
    Voice,
)
from social_layer.viewer import PanelCard, Phase, Viewer


def find_viewer(
    session: Session, tenant_id: UUID, membership_id: UUID, panel_id: UUID, now: datetime | None = None
) -> Viewer | None:
    """The viewer and the panel, in one statement; None where the membership ended or the panel is another course's.

    ``now``: the moment of the look, by which the panel's dates hold; none for whoever looks on behalf of the house.
    """
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
        group_mode=GroupMode(row.group_mode),
        has_groups=row.had_groups is not None or row.group_mode != GroupMode.everyone,
        is_graded=row.is_graded,
        opens_at=row.opens_at,
        due_at=row.due_at,
        closes_at=row.closes_at,
    )
    viewer = Viewer(
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
        own_groups=row.own_groups,
        phase=panel.phase(now) if now is not None else Phase.open,
        zone_is_own=row.time_zone is not None,
    )
    # What the panel asks is seen when it opens.
    return replace(viewer, panel=replace(panel, prompt="", prompt_html="")) if viewer.is_early else viewer


# The LMS's own set, for a panel that none was chosen for: a copied course brings the mode and other groups.
_SET_OF_LMS = (
    select(GroupSet.id)
    .where(
        GroupSet.tenant_id == Panel.tenant_id,
        GroupSet.course_id == Panel.course_id,
        GroupSet.origin == GroupOrigin.lms,
        GroupSet.removed_at.is_(None),
    )
    .order_by(GroupSet.created_at, GroupSet.id)
    .limit(1)
    .correlate(Panel)
    .scalar_subquery()
)
# Of a statement that joins Panel and, outer, PanelGroups.
SET_OF_PANEL = func.coalesce(PanelGroups.set_id, _SET_OF_LMS)
OF_PANEL_GROUPS = and_(PanelGroups.tenant_id == Panel.tenant_id, PanelGroups.panel_id == Panel.id)
_OWN_GROUPS = (
    select(func.count())
    .select_from(GroupMember)
    .join(
        CourseGroup,
        and_(CourseGroup.tenant_id == GroupMember.tenant_id, CourseGroup.id == GroupMember.group_id),
    )
    .where(
        GroupMember.tenant_id == Membership.tenant_id,
        GroupMember.person_id == Membership.person_id,
        CourseGroup.set_id == SET_OF_PANEL,
        CourseGroup.removed_at.is_(None),
    )
    .correlate(Membership, Panel, PanelGroups)
    .scalar_subquery()
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
        TemplateVersion.group_mode,
        TemplateVersion.opens_at,
        TemplateVersion.due_at,
        TemplateVersion.closes_at,
        PanelGroups.panel_id.label("had_groups"),
        case((TemplateVersion.group_mode == GroupMode.everyone, 0), else_=_OWN_GROUPS).label("own_groups"),
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
    .outerjoin(PanelGroups, OF_PANEL_GROUPS)
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
    """The kind that a version of the panel's template sets."""
    return rules_of_version(session, viewer, version_id)[0]


def rules_of_version(session: Session, viewer: Viewer, version_id: UUID) -> tuple[Kind, GroupMode]:
    """What a version of the panel's template sets: without a statement for the one that the viewer saw."""
    if version_id == viewer.panel.template_version_id:
        return viewer.panel.kind, viewer.panel.group_mode
    of_version = (TemplateVersion.tenant_id == viewer.tenant_id) & (TemplateVersion.id == version_id)
    kind, mode = session.execute(
        select(TemplateVersion.kind, TemplateVersion.group_mode).where(of_version)
    ).one()
    return Kind(kind), GroupMode(mode)


def version_by_id(session: Session, tenant_id: UUID, version_id: UUID) -> TemplateVersion:
    return session.scalars(
        select(TemplateVersion).where(
            TemplateVersion.tenant_id == tenant_id, TemplateVersion.id == version_id
        )
    ).one()


def newest_version(session: Session, tenant_id: UUID, template_id: UUID) -> TemplateVersion | None:
    """None where the tenant has no such template."""
    return session.scalar(
        select(TemplateVersion)
        .where(TemplateVersion.tenant_id == tenant_id, TemplateVersion.template_id == template_id)
        .order_by(TemplateVersion.number.desc())
        .limit(1)
    )


@dataclass(frozen=True, slots=True)
class Home:
    """Where a template is at home. ``root_id``: the one that it is a copy of."""

    course_id: UUID | None
    root_id: UUID | None
    has_panel: bool

    def is_free_for(self, course_id: UUID) -> bool:
        """Whether it was made for a panel of this course that was never opened."""
        return not self.has_panel and self.root_id is None and self.course_id == course_id


def hold_home(session: Session, tenant_id: UUID, template_id: UUID) -> Home:
    """Until the transaction ends, others who ask for the same template wait."""
    found = session.execute(
        select(
            func.coalesce(TemplateOrigin.course_id, Panel.course_id),
            TemplateOrigin.root_id,
            Panel.id.is_not(None),
        )
        .select_from(Template)
        .outerjoin(
            TemplateOrigin,
            and_(TemplateOrigin.tenant_id == Template.tenant_id, TemplateOrigin.template_id == Template.id),
        )
        .outerjoin(
            TemplateVersion,
            and_(TemplateVersion.tenant_id == Template.tenant_id, TemplateVersion.template_id == Template.id),
        )
        .outerjoin(
            Panel,
            and_(
                Panel.tenant_id == TemplateVersion.tenant_id, Panel.template_version_id == TemplateVersion.id
            ),
        )
        .where(Template.tenant_id == tenant_id, Template.id == template_id)
        .order_by(Panel.id.is_(None))
        .limit(1)
        .with_for_update(of=Template)
    ).one()
    return Home(found[0], found[1], bool(found[2]))


@dataclass(frozen=True, slots=True)
class Earlier:
    """Settings that somebody may begin with again."""

    version_id: UUID
    kind: Kind
    title: str
    purpose: str
    course_title: str


def earlier_settings(
    session: Session, tenant_id: UUID, person_id: UUID, course_id: UUID, limit: int
) -> list[Earlier]:
    """Of panels that were set up in the courses that this person sets up: this course's first, then the newest."""
    found = session.execute(
        select(
            TemplateVersion.id,
            TemplateVersion.kind,
            TemplateVersion.title,
            TemplateVersion.purpose,
            Course.title,
        )
        .select_from(Panel)
        .join(
            TemplateVersion,
            and_(
                TemplateVersion.tenant_id == Panel.tenant_id, TemplateVersion.id == Panel.template_version_id
            ),
        )
        .join(Course, and_(Course.tenant_id == Panel.tenant_id, Course.id == Panel.course_id))
        .join(
            Membership,
            and_(Membership.tenant_id == Panel.tenant_id, Membership.course_id == Panel.course_id),
        )
        .where(*_set_up_by(tenant_id, person_id))
        .order_by(Panel.course_id != course_id, Panel.set_up_at.desc(), Panel.id)
        .limit(limit)
    )
    return [Earlier(version, Kind(kind), *words) for version, kind, *words in found]


def earlier_version(
    session: Session, tenant_id: UUID, person_id: UUID, version_id: UUID
) -> TemplateVersion | None:
    """One of :func:`earlier_settings`, whole; None where the person may not begin with it."""
    return session.scalar(
        select(TemplateVersion)
        .join(
            Panel,
            and_(
                Panel.tenant_id == TemplateVersion.tenant_id, Panel.template_version_id == TemplateVersion.id
            ),
        )
        .join(
            Membership,
            and_(Membership.tenant_id == Panel.tenant_id, Membership.course_id == Panel.course_id),
        )
        .where(TemplateVersion.id == version_id, *_set_up_by(tenant_id, person_id))
        .limit(1)
    )


def _set_up_by(tenant_id: UUID, person_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        Panel.tenant_id == tenant_id,
        Panel.set_up_at.is_not(None),
        Membership.person_id == person_id,
        Membership.active.is_(True),
        Membership.role.in_([role.value for role in MAY_SET_UP]),
    )


def has_entries(session: Session, viewer: Viewer) -> bool:
    """Whether anything was ever posted in the panel, by anybody, removed or not."""
    return bool(
        session.scalar(
            select(exists().where(Entry.tenant_id == viewer.tenant_id, Entry.panel_id == viewer.panel.id))
        )
    )


def opened_since(session: Session, viewer: Viewer, moment: datetime) -> bool:
    """Whether the viewer's opening of this panel was noted after ``moment``."""
    return bool(rows(session, _OPENED, _opening(viewer, moment)))


def hold_unless_opened(session: Session, viewer: Viewer, moment: datetime) -> bool:
    """As not :func:`opened_since`, and then others who ask for the same wait until the transaction ends.

    Posting under the voice goes on meanwhile.
    """
    # Whoever waited for another saw what was there before the wait, and looks again.
    held = rows(session, _HELD_VOICE, _opening(viewer, moment))
    return bool(held) and not opened_since(session, viewer, moment)


def _opening(viewer: Viewer, moment: datetime) -> dict[str, Any]:
    return {
        "tenant_id": viewer.tenant_id,
        "panel_id": viewer.panel.id,
        "voice_id": viewer.voice_id,
        "moment": moment,
    }


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
_HELD_VOICE: Select[*tuple[Any, ...]] = (
    select(Voice.id)
    .where(Voice.tenant_id == bindparam("tenant_id"), Voice.id == bindparam("voice_id"), ~exists(_OPENED))
    .with_for_update(key_share=True)
)
