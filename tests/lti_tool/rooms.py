"""A room and the app over it; conftest.py files import these fixtures."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from lti_tool.config import Settings, read_settings
from lti_tool.parts import Parts
from tests.apps import new_app
from tests.room import Room


@pytest.fixture
def settings(tables_url: str, tmp_path: Path) -> Settings:
    return read_settings(
        {"DATABASE_URL": tables_url, "ALONGSIDE_HOME": str(tmp_path), "ALONGSIDE_RATE_LIMITS": "off"}
    )


@pytest.fixture
def room(settings: Settings) -> Iterator[Room]:
    parts = Parts.of(settings)
    yield Room(parts.database)
    parts.database.close()


@pytest.fixture
def given(settings: Settings, room: Room) -> Parts:
    return Parts(settings, room.database, Parts.of(settings).sealer, room.clock)


@pytest.fixture
def app(given: Parts) -> Flask:
    return new_app(given)
