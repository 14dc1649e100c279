"""Delivering everything now: what waited is due at once, and what cannot be delivered is named in the end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, case, func, select, update

from social_layer.database import UtcDateTime
from social_layer.events.models import Event
from xapi.bridge import Bridge
from xapi.models import Delivery, DeliveryState, Lrs, LrsState

# An LRS that failed so often in a row during one drain, or asks for so long a pause, is given up.
MOST_FAILURES = 3
LONGEST_REST = timedelta(seconds=60)
# So long is waited for statements that failed by themselves while others went through.
LONGEST_WAIT = timedelta(seconds=5)
_LOOK_AGAIN = 0.2


@dataclass(frozen=True, slots=True)
class Stand:
    """How one LRS stands. ``free_at``: when its next statement is due; ``held_until``: when the next lease ends."""

    id: UUID
    name: str
    state: str
    failures: int
    trouble: str | None
    resting_until: datetime | None
    pending: int
    parked: int
    free_at: datetime | None
    held_until: datetime | None


def drain(bridge: Bridge, told: Callable[[int, int], None] = lambda delivered, of: None) -> list[Stand]:
    """Delivers all that is undelivered, back-off ignored; answers the LRSs that do not have everything.

    What an LRS refused before stays parked and does not count.
    What others hold under a lease is waited for: it may be on its way. ``told``: how many are delivered, of how many.
    """
    parked_before = {lrs.id: lrs.parked for lrs in _stand(bridge)}
    _make_due(bridge)
    most = 0

    def look() -> list[Stand]:
        nonlocal most
        stand = _stand(bridge)
        pending = sum(lrs.pending for lrs in stand)
        most = max(most, pending)
        told(most - pending, most)
        return stand

    with ThreadPoolExecutor(16, thread_name_prefix="courier") as threads:
        while not bridge.stop.is_set():
            ready = bridge.sweep()
            look()
            running = {threads.submit(bridge.deliver, key) for key in ready}
            while running:
                done, running = wait(running, _LOOK_AGAIN)
                look()
                for courier in done:
                    courier.result()
            if not any(_worth_waiting(lrs, bridge.clock()) for lrs in look()):
                break
            if not ready:
                bridge.stop.wait(_LOOK_AGAIN)
    return [lrs for lrs in _stand(bridge) if lrs.pending or lrs.parked > parked_before.get(lrs.id, 0)]


def _make_due(bridge: Bridge) -> None:
    """Forgets every back-off, of statements and of LRSs; one that was paused is tried once more."""
    now = bridge.clock()
    with bridge.database.write() as session:
        # In their old order: an answer must not come before what it answers. What takes something back comes after it.
        happened = (
            select(Event.occurred_at)
            .where(Event.tenant_id == Delivery.tenant_id, Event.id == Delivery.event_id)
            .scalar_subquery()
        )
        session.execute(
            update(Delivery)
            .where(Delivery.state == DeliveryState.pending, Delivery.due_at > now)
            .values(due_at=case((Delivery.part == 0, happened), else_=now))
            .execution_options(synchronize_session=False)
        )
        waits = select(Delivery.id).where(
            Delivery.tenant_id == Lrs.tenant_id,
            Delivery.lrs_id == Lrs.id,
            Delivery.state == DeliveryState.pending,
        )
        session.execute(
            update(Lrs).where(waits.exists()).values(resting_until=None, failures=0, state=LrsState.active)
        )


def _stand(bridge: Bridge) -> list[Stand]:
    now = bridge.clock()
    is_pending = Delivery.state == DeliveryState.pending
    held = is_pending & (Delivery.lease_until > now)
    free = is_pending & (Delivery.lease_until.is_(None) | (Delivery.lease_until <= now))
    query = (
        select(
            Lrs.id,
            Lrs.name,
            Lrs.state,
            Lrs.failures,
            Lrs.trouble,
            Lrs.resting_until,
            func.count(case((is_pending, 1))),
            func.count(case((Delivery.state == DeliveryState.parked, 1))),
            func.min(case((free, Delivery.due_at)), type_=UtcDateTime()),
            func.min(case((held, Delivery.lease_until)), type_=UtcDateTime()),
        )
        .outerjoin(
            Delivery,
            and_(
                Delivery.tenant_id == Lrs.tenant_id,
                Delivery.lrs_id == Lrs.id,
                Delivery.state.in_([DeliveryState.pending, DeliveryState.parked]),
            ),
        )
        .group_by(Lrs.tenant_id, Lrs.id)
        .order_by(Lrs.name)
    )
    with bridge.database.read() as session:
        return [Stand(*row) for row in session.execute(query)]


def _worth_waiting(lrs: Stand, now: datetime) -> bool:
    """Whether more can be delivered there soon."""
    if not lrs.pending or lrs.state == LrsState.paused or lrs.failures >= MOST_FAILURES:
        return False
    if lrs.resting_until is not None and lrs.resting_until - now > LONGEST_REST:
        return False
    return lrs.held_until is not None or (lrs.free_at is not None and lrs.free_at - now <= LONGEST_WAIT)
