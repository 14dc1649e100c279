"""From the log to deliveries: each event is dispatched once, one delivery for each LRS in scope.

A flag on the event says that it was dispatched. A cursor would pass over events: they commit in another order than
they happened in.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import and_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.database import Database, run_many
from social_layer.events.models import TAKEN_AWAY, UNDISPATCHED, Event
from social_layer.panels.models import Panel
from social_layer.people.models import Course, Voice
from xapi.models import Delivery, DeliveryState, Lrs
from xapi.platforms import platforms_of
from xapi.scopes.recalling import take_words_back
from xapi.statements import statement_id

BATCH = 1000
_DELIVERY = {
    "sqlite": sqlite.insert(Delivery).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(Delivery).on_conflict_do_nothing(),
}


def dispatch(database: Database, clock: Clock, base: str, *, limit: int = BATCH) -> int:
    """Dispatches up to ``limit`` events; answers how many there were. Looks first, so as to write only if it must.

    Where one of them removed an entry, its words are taken back from all LRSs, whoever is told of the removal.
    ``base``: of activity ids.
    """
    with database.read() as session:
        if session.scalar(select(Event.id).where(UNDISPATCHED).limit(1)) is None:
            return 0
    with database.write() as session:
        events = _dispatch_batch(session, limit)
        removed: defaultdict[UUID, list[UUID]] = defaultdict(list)
        for event in events:
            if event.type in TAKEN_AWAY:
                removed[event.tenant_id].append(event.object_id)
        for tenant_id, entries in removed.items():
            take_words_back(session, base, tenant_id, entries, clock())
        return len(events)


def _dispatch_batch(session: Session, limit: int) -> Sequence[Any]:
    """Five statements, or six where an LRS gets some platforms only, however many events and LRSs there are. Other
    workers at the same time take other events."""
    picked = (
        select(Event.tenant_id, Event.id)
        .where(UNDISPATCHED)
        .order_by(Event.tenant_id, Event.occurred_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    events = session.execute(
        update(Event)
        .where(Event.tenant_id == picked.c.tenant_id, Event.id == picked.c.id)
        .values(dispatched=True)
        .execution_options(synchronize_session=False)
        .returning(
            Event.tenant_id,
            Event.id,
            Event.type,
            Event.occurred_at,
            Event.voice_id,
            Event.panel_id,
            Event.object_id,
        )
    ).all()
    if events:
        silent = _silent_voices(session, {event.voice_id for event in events})
        lrss: defaultdict[UUID, list[Any]] = defaultdict(list)
        # Read after the events: an LRS that was added before an event committed is never missed.
        # Held until we commit, so that an LRS's platforms change before this or after it.
        held = select(Lrs.tenant_id, Lrs.id, Lrs.since).with_for_update(read=True, key_share=True)
        for lrs in session.execute(held):
            lrss[lrs.tenant_id].append(lrs)
        platforms = platforms_of(session)
        homes = _home_pages(session, {event.panel_id for event in events}) if platforms else {}
        make_deliveries(
            session,
            [
                (event.tenant_id, lrs.id, event.id, event.occurred_at)
                for event in events
                if event.voice_id not in silent
                for lrs in lrss[event.tenant_id]
                if event.occurred_at >= lrs.since
                and (lrs.id not in platforms or homes[event.panel_id] in platforms[lrs.id])
            ],
        )
    return events


def replay(
    database: Database,
    tenant_id: UUID,
    lrs_id: UUID,
    since: datetime,
    *,
    limit: int = BATCH,
    told: Callable[[int], None] = lambda seen: None,
) -> int:
    """Makes the deliveries to one LRS of all that happened since ``since``; answers how many were new.

    What was delivered before is not sent again. Goes through the log in batches, each a transaction of its own.
    ``told``: how many events were looked at so far.
    """
    made = seen = 0
    after: tuple[datetime, UUID] = (since, UUID(int=0))
    while True:
        with database.write() as session:
            platforms = platforms_of(session, lrs_id).get(lrs_id)
            events = session.execute(
                select(
                    Event.id,
                    Event.occurred_at,
                    Course.home_page,
                    (Voice.is_test | Voice.erased_at.is_not(None)).label("is_silent"),
                )
                .join(Voice, and_(Voice.tenant_id == Event.tenant_id, Voice.id == Event.voice_id))
                .join(Panel, and_(Panel.tenant_id == Event.tenant_id, Panel.id == Event.panel_id))
                .join(Course, and_(Course.tenant_id == Panel.tenant_id, Course.id == Panel.course_id))
                .where(
                    Event.tenant_id == tenant_id,
                    Event.occurred_at >= after[0],
                    (Event.occurred_at > after[0]) | (Event.id > after[1]),
                )
                .order_by(Event.occurred_at, Event.id)
                .limit(limit)
            ).all()
            made += make_deliveries(
                session,
                [
                    (tenant_id, lrs_id, event.id, event.occurred_at)
                    for event in events
                    if not event.is_silent and (platforms is None or event.home_page in platforms)
                ],
            )
        seen += len(events)
        told(seen)
        if len(events) < limit:
            return made
        after = (events[-1].occurred_at, events[-1].id)


def make_deliveries(session: Session, wanted: Sequence[tuple[UUID, UUID, UUID, datetime]]) -> int:
    """Deliveries of (tenant, LRS, event, time of the event), but for those that exist; answers how many were new."""
    if not wanted:
        return 0
    tenants, lrss, events, times = zip(*wanted, strict=True)
    return run_many(
        session,
        _DELIVERY[session.get_bind().dialect.name],
        {
            "tenant_id": tenants,
            "id": [uuid4() for _ in wanted],
            "lrs_id": lrss,
            "event_id": events,
            "statement_id": list(map(statement_id, tenants, events)),
            "due_at": times,
        },
        {"part": 0, "state": DeliveryState.pending, "attempts": 0, "tried": False, "text": False},
    )


def _silent_voices(session: Session, voice_ids: Collection[UUID]) -> set[UUID]:
    """Those of the voices that leave no statements: an LMS's test student's, and of people who were erased."""
    silent = Voice.is_test | Voice.erased_at.is_not(None)
    return set(session.scalars(select(Voice.id).where(Voice.id.in_(voice_ids), silent)))


def _home_pages(session: Session, panel_ids: Collection[UUID]) -> dict[UUID, str]:
    """The platforms that panels are on, by panel id."""
    found = session.execute(
        select(Panel.id, Course.home_page)
        .join(Course, and_(Course.tenant_id == Panel.tenant_id, Course.id == Panel.course_id))
        .where(Panel.id.in_(panel_ids))
    )
    return {row.id: row.home_page for row in found}
