"""Reads: who somebody is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from social_layer.database import rows
from social_layer.people.models import Account, Membership, Person, Voice


@dataclass(frozen=True, slots=True)
class Known:
    """A person a tenant knows, and their membership of one course if they were there before."""

    person_id: UUID
    name: str | None
    language: str | None
    time_zone: str | None
    membership_id: UUID | None
    role: str | None
    active: bool | None
    is_test: bool | None
    last_launch_at: datetime | None
    launch_role: str | None
    from_outside: bool | None


# The columns of `Known`, in its order.
KNOWN = (
    Person.id,
    Person.name,
    Person.language,
    Person.time_zone,
    Membership.id,
    Membership.role,
    Membership.active,
    Membership.is_test,
    Membership.last_launch_at,
    Membership.launch_role,
    Membership.from_outside,
)


def find_known(
    session: Session, tenant_id: UUID, course_id: UUID, home_page: str, account: str
) -> Known | None:
    """By account, in one statement."""
    found = rows(
        session,
        _KNOWN,
        {"tenant_id": tenant_id, "course_id": course_id, "home_page": home_page, "account": account},
    )
    return Known(*found[0]) if found else None


_KNOWN = (
    select(*KNOWN)
    .join(Account, and_(Account.tenant_id == Person.tenant_id, Account.person_id == Person.id))
    .outerjoin(
        Membership,
        and_(
            Membership.tenant_id == Person.tenant_id,
            Membership.person_id == Person.id,
            Membership.course_id == bindparam("course_id"),
        ),
    )
    .where(
        Account.tenant_id == bindparam("tenant_id"),
        Account.home_page == bindparam("home_page"),
        Account.name == bindparam("account"),
    )
)


@dataclass(frozen=True, slots=True)
class KnownOnList:
    """As :class:`Known`, of somebody on a list. ``has_launched``: in whichever course."""

    account: str
    person_id: UUID
    name: str | None
    has_launched: bool
    membership_id: UUID | None
    role: str | None
    launch_role: str | None
    is_test: bool | None
    voice_id: UUID | None


def known_on_list(
    session: Session, tenant_id: UUID, course_id: UUID, home_page: str, accounts: Sequence[str]
) -> dict[str, KnownOnList]:
    """By account, in one statement."""
    found = rows(
        session,
        _ON_LIST,
        {
            "tenant_id": tenant_id,
            "course_id": course_id,
            "home_page": home_page,
            "accounts": list(accounts),
        },
    )
    return {row[0]: KnownOnList(*row) for row in found}


_ANY = aliased(Membership)
_ON_LIST = (
    select(
        Account.name,
        Person.id,
        Person.name,
        exists().where(
            _ANY.tenant_id == Person.tenant_id,
            _ANY.person_id == Person.id,
            _ANY.last_launch_at.is_not(None),
        ),
        Membership.id,
        Membership.role,
        Membership.launch_role,
        Membership.is_test,
        Voice.id,
    )
    .join(Person, and_(Person.tenant_id == Account.tenant_id, Person.id == Account.person_id))
    .outerjoin(
        Membership,
        and_(
            Membership.tenant_id == Person.tenant_id,
            Membership.person_id == Person.id,
            Membership.course_id == bindparam("course_id"),
        ),
    )
    .outerjoin(
        Voice,
        and_(
            Voice.tenant_id == Person.tenant_id,
            Voice.course_id == bindparam("course_id"),
            Voice.person_id == Person.id,
        ),
    )
    .where(
        Account.tenant_id == bindparam("tenant_id"),
        Account.home_page == bindparam("home_page"),
        Account.name.in_(bindparam("accounts", expanding=True)),
    )
)
