"""How the LRS opens its database, orders its writers, and knows how far readers can trust it.

All writers of one LRS stand in one queue (SQLite: BEGIN IMMEDIATE; PostgreSQL: an advisory lock held to the end
of the transaction), so statements become visible in the order of their `stored`. A reader who finds the queue
empty may therefore trust everything up to now; otherwise everything up to the last statement it can see.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from xapi.lrs.models import Statement
from xapi.lrs.settings import LrsSettings

# Any number will do, as long as nothing else in the same database takes the same lock.
_QUEUE = 0x784150494C5253
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRITES = "lrs_writes"
# Every query here walks along an index in its order and stops at its limit. PostgreSQL would now and then rather
# join and sort whole tables: always while it has no statistics, as in the first minute after many statements came.
_ALONG_INDEXES = " ".join(
    f"-c {name}=off"
    for name in (
        "enable_hashjoin", "enable_mergejoin", "enable_hashagg", "enable_bitmapscan", "enable_seqscan",
        "enable_sort", "enable_gathermerge",
    )
)  # fmt: skip


def to_microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(count: int) -> datetime:
    return _EPOCH + timedelta(microseconds=count)


class Unavailable(Exception):
    """The database cannot be used just now: nothing was stored, and the same request may succeed later."""


class Database:
    def __init__(self, settings: LrsSettings) -> None:
        self.engine = _make_engine(settings)
        self.on_sqlite = self.engine.dialect.name == "sqlite"
        self._clock = settings.clock
        self._patience = settings.busy_timeout_seconds
        self._turn = threading.Lock()  # spares SQLite's writers in this process the polling of the file lock
        self._promised = 0

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A short transaction for looking."""
        with _translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The writers' queue: committed at the end, or nothing of it; durable before this returns."""
        with _translated(), self._own_turn(), self.engine.connect() as connection:
            connection = connection.execution_options(**{_WRITES: True})
            with connection.begin():
                if not self.on_sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:queue)"), {"queue": _QUEUE})
                yield connection

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        if not self.on_sqlite:
            yield
            return
        if not self._turn.acquire(timeout=self._patience):
            raise Unavailable("too many writers are waiting")
        try:
            yield
        finally:
            self._turn.release()

    def next_stored(self, connection: Connection) -> int:
        """The first free value of `stored`; call it inside `write()`."""
        last = connection.execute(select(func.max(Statement.stored))).scalar() or 0
        return max(self._now(connection), last + 1, self._promised + 1)

    def _now(self, connection: Connection) -> int:
        """On PostgreSQL its own clock, so that the clocks of several LRS processes need not agree."""
        if self.on_sqlite:
            return to_microseconds(self._clock())
        return to_microseconds(connection.execute(select(func.clock_timestamp())).scalar_one())

    def consistent_through(self) -> int:
        """Every statement stored up to this moment is visible to whoever reads from now on."""
        with _translated():
            found = self._through_sqlite() if self.on_sqlite else self._through_postgresql()
        self._promised = max(self._promised, found)
        return found

    @property
    def promised(self) -> int:
        """What was answered last by `consistent_through`: still true, and known without the database."""
        return self._promised

    def note_stored(self, last: int) -> None:
        """A statement of this process was committed, and with it all before it."""
        self._promised = max(self._promised, last)

    def _through_postgresql(self) -> int:
        with self.engine.connect() as connection:
            free, now, last = connection.execute(
                text(
                    "SELECT pg_try_advisory_xact_lock_shared(:queue), clock_timestamp(),"
                    " (SELECT max(stored) FROM statements)"
                ),
                {"queue": _QUEUE},
            ).one()
        return to_microseconds(now) - 1 if free else int(last or 0)

    def _through_sqlite(self) -> int:
        if self._turn.acquire(blocking=False):
            try:
                if (now := self._now_if_nobody_writes()) is not None:
                    return now
            finally:
                self._turn.release()
        with self.engine.connect() as connection:
            return connection.execute(select(func.max(Statement.stored))).scalar() or 0

    def _now_if_nobody_writes(self) -> int | None:
        """Take the write lock for an instant without waiting: another process may be writing the file."""
        raw = self.engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute("PRAGMA busy_timeout = 0")
            try:
                cursor.execute("BEGIN IMMEDIATE")
                now = to_microseconds(self._clock())
                cursor.execute("ROLLBACK")
            except sqlite3.OperationalError:
                return None
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")
            return now - 1
        finally:
            raw.close()


@contextmanager
def _translated() -> Iterator[None]:
    """A database that is gone, full or locked for long is a state of the world and no fault of the request."""
    try:
        yield
    except (OperationalError, PoolTimeoutError) as error:
        raise Unavailable(str(error.orig if isinstance(error, OperationalError) else error)) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable(str(error.orig)) from error
        raise


def _make_engine(settings: LrsSettings) -> Engine:
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise ValueError("The LRS keeps its statements in a file: sqlite:////path/to/lrs.db")
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_engine(
            url,
            pool_size=settings.pool_size,
            hide_parameters=True,  # They are people's statements, and errors are logged.
            connect_args={"timeout": settings.busy_timeout_seconds},
        )
        event.listen(engine, "connect", _prepare_sqlite(settings.busy_timeout_seconds))
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if url.get_backend_name() == "postgresql":
        patience = int(settings.busy_timeout_seconds * 1000)
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_size=settings.pool_size,
            pool_pre_ping=True,
            pool_timeout=settings.busy_timeout_seconds,
            connect_args={
                "connect_timeout": 5,
                "options": f"-c lock_timeout={patience} -c statement_timeout={6 * patience} -c timezone=UTC"
                f" -c synchronous_commit=on {_ALONG_INDEXES}",
            },
        )
    raise ValueError("The LRS runs on SQLite or PostgreSQL.")


def _prepare_sqlite(patience: float) -> Callable[[Any, Any], None]:
    def prepare(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: a writer says BEGIN IMMEDIATE (below).
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = FULL")  # an acknowledged statement survives a power cut
        cursor.close()

    return prepare


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
