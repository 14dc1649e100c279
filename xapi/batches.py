"""The next statements for an LRS: claimed, built, checked and frozen, ready to be sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from social_layer.clock import Clock
from social_layer.database import Database
from xapi.claim import Claimed, Held, claim
from xapi.occurrences import occurrences
from xapi.statements import Builder, Frozen, StatementWrong, freeze


@dataclass(frozen=True, slots=True)
class Ready:
    """A delivery under our lease, with the bytes to send."""

    id: UUID
    statement_id: UUID
    attempts: int
    body: bytes


@dataclass(slots=True)
class Batch:
    """Deliveries under one lease. ``full``: more may be waiting."""

    tenant_id: UUID
    lease: UUID
    lease_until: datetime
    items: list[Ready]
    full: bool


def next_batch(
    database: Database,
    clock: Clock,
    builder: Builder,
    tenant_id: UUID,
    lrs_id: UUID,
    limit: int,
    seconds: float,
) -> Batch | None:
    """Claims the oldest that are due, for ``seconds``; None if nothing is. What cannot be built is parked.

    Three transactions, none of them while the network is used: claim; read; freeze.
    """
    now, lease = clock(), uuid4()
    until = now + timedelta(seconds=seconds)
    with database.write() as session:
        claimed = claim(session, tenant_id, lrs_id, lease, now, until, limit)
    if not claimed:
        return None
    frozen, wrong = _build(database, builder, tenant_id, claimed, now)
    if frozen or wrong:
        with database.write() as session:
            held = Held(session, tenant_id, lease)
            if frozen:
                held.freeze([(key, one.body, one.digest) for key, one in frozen.items()])
            for key, why in wrong.items():
                held.parked(key, why)
    items = [
        Ready(one.id, one.statement_id, one.attempts, one.body or frozen[one.id].body)
        for one in claimed
        if one.id not in wrong
    ]
    return Batch(tenant_id, lease, until, items, full=len(claimed) == limit)


def _build(
    database: Database, builder: Builder, tenant_id: UUID, claimed: list[Claimed], now: datetime
) -> tuple[dict[UUID, Frozen], dict[UUID, str]]:
    """Of the deliveries built for the first time: the frozen statements, and why others cannot be."""
    new = [one for one in claimed if one.body is None]
    frozen: dict[UUID, Frozen] = {}
    wrong: dict[UUID, str] = {}
    if not new:
        return frozen, wrong
    with database.read() as session:
        found = occurrences(session, tenant_id, [one.event_id for one in new])
    for one in new:
        try:
            frozen[one.id] = freeze(builder.build(found[one.event_id], now))
        except StatementWrong as error:
            wrong[one.id] = f"not sent: {error}"
    return frozen, wrong
