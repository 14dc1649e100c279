"""Reads of the console about LRSs: each with how far its statements have come, and what it refused."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, literal_column, or_, select
from sqlalchemy.orm import Session

from lti_tool.console.queries import PAGE, Page, id_of, page_of, read_cursor, time_of, within
from lti_tool.problems import Problem
from social_layer.people.models import Tenant
from xapi.models import Delivery, Lrs
from xapi.parked import Parked, parked_page
from xapi.platforms import platforms_of
from xapi.status import oldest_pending


@dataclass(frozen=True, slots=True)
class StoreRow:
    """An LRS; ``oldest_at``: when the oldest thing happened that it should have and has not. Without ``platforms`` it
    gets what happens on all."""

    lrs: Lrs
    tenant: str
    pending: int
    parked: int
    oldest_at: datetime | None
    platforms: list[str]


def stores_page(session: Session, scope: UUID | None, after: str | None = None) -> Page[StoreRow]:
    """By institution and name."""
    query = (
        select(Lrs, Tenant.name)
        .join(Tenant, Tenant.id == Lrs.tenant_id)
        .where(*within(Lrs.tenant_id, scope))
        .order_by(Tenant.name, Lrs.name)
        .limit(PAGE + 1)
    )
    if after:
        tenant, name = read_cursor(after)
        query = query.where(or_(Tenant.name > tenant, and_(Tenant.name == tenant, Lrs.name > name)))
    found = session.execute(query).all()
    rows = _standing(session, [(lrs, tenant) for lrs, tenant in found])
    return page_of(rows, lambda row: (row.tenant, row.lrs.name))


def find_store(session: Session, scope: UUID | None, lrs_id: UUID) -> StoreRow:
    """Raises ``not_found``, for one of another tenant too."""
    found = session.execute(
        select(Lrs, Tenant.name)
        .join(Tenant, Tenant.id == Lrs.tenant_id)
        .where(Lrs.id == lrs_id, *within(Lrs.tenant_id, scope))
    ).first()
    if found is None:
        raise Problem("not_found")
    return _standing(session, [(found[0], found[1])])[0]


def refused_page(session: Session, lrs: Lrs, after: str | None = None) -> Page[Parked]:
    """The oldest first."""
    start = None
    if after:
        said, last = read_cursor(after)
        start = time_of(said), id_of(last)
    found = parked_page(session, lrs.tenant_id, lrs.id, limit=PAGE + 1, after=start)
    return page_of(found, lambda one: (one.due_at.isoformat(), str(one.id)))


def _standing(session: Session, lrss: Collection[tuple[Lrs, str]]) -> list[StoreRow]:
    """Four statements."""
    ids = [lrs.id for lrs, _ in lrss]
    counts: dict[tuple[UUID, str], int] = {}
    for state in ("pending", "parked"):
        for lrs_id, number in session.execute(
            select(Delivery.lrs_id, func.count())
            # Written out, as the partial indexes have it.
            .where(Delivery.state == literal_column(f"'{state}'"), Delivery.lrs_id.in_(ids))
            .group_by(Delivery.lrs_id)
        ):
            counts[lrs_id, state] = number
    oldest = {
        row[0]: row[1] for row in session.execute(select(Lrs.id, oldest_pending()).where(Lrs.id.in_(ids)))
    }
    platforms = platforms_of(session)
    return [
        StoreRow(
            lrs,
            tenant,
            counts.get((lrs.id, "pending"), 0),
            counts.get((lrs.id, "parked"), 0),
            oldest.get(lrs.id),
            sorted(platforms.get(lrs.id, ())),
        )
        for lrs, tenant in lrss
    ]
