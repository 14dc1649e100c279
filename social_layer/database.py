"""Tables' common ground: one MetaData, the column types, and how a session is opened.

Every row of a tenant is keyed by ``(tenant_id, id)`` and refers to others by such pairs, so that no row can point
into another tenant and every table can be partitioned by tenant.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from itertools import repeat
from typing import Any, ClassVar, cast
from uuid import UUID, uuid4

from sqlalchemy import (
    CursorResult,
    DateTime,
    Engine,
    Executable,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    Row,
    Select,
    String,
    Uuid,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

BUSY_TIMEOUT_SECONDS = 10
# A server that hangs, or a lock that is held, must end a request and not stop the house.
LOCK_TIMEOUT_SECONDS = 10
# Nobody waits longer for a page. Not for the worker and for commands: replays and migrations take their time.
REQUEST_STATEMENT_SECONDS = 30
PlainRow = Row[*tuple[Any, ...]]


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive datetimes; stored as UTC, microseconds; in SQLite as ISO 8601, which sorts as text.

    Processes values itself instead of through ``process_result_value``: pages read hundreds of instants.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(32) if dialect.name == "sqlite" else DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        return _to_iso if dialect.name == "sqlite" else _to_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        return _from_iso if dialect.name == "sqlite" else _to_utc


class Id(TypeDecorator[UUID]):
    """A UUID: PostgreSQL's own type, 16 bytes in SQLite, where keys and indexes are half as large as with text."""

    impl = Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(LargeBinary(16) if dialect.name == "sqlite" else Uuid())

    def bind_processor(self, dialect: Dialect) -> Callable[[UUID | None], Any] | None:
        return _to_bytes if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], UUID | None] | None:
        return _from_bytes if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _to_utc(value: datetime | None) -> datetime | None:
    if value is None or value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored; pass an aware datetime")
    return value.astimezone(UTC)


def _to_iso(value: datetime | None) -> str | None:
    utc = _to_utc(value)
    return None if utc is None else utc.isoformat(timespec="microseconds")


def _from_iso(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _to_bytes(value: UUID | None) -> bytes | None:
    return None if value is None else value.bytes


# A page names the same threads, parents and voices again and again, and the next page view the same entries.
@lru_cache(maxsize=8192)
def _from_bytes(value: bytes | None) -> UUID | None:
    return None if value is None else UUID(bytes=value)


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime(), UUID: Id()}
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Tenanted:
    """A row that belongs to a tenant."""

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)


def refers_to(table: str, column: str, **options: Any) -> ForeignKeyConstraint:
    """A reference to a row of the same tenant: ``(tenant_id, <column>)`` → ``<table>(tenant_id, id)``."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], **options)


def of_tenant() -> ForeignKeyConstraint:
    """A row directly below the tenant."""
    return ForeignKeyConstraint(["tenant_id"], ["tenant.id"])


class Database:
    """Opens sessions: ``read()`` for looking, ``write()`` for changes that commit together or not at all.

    On SQLite a writer takes the write lock at once (``BEGIN IMMEDIATE``): a lock taken late fails instead of waiting.
    """

    def __init__(
        self, url: str, *, echo: bool = False, statement_seconds: int | None = None, **engine_options: Any
    ) -> None:
        """``statement_seconds``: PostgreSQL ends a statement that takes longer; None lets each take its time."""
        self.engine = make_engine(url, statement_seconds, echo=echo, **engine_options)
        self._writing = self.engine.execution_options(begin="IMMEDIATE")

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self.engine.connect() as connection, _session(connection) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self._writing.connect() as connection, _session(connection) as session:
            yield session
            # A session that was used for objects still holds some back; plain statements went past it.
            if session.in_transaction():
                session.commit()
            connection.commit()

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def close(self) -> None:
        self.engine.dispose()


def _session(connection: Connection) -> Session:
    """Bound to the connection whose transaction it works in, where :func:`run` finds it at once.

    A session that opens one itself costs more than a short statement, and as much again whenever it is asked for it.
    """
    return Session(connection, expire_on_commit=False)


def make_engine(url: str, statement_seconds: int | None = None, **options: Any) -> Engine:
    """An engine for SQLite (WAL, foreign keys, busy time-out) or PostgreSQL (psycopg 3)."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        options.setdefault("connect_args", {"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False})
    else:
        options.setdefault("pool_pre_ping", True)
        options.setdefault("connect_args", _patience(statement_seconds))
    # What people write and are called stands in parameters, and is not for logs.
    options.setdefault("hide_parameters", True)
    engine = create_engine(parsed, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _patience(statement_seconds: int | None) -> dict[str, Any]:
    limits = {"lock_timeout": LOCK_TIMEOUT_SECONDS, "statement_timeout": statement_seconds or 0}
    options = " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items())
    return {"connect_timeout": 5, "tcp_user_timeout": 15_000, "options": options}


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions by itself: see _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function("folded", 1, _folded, deterministic=True)


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    try:
        cast("Any", connection.connection.dbapi_connection).execute(f"BEGIN {mode}")
    except sqlite3.OperationalError as error:
        # Past SQLAlchemy's own wrapping, since it is no statement of its: it is given the same form here.
        raise OperationalError(f"BEGIN {mode}", None, error) from error


def upsert(session: Session, table: type[Base]) -> Any:
    """An INSERT that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``, in the session's dialect."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


class folded(FunctionElement[str]):  # noqa: N801 - it reads as SQL's own functions do
    """A text in small letters, for finding and ordering names of any script.

    What the databases' own ``lower`` knows depends on how each was set up: in SQLite and in PostgreSQL's locale "C" it
    is the letters of English.
    """

    type = String()
    inherit_cache = True
    name = "folded"


@compiles(folded)
def _compile_folded(element: folded, compiler: Any, **options: Any) -> str:
    return f"folded({compiler.process(element.clauses, **options)})"


@compiles(folded, "postgresql")
def _compile_folded_postgresql(element: folded, compiler: Any, **options: Any) -> str:
    return f'lower(({compiler.process(element.clauses, **options)}) COLLATE "und-x-icu")'


def rows(
    session: Session, statement: Select[*tuple[Any, ...]], values: Mapping[str, Any]
) -> Sequence[PlainRow]:
    """Plain rows, without what the session does for objects, which costs half as much again.

    ``statement`` is best made once, with its ``values`` as parameters: building one takes longer than running it.
    """
    return run(session, statement, values).all()


def run(session: Session, statement: Executable, values: Mapping[str, Any]) -> CursorResult[Any]:
    """Any statement, as :func:`rows` runs it."""
    session.flush()
    return cast(Connection, session.bind).execute(statement, values)


def run_many(
    session: Session, statement: Executable, each: Mapping[str, Sequence[Any]], same: Mapping[str, Any]
) -> int:
    """The statement many times, in the driver's own loop; answers how many rows were changed.

    To prepare each time's parameters takes SQLAlchemy several times as long as all the rest. ``statement`` is to be
    made once. ``each``: name → what differs from time to time; ``same``: what does not. Together they are whole: of the
    columns' defaults nothing is known here.
    """
    session.flush()
    connection = cast(Connection, session.bind)
    text, in_order, parameters = _prepared(statement, connection.dialect, (*each, *same))
    times = max(map(len, each.values()))
    if not times:
        return 0
    columns: list[Iterable[Any]] = []
    for name, to in parameters:
        if name in same:
            columns.append(repeat(same[name] if to is None else to(same[name]), times))
        else:
            columns.append(each[name] if to is None else map(to, each[name]))
    made: list[Any] = list(zip(*columns, strict=True))
    if not in_order:
        names = [name for name, _ in parameters]
        made = [dict(zip(names, one, strict=True)) for one in made]
    return connection.exec_driver_sql(text, made).rowcount


@lru_cache(maxsize=64)
def _prepared(
    statement: Any, dialect: Dialect, names: tuple[str, ...]
) -> tuple[str, bool, list[tuple[str, Callable[[Any], Any] | None]]]:
    """Its text, whether parameters go by their order, and of each parameter what makes of a value the driver's."""
    compiled = statement.compile(dialect=dialect, column_keys=names)
    order = compiled.positiontup if compiled.positional else list(compiled.binds)
    return (
        compiled.string,
        compiled.positional,
        [(name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in order],
    )
