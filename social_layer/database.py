"""Tables' common ground: one MetaData, the column types, and how a session is opened.

Every row of a tenant is keyed by ``(tenant_id, id)`` and refers to others by such pairs, so that no row can point
into another tenant and every table can be partitioned by tenant.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar, cast
from uuid import UUID, uuid4

from sqlalchemy import DateTime, Engine, ForeignKeyConstraint, MetaData, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

BUSY_TIMEOUT_SECONDS = 10


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive datetimes; stored as UTC, microseconds, in a form that sorts as text in SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored; pass an aware datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime()}
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

    def __init__(self, url: str, *, echo: bool = False, **engine_options: Any) -> None:
        self.engine = make_engine(url, echo=echo, **engine_options)
        self._writing = self.engine.execution_options(begin="IMMEDIATE")

    @contextmanager
    def read(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def close(self) -> None:
        self.engine.dispose()


def make_engine(url: str, **options: Any) -> Engine:
    """An engine for SQLite (WAL, foreign keys, busy time-out) or PostgreSQL (psycopg 3)."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        options.setdefault("connect_args", {"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False})
    else:
        options.setdefault("pool_pre_ping", True)
    engine = create_engine(parsed, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions by itself: see _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    cast("Any", connection.connection.dbapi_connection).execute(f"BEGIN {mode}")


def upsert(session: Session, table: type[Base]) -> Any:
    """An INSERT that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``, in the session's dialect."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
