"""Erasing somebody while their statements are on their way, or stand in an LRS that denies it; and what logs say."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.fake_lrs import CutsOff, Fails, FakeLrs, SaysSo
from tests.xapi.scopes.test_leaving import rule
from tests.xapi.world import BASE, SEALER, TestClock, World
from xapi import book
from xapi.bridge import Bridge
from xapi.models import DeliveryState, Scope
from xapi.parked import retry
from xapi.scopes import erasing
from xapi.scopes.erasing import take_back
from xapi.scopes.recalling import recall
from xapi.stores import resume


@pytest.fixture
def bridge(world: World, clock: TestClock) -> Iterator[Bridge]:
    made = Bridge(
        world.database, clock, SEALER, BASE, connect_seconds=1, read_seconds=5, rng=random.Random(1)
    )
    yield made
    made.close()


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []

    class Log:
        def __getattr__(self, level: str) -> Any:
            return lambda *words, **facts: said.append(f"{level} {words} {facts}")

    monkeypatch.setattr(book, "log", Log())
    return said


def run(bridge: Bridge) -> None:
    for key in bridge.sweep():
        bridge.deliver(key)


def erase(world: World, clock: TestClock) -> dict[str, int]:
    person_id = world.voice("maya").person_id
    assert person_id is not None
    with world.database.write() as session:
        return take_back(session, BASE, world.tenant_id, person_id, clock())


def left(lrs: FakeLrs) -> set[str]:
    """The statements that are there and that no other one voids."""
    voiding = {
        key: one["object"]["id"] for key, one in lrs.stored.items() if one["verb"]["id"].endswith("/voided")
    }
    return set(lrs.stored) - set(voiding) - set(voiding.values())


def stored_and_parked(world: World, bridge: Bridge, lrs: FakeLrs, clock: TestClock) -> None:
    """The LRS has Maya's statement. It never said so, and gives back another one under the id."""
    world.connect(lrs.endpoint)
    world.post("maya")
    lrs.manners = replace(lrs.manners, repeated=409)
    lrs.plan.append(CutsOff())
    run(bridge)
    for statement in lrs.stored.values():
        statement["context"]["extensions"] = {"https://lrs.example/added": "z" * 50_000}
    clock.advance(4000)
    run(bridge)


def retry_all(world: World, clock: TestClock) -> None:
    lrs = world.lrs()
    with world.database.write() as session:
        assert retry(session, clock(), lrs.tenant_id, lrs.id) == 1


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_worker_that_comes_between_sends_nothing_that_stays(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lrs = world.connect(fake_lrs.endpoint)
    world.post("maya")
    world.open("maya")
    bridge.sweep()
    void, came = erasing.void, []

    def with_a_worker_meanwhile(*given: Any) -> int:
        if not came:
            came.append(True)
            bridge.deliver((lrs.tenant_id, lrs.id))
        return void(*given)

    monkeypatch.setattr(erasing, "void", with_a_worker_meanwhile)
    erase(world, clock)
    clock.advance(4000)
    run(bridge)
    assert left(fake_lrs) == set()
    assert came == [True]


def test_what_stands_in_the_lrs_under_our_id_is_voided_too(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock, logged: list[str]
) -> None:
    stored_and_parked(world, bridge, fake_lrs, clock)
    (parked,) = world.deliveries()
    assert parked.state == DeliveryState.parked
    assert len(parked.answer or "") < 3000
    assert "maya-7" not in " ".join(logged)
    assert erase(world, clock)["statements_voided"] == 1
    clock.advance(4000)
    run(bridge)
    assert left(fake_lrs) == set()


def test_what_was_retried_since_is_voided_too(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    stored_and_parked(world, bridge, fake_lrs, clock)
    retry_all(world, clock)
    assert erase(world, clock)["statements_voided"] == 1
    clock.advance(4000)
    run(bridge)
    assert left(fake_lrs) == set()


def test_what_was_retried_is_voided_when_it_may_not_leave_any_more(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    stored_and_parked(world, bridge, fake_lrs, clock)
    retry_all(world, clock)
    rule(world, Scope.nothing)
    clock.advance(4000)
    run(bridge)
    assert left(fake_lrs) == set()


def test_what_was_retried_is_voided_when_it_may_tell_less_than_it_did(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    stored_and_parked(world, bridge, fake_lrs, clock)
    rule(world, Scope.pseudonymous)
    retry_all(world, clock)
    clock.advance(4000)
    run(bridge)
    assert left(fake_lrs) == set()


def test_what_is_parked_and_may_be_there_is_recalled(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    stored_and_parked(world, bridge, fake_lrs, clock)
    rule(world, Scope.nothing)
    assert recall(world.database, clock, BASE, world.tenant_id, only_count=True) == 1
    assert recall(world.database, clock, BASE, world.tenant_id) == 1
    clock.advance(4000)
    run(bridge)
    assert left(fake_lrs) == set()


@pytest.mark.parametrize("status", [408, 425, 429, 503])
def test_what_was_stored_by_an_lrs_that_says_it_is_busy_is_voided_too(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock, status: int
) -> None:
    world.connect(fake_lrs.endpoint)
    world.post("maya")
    fake_lrs.plan.append(SaysSo(status))
    run(bridge)
    assert erase(world, clock)["statements_voided"] == 1
    clock.advance(4000)
    run(bridge)
    assert left(fake_lrs) == set()


def test_what_was_never_sent_needs_no_voiding(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    """It was refused as a whole, or was claimed and given back."""
    world.connect(fake_lrs.endpoint)
    world.post("maya")
    fake_lrs.plan.append(Fails(401))
    run(bridge)
    world.open("maya")
    fake_lrs.refuses = lambda statement: True
    with world.database.write() as session:
        resume(session, world.lrs())
    run(bridge)
    assert erase(world, clock) == {"statements_voided": 0, "deliveries_forgotten": 2}


@pytest.mark.parametrize("status", [400, 406])
def test_logs_do_not_repeat_what_an_lrs_repeats(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, logged: list[str], status: int
) -> None:
    lrs = world.connect(fake_lrs.endpoint)
    world.post("maya")
    fake_lrs.always = Fails(
        status, body='{"wrong": {"account": {"name": "maya-7"}, "response": "own words"}}'
    )
    run(bridge)
    assert len(logged) == 1
    assert "maya-7" not in logged[0]
    assert "own words" not in logged[0]
    told = world.lrs().trouble if status == 406 else world.deliveries(lrs)[0].answer
    assert "own words" in (told or "")
