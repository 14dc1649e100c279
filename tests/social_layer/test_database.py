"""The ground of the tables: what types keep, what sessions promise, and that no row reaches into another tenant."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, PendingRollbackError, StatementError

from social_layer.database import Database, run
from social_layer.people.models import Course, Tenant
from tests import factories
from tests.factories import made_in

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
calm = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
moments = some.datetimes(
    datetime(1900, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(9000, 1, 1),  # noqa: DTZ001
    timezones=some.sampled_from(
        [UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-11))]
    ),
)


@calm
@given(moment=moments, tenant_id=some.uuids())
def test_ids_and_instants_come_back_as_they_were(
    database: Database, moment: datetime, tenant_id: UUID
) -> None:
    with database.write() as session:
        session.merge(Tenant(id=tenant_id, name=str(tenant_id), created_at=moment))
    with database.read() as session:
        kept = session.get_one(Tenant, tenant_id)
    assert (kept.id, kept.created_at) == (tenant_id, moment)
    assert kept.created_at.tzinfo is UTC


@calm
@given(times=some.lists(moments, min_size=2, max_size=6, unique=True))
def test_instants_sort_and_compare_as_time_goes(database: Database, times: list[datetime]) -> None:
    run = uuid4().hex
    with database.write() as session, made_in(session):
        for number, moment in enumerate(times):
            factories.TenantFactory(name=f"{run}-{number}", created_at=moment)
    with database.read() as session:
        of_run = select(Tenant.created_at).where(Tenant.name.startswith(run))
        assert list(session.scalars(of_run.order_by(Tenant.created_at))) == sorted(times)
        assert len(session.scalars(of_run.where(Tenant.created_at < max(times))).all()) == len(times) - 1


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="aware"), database.write() as session:
        session.add(Tenant(id=uuid4(), name="t", created_at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_no_row_reaches_into_another_tenant(database: Database) -> None:
    with database.write() as session, made_in(session):
        theirs = factories.CourseFactory()
        ours = factories.TenantFactory()
    with pytest.raises(IntegrityError), database.write() as session, made_in(session):
        factories.PanelFactory(tenant_id=ours.id, course_id=theirs.id)


def test_what_fails_halfway_leaves_nothing(database: Database) -> None:
    def begin_and_fail() -> None:
        with database.write() as session, made_in(session):
            factories.CourseFactory()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        begin_and_fail()
    with database.read() as session:
        assert session.scalars(select(Course)).all() == []


def test_nothing_is_kept_of_a_transaction_that_went_on_after_a_refused_row(database: Database) -> None:
    """Nor of plain statements, which do not go through the session that saw the refusal."""
    later = uuid4()

    def go_on_regardless() -> None:
        with database.write() as session:
            session.add_all(Tenant(id=uuid4(), name="twice", created_at=NOW) for _ in range(2))
            with pytest.raises(IntegrityError):
                session.flush()
            run(session, insert(Tenant), {"id": later, "name": "later", "created_at": NOW})

    with pytest.raises(PendingRollbackError):
        go_on_regardless()
    with database.read() as session:
        assert session.scalars(select(Tenant)).all() == []


def test_the_write_lock_is_taken_with_the_first_statement(sqlite_tables_url: str) -> None:
    with closing(Database(sqlite_tables_url, connect_args={"timeout": 0.05})) as database, database.write():
        with database.write() as session, made_in(session):
            factories.TenantFactory()


def test_a_statement_of_a_request_ends_and_one_of_the_worker_takes_its_time(postgres_url: str) -> None:
    nap = text("SELECT pg_sleep(1.2)")
    with closing(Database(postgres_url, statement_seconds=1)) as hurried, hurried.read() as session:
        with pytest.raises(OperationalError, match="statement timeout"):
            session.execute(nap)
    with closing(Database(postgres_url)) as patient, patient.read() as session:
        session.execute(nap)


def test_reading_does_not_write(database: Database) -> None:
    with database.read() as session, made_in(session):
        factories.CourseFactory()
    with database.read() as session:
        assert session.scalars(select(Course)).all() == []


def test_every_factory_makes_its_row(database: Database) -> None:
    made = [
        factory
        for factory in vars(factories).values()
        if isinstance(factory, type) and issubclass(factory, factories.Rows) and not factory._meta.abstract
    ]
    with database.write() as session, made_in(session):
        for factory in made:
            tenant = factories.TenantFactory()
            factory() if factory is factories.TenantFactory else factory(tenant_id=tenant.id)
    assert len(made) == 20


def test_on_sqlite_ids_take_16_bytes_and_a_locked_file_is_the_databases_fault(sqlite_tables_url: str) -> None:
    with closing(Database(sqlite_tables_url, connect_args={"timeout": 0.05})) as database:
        with database.write() as session, made_in(session):
            factories.TenantFactory()
        with database.read() as session:
            assert session.scalar(text("SELECT typeof(id) || length(id) FROM tenant")) == "blob16"
        with closing(sqlite3.connect(database.engine.url.database or "")) as other:
            other.execute("BEGIN IMMEDIATE")
            with (
                pytest.raises(OperationalError, match="locked"),
                database.write() as session,
                made_in(session),
            ):
                factories.TenantFactory()
        with database.write() as session, made_in(session):
            factories.TenantFactory()
