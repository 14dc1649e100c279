"""Reads: the groups that a viewer looks into and writes to, and the sets that a course is divided by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, exists, select
from sqlalchemy.orm import Session

from social_layer.database import rows
from social_layer.panels.models import GroupMode, Panel, PanelGroups
from social_layer.panels.queries import OF_PANEL_GROUPS, SET_OF_PANEL
from social_layer.people.models import CourseGroup, GroupMember, GroupSet
from social_layer.refusals import Conflict, NotAllowed, NotFound
from social_layer.viewer import Viewer
from social_layer.visibility import seen_by


@dataclass(frozen=True, slots=True)
class Place:
    """A group of the panel, as its readers know it. Without a name it is called by its number."""

    id: UUID
    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Places:
    """The groups that a viewer may look into and write to: all of the panel's for staff, their own for others.

    ``chosen``: the one looked at; None where staff look at all of them, and for somebody who is in none.
    """

    mode: GroupMode
    groups: tuple[Place, ...]
    chosen: UUID | None


def places_of(session: Session, viewer: Viewer, wanted: UUID | None = None) -> Places | None:
    """None, without a statement, where the panel has no groups.

    Who wants none, or one that is not theirs (any more), looks at their first; staff look at all of them.
    """
    if viewer.panel.group_mode is GroupMode.everyone:
        return None
    groups = writable(session, viewer)
    fallback = None if viewer.is_staff or not groups else groups[0].id
    chosen = wanted if wanted in {group.id for group in groups} else fallback
    return Places(viewer.panel.group_mode, groups, chosen)


def place_asked_for(session: Session, viewer: Viewer, group_id: UUID | None) -> UUID | None:
    """The group that a program names to look into. Raises ``group_not_found``."""
    if group_id is not None and group_id not in {group.id for group in writable(session, viewer)}:
        raise NotFound("group_not_found")
    return group_id


def group_to_write_to(session: Session, viewer: Viewer, mode: GroupMode, wanted: UUID | None) -> UUID | None:
    """For whom a new entry of the viewer's is, who asks for ``wanted``: a group's id, or None for all.

    To be asked in the transaction that writes it.
    Raises ``in_no_group``, ``group_missing``, ``group_not_found``.
    """
    if viewer.is_staff and wanted is None:
        if mode is GroupMode.across:
            return None
        raise Conflict("group_missing", field="group")
    groups = [group.id for group in writable(session, viewer)]
    if not groups and not viewer.is_staff:
        raise NotAllowed("in_no_group")
    if wanted is None:
        if len(groups) > 1:
            raise Conflict("group_missing", field="group")
        return groups[0]
    if wanted not in groups:
        raise NotFound("group_not_found")
    return wanted


def is_open(session: Session, viewer: Viewer, group_id: UUID) -> bool:
    """Whether the group may still be written in."""
    return bool(rows(session, _OPEN, seen_by(viewer, group=group_id)))


def writable(session: Session, viewer: Viewer) -> tuple[Place, ...]:
    """The panel's groups that the viewer may write to, in their order. One statement."""
    statement = _ALL_PLACES if viewer.is_staff else _OWN_PLACES
    return tuple(Place(*row) for row in rows(session, statement, seen_by(viewer)))


def set_to_use(session: Session, viewer: Viewer, set_id: UUID | None) -> UUID:
    """The set that a panel is to use: the one named, or the only one there is.

    Raises ``group_set_missing`` and ``group_set_not_found``.
    """
    offered = sets_offered(session, viewer)
    if set_id is None:
        if len(offered) != 1:
            raise Conflict("group_set_missing", field="group_set_id")
        return offered[0].id
    if set_id not in {one.id for one in offered}:
        raise NotFound("group_set_not_found")
    return set_id


def sets_offered(session: Session, viewer: Viewer) -> Sequence[GroupSet]:
    """The course's group sets, the LMS's first."""
    return session.scalars(
        select(GroupSet)
        .where(
            GroupSet.tenant_id == viewer.tenant_id,
            GroupSet.course_id == viewer.panel.course_id,
            GroupSet.removed_at.is_(None),
        )
        .order_by(GroupSet.origin.desc(), GroupSet.created_at, GroupSet.id)
    ).all()


def set_in_use(session: Session, viewer: Viewer) -> UUID | None:
    """The set that the panel uses, or would use."""
    found = rows(session, _IN_USE, seen_by(viewer))
    return found[0][0] if found else None


_THE_PANEL = and_(Panel.tenant_id == bindparam("viewer_tenant"), Panel.id == bindparam("viewer_panel"))
_IN_USE: Select[*tuple[Any, ...]] = (
    select(SET_OF_PANEL).select_from(Panel).outerjoin(PanelGroups, OF_PANEL_GROUPS).where(_THE_PANEL)
)
_ALL_PLACES: Select[*tuple[Any, ...]] = (
    select(CourseGroup.id, CourseGroup.name, CourseGroup.number)
    .select_from(Panel)
    .outerjoin(PanelGroups, OF_PANEL_GROUPS)
    .join(CourseGroup, and_(CourseGroup.tenant_id == Panel.tenant_id, CourseGroup.set_id == SET_OF_PANEL))
    .where(_THE_PANEL, CourseGroup.removed_at.is_(None))
    .order_by(CourseGroup.number, CourseGroup.name, CourseGroup.id)
)
_OWN_PLACES = _ALL_PLACES.where(
    exists().where(
        GroupMember.tenant_id == CourseGroup.tenant_id,
        GroupMember.group_id == CourseGroup.id,
        GroupMember.person_id == bindparam("viewer_person"),
    )
)
_OPEN: Select[*tuple[Any, ...]] = select(CourseGroup.id).where(
    CourseGroup.tenant_id == bindparam("viewer_tenant"),
    CourseGroup.id == bindparam("group"),
    CourseGroup.removed_at.is_(None),
)
