"""The console over a tool that LMSs launch, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from lti_tool.config import Settings
from lti_tool.parts import Parts
from tests.apps import new_app
from tests.lti_tool.console.desk import Desk, make_operator
from tests.lti_tool.lti.fixtures import clock, course, running_sandboxes
from tests.lti_tool.lti.launching import Clock, settings_for

__all__ = ["clock", "course", "running_sandboxes"]


@pytest.fixture
def settings(installed_url: str, tmp_path: Path) -> Settings:
    return settings_for(installed_url, tmp_path)


@pytest.fixture
def given(settings: Settings, clock: Clock) -> Iterator[Parts]:
    """With tables as an installation has them, so that it is found sound."""
    made = Parts.of(settings, clock)
    yield made
    made.database.close()


@pytest.fixture
def app(given: Parts) -> Flask:
    make_operator(given)
    return new_app(given)


@pytest.fixture
def visitor(app: Flask) -> Desk:
    """Nobody has signed in here."""
    return Desk(app)


@pytest.fixture
def desk(app: Flask) -> Desk:
    found = Desk(app)
    assert found.sign_in().status_code == 303
    return found
