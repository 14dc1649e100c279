"""Reads: who somebody is."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from social_layer.people.models import Account, Membership, Person


@dataclass(frozen=True, slots=True)
class Known:
    """A person a tenant knows, and their membership of one course if they were there before."""

    person: Person
    membership: Membership | None


def find_known(
    session: Session, tenant_id: UUID, course_id: UUID, home_page: str, account: str
) -> Known | None:
    """By account, in one statement."""
    row = session.execute(
        select(Person, Membership)
        .join(Account, and_(Account.tenant_id == Person.tenant_id, Account.person_id == Person.id))
        .outerjoin(
            Membership,
            and_(
                Membership.tenant_id == Person.tenant_id,
                Membership.person_id == Person.id,
                Membership.course_id == course_id,
            ),
        )
        .where(Account.tenant_id == tenant_id, Account.home_page == home_page, Account.name == account)
    ).one_or_none()
    return Known(row[0], row[1]) if row else None
