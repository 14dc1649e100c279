"""LMSs whose services the tool can call: they find its keys, and their time is the test's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.lti import reading, rosters
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.models import Roster
from lti_tool.parts import Parts
from lti_tool.sandbox import Running, Sandbox, SandboxConfig, start
from social_layer.people.models import Account, Membership
from tests.apps import new_app
from tests.lti_tool.lti.launching import LAUNCH_URL, TOOL, Clock, Course, register_sandbox
from tests.lti_tool.sandbox.stand_in import site


@dataclass
class Town:
    """Both LMSs. ``given`` and ``clock`` are the present test's."""

    running: dict[str, Running] = field(default_factory=dict)
    given: Parts | None = None
    clock: Clock | None = None

    def now(self) -> datetime:
        return self.clock() if self.clock else datetime.now(UTC)

    def tool_keys(self) -> Any:
        assert self.given
        return ToolKeys(self.given).jwks()


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    made = Town()
    with site() as tool:
        tool.answers["jwks"] = made.tool_keys
        try:
            for profile in ("moodle", "canvas"):
                made.running[profile] = start(_config(made, tool.address, profile=profile))
            yield made
        finally:
            for one in made.running.values():
                one.stop()


@contextmanager
def own_lms(given: Parts, clock: Clock, **changes: Any) -> Iterator[Sandbox]:
    """An LMS for one test alone, which finds the tool's keys; not registered yet."""
    town = Town(given=given, clock=clock)
    with site() as tool:
        tool.answers["jwks"] = town.tool_keys
        with start(_config(town, tool.address, **changes)) as running:
            yield running.sandbox


def _config(town: Town, tool: str, **changes: Any) -> SandboxConfig:
    return SandboxConfig(
        public_url="http://127.0.0.1",
        tool_login_url=f"{TOOL}/lti/login",
        tool_launch_urls=(LAUNCH_URL,),
        tool_jwks_url=f"{tool}/jwks",
        clock=town.now,
        **changes,
    )


@pytest.fixture
def course(given: Parts, clock: Clock, town: Town) -> Iterator[Course]:
    """A Moodle-like LMS registered with the tool."""
    yield from registered(given, clock, town, "moodle")


@pytest.fixture
def canvas(given: Parts, clock: Clock, town: Town) -> Iterator[Course]:
    """A Canvas-like LMS."""
    yield from registered(given, clock, town, "canvas")


def registered(given: Parts, clock: Clock, town: Town, profile: str, **changes: Any) -> Iterator[Course]:
    """As each LMS is: Canvas without a deployment id. What a test changes in the LMS is undone."""
    if profile == "canvas":
        changes.setdefault("deployment_ids", ())
    town.given, town.clock = given, clock
    sandbox = town.running[profile].sandbox
    register_sandbox(given, sandbox, **changes)
    members = {key: dict(each.members) for key, each in sandbox.world.courses.items()}
    scopes = sandbox.registration.scopes
    try:
        yield Course(new_app(given), given, sandbox, clock)
    finally:
        sandbox.door.weather = None
        sandbox.registration.scopes = scopes
        sandbox.grants.revoke_all()
        for key, each in sandbox.world.courses.items():
            each.suspended.clear()
            each.members.clear()
            each.members.update(members.get(key, {}))


def sync(course: Course) -> bool:
    """What the worker does with whatever is due; answers whether anything was read to its end."""
    with course.given.database.read() as session:
        found = rosters.due(session, course.clock, 10)
    done = [reading.read(course.given, *key) for key in found]
    return any(done)


def sub(course: Course, who: str) -> str:
    return course.sandbox.world.person(who).sub


def people(course: Course) -> dict[str, Membership]:
    """Memberships by sub."""
    with course.given.database.read() as session:
        found = session.execute(
            select(Account.name, Membership).join(Membership, Membership.person_id == Account.person_id)
        ).all()
    return {row.name: row.Membership for row in found}


def member(course: Course, who: str) -> Membership:
    return people(course)[sub(course, who)]


def roster(course: Course) -> Roster:
    (found,) = course.rows(Roster)
    return found
