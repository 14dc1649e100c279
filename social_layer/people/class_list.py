"""Reads: the people of a course, for those who run it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from social_layer import cursors
from social_layer.database import folded
from social_layer.people.models import Membership, Person, Role, Voice
from social_layer.refusals import Invalid, NotAllowed
from social_layer.viewer import Viewer

PAGE = 50


class Shown(StrEnum):
    """Which of them: in the course now, in it but never come, or not in it any more."""

    here = "here"
    never = "never"
    left = "left"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody of the course. ``last_launch_at`` None: never came."""

    membership_id: UUID
    voice_id: UUID | None
    name: str | None
    role: Role
    active: bool
    is_test: bool
    last_launch_at: datetime | None


@dataclass(frozen=True, slots=True)
class PeoplePage:
    items: Sequence[PersonRow]
    next: str | None


def people_page(
    session: Session,
    viewer: Viewer,
    *,
    shown: Shown = Shown.here,
    search: str = "",
    after: str | None = None,
    limit: int = PAGE,
) -> PeoplePage:
    """By name, the nameless last. ``search``: a part of the name. Raises ``not_staff`` and ``bad_cursor``."""
    _check(viewer)
    where = [*_of_course(viewer), _SHOWN[shown]]
    if search:
        where.append(folded(Person.name).contains(search.lower(), autoescape=True))
    if after is not None:
        where.append(_behind(session, viewer, after))
    found = session.execute(
        select(
            Membership.id,
            Voice.id,
            Person.name,
            Membership.role,
            Membership.active,
            Membership.is_test,
            Membership.last_launch_at,
        )
        .join(Person, _PERSON)
        .outerjoin(
            Voice,
            and_(
                Voice.tenant_id == Membership.tenant_id,
                Voice.course_id == Membership.course_id,
                Voice.person_id == Membership.person_id,
            ),
        )
        .where(*where)
        .order_by(_NAMELESS, _NAME, Membership.id)
        .limit(limit + 1)
    ).all()
    items = [PersonRow(row[0], row[1], row[2], Role(row[3]), *row[4:]) for row in found[:limit]]
    following = cursors.of_position(items[-1].membership_id.bytes) if len(found) > limit else None
    return PeoplePage(items, following)


def count_people(session: Session, viewer: Viewer) -> dict[Shown, int]:
    """How many there are of each. Raises ``not_staff``."""
    _check(viewer)
    counts = [func.sum(case((condition, 1), else_=0)) for condition in _SHOWN.values()]
    row = session.execute(select(*counts).where(*_of_course(viewer))).one()
    return {shown: int(number or 0) for shown, number in zip(_SHOWN, row, strict=True)}


def _check(viewer: Viewer) -> None:
    if not viewer.is_staff:
        raise NotAllowed("not_staff")


def _of_course(viewer: Viewer) -> tuple[ColumnElement[bool], ...]:
    return Membership.tenant_id == viewer.tenant_id, Membership.course_id == viewer.panel.course_id


def _behind(session: Session, viewer: Viewer, after: str) -> ColumnElement[bool]:
    """Those who stand behind the one whom the cursor names, whatever they are called by now."""
    position = cursors.to_position(after)
    if len(position) != 16:
        raise Invalid("bad_cursor")
    key: Select[*tuple[Any, ...]] = (
        select(_NAMELESS, _NAME)
        .select_from(Membership)
        .join(Person, _PERSON)
        .where(*_of_course(viewer), Membership.id == UUID(bytes=position))
    )
    found = session.execute(key).first()
    if found is None:
        raise Invalid("bad_cursor")
    nameless, name = found
    return or_(
        nameless < _NAMELESS,
        and_(nameless == _NAMELESS, name < _NAME),
        and_(nameless == _NAMELESS, name == _NAME, Membership.id > UUID(bytes=position)),
    )


_PERSON = and_(Person.tenant_id == Membership.tenant_id, Person.id == Membership.person_id)
_NAMELESS = case((Person.name.is_(None), 1), else_=0)
_NAME = func.coalesce(folded(Person.name), "")
_SHOWN: dict[Shown, ColumnElement[bool]] = {
    Shown.here: Membership.active.is_(True),
    Shown.never: and_(Membership.active, Membership.last_launch_at.is_(None)),
    Shown.left: Membership.active.is_(False),
}
