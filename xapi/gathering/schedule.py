"""Which LRS is to be read back when, and by whom: one at a time over all workers, under a lease."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from social_layer.database import run, upsert
from xapi.gathering.models import LrsReading
from xapi.models import TROUBLE_LENGTH, Lrs, LrsState

# Renewed with every page; whoever died is followed after this time.
LEASE = timedelta(minutes=10)
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=2), timedelta(hours=6)
# What was refused may be allowed one day, and nobody tells us then.
REFUSED_RETRY = timedelta(days=1)
_MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Lease:
    tenant_id: UUID
    lrs_id: UUID
    key: UUID


def due(session: Session, now: datetime) -> list[tuple[UUID, UUID]]:
    """(tenant, LRS), whichever waited longest first. One that is paused refuses us anyway."""
    found = session.execute(
        select(Lrs.tenant_id, Lrs.id)
        .outerjoin(LrsReading, and_(LrsReading.tenant_id == Lrs.tenant_id, LrsReading.lrs_id == Lrs.id))
        .where(
            Lrs.state != LrsState.paused,
            or_(LrsReading.due_at.is_(None), LrsReading.due_at <= now),
            or_(LrsReading.leased_until.is_(None), LrsReading.leased_until <= now),
        )
        .order_by(LrsReading.due_at)
    )
    return [(row[0], row[1]) for row in found]


def take(session: Session, now: datetime, tenant_id: UUID, lrs_id: UUID) -> Lease | None:
    """None while somebody else reads it."""
    made = upsert(session, LrsReading).on_conflict_do_nothing()
    run(
        session,
        made,
        {
            "tenant_id": tenant_id,
            "lrs_id": lrs_id,
            "due_at": now,
            "statements": 0,
            "failures": 0,
            "is_refused": False,
        },
    )
    lease = Lease(tenant_id, lrs_id, uuid4())
    taken = session.execute(
        update(LrsReading)
        .where(
            LrsReading.tenant_id == tenant_id,
            LrsReading.lrs_id == lrs_id,
            or_(LrsReading.leased_until.is_(None), LrsReading.leased_until <= now),
        )
        .values(lease=lease.key, leased_until=now + LEASE)
        .execution_options(synchronize_session=False)
    )
    return lease if taken.rowcount else None  # type: ignore[attr-defined]


def renew(session: Session, now: datetime, lease: Lease) -> bool:
    """False: it was lost, or the LRS was removed."""
    return _update(session, lease, leased_until=now + LEASE)


def complete(
    session: Session,
    now: datetime,
    lease: Lease,
    as_of: datetime | None,
    statements: int,
    every: timedelta,
    *,
    remark: str | None = None,
) -> None:
    """``remark``: what was odd, though it was read."""
    _update(
        session,
        lease,
        lease=None,
        leased_until=None,
        due_at=now + every,
        read_at=now,
        as_of=as_of,
        statements=statements,
        failures=0,
        is_refused=False,
        trouble=remark[:TROUBLE_LENGTH] if remark else None,
    )


def leave(session: Session, now: datetime, lease: Lease) -> None:
    """It is due at once, for whoever comes."""
    _update(session, lease, lease=None, leased_until=None, due_at=now)


def fail(session: Session, now: datetime, lease: Lease, trouble: str, *, is_refused: bool = False) -> None:
    failures = 1 + (
        session.scalar(
            select(LrsReading.failures).where(
                LrsReading.tenant_id == lease.tenant_id, LrsReading.lrs_id == lease.lrs_id
            )
        )
        or 0
    )
    pause = min(FIRST_RETRY * 2 ** min(failures - 1, _MOST_DOUBLINGS), LONGEST_RETRY)
    _update(
        session,
        lease,
        lease=None,
        leased_until=None,
        due_at=now + (REFUSED_RETRY if is_refused else pause),
        failures=failures,
        is_refused=is_refused,
        trouble=trouble[:TROUBLE_LENGTH],
    )


def _update(session: Session, held: Lease, **values: object) -> bool:
    done = session.execute(
        update(LrsReading)
        .where(
            LrsReading.tenant_id == held.tenant_id,
            LrsReading.lrs_id == held.lrs_id,
            LrsReading.lease == held.key,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]
