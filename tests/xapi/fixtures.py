"""Fixtures for tests of the bridge, wherever they stand."""

from collections.abc import Iterator

import pytest

from social_layer.database import Database
from tests.faults.fake_lrs import FakeLrs
from tests.xapi.world import TestClock, World, make_tables


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    make_tables(database)
    yield database
    database.close()


@pytest.fixture
def world(database: Database, clock: TestClock) -> World:
    return World(database, clock)


@pytest.fixture
def fake_lrs() -> Iterator[FakeLrs]:
    with FakeLrs() as lrs:
        yield lrs
