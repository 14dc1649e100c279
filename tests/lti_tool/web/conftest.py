"""A room, the app over it, and readers who open its panel."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from lti_tool.app import create_app
from lti_tool.config import Settings, read_settings
from lti_tool.parts import Parts
from social_layer.people.models import Role
from tests.lti_tool.web.reader import Reader
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
    return create_app(given)


@pytest.fixture
def read_as(app: Flask, given: Parts, room: Room) -> Callable[..., Reader]:
    """``read_as(Role.instructor)``: somebody new with the page open."""

    def read(role: Role = Role.learner, **person: object) -> Reader:
        return Reader.of(app, given, room, room.join(role, **person))

    return read


@pytest.fixture
def learner(read_as: Callable[..., Reader]) -> Reader:
    return read_as(name="Ada Learner")


@pytest.fixture
def instructor(read_as: Callable[..., Reader]) -> Reader:
    return read_as(Role.instructor, name="Ines Instructor")
