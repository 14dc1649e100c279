"""Reads of the console about formal records: by what else people are known, and which activities are which courses."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.console.queries import PAGE, Page, page_of, read_cursor
from lti_tool.records.joining import list_maps
from social_layer.people.models import Account, Person
from xapi.gathering.models import PersonIdentifier


@dataclass(frozen=True, slots=True)
class Imported:
    """How much is there, and when the last of it came."""

    identifiers: int
    people: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """An identifier, and who that is: a name where there is one, and accounts."""

    identifier: str
    name: str | None
    accounts: tuple[str, ...]


def imported(session: Session, tenant_id: UUID) -> Imported:
    row = session.execute(
        select(
            func.count(),
            func.count(PersonIdentifier.person_id.distinct()),
            func.max(PersonIdentifier.imported_at),
        ).where(PersonIdentifier.tenant_id == tenant_id)
    ).one()
    return Imported(row[0], row[1], row[2])


def identifiers_page(session: Session, tenant_id: UUID, after: str = "") -> Page[Known]:
    """In their own order."""
    query = (
        select(PersonIdentifier.identifier, PersonIdentifier.person_id)
        .where(PersonIdentifier.tenant_id == tenant_id)
        .order_by(PersonIdentifier.identifier)
        .limit(PAGE + 1)
    )
    if after:
        last, _ = read_cursor(after)
        query = query.where(PersonIdentifier.identifier > last)
    found = session.execute(query).all()
    who = people_known(session, tenant_id, {person_id for _, person_id in found})
    rows = [Known(identifier, *who.get(person_id, (None, ()))) for identifier, person_id in found]
    return page_of(rows, lambda row: (row.identifier, ""))


def people_known(
    session: Session, tenant_id: UUID, person_ids: Collection[UUID]
) -> dict[UUID, tuple[str | None, tuple[str, ...]]]:
    """Of each the name and the accounts."""
    names = session.execute(
        select(Person.id, Person.name).where(Person.tenant_id == tenant_id, Person.id.in_(person_ids))
    )
    found: dict[UUID, tuple[str | None, tuple[str, ...]]] = {row[0]: (row[1], ()) for row in names}
    accounts = session.execute(
        select(Account.person_id, Account.home_page, Account.name)
        .where(Account.tenant_id == tenant_id, Account.person_id.in_(person_ids))
        .order_by(Account.home_page, Account.name)
    )
    for person_id, home_page, account in accounts:
        if person_id in found:
            name, others = found[person_id]
            found[person_id] = name, (*others, f"{home_page}|{account}")
    return found


def maps_page(session: Session, tenant_id: UUID, after: str = "") -> Page[tuple[str, UUID, str]]:
    """(activity, course, its title), in the order of activities."""
    last = read_cursor(after)[0] if after else ""
    found = list_maps(session, tenant_id, after=last, limit=PAGE + 1)
    return page_of(found, lambda row: (row[0], ""))
