"""A database of either make, and a room in it."""

from collections.abc import Iterator

import pytest

from social_layer.database import Database
from tests.room import Room


@pytest.fixture
def database(tables_url: str) -> Iterator[Database]:
    database = Database(tables_url)
    yield database
    database.close()


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)
