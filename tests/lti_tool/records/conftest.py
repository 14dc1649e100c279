"""An installation with a real LRS, and commands typed in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lti_tool.bridging import base_of
from lti_tool.cli import main
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from social_layer.clock import system_clock
from social_layer.database import Database
from tests.xapi.fixtures import bundled
from tests.xapi.world import SEALER, TestClock, World

__all__ = ["bundled"]


@pytest.fixture
def given(tables_url: str, tmp_path: Path) -> Iterator[Parts]:
    settings = read_settings({"ALONGSIDE_HOME": str(tmp_path), "DATABASE_URL": tables_url})
    database = Database(tables_url)
    # The LRS goes by the time that it is.
    yield Parts(settings, database, SEALER, TestClock(system_clock()))
    database.close()


@pytest.fixture
def world(given: Parts) -> World:
    base_of(given)
    return World(given.database, given.clock)


@pytest.fixture
def run(given: Parts) -> Callable[..., Result]:
    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments), obj=given, prog_name="alongside")

    return invoke
