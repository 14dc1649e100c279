"""An LRS for each test, on SQLite and on PostgreSQL; its empty tables are made once and copied."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.servers import PostgresServer
from tests.xapi.lrs.client import PASSWORD, USER, Client
from xapi.lrs import LrsSettings, create_lrs, upgrade

MakeLrs = Callable[..., Client]


@pytest.fixture(scope="session")
def lrs_on_postgres(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database() as url:
        upgrade(url)
        yield url


@pytest.fixture(scope="session")
def lrs_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lrs") / "lrs.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def lrs_postgres_url(postgres_server: PostgresServer, lrs_on_postgres: str) -> Iterator[str]:
    with postgres_server.database(template=lrs_on_postgres) as url:
        yield url


@pytest.fixture
def lrs_sqlite_url(lrs_on_sqlite: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(lrs_on_sqlite, tmp_path / 'lrs.db')}"


@pytest.fixture(params=["sqlite", "postgres"])
def lrs_database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database with the LRS's empty tables; the test runs once on each kind."""
    url: str = request.getfixturevalue(f"lrs_{request.param}_url")
    return url


@pytest.fixture
def make_lrs(lrs_database_url: str) -> Iterator[MakeLrs]:
    """A function that gives an LRS on this test's database, with settings of the test's choice."""
    made: list[Client] = []

    def make(**settings: Any) -> Client:
        settings.setdefault("database_url", lrs_database_url)
        settings.setdefault("credentials", ((USER, PASSWORD),))
        client = Client(create_lrs(LrsSettings(**settings)))
        made.append(client)
        return client

    yield make
    for client in made:
        client.app.extensions["lrs"].database.engine.dispose()


@pytest.fixture
def lrs(make_lrs: MakeLrs) -> Client:
    return make_lrs()
