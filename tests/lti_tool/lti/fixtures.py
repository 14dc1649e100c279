"""Fixtures for everything that launches; conftest.py files import what they want of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lti_tool.config import Settings
from lti_tool.parts import Parts
from lti_tool.sandbox import Running, SandboxConfig, start
from tests.apps import new_app
from tests.lti_tool.lti.launching import (
    LAUNCH_URL,
    TOOL,
    Clock,
    Course,
    parts_for,
    register_sandbox,
    settings_for,
)


@pytest.fixture(scope="session")
def running_sandboxes() -> Iterator[dict[str, Running]]:
    """One of each profile, serving its keys over HTTP; their clock is the system's."""
    running: dict[str, Running] = {}
    try:
        for profile in ("moodle", "canvas"):
            running[profile] = start(
                SandboxConfig(
                    public_url="http://127.0.0.1",
                    tool_login_url=f"{TOOL}/lti/login",
                    tool_launch_urls=(LAUNCH_URL,),
                    tool_jwks_url=f"{TOOL}/lti/jwks.json",
                    profile=profile,
                )
            )
        yield running
    finally:
        for one in running.values():
            one.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    return settings_for(sqlite_url, tmp_path)


@pytest.fixture
def given(settings: Settings, clock: Clock) -> Iterator[Parts]:
    with parts_for(settings, clock) as made:
        yield made


@pytest.fixture
def course(given: Parts, clock: Clock, running_sandboxes: dict[str, Running]) -> Course:
    """A Moodle-like LMS registered with the tool."""
    sandbox = running_sandboxes["moodle"].sandbox
    register_sandbox(given, sandbox)
    return Course(new_app(given), given, sandbox, clock)


@pytest.fixture
def canvas(given: Parts, clock: Clock, running_sandboxes: dict[str, Running]) -> Course:
    """A Canvas-like LMS, registered as Canvas is: without a deployment id."""
    sandbox = running_sandboxes["canvas"].sandbox
    register_sandbox(given, sandbox, deployment_ids=())
    return Course(new_app(given), given, sandbox, clock)
