"""Databases that have all tables: made once for a run, copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lti_tool.migrations import metadata
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
def postgres_tables_url(postgres_server: PostgresServer, postgres_with_tables: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with empty tables, for this test alone."""
    with postgres_server.database(template=postgres_with_tables) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def tables_url(request: pytest.FixtureRequest) -> str:
    """Empty tables; the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_tables_url")
    return url
