"""The delivery table of what real LRSs do, one test for each row, on each LRS's manners."""

import random
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.fake_lrs import ADL_LRS, LEARNING_LOCKER, RALPH, XAPI_LRS, CutsOff, Fails, FakeLrs, Hangs
from tests.xapi.world import BASE, SEALER, TestClock, World
from xapi.bridge import Bridge
from xapi.models import DeliveryState, LrsState

ALL_MANNERS = {"learning_locker": LEARNING_LOCKER, "adl": ADL_LRS, "xapi_lrs": XAPI_LRS, "ralph": RALPH}


# Manners and databases do not mix: each of them once, and the harshest manners on both.
COMBINATIONS = [*(("sqlite", name) for name in ALL_MANNERS), ("postgres", "adl")]


@pytest.fixture(params=COMBINATIONS, ids="-".join)
def combination(request: pytest.FixtureRequest) -> tuple[str, str]:
    chosen: tuple[str, str] = request.param
    return chosen


@pytest.fixture
def database_url(request: pytest.FixtureRequest, combination: tuple[str, str]) -> str:
    url: str = request.getfixturevalue(f"{combination[0]}_url")
    return url


@pytest.fixture
def any_lrs(combination: tuple[str, str]) -> Iterator[FakeLrs]:
    with FakeLrs(ALL_MANNERS[combination[1]]) as lrs:
        yield lrs


@pytest.fixture
def bridge(world: World, clock: TestClock) -> Iterator[Bridge]:
    bridge = Bridge(
        world.database, clock, SEALER, BASE, connect_seconds=1, read_seconds=0.5, rng=random.Random(1)
    )
    yield bridge
    bridge.close()


def run(bridge: Bridge) -> None:
    for key in bridge.sweep():
        bridge.deliver(key)


def states(world: World) -> list[str]:
    return [delivery.state for delivery in world.deliveries()]


def test_everything_arrives_once_whatever_success_is_called(
    world: World, bridge: Bridge, any_lrs: FakeLrs
) -> None:
    world.connect(any_lrs.endpoint)
    ids = [world.post("maya") for _ in range(7)]
    run(bridge)
    assert states(world) == [DeliveryState.delivered] * 7
    assert len(any_lrs.stored) == len(ids)
    assert len(any_lrs.posts) == 1


def test_same_id_same_content_is_delivered(
    world: World, bridge: Bridge, any_lrs: FakeLrs, clock: TestClock
) -> None:
    world.connect(any_lrs.endpoint)
    world.post("maya")
    any_lrs.plan.append(CutsOff())
    run(bridge)
    assert len(any_lrs.stored) == 1
    assert states(world) == [DeliveryState.pending]
    clock.advance(60)
    run(bridge)
    assert states(world) == [DeliveryState.delivered]
    assert set(any_lrs.copies.values()) == {1}


def test_same_id_other_content_is_parked_with_what_stands_there(
    world: World, bridge: Bridge, any_lrs: FakeLrs
) -> None:
    world.connect(any_lrs.endpoint)
    world.post("maya")
    run(bridge)
    (statement,) = any_lrs.stored.values()
    world.post("maya")
    bridge.sweep()
    taken = world.deliveries()[1].statement_id
    any_lrs.stored[str(taken)] = {**statement, "id": str(taken)}
    run(bridge)
    first, second = world.deliveries()
    assert first.state == DeliveryState.delivered
    assert second.state == DeliveryState.parked
    assert second.answer is not None
    assert "another statement stands under this id" in second.answer
    assert second.body, "the administrator can still see what was meant"


def test_a_statement_that_was_voided_meanwhile_counts_as_delivered(
    world: World, bridge: Bridge, any_lrs: FakeLrs, clock: TestClock
) -> None:
    any_lrs.manners.repeated = 409
    world.connect(any_lrs.endpoint)
    world.post("maya")
    any_lrs.plan.append(CutsOff())
    run(bridge)
    any_lrs.voided, kept = dict(any_lrs.stored), any_lrs.find
    any_lrs.find = lambda query: kept(query) if "voidedStatementId" in query else (404, {})  # type: ignore[method-assign]
    clock.advance(60)
    run(bridge)
    assert states(world) == [DeliveryState.delivered]


def test_a_batch_with_a_repetition_loses_nothing(
    world: World, bridge: Bridge, any_lrs: FakeLrs, clock: TestClock
) -> None:
    world.connect(any_lrs.endpoint)
    for _ in range(3):
        world.post("maya")
    any_lrs.plan.append(CutsOff())
    run(bridge)
    for _ in range(5):
        world.post("joel")
    clock.advance(60)
    run(bridge)
    assert states(world) == [DeliveryState.delivered] * 8
    assert set(any_lrs.copies.values()) == {1}
    assert len(any_lrs.stored) == 8


def test_a_batch_with_one_refused_statement_delivers_the_others_and_keeps_the_answer(
    world: World, bridge: Bridge, any_lrs: FakeLrs
) -> None:
    world.connect(any_lrs.endpoint)
    for name in ("maya", "joel", "maya", "ines", "maya", "maya", "maya"):
        world.post(name)
    any_lrs.refuses = lambda statement: statement["actor"]["account"]["name"] == "ines-7"
    run(bridge)
    assert sorted(states(world)) == ["delivered"] * 6 + ["parked"]
    (parked,) = [one for one in world.deliveries() if one.state == DeliveryState.parked]
    assert parked.answer is not None
    assert str(any_lrs.manners.invalid) in parked.answer
    assert "a statement is not valid" in parked.answer
    assert parked.body
    assert len(any_lrs.stored) == 6


def test_one_sender_holds_a_statement_at_a_time(
    world: World, bridge: Bridge, any_lrs: FakeLrs, clock: TestClock
) -> None:
    world.connect(any_lrs.endpoint)
    for _ in range(5):
        world.post("maya")
    any_lrs.plan.append(Hangs(1, stores=True))
    sender = threading.Thread(target=run, args=(bridge,))
    sender.start()
    while not any_lrs.posts:
        time.sleep(0.01)
    # Somebody else, while the answer is waited for, and again when the time-out is over and the LRS still at it.
    other = Bridge(world.database, clock, SEALER, BASE)
    run(other)
    sender.join()
    clock.advance(10)
    run(other)
    assert len(any_lrs.posts) == 1
    while any_lrs.is_busy:
        time.sleep(0.01)
    clock.advance(60)
    run(other)
    other.close()
    assert not any_lrs.sent_twice_at_once
    assert set(any_lrs.copies.values()) == {1}
    assert states(world) == [DeliveryState.delivered] * 5


def test_a_body_too_big_is_cut_smaller_and_stays_smaller(
    world: World, bridge: Bridge, any_lrs: FakeLrs
) -> None:
    any_lrs.manners.most_bytes = 8000
    world.connect(any_lrs.endpoint)
    for _ in range(20):
        world.post("maya")
    run(bridge)
    assert states(world) == [DeliveryState.delivered] * 20
    if any_lrs.manners.too_big == 413:
        assert world.lrs().batch_limit < 20


def test_the_version_header_is_on_every_request(world: World, bridge: Bridge, any_lrs: FakeLrs) -> None:
    any_lrs.manners.repeated = 409
    world.connect(any_lrs.endpoint, version="2.0.0")
    world.post("maya")
    any_lrs.plan.append(Fails(409))
    run(bridge)
    assert {request[2]["X-Experience-API-Version"] for request in any_lrs.requests} == {"2.0.0"}
    assert {request[0] for request in any_lrs.requests} == {"POST", "GET"}


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_password_pauses_this_lrs_and_tells_the_administrator(
    world: World, bridge: Bridge, any_lrs: FakeLrs, clock: TestClock, status: int
) -> None:
    world.connect(any_lrs.endpoint)
    world.post("maya")
    any_lrs.plan.append(Fails(status))
    run(bridge)
    lrs = world.lrs()
    assert lrs.state == LrsState.paused
    assert lrs.trouble is not None
    assert str(status) in lrs.trouble
    clock.advance(7 * 24 * 3600)
    run(bridge)
    assert len(any_lrs.posts) == 1
    # Adding it again with the right password wakes it, and nothing was lost.
    world.connect(any_lrs.endpoint, password="secret")
    run(bridge)
    assert states(world) == [DeliveryState.delivered]


@pytest.mark.parametrize("asked", [True, False])
def test_a_rate_limit_is_waited_out(
    world: World, bridge: Bridge, any_lrs: FakeLrs, clock: TestClock, asked: bool
) -> None:
    world.connect(any_lrs.endpoint)
    world.post("maya")
    any_lrs.plan.append(Fails(429, {"Retry-After": "120"} if asked else {}))
    run(bridge)
    clock.advance(100 if asked else 0.3)
    run(bridge)
    assert len(any_lrs.posts) == 1
    clock.advance(30)
    run(bridge)
    assert states(world) == [DeliveryState.delivered]
