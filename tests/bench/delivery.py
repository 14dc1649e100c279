"""How fast the worker delivers, as a share of a bare loop that posts prepared batches to the same LRS.

The LRS is the Learning Locker engine in memory, started anew for each measurement. Both send the same statements over
one connection, in batches of the same size; the worker besides dispatches, claims, builds, checks, freezes and marks.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import uuid4

from sqlalchemy import func, insert, select, text

from lti_tool import migrations
from social_layer.clock import system_clock
from social_layer.database import Database
from social_layer.discussion.models import Entry
from social_layer.discussion.paths import depth_of, reply_path, thread_path
from social_layer.events.models import Event, EventType
from social_layer.panels.actions import make_panel
from social_layer.people.actions import Newcomer, arrive, find_or_make_tenant, make_course
from social_layer.people.models import Role, Voice
from social_layer.sealing import Sealer
from tests.bench import Row
from tests.services.parts import LEARNING_LOCKER, Instance
from xapi.batches import next_batch
from xapi.book import Terms
from xapi.bridge import Bridge, at_work
from xapi.models import Delivery, DeliveryState, Lrs
from xapi.statements import Builder
from xapi.stores import connect
from xapi.transport import HttpTransport

# What starting costs, which is once, is a tenth of a run of 3,000.
STATEMENTS = 6000
ROUNDS = 3
SIZES = (50, 500)
BASE = "https://alongside.example.edu"
SECRET = "a-secret-key-for-measuring-long-enough"
SEALER = Sealer([SECRET])
POSTS = 40


@at_work()  # as `alongside worker` is
def run() -> list[Row]:
    latencies = _latencies()
    rows = [
        Row(
            "from a commit to the LRS, idle worker, p95",
            latencies[int(len(latencies) * 0.95)],
            "s",
            2.0,
            note=f"median {median(latencies):.2f} s of {POSTS}",
        )
    ]
    for size in SIZES:
        bare, worker, cpu = [], [], []
        for _ in range(ROUNDS):
            bare.append(_bare_loop(size))
            rate, seconds = _worker(size)
            worker.append(rate)
            cpu.append(seconds)
        # Each round's two halves ran under the same conditions; the share is taken within a round.
        share = median(one / other for one, other in zip(worker, bare, strict=True))
        batches = f"in batches of {size}"
        rows += [
            Row(f"bare loop, {batches}", median(bare), "statements/s"),
            Row(
                f"worker, {batches}",
                median(worker),
                "statements/s",
                note=f"{median(cpu) * 1000:.2f} ms CPU each",
            ),
            Row(
                f"worker's share, {batches}",
                share,
                "",
                0.8,
                at_least=True,
                note=f"{STATEMENTS} statements, SQLite",
            ),
        ]
    return rows


def _latencies() -> list[float]:
    """Seconds from the commit of an event to its standing in the LRS, of an otherwise idle worker over memory."""
    with _learning_locker() as endpoint, prepared(endpoint) as (database, _lrs), _idle_worker(database):
        while _undelivered(database):
            time.sleep(0.1)
        with database.read() as session:
            pattern = session.scalars(select(Event).order_by(Event.occurred_at.desc()).limit(1)).one()
        rng, made = random.Random(2), []
        for _ in range(POSTS):
            time.sleep(rng.uniform(0.2, 0.8))
            made.append(uuid4())
            with database.write() as session:
                session.execute(
                    insert(Event).values(
                        tenant_id=pattern.tenant_id,
                        id=made[-1],
                        occurred_at=system_clock(),
                        panel_id=pattern.panel_id,
                        type=EventType.reaction_added,
                        voice_id=pattern.voice_id,
                        object_id=pattern.object_id,
                        answers_id=pattern.object_id,
                        detail="insight",
                    )
                )
        while _undelivered(database):
            time.sleep(0.1)
        with database.read() as session:
            rows = session.execute(
                select(Event.occurred_at, Delivery.delivered_at)
                .join(Delivery, Delivery.event_id == Event.id)
                .where(Event.id.in_(made))
            ).all()
        return sorted((row.delivered_at - row.occurred_at).total_seconds() for row in rows)


def _undelivered(database: Database) -> int:
    with database.read() as session:
        waiting = select(func.count()).select_from(Event).where(~Event.dispatched)
        pending = select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.pending)
        return (session.scalar(waiting) or 0) + (session.scalar(pending) or 0)


@contextmanager
def _idle_worker(database: Database) -> Iterator[None]:
    """`alongside worker` as it is run, on this database."""
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [sys.executable, "-m", "lti_tool", "worker"],
            env={
                **os.environ,
                "ALONGSIDE_ENV": "development",
                "ALONGSIDE_HOME": home,
                "ALONGSIDE_SECRET_KEY": SECRET,
                "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
                "BROKER_URL": "memory://",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _bare_loop(size: int) -> float:
    """Statements a second of a loop that does nothing but post."""
    with prepared() as (database, lrs), _learning_locker() as endpoint:
        builder, bodies, ours = Builder(BASE), [], set()
        bridge = Bridge(database, system_clock, SEALER, BASE)
        bridge.sweep()
        while batch := next_batch(
            database, system_clock, builder, lrs.tenant_id, lrs.id, size, 3600, ours=ours
        ):
            bodies.append([item.body for item in batch.items])
            ours.add(batch.lease)
        assert sum(map(len, bodies)) == STATEMENTS
        transport = HttpTransport(endpoint, "key", "secret", "1.0.3")
        transport.about()
        started = time.perf_counter()
        for batch_of_bodies in bodies:
            answer = transport.post(batch_of_bodies)
            assert answer.status == 200, answer
        taken = time.perf_counter() - started
        transport.close()
        return STATEMENTS / taken


def _worker(size: int) -> tuple[float, float]:
    """Statements a second of the worker, from undispatched events on, and its CPU seconds for each."""
    with _learning_locker() as endpoint, prepared(endpoint, size) as (database, _lrs):
        bridge = Bridge(database, system_clock, SEALER, BASE, terms=Terms(most_statements=size))
        started, cpu = time.perf_counter(), time.process_time()
        for key in bridge.sweep():
            bridge.deliver(key)
        taken, used = time.perf_counter() - started, time.process_time() - cpu
        bridge.close()
        with database.read() as session:
            done = session.scalar(
                select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.delivered)
            )
        assert done == STATEMENTS, done
        return STATEMENTS / taken, used / STATEMENTS


@contextmanager
def prepared(endpoint: str = "http://127.0.0.1:9/xAPI", size: int = 50) -> Iterator[tuple[Database, Lrs]]:
    """A database with so many replies in the log, by thirty people, in twenty threads: of SQLite, or the one that
    ``ALONGSIDE_BENCH_DATABASE`` names."""
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(
            os.environ.get("ALONGSIDE_BENCH_DATABASE") or f"sqlite:///{Path(folder) / 'bench.db'}"
        )
        if not database.is_sqlite:
            _empty(database)
        migrations.upgrade(database.engine)
        start = datetime(2026, 1, 1, tzinfo=UTC)
        with database.write() as session:
            tenant = find_or_make_tenant(session, system_clock).id
            course = make_course(
                session, system_clock, tenant, home_page=BASE, title="Course", language="en"
            ).id
            panel = make_panel(session, system_clock, tenant, course, title="Panel").id
            for number in range(30):
                arrive(session, system_clock, Newcomer(tenant, course, BASE, str(number), Role.learner))
            voices = list(session.scalars(select(Voice.id)))
            lrs = connect(
                session, system_clock, SEALER, tenant, name="lrs", endpoint=endpoint, username="key",
                password="secret", since=start,
            )  # fmt: skip
            lrs.batch_limit = size
            entries, events = [], []
            threads = [(uuid4(), thread_path(number + 1)) for number in range(20)]
            known = {thread: [(thread, path)] for thread, path in threads}
            for number in range(STATEMENTS):
                at = start + timedelta(seconds=number)
                thread, path = threads[number % 20]
                parent = None
                entry = thread
                if number >= 20:
                    parent, above = rng.choice(known[thread])
                    entry, path = uuid4(), reply_path(above, number + 100)
                    known[thread].append((entry, path))
                kind = "reply" if parent else "topic"
                entries.append(
                    {
                        "tenant_id": tenant, "id": entry, "panel_id": panel, "thread_id": thread,
                        "parent_id": parent, "kind": kind, "voice_id": rng.choice(voices), "path": path,
                        "depth": depth_of(path), "seq": number, "changed_seq": number, "created_at": at,
                    }
                )  # fmt: skip
                events.append(
                    {
                        "tenant_id": tenant, "id": entry, "occurred_at": at, "panel_id": panel,
                        "type": EventType.reply_posted if parent else EventType.topic_posted,
                        "voice_id": rng.choice(voices), "object_id": entry, "answers_id": parent,
                        "revision": 1, "detail": kind,
                    }
                )  # fmt: skip
            session.execute(insert(Entry), entries)
            session.execute(insert(Event), events)
        try:
            yield database, lrs
        finally:
            database.close()


def _empty(database: Database) -> None:
    """For measuring alone: everything in it goes."""
    assert "bench" in (database.engine.url.database or ""), "call the database something with bench in it"
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


@contextmanager
def _learning_locker() -> Iterator[str]:
    """A foreign LRS, started anew."""
    with tempfile.TemporaryDirectory() as folder:
        server = Instance(LEARNING_LOCKER, Path(folder) / "lrs")
        server.prepare()
        server.start()
        try:
            yield server.part.address(server.port)["endpoint"]
        finally:
            server.stop()
