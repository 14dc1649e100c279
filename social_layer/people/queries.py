"""Reads: who somebody is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from social_layer.database import rows
from social_layer.people.models import Account, Membership, Person


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
