"""A room, the app over it, and clients that speak as one of its people."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask

from lti_tool.lti.models import LtiContext, Platform
from lti_tool.lti.registrations import make_deployment
from lti_tool.parts import Parts
from social_layer.people.models import Role
from tests.lti_tool.api.speaker import Speaker
from tests.lti_tool.rooms import app, given, room, settings
from tests.room import Room

__all__ = ["app", "given", "room", "settings"]


@pytest.fixture
def speak(app: Flask, given: Parts, room: Room) -> Callable[..., Speaker]:
    """``speak(Role.instructor)``: somebody new with a token for the room's panel."""

    def speak_as(role: Role = Role.learner, **person: object) -> Speaker:
        return Speaker.of(app, given, room, room.join(role, **person))

    return speak_as


@pytest.fixture
def learner(speak: Callable[..., Speaker]) -> Speaker:
    return speak(name="Ada Learner")


@pytest.fixture
def instructor(speak: Callable[..., Speaker]) -> Speaker:
    return speak(Role.instructor, name="Ines Instructor")


@pytest.fixture
def platform(given: Parts, room: Room) -> Platform:
    """The LMS that the room's course is in."""
    tenant_id, address = room.tenant_id, "https://lms.example.edu"
    made = Platform(
        tenant_id=tenant_id,
        id=uuid4(),
        name="The LMS",
        issuer=address,
        client_id="alongside",
        auth_login_url=f"{address}/auth",
        auth_token_url=f"{address}/token",
        jwks_url=f"{address}/keys",
        created_at=room.clock(),
    )
    with given.database.write() as session:
        session.add(made)
        session.flush()
        deployment = make_deployment(given.clock, tenant_id, made.id, "1")
        session.add(deployment)
        session.flush()
        session.add(
            LtiContext(
                tenant_id=tenant_id,
                id=uuid4(),
                deployment_id=deployment.id,
                lti_context_id="7",
                course_id=room.course_id,
            )
        )
    return made
