"""Databases that have all tables: made once for a run, copied for each test."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from lti_tool.migrations import metadata, upgrade
from social_layer.database import Database
from tests.services.servers import PostgresServer


def make_tables(url: str) -> None:
    database = Database(url)
    metadata().create_all(database.engine)
    database.close()


@pytest.fixture(scope="session")
def postgres_with_tables(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database() as url:
        make_tables(url)
        yield url


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "alongside.db"
    make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_tables_url(sqlite_with_tables: Path, tmp_path: Path) -> str:
    """The URL of an SQLite file with empty tables, for this test alone."""
    return f"sqlite:///{shutil.copy(sqlite_with_tables, tmp_path / 'alongside.db')}"


@pytest.fixture
def postgres_tables_url(postgres_with_tables: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with empty tables, which one test after the other has for itself."""
    yield postgres_with_tables
    empty_tables(postgres_with_tables)


def empty_tables(url: str) -> None:
    """Deleting a test's few rows is ten times faster than another database."""
    with closing(Database(url)) as database, database.engine.begin() as connection:
        # Whoever was left connected by a test that failed could hold locks.
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        # In one statement: each trip to the server costs more than emptying a table.
        tables = reversed(metadata().sorted_tables)
        connection.execute(text("; ".join(str(table.delete()) for table in tables)))


@pytest.fixture(params=["sqlite", "postgres"])
def tables_url(request: pytest.FixtureRequest) -> str:
    """Empty tables; the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_tables_url")
    return url


@pytest.fixture(scope="session")
def sqlite_installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("installed") / "alongside.db"
    _install(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_installed(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database() as url:
        _install(url)
        yield url


def _install(url: str) -> None:
    with closing(Database(url)) as database:
        upgrade(database.engine)


@pytest.fixture(params=["sqlite", "postgres"])
def installed_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database as the migrations leave it, for this test alone, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        made = request.getfixturevalue("sqlite_installed")
        yield f"sqlite:///{shutil.copy(made, tmp_path / 'alongside.db')}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.database(template=request.getfixturevalue("postgres_installed")) as url:
            yield url
