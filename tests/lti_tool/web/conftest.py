"""A room, the app over it, and readers who open its panel."""

from collections.abc import Callable

import pytest
from flask import Flask

from lti_tool.parts import Parts
from social_layer.people.models import Role
from tests.lti_tool.rooms import app, given, room, settings
from tests.lti_tool.web.reader import Reader
from tests.room import Room

__all__ = ["app", "given", "room", "settings"]


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
