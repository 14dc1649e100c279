"""Many statements at once: the worker's own pace, a claim among very many that wait, and a long outage.

The LRS answers at once, in a process of its own. ``--size`` is the number that wait (1,000,000 is asked for, which
takes half an hour) and, half of it, the number of events of the outage (500,000). ``ALONGSIDE_BENCH_DATABASE`` names a
PostgreSQL database to measure on in place of SQLite; see delivery.py.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from threading import Event as Flag
from threading import Thread
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update

from lti_tool.demo.processes import free_port
from social_layer.clock import system_clock
from social_layer.database import Database
from social_layer.events.models import Event, EventType
from tests.bench import Row, delivery
from tests.bench.instant import instant_lrs
from xapi.audit.auditing import Audit
from xapi.audit.ledger import Counts, Ledger
from xapi.bridge import Bridge, at_work
from xapi.claim import claim
from xapi.models import Delivery, DeliveryState, Lrs
from xapi.reports.reading import Reader
from xapi.statements import Builder, statement_id
from xapi.stores import open_transport

SIZE = 40_000
FEW = 1000
OUTAGE = timedelta(hours=72)
_CLAIMS = 15
_ROUNDS = 5


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def run(size: int = SIZE) -> list[Row]:
    with at_work():  # as `alongside worker` is
        return [*_pace(), *_claims(size), *_outage(size // 2)]


def _pace() -> list[Row]:
    rates, cores = [], []
    for _ in range(_ROUNDS):
        with instant_lrs() as endpoint, delivery.prepared(endpoint, 500) as (database, _):
            bridge = Bridge(database, system_clock, delivery.SEALER, delivery.BASE)
            started, cpu = time.perf_counter(), time.process_time()
            for key in bridge.sweep():
                bridge.deliver(key)
            rates.append(delivery.STATEMENTS / (time.perf_counter() - started))
            cores.append(delivery.STATEMENTS / (time.process_time() - cpu))
            bridge.close()
    return [
        Row(
            "worker's pace, LRS that answers at once",
            median(cores),
            "statements/s of a core",
            3000,
            at_least=True,
            note=f"from {min(cores):.0f} to {max(cores):.0f}; {median(rates):.0f} a second by the clock",
        )
    ]


def _claims(size: int) -> list[Row]:
    with delivery.prepared() as (database, lrs):
        _add_waiting(database, lrs, FEW)
        few = _claim_seconds(database, lrs)
        _add_waiting(database, lrs, size - FEW)
        many = _claim_seconds(database, lrs)
    return [
        Row(f"claim of 50 among {FEW:,} that wait", few * 1000, "ms", note=_name(database)),
        Row(f"claim of 50 among {size:,}", many * 1000, "ms"),
        Row("the second in terms of the first", many / few, "", 1.5, note=_asked(size, 1_000_000)),
    ]


def _claim_seconds(database: Database, lrs: Lrs) -> float:
    taken = []
    for _ in range(_CLAIMS):
        now, lease = system_clock(), uuid4()
        started = time.perf_counter()
        with database.write() as session:
            claimed = claim(session, lrs.tenant_id, lrs.id, lease, now, now + timedelta(seconds=90), 50)
        taken.append(time.perf_counter() - started)
        assert len(claimed) == 50
    with database.write() as session:
        session.execute(update(Delivery).values(lease=None, lease_until=None, attempts=0))
    return median(taken)


def _asked(size: int, asked: int) -> str:
    return "" if size >= asked else f"asked of {asked:,}: --size 1000000; "


def _patterns(database: Database) -> list[Event]:
    """Replies of many people to many entries, the oldest first."""
    with database.read() as session:
        return list(
            session.scalars(select(Event).where(Event.answers_id.is_not(None)).order_by(Event.occurred_at))
        )


def _add_waiting(database: Database, lrs: Lrs, number: int) -> None:
    """Reactions to all the replies, and their deliveries, that were dispatched and not sent."""
    patterns = _patterns(database)
    begun = patterns[0].occurred_at
    ids = (uuid4() for _ in range(number))
    # As it happens: what comes later stands later.
    with database.read() as session:
        there = session.scalar(select(func.count()).select_from(Delivery)) or 0

    def happened(key: UUID, at: datetime) -> dict[str, object]:
        return _event(patterns[key.int % len(patterns)], key, at, dispatched=True)

    while several := list(islice(ids, 10_000)):
        moments = [begun + timedelta(milliseconds=place) for place in range(there, there + len(several))]
        there += len(several)
        with database.write() as session:
            session.execute(insert(Event), [happened(*one) for one in zip(several, moments, strict=True)])
            session.execute(
                insert(Delivery),
                [
                    {
                        "tenant_id": lrs.tenant_id, "id": uuid4(), "lrs_id": lrs.id, "event_id": key,
                        "statement_id": statement_id(lrs.tenant_id, key), "due_at": at,
                    }
                    for key, at in zip(several, moments, strict=True)
                ],
            )  # fmt: skip


def _outage(size: int) -> list[Row]:
    """The LRS is gone for 72 hours of a clock of ours, while so many events happen; then it is there again."""
    port = free_port()
    with delivery.prepared(f"http://127.0.0.1:{port}/xAPI", 50) as (database, lrs):
        patterns = _patterns(database)
        clock = Clock(patterns[-1].occurred_at + timedelta(seconds=1))
        bridge = Bridge(database, clock, delivery.SEALER, delivery.BASE, rng=random.Random(1))
        total = size + delivery.STATEMENTS
        tries = _while_it_is_gone(bridge, clock, database, _events(patterns, size))
        with instant_lrs(port):
            started, cpu, memory = time.perf_counter(), time.process_time(), []
            while _pending(database, lrs):
                clock.now += timedelta(hours=1)
                for key in bridge.sweep():
                    with _watched(lambda: memory.append(_resident())):
                        bridge.deliver(key)
            taken, used = time.perf_counter() - started, time.process_time() - cpu
            bridge.close()
            counts = _audited(database, clock, lrs)
    early = memory[len(memory) // 10]
    return [
        Row(
            f"outage of 72 h, {total:,} events: delivered after it",
            counts.same + counts.equal,
            "statements",
            total,
            at_least=True,
            note=f"{_asked(size, 500_000)}{_name(database)}; {tries} tries meanwhile; "
            f"then {taken:.0f} s, {total / used:.0f}/s of a core",
        ),
        Row(
            "the audit of them: missing, twice, differing, unexpected",
            counts.missing + counts.twice + counts.differing + counts.unexpected,
            "statements",
            0,
            note=f"{counts.same} by the digest of their bytes",
        ),
        Row("the worker's memory meanwhile, above its first tenth", max(memory) - early, "MB", 50),
    ]


def _while_it_is_gone(
    bridge: Bridge, clock: Clock, database: Database, events: Iterator[dict[str, object]]
) -> int:
    """Answers how often the LRS was tried."""
    begun, tries = clock.now, 0
    waiting = next(events, None)
    while clock.now - begun < OUTAGE:
        batch = []
        while waiting is not None and waiting["occurred_at"] <= clock.now:  # type: ignore[operator]
            batch.append(waiting)
            waiting = next(events, None)
        _happen(database, batch)
        for key in bridge.sweep():
            tries += 1
            bridge.deliver(key)
        with database.read() as session:
            rests = session.scalar(select(Lrs.resting_until))
        clock.now = max(rests or clock.now, clock.now + timedelta(seconds=1))
    _happen(database, [*([waiting] if waiting else []), *events])
    return tries


def _happen(database: Database, events: list[dict[str, object]]) -> None:
    if events:
        with database.write() as session:
            session.execute(insert(Event), events)


def _events(patterns: list[Event], number: int) -> Iterator[dict[str, object]]:
    """Spread over the outage, by many people on many entries."""
    begun = patterns[-1].occurred_at
    for place in range(number):
        pattern = patterns[place % len(patterns)]
        yield _event(pattern, uuid4(), begun + OUTAGE * ((place + 1) / (number + 1)))


def _event(pattern: Event, key: UUID, at: datetime, *, dispatched: bool = False) -> dict[str, object]:
    return {
        "tenant_id": pattern.tenant_id, "id": key, "occurred_at": at, "panel_id": pattern.panel_id,
        "type": EventType.reaction_added, "voice_id": pattern.voice_id, "object_id": pattern.object_id,
        "answers_id": pattern.object_id, "detail": "insight", "dispatched": dispatched,
    }  # fmt: skip


def _audited(database: Database, clock: Clock, lrs: Lrs) -> Counts:
    transport = open_transport(delivery.SEALER, lrs)
    try:
        with Ledger() as ledger:
            Audit(database, clock, Builder(delivery.BASE), lrs).run(Reader(transport), ledger)
            return ledger.counts()
    finally:
        transport.close()


def _pending(database: Database, lrs: Lrs) -> int:
    with database.read() as session:
        return (
            session.scalar(
                select(func.count())
                .select_from(Delivery)
                .where(Delivery.lrs_id == lrs.id, Delivery.state == DeliveryState.pending)
            )
            or 0
        )


@contextmanager
def _watched(look: Callable[[], None]) -> Iterator[None]:
    """Looks every half second, and once at the end."""
    over = Flag()

    def watch() -> None:
        while not over.wait(0.5):
            look()

    thread = Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        look()


def _resident() -> float:
    """MB of this process in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _name(database: Database) -> str:
    return "SQLite" if database.is_sqlite else "PostgreSQL"
