"""Reads: how the bridge stands, for the administrator."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ScalarSelect, case, func, literal_column, select
from sqlalchemy.orm import Session

from social_layer.events.models import UNDISPATCHED, Event, EventType
from social_layer.people.models import Tenant
from xapi.models import Delivery, DeliveryState, Lrs, LrsState

# So many refused statements of an LRS are shown.
SHOWN = 5
# The oldest is looked for among so many that are due first: nearly always it is the very first.
LOOKED_AT = 1000
# Reading is told when the day is over: that it waited until then is no delay.
_OLDEST = func.min(case((Event.type != EventType.thread_read, Event.occurred_at)))


def oldest_pending() -> ScalarSelect[datetime]:
    """Of each LRS of a query: when the oldest thing happened that it should have and has not. Looks at the first
    along the index, so that an LRS that was down for days costs whoever watches no more than one that works."""
    first = (
        select(Delivery.event_id)
        .where(
            Delivery.tenant_id == Lrs.tenant_id,
            Delivery.lrs_id == Lrs.id,
            # Written out, as the partial index has it.
            Delivery.state == literal_column("'pending'"),
        )
        .order_by(Delivery.due_at)
        .limit(LOOKED_AT)
        .correlate(Lrs)
    )
    return (
        select(_OLDEST)
        .where(Event.tenant_id == Lrs.tenant_id, Event.id.in_(first))
        .correlate(Lrs)
        .scalar_subquery()
    )


@dataclass(frozen=True, slots=True)
class Refused:
    """A parked statement and what the LRS said to it."""

    statement_id: UUID
    answer: str


@dataclass(frozen=True, slots=True)
class LrsStatus:
    """``delivered``: how often it took a statement. ``withheld``: None where nobody asked for it. ``oldest_at``: when
    the oldest thing happened that the LRS should have and has not. ``refused``: some of the parked ones."""

    tenant: str
    name: str
    endpoint: str
    state: str
    trouble: str | None
    resting_until: datetime | None
    pending: int
    delivered: int
    parked: int
    withheld: int | None
    oldest_at: datetime | None
    refused: list[Refused]


@dataclass(frozen=True, slots=True)
class BridgeStatus:
    """``undispatched``: events that no worker has looked at yet."""

    undispatched: int
    undispatched_since: datetime | None
    lrss: list[LrsStatus]


def bridge_status(session: Session, *, with_withheld: bool = False) -> BridgeStatus:
    """Five statements along partial indexes, however much was delivered; ``with_withheld``: and one through all rows of
    millions, for no index knows what was withheld."""
    undispatched, undispatched_since = session.execute(
        select(func.count(), _OLDEST).where(UNDISPATCHED)
    ).one()
    pending, parked = _counted(session, DeliveryState.pending), _counted(session, DeliveryState.parked)
    withheld = _withheld(session) if with_withheld else None
    refused: dict[object, list[Refused]] = {}
    numbered = (
        select(
            Delivery.lrs_id,
            Delivery.statement_id,
            Delivery.answer,
            func.row_number().over(partition_by=Delivery.lrs_id, order_by=Delivery.due_at).label("number"),
        )
        .where(Delivery.state == literal_column("'parked'"))
        .subquery()
    )
    for row in session.execute(select(numbered).where(numbered.c.number <= SHOWN)):
        refused.setdefault(row.lrs_id, []).append(Refused(row.statement_id, row.answer or ""))
    rows = session.execute(
        select(Tenant.name, Lrs, oldest_pending())
        .join(Tenant, Tenant.id == Lrs.tenant_id)
        .order_by(Tenant.name, Lrs.name)
    )
    return BridgeStatus(
        undispatched,
        undispatched_since,
        [
            LrsStatus(
                tenant=tenant,
                name=lrs.name,
                endpoint=lrs.endpoint,
                state=lrs.state,
                trouble=lrs.trouble,
                resting_until=lrs.resting_until,
                pending=pending.get(lrs.id, 0),
                delivered=lrs.delivered,
                parked=parked.get(lrs.id, 0),
                withheld=None if withheld is None else withheld.get(lrs.id, 0),
                oldest_at=oldest_at,
                refused=refused.get(lrs.id, []),
            )
            for tenant, lrs, oldest_at in rows
        ],
    )


@dataclass(frozen=True, slots=True)
class LrsWaiting:
    """``failures``: in a row, until now. ``delivered``: statements that it took since it was connected, those among
    them that were sent again. ``oldest_at``: when the oldest thing happened that the LRS should have and has not."""

    id: UUID
    tenant: str
    name: str
    paused: bool
    trouble: str | None
    failures: int
    pending: int
    parked: int
    delivered: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is not where it should be. What was delivered, which is nearly everything, is not looked at."""

    undispatched: int
    undispatched_since: datetime | None
    lrss: list[LrsWaiting]


def waiting(session: Session) -> Waiting:
    """Four statements, along the partial indexes, whose predicates are written out for them."""
    undispatched, undispatched_since = session.execute(
        select(func.count(), _OLDEST).where(UNDISPATCHED)
    ).one()
    pending, parked = _counted(session, DeliveryState.pending), _counted(session, DeliveryState.parked)
    rows = session.execute(
        select(
            Tenant.name,
            Lrs.id,
            Lrs.name,
            Lrs.state,
            Lrs.trouble,
            Lrs.failures,
            Lrs.delivered,
            oldest_pending(),
        )
        .join(Tenant, Tenant.id == Lrs.tenant_id)
        .order_by(Tenant.name, Lrs.name)
    )
    return Waiting(
        undispatched,
        undispatched_since,
        [
            LrsWaiting(
                id=lrs_id,
                tenant=tenant,
                name=name,
                paused=state == LrsState.paused,
                trouble=trouble,
                failures=failures,
                pending=pending.get(lrs_id, 0),
                parked=parked.get(lrs_id, 0),
                delivered=delivered,
                oldest_at=oldest_at,
            )
            for tenant, lrs_id, name, state, trouble, failures, delivered, oldest_at in rows
        ],
    )


def _counted(session: Session, state: DeliveryState) -> dict[UUID, int]:
    """By LRS, along the partial index of those that are pending or parked."""
    found = session.execute(
        select(Delivery.lrs_id, func.count())
        .where(Delivery.state == literal_column(f"'{state}'"))
        .group_by(Delivery.tenant_id, Delivery.lrs_id)
    )
    return {row[0]: row[1] for row in found}


def _withheld(session: Session) -> dict[UUID, int]:
    """By LRS. Grouped without the tenant, so that SQLite reads the table in its own order, quicker than by an index."""
    found = session.execute(
        select(Delivery.lrs_id, func.count())
        .where(Delivery.state == DeliveryState.withheld)
        .group_by(Delivery.lrs_id)
    )
    return {row[0]: row[1] for row in found}
