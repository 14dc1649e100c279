"""Databases that have all tables: made once for a run, copied for each test."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import text

from lti_tool.migrations import metadata, upgrade
from social_layer.database import Database
from tests.services.servers import PostgresServer


def make_tables(database: Database) -> None:
    """Where no SQLite file is yet, a copy of one that has all tables: making them takes longer than most tests."""
    url = database.engine.url
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        Path(url.database).write_bytes(_sqlite_file())
    else:
        metadata().create_all(database.engine)


@cache
def _sqlite_file() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "alongside.db"
        with closing(Database(f"sqlite:///{path}")) as database:
            metadata().create_all(database.engine)
        return path.read_bytes()


@pytest.fixture(scope="session")
def postgres_with_tables(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database() as url:
        with closing(Database(url)) as database:
            make_tables(database)
        yield url


@pytest.fixture
def sqlite_tables_url(tmp_path: Path) -> str:
    """The URL of an SQLite file with empty tables, for this test alone."""
    url = f"sqlite:///{tmp_path / 'alongside.db'}"
    with closing(Database(url)) as database:
        make_tables(database)
    return url


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
