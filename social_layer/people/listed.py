"""Writes: people whom the LMS's list of a course names, many at once; and those whom it does not name any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import and_, bindparam, delete, or_, update
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.database import run, upsert
from social_layer.people.actions import LAUNCH_GRAIN
from social_layer.people.models import Account, Membership, Person, Role, Voice
from social_layer.people.queries import KnownOnList, known_on_list

_RIGHTS = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class ListedCourse:
    """``shortens_roles``: the list calls people learners whom a launch shows as staff; the launch is then right."""

    tenant_id: UUID
    course_id: UUID
    home_page: str
    shortens_roles: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody on the list. It may say nothing of the name."""

    account: str
    role: Role
    name: str | None = None
    is_test: bool = False


def note_listed(
    session: Session, clock: Clock, course: ListedCourse, listed: Sequence[Listed], as_of: datetime
) -> None:
    """Finds or makes account, person, membership and own voice of each, in a number of statements that is the same
    for one and for a thousand. Writes only what differs, and that the list named them ``as_of``.

    A later launch of theirs finds the same person. Whoever launched meanwhile is left as the launch left them.
    """
    by_account = {each.account: each for each in listed}
    if not by_account:
        return
    known = _known(session, course, by_account)
    if new := [each for each in by_account.values() if each.account not in known]:
        _meet(session, clock, course, new)
        known |= _known(session, course, {each.account: each for each in new})
    pairs = [(known[account], each) for account, each in by_account.items() if account in known]
    _rename(session, course, pairs)
    _join(session, clock, course, pairs, as_of)
    _renew(session, course, pairs, as_of)


def end_unlisted(session: Session, course: ListedCourse, *, since: datetime, began: datetime) -> int:
    """Ends the membership of everybody whom no complete reading of the list named since ``since``; answers of how many.

    ``began``: when the last reading began. Whoever launched after that is in the course, whatever the list says.
    """
    ended = session.scalars(
        update(Membership)
        .where(
            Membership.tenant_id == course.tenant_id,
            Membership.course_id == course.course_id,
            Membership.active,
            or_(Membership.listed_at.is_(None), Membership.listed_at < since),
            or_(Membership.last_launch_at.is_(None), Membership.last_launch_at < began - LAUNCH_GRAIN),
            # These stand on no list, and keep what their launch gave them.
            or_(
                Membership.listed_at.is_not(None),
                and_(Membership.from_outside.is_(False), Membership.is_test.is_(False)),
            ),
        )
        .values(active=False)
        .returning(Membership.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())


def _known(session: Session, course: ListedCourse, by_account: dict[str, Listed]) -> dict[str, KnownOnList]:
    return known_on_list(session, course.tenant_id, course.course_id, course.home_page, list(by_account))


def _meet(session: Session, clock: Clock, course: ListedCourse, new: list[Listed]) -> None:
    """Persons and accounts. Where a launch has just made the same account, the person made here goes again."""
    now = clock()
    persons = {each.account: uuid4() for each in sorted(new, key=lambda each: each.account)}
    names = {each.account: each.name for each in new}
    session.connection().execute(
        Person.__table__.insert(),  # type: ignore[attr-defined]
        [
            {
                "tenant_id": course.tenant_id,
                "id": person_id,
                "name": names[account],
                "language": None,
                "time_zone": None,
                "created_at": now,
            }
            for account, person_id in persons.items()
        ],
    )
    session.connection().execute(
        upsert(session, Account).on_conflict_do_nothing(),
        [
            {
                "tenant_id": course.tenant_id,
                "id": uuid4(),
                "person_id": person_id,
                "home_page": course.home_page,
                "name": account,
            }
            for account, person_id in persons.items()
        ],
    )
    taken = {
        known.person_id
        for known in known_on_list(
            session, course.tenant_id, course.course_id, course.home_page, list(persons)
        ).values()
    }
    if spare := [person_id for person_id in persons.values() if person_id not in taken]:
        run(
            session,
            delete(Person).where(Person.tenant_id == course.tenant_id, Person.id.in_(spare)),
            {},
        )


def _rename(session: Session, course: ListedCourse, pairs: list[tuple[KnownOnList, Listed]]) -> None:
    """As the list calls them now. A name that it does not give is forgotten only where no launch gave it."""
    changed: list[dict[str, Any]] = [
        {"t": course.tenant_id, "p": known.person_id, "name": each.name}
        for known, each in pairs
        if each.name != known.name and (each.name is not None or not known.has_launched)
    ]
    if changed:
        # In one order, whichever courses are read at once: they may name the same people.
        changed.sort(key=lambda change: change["p"].bytes)
        session.connection().execute(_RENAME, changed)


def _join(
    session: Session,
    clock: Clock,
    course: ListedCourse,
    pairs: list[tuple[KnownOnList, Listed]],
    as_of: datetime,
) -> None:
    """Memberships and own voices of those who have none here."""
    now = clock()
    in_course = [
        (
            known,
            {
                "tenant_id": course.tenant_id,
                "course_id": course.course_id,
                "person_id": known.person_id,
                "is_test": each.is_test,
                "created_at": now,
            },
            each.role,
        )
        for known, each in pairs
    ]
    memberships = [
        {
            **row,
            "id": uuid4(),
            "role": role,
            "launch_role": None,
            "from_outside": False,
            "active": True,
            "last_launch_at": None,
            "listed_at": as_of,
        }
        for known, row, role in in_course
        if known.membership_id is None
    ]
    voices = [
        {**row, "id": uuid4(), "registration": uuid4(), "alias": None}
        for known, row, _ in in_course
        if known.voice_id is None
    ]
    if memberships:
        session.connection().execute(upsert(session, Membership).on_conflict_do_nothing(), memberships)
    if voices:
        session.connection().execute(upsert(session, Voice).on_conflict_do_nothing(), voices)


def _renew(
    session: Session, course: ListedCourse, pairs: list[tuple[KnownOnList, Listed]], as_of: datetime
) -> None:
    """Those who were members: still so, with the role that the list gives them."""
    members = [(known, each) for known, each in pairs if known.membership_id is not None]
    if not members:
        return
    run(
        session,
        update(Membership)
        .where(
            Membership.tenant_id == course.tenant_id,
            Membership.id.in_([known.membership_id for known, _ in members]),
        )
        .values(listed_at=as_of, active=True),
        {},
    )
    roles = [
        {"t": course.tenant_id, "m": known.membership_id, "role": role}
        for known, each in members
        if (role := _role(course, known, each)) != known.role
    ]
    if roles:
        session.connection().execute(_REASSIGN, roles)
    tests = [
        {"t": course.tenant_id, "m": known.membership_id, "v": known.voice_id}
        for known, each in members
        if each.is_test and not known.is_test
    ]
    if tests:
        session.connection().execute(_MARK_MEMBER, tests)
        session.connection().execute(_MARK_VOICE, tests)


def _role(course: ListedCourse, known: KnownOnList, each: Listed) -> Role:
    if course.shortens_roles and known.launch_role is not None:
        return min(each.role, Role(known.launch_role), key=_RIGHTS.__getitem__)
    return each.role


_RENAME = (
    update(Person)
    .where(Person.tenant_id == bindparam("t"), Person.id == bindparam("p"))
    .values(name=bindparam("name"))
)
_THE_MEMBER = and_(Membership.tenant_id == bindparam("t"), Membership.id == bindparam("m"))
_REASSIGN = update(Membership).where(_THE_MEMBER).values(role=bindparam("role"))
_MARK_MEMBER = update(Membership).where(_THE_MEMBER).values(is_test=True)
_MARK_VOICE = (
    update(Voice).where(Voice.tenant_id == bindparam("t"), Voice.id == bindparam("v")).values(is_test=True)
)
