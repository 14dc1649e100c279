"""The steps by which an administrator changes secrets and signing keys, as the guide describes them."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from lti_tool import migrations
from lti_tool.config import read_settings
from lti_tool.doctor import State, examine
from lti_tool.lti.keys import ToolKeys, ensure_tool_key, rotate
from lti_tool.parts import Parts
from social_layer.sealing import SealBroken
from tests.room import TickingClock

OLD, NEW = "o" * 32, "n" * 32
WEEK = timedelta(days=7)
Given = Callable[[str], Parts]


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """The installation with these secrets, started once with the old one."""
    clock = TickingClock()

    def with_secrets(secrets: str) -> Parts:
        settings = read_settings({"ALONGSIDE_SECRET_KEY": secrets, "ALONGSIDE_HOME": str(tmp_path)})
        return Parts.of(settings, clock)

    first = with_secrets(OLD)
    migrations.upgrade(first.database.engine)
    with first.database.write() as session:
        ensure_tool_key(session, first.clock, first.sealer)
    return with_secrets


def _rotate(parts: Parts, overlap: timedelta = WEEK) -> str:
    with parts.database.write() as session:
        return rotate(session, parts.clock, parts.sealer, overlap).kid


def _published(parts: Parts) -> list[str]:
    return [key["kid"] for key in ToolKeys(parts).jwks()["keys"]]


def _said_of_keys(parts: Parts) -> State:
    return next(finding.state for finding in examine(parts) if finding.subject == "tool keys")


def test_with_the_new_secret_before_the_old_one_nothing_changes_for_anybody(given: Given) -> None:
    before = _published(given(OLD))
    assert _published(given(f"{NEW},{OLD}")) == before
    assert _said_of_keys(given(f"{NEW},{OLD}")) is State.ok


def test_the_old_secret_may_go_when_the_keys_that_it_sealed_have_retired(given: Given) -> None:
    both = given(f"{NEW},{OLD}")
    newest = _rotate(both)
    assert _said_of_keys(given(NEW)) is State.failed
    both.clock.pass_by(days=8)  # type: ignore[attr-defined]
    assert _said_of_keys(given(NEW)) is State.ok
    assert _published(given(NEW)) == [newest]


def test_a_leaked_secret_is_replaced_at_once(given: Given) -> None:
    _rotate(given(OLD))  # a rotation of some days before, still overlapping
    with pytest.raises(SealBroken):
        _published(given(NEW))
    newest = _rotate(given(NEW), timedelta(0))
    assert _published(given(NEW)) == [newest]
    assert _said_of_keys(given(NEW)) is State.ok


def test_a_rotation_never_makes_an_earlier_overlap_longer(given: Given) -> None:
    parts = given(OLD)
    [first] = _published(parts)
    second = _rotate(parts)
    parts.clock.pass_by(days=6)  # type: ignore[attr-defined]
    third = _rotate(parts)
    assert _published(parts) == [third, second, first]
    parts.clock.pass_by(days=2)  # type: ignore[attr-defined]
    assert _published(parts) == [third, second]
