"""Reads: how the bridge stands, for the administrator."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, literal_column, select
from sqlalchemy.orm import Session

from social_layer.events.models import Event
from social_layer.people.models import Tenant
from xapi.models import Delivery, DeliveryState, Lrs, LrsState

# So many refused statements of an LRS are shown.
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Refused:
    """A parked statement and what the LRS said to it."""

    statement_id: UUID
    answer: str


@dataclass(frozen=True, slots=True)
class LrsStatus:
    """``oldest_at``: when the oldest thing happened that the LRS should have and has not. ``refused``: some of the
    parked ones."""

    tenant: str
    name: str
    endpoint: str
    state: str
    trouble: str | None
    resting_until: datetime | None
    pending: int
    delivered: int
    parked: int
    withheld: int
    oldest_at: datetime | None
    refused: list[Refused]


@dataclass(frozen=True, slots=True)
class BridgeStatus:
    """``undispatched``: events that no worker has looked at yet."""

    undispatched: int
    undispatched_since: datetime | None
    lrss: list[LrsStatus]


def bridge_status(session: Session) -> BridgeStatus:
    """Five statements, however much there is."""
    undispatched, undispatched_since = session.execute(
        select(func.count(), func.min(Event.occurred_at)).where(~Event.dispatched)
    ).one()
    counts: dict[object, dict[str, int]] = {}
    for lrs_id, state, count in session.execute(
        select(Delivery.lrs_id, Delivery.state, func.count()).group_by(Delivery.lrs_id, Delivery.state)
    ):
        counts.setdefault(lrs_id, {})[state] = count
    oldest = {
        row.lrs_id: row.oldest_at
        for row in session.execute(
            select(Delivery.lrs_id, func.min(Event.occurred_at).label("oldest_at"))
            .join(Event, and_(Event.tenant_id == Delivery.tenant_id, Event.id == Delivery.event_id))
            .where(Delivery.state == DeliveryState.pending)
            .group_by(Delivery.lrs_id)
        )
    }
    refused: dict[object, list[Refused]] = {}
    numbered = (
        select(
            Delivery.lrs_id,
            Delivery.statement_id,
            Delivery.answer,
            func.row_number().over(partition_by=Delivery.lrs_id, order_by=Delivery.due_at).label("number"),
        )
        .where(Delivery.state == DeliveryState.parked)
        .subquery()
    )
    for row in session.execute(select(numbered).where(numbered.c.number <= SHOWN)):
        refused.setdefault(row.lrs_id, []).append(Refused(row.statement_id, row.answer or ""))
    rows = session.execute(
        select(Tenant.name, Lrs).join(Tenant, Tenant.id == Lrs.tenant_id).order_by(Tenant.name, Lrs.name)
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
                pending=counts.get(lrs.id, {}).get(DeliveryState.pending, 0),
                delivered=counts.get(lrs.id, {}).get(DeliveryState.delivered, 0),
                parked=counts.get(lrs.id, {}).get(DeliveryState.parked, 0),
                withheld=counts.get(lrs.id, {}).get(DeliveryState.withheld, 0),
                oldest_at=oldest.get(lrs.id),
                refused=refused.get(lrs.id, []),
            )
            for tenant, lrs in rows
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
        select(func.count(), func.min(Event.occurred_at)).where(~Event.dispatched)
    ).one()
    pending = {
        row.lrs_id: row
        for row in session.execute(
            select(
                Delivery.lrs_id, func.count().label("number"), func.min(Event.occurred_at).label("oldest_at")
            )
            .join(Event, and_(Event.tenant_id == Delivery.tenant_id, Event.id == Delivery.event_id))
            .where(Delivery.state == literal_column("'pending'"))
            .group_by(Delivery.lrs_id)
        )
    }
    parked = {
        row.lrs_id: row.number
        for row in session.execute(
            select(Delivery.lrs_id, func.count().label("number"))
            .where(Delivery.state == literal_column("'parked'"))
            .group_by(Delivery.lrs_id)
        )
    }
    rows = session.execute(
        select(Tenant.name, Lrs.id, Lrs.name, Lrs.state, Lrs.failures, Lrs.delivered)
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
                failures=failures,
                pending=pending[lrs_id].number if lrs_id in pending else 0,
                parked=parked.get(lrs_id, 0),
                delivered=delivered,
                oldest_at=pending[lrs_id].oldest_at if lrs_id in pending else None,
            )
            for tenant, lrs_id, name, state, failures, delivered in rows
        ],
    )
