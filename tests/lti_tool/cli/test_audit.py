"""`alongside bridge audit`, as an administrator types it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from lti_tool.bridging import bridge_of
from lti_tool.cli import main
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from social_layer.database import Database
from tests.xapi.fixtures import bundled
from tests.xapi.world import SEALER, TestClock, World
from xapi.models import Delivery, DeliveryState

__all__ = ["bundled"]
Run = Callable[..., Result]


@pytest.fixture
def given(sqlite_tables_url: str, tmp_path: Path) -> Iterator[Parts]:
    settings = read_settings({"ALONGSIDE_HOME": str(tmp_path), "DATABASE_URL": sqlite_tables_url})
    database = Database(sqlite_tables_url)
    yield Parts(settings, database, SEALER, TestClock())
    database.close()


@pytest.fixture
def run(given: Parts) -> Run:
    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["bridge", "audit", *arguments], obj=given, prog_name="alongside")

    return invoke


@pytest.fixture
def world(given: Parts, bundled: str) -> World:
    world = World(given.database, given.clock)
    world.connect(bundled, name="records")
    topic = world.post("maya")
    world.react("joel", topic)
    deliver(given)
    return world


def deliver(given: Parts) -> None:
    bridge = bridge_of(given)
    for key in bridge.sweep():
        bridge.deliver(key)
    bridge.close()


def lose(world: World) -> UUID:
    """Something that we think was delivered, and was not."""
    lost = world.post("ines")
    world.clock.advance(1)  # type: ignore[attr-defined]
    from xapi.dispatch import dispatch

    dispatch(world.database)
    with world.database.write() as session:
        session.execute(
            update(Delivery).where(Delivery.event_id == lost).values(state=DeliveryState.delivered)
        )
    return lost


def test_when_all_is_right_it_says_so_and_ends_well(world: World, run: Run) -> None:
    result = run("--lrs", "records")
    assert result.exit_code == 0, result.output
    assert "2 of 2 due statements are in records as they were sent: 2 by the digest" in result.stdout


def test_the_only_lrs_needs_no_name_and_several_do(world: World, run: Run, bundled: str) -> None:
    assert run().exit_code == 0
    world.connect(bundled, name="another")
    several = run()
    assert several.exit_code == 1
    assert "say which LRS with --lrs" in several.stderr


def test_what_is_missing_is_listed_and_fails_the_command(world: World, run: Run) -> None:
    lost = lose(world)
    result = run("--lrs", "records")
    assert result.exit_code == 1
    assert "due, and not there" in result.stdout
    assert str(lost) in result.stdout
    told = json.loads(run("--lrs", "records", "--json").stdout)
    assert told["ok"] is False
    assert told["counts"]["missing"] == 1
    assert told["missing"] == [{"statement": told["missing"][0]["statement"], "event": str(lost)}]


def test_repair_sends_what_is_missing(world: World, run: Run) -> None:
    lose(world)
    result = run("--lrs", "records", "--repair")
    assert result.exit_code == 0, result.output
    assert "1 were sent again. All is there now." in result.stdout
    assert run("--lrs", "records").exit_code == 0


def test_an_lrs_that_cannot_be_read_is_one_line(world: World, run: Run, bundled: str) -> None:
    world.connect(bundled, name="records", password="wrong")
    result = run("--lrs", "records")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: records: the LRS cannot be read: it refuses the user name")
    assert run("--lrs", "unknown").exit_code == 1
