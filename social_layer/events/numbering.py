"""Numbers for events: the one order in which the log is read on from where a reader stopped.

Events commit in another order than they happened in, so that neither their times nor a number given when they are
written can say "all up to here". Numbers are given afterwards, to events that have committed, and under a lock that is
held until the numbers themselves have committed. Whoever sees a number therefore sees every smaller one, for ever.
"""

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from social_layer.database import Database, upsert
from social_layer.events.models import Event, EventNumbering

BATCH = 10_000


def number_events(database: Database, tenant_id: UUID, *, batch: int = BATCH) -> int:
    """Numbers what has committed up to now; answers the highest number. A transaction for each batch.

    Looks first, so as to write only if it must.
    """
    while True:
        with database.read() as session:
            left = session.scalar(
                select(Event.id).where(Event.tenant_id == tenant_id, Event.number.is_(None)).limit(1)
            )
            if left is None:
                return last_number(session, tenant_id)
        with database.write() as session:
            _number_batch(session, tenant_id, batch)


def last_number(session: Session, tenant_id: UUID) -> int:
    return session.scalar(select(EventNumbering.last).where(EventNumbering.tenant_id == tenant_id)) or 0


def _number_batch(session: Session, tenant_id: UUID, batch: int) -> None:
    lock = upsert(session, EventNumbering).values(tenant_id=tenant_id, last=0)
    last = session.scalar(
        lock.on_conflict_do_update(
            index_elements=["tenant_id"], set_={"last": EventNumbering.last}
        ).returning(EventNumbering.last)
    )
    # A statement of its own: it sees what others numbered while we waited for the lock.
    waiting = (
        select(
            Event.id,
            func.row_number().over(order_by=(Event.occurred_at, Event.id)).label("place"),
        )
        .where(Event.tenant_id == tenant_id, Event.number.is_(None))
        .order_by(Event.occurred_at, Event.id)
        .limit(batch)
        .cte("waiting")
    )
    numbers = session.scalars(
        update(Event)
        .where(Event.tenant_id == tenant_id, Event.id == waiting.c.id)
        .values(number=waiting.c.place + (last or 0))
        .execution_options(synchronize_session=False)
        .returning(Event.number)
    ).all()
    session.execute(
        update(EventNumbering)
        .where(EventNumbering.tenant_id == tenant_id)
        .values(last=max((number or 0 for number in numbers), default=last or 0))
        .execution_options(synchronize_session=False)
    )
