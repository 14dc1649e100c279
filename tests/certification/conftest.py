"""Where the certification's table is played: by either deployment of one platform, and in another tenant.

All of them are registered in one installation, under one issuer, as with Canvas or a Moodle with several tenants.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lti_tool.parts import Parts
from lti_tool.sandbox import Running, Sandbox
from lti_tool.sandbox.registrations import Registration
from tests.apps import new_app
from tests.lti_tool.lti.fixtures import clock, given, running_sandboxes, settings
from tests.lti_tool.lti.launching import Clock, Course, register_sandbox
from tests.lti_tool.lti.rostering import town

__all__ = ["clock", "given", "running_sandboxes", "settings", "town"]

DEFAULT, SECOND, ELSEWHERE = "a deployment", "its second deployment", "another tenant"


def places_of(sandbox: Sandbox, given: Parts) -> dict[str, Registration]:
    """How the LMS knows the tool at each place; all are registered with the tool."""
    first = sandbox.registration
    second = replace(first, deployment_id=f"{first.deployment_id}0")
    elsewhere = replace(first, client_id=f"{first.client_id}0")
    register_sandbox(given, sandbox, deployment_ids=(first.deployment_id, second.deployment_id))
    register_sandbox(given, sandbox, tenant="elsewhere", client_id=elsewhere.client_id)
    return {DEFAULT: first, SECOND: second, ELSEWHERE: elsewhere}


def seen_as(sandbox: Sandbox, registration: Registration) -> None:
    """From here on the LMS launches so."""
    sandbox.registration = sandbox.tools[registration.client_id] = registration


def restored(sandbox: Sandbox) -> Iterator[None]:
    before, tools = sandbox.registration, dict(sandbox.tools)
    yield
    sandbox.registration = before
    sandbox.tools.clear()
    sandbox.tools.update(tools)


@pytest.fixture
def house(given: Parts, clock: Clock, running_sandboxes: dict[str, Running]) -> Iterator[Course]:
    """A Moodle-like LMS that launches as whatever `seen_as` says."""
    sandbox = running_sandboxes["moodle"].sandbox
    for _ in restored(sandbox):
        yield Course(new_app(given), given, sandbox, clock)


@pytest.fixture
def places(house: Course) -> dict[str, Registration]:
    return places_of(house.sandbox, house.given)


@pytest.fixture(params=[DEFAULT, SECOND, ELSEWHERE])
def course(request: pytest.FixtureRequest, house: Course, places: dict[str, Registration]) -> Course:
    seen_as(house.sandbox, places[request.param])
    return house
