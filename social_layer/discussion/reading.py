"""Times of reading become events: one a day for each voice and thread, told when the day is over."""

from datetime import datetime, timedelta
from uuid import uuid5

from sqlalchemy import ColumnElement, and_, delete, or_, select, true, update
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.database import Database, upsert
from social_layer.discussion.models import ReadingTime
from social_layer.events.models import Event, EventType

# Who scrolls past has not read.
LEAST_SECONDS = 3
# Kept a while after the day: a clock that is behind would begin it once more.
_KEPT = timedelta(days=2)
BATCH = 500


def tell_readings(database: Database, clock: Clock, *, limit: int = BATCH) -> int:
    """Appends the events of readings that are over, and clears away what was told; answers how many were appended.

    Looks first, so as to write only if it must. Each batch is one transaction with its rows: whoever is killed in it
    has told nothing, and others at the same time tell other readings.
    """
    told = 0
    while True:
        now = clock()
        with database.read() as session:
            due = session.scalar(select(true()).where(_is_due(now)).limit(1))
            old = session.scalar(select(true()).where(_is_old(now)).limit(1))
        if not due and not old:
            return told
        with database.write() as session:
            some = _tell(session, now, limit) if due else 0
            if old:
                _clear_away(session, now)
        told += some
        if some < limit:
            return told


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(~ReadingTime.told, ReadingTime.seconds >= LEAST_SECONDS, ReadingTime.over_at <= now)


def _is_old(now: datetime) -> ColumnElement[bool]:
    return and_(
        ReadingTime.over_at <= now - _KEPT, or_(ReadingTime.told, ReadingTime.seconds < LEAST_SECONDS)
    )


def _tell(session: Session, now: datetime, limit: int) -> int:
    key = (ReadingTime.tenant_id, ReadingTime.voice_id, ReadingTime.thread_id, ReadingTime.day)
    picked = (
        select(*key)
        .where(_is_due(now))
        .order_by(ReadingTime.tenant_id, ReadingTime.last_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    found = session.execute(
        update(ReadingTime)
        .where(*(column == picked.c[column.key] for column in key))
        .values(told=True)
        .execution_options(synchronize_session=False)
        .returning(*key, ReadingTime.panel_id, ReadingTime.seconds, ReadingTime.last_at)
    ).all()
    if not found:
        return 0
    events = [
        {
            "tenant_id": row.tenant_id,
            # The same however often it is told.
            "id": uuid5(row.voice_id, f"{row.thread_id} read on {row.day}"),
            "type": EventType.thread_read,
            "occurred_at": row.last_at,
            "voice_id": row.voice_id,
            "panel_id": row.panel_id,
            "object_id": row.thread_id,
            "detail": f"PT{row.seconds}S",
        }
        for row in found
    ]
    session.execute(upsert(session, Event).values(events).on_conflict_do_nothing())
    return len(found)


def _clear_away(session: Session, now: datetime) -> None:
    session.execute(delete(ReadingTime).where(_is_old(now)).execution_options(synchronize_session=False))
