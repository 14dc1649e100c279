"""An LRS that is down, slow, hanging or wrong: what was not taken comes later, and others do not wait for it."""

import random
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.fake_lrs import CutsOff, Drips, Fails, FakeLrs, Hangs, Slow
from tests.xapi.world import BASE, SEALER, TestClock, World
from xapi.bridge import Bridge
from xapi.models import DeliveryState, LrsState
from xapi.stores import resume

ENDLESS = "[" * 50_000


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


def test_a_conflict_whose_statement_is_nested_without_end_is_trouble_that_waits(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    world.connect(fake_lrs.endpoint)
    world.post("maya")
    find, fake_lrs.find = fake_lrs.find, lambda query: (200, ENDLESS)  # type: ignore[method-assign]
    fake_lrs.plan.append(Fails(409))
    run(bridge)
    assert states(world) == [DeliveryState.pending]
    lrs = world.lrs()
    assert (lrs.failures, lrs.trouble) == (1, "it answers 409, saying: {}")
    assert lrs.resting_until is not None
    fake_lrs.find = find  # type: ignore[method-assign]
    clock.advance(60)
    run(bridge)
    assert states(world) == [DeliveryState.delivered]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_failure_comes_again_later(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock, status: int
) -> None:
    world.connect(fake_lrs.endpoint)
    for _ in range(3):
        world.post("maya")
    fake_lrs.plan.append(Fails(status))
    run(bridge)
    assert states(world) == [DeliveryState.pending] * 3
    lrs = world.lrs()
    assert lrs.state == LrsState.active
    assert lrs.failures == 1
    assert lrs.trouble is not None
    assert str(status) in lrs.trouble
    clock.advance(5)
    run(bridge)
    assert states(world) == [DeliveryState.delivered] * 3
    assert world.lrs().trouble is None
    assert world.lrs().failures == 0


@pytest.mark.parametrize(
    "planned",
    [
        *(Hangs(2), Hangs(2, stores=True), CutsOff(), Slow(1), Fails(500, body=ENDLESS)),
        *(Drips(b"HTTP/1.1 200 OK\r\nX-Slow: "), Drips(b"HTTP/1.1 500 Oh\r\nContent-Length: 100000\r\n\r\n")),
    ],
)
def test_an_answer_that_does_not_come_leaves_nothing_out_and_nothing_twice(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock, planned: Hangs
) -> None:
    world.connect(fake_lrs.endpoint)
    for _ in range(3):
        world.post("maya")
    fake_lrs.plan.append(planned)
    run(bridge)
    assert states(world) == [DeliveryState.pending] * 3
    for _ in range(3):
        clock.advance(60)
        run(bridge)
    assert states(world) == [DeliveryState.delivered] * 3
    assert len(fake_lrs.stored) == 3
    assert set(fake_lrs.copies.values()) == {1}


def test_the_bytes_stay_the_same_however_often_they_are_sent(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    world.connect(fake_lrs.endpoint)
    world.post("maya")
    fake_lrs.plan.append(Fails(500))
    run(bridge)
    (waiting,) = world.deliveries()
    with world.database.write() as session:
        from social_layer.panels.models import TemplateVersion

        session.query(TemplateVersion).update({"title": "A new name for the panel"})
    clock.advance(60)
    run(bridge)
    (statement,) = fake_lrs.stored.values()
    assert "Food webs" in str(statement)
    (delivered,) = world.deliveries()
    assert delivered.body is None
    assert delivered.digest == waiting.digest


@pytest.mark.parametrize("status", [201, 202, 206])
def test_an_answer_that_may_mean_stored_is_settled_by_the_next_try(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock, status: int
) -> None:
    world.connect(fake_lrs.endpoint)
    world.post("maya")
    fake_lrs.plan.append(Fails(status))
    run(bridge)
    lrs = world.lrs()
    assert lrs.state == LrsState.active
    assert lrs.trouble == f"it does not say whether it took the statements ({status})"
    assert lrs.resting_until is not None
    clock.advance(60)
    run(bridge)
    assert states(world) == ["delivered"]
    assert len(fake_lrs.stored) == 1


def test_a_dead_lrs_is_tried_less_and_less_often(world: World, bridge: Bridge, clock: TestClock) -> None:
    with FakeLrs() as gone:
        endpoint = gone.endpoint
    world.connect(endpoint)
    world.post("maya")
    pauses = []
    for _ in range(16):
        run(bridge)
        lrs = world.lrs()
        assert lrs.resting_until is not None
        pauses.append((lrs.resting_until - clock.now).total_seconds())
        clock.now = lrs.resting_until
    assert pauses[0] <= 1
    assert 8 < pauses[5] <= 32
    assert all(1800 <= pause <= 3600 for pause in pauses[-2:])
    assert "no connection" in (world.lrs().trouble or "")
    # The statement itself kept its place: it was not its fault.
    (delivery,) = world.deliveries()
    assert delivery.due_at < clock.now


def test_a_statement_that_breaks_the_lrs_does_not_keep_the_others_from_it(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    world.connect(fake_lrs.endpoint)
    for name in ["maya"] * 5 + ["ines"] + ["joel"] * 6:
        world.post(name)
    fake_lrs.poisoned = lambda statement: statement["actor"]["account"]["name"] == "ines-7"
    for _ in range(60):
        run(bridge)
        clock.advance(2)
    assert sorted(states(world)) == ["delivered"] * 11 + ["pending"]
    fake_lrs.poisoned = lambda statement: False
    clock.advance(2 * 3600)
    run(bridge)
    assert states(world) == [DeliveryState.delivered] * 12


@pytest.mark.parametrize(
    ("planned", "told"),
    [
        (Fails(404), "no xAPI endpoint"),
        (Fails(301, {"Location": "https://new.example/xAPI"}), "https://new.example/xAPI"),
        (Fails(302), "redirects"),
        (Fails(406), "406"),
    ],
)
def test_what_only_the_administrator_can_mend_parks_nothing(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, planned: Fails, told: str
) -> None:
    world.connect(fake_lrs.endpoint)
    world.post("maya")
    fake_lrs.plan.append(planned)
    run(bridge)
    assert states(world) == [DeliveryState.pending]
    assert world.lrs().state == LrsState.paused
    assert told in (world.lrs().trouble or "")
    assert len(fake_lrs.requests) == 1, "the redirect was not followed"


def test_a_hanging_lrs_does_not_hold_up_another(world: World, bridge: Bridge, fake_lrs: FakeLrs) -> None:
    with FakeLrs() as hanging:
        hanging.always = Hangs(3)
        stuck = world.connect(hanging.endpoint, "hanging")
        world.connect(fake_lrs.endpoint, "well")
        world.post("maya")
        keys = bridge.sweep()
        assert len(keys) == 2
        threads = [threading.Thread(target=bridge.deliver, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        give_up = time.monotonic() + 5
        while not fake_lrs.stored and time.monotonic() < give_up:
            time.sleep(0.01)
        assert fake_lrs.stored
        # While its answer is waited for, the next tick leaves it alone.
        world.post("maya")
        assert (stuck.tenant_id, stuck.id) not in bridge.sweep()
        for thread in threads:
            thread.join()


def test_stopping_gives_back_what_was_not_sent(world: World, clock: TestClock, fake_lrs: FakeLrs) -> None:
    bridge = Bridge(world.database, clock, SEALER, BASE)
    world.connect(fake_lrs.endpoint)
    for _ in range(120):
        world.post("maya")
    fake_lrs.always = Slow(0.3)
    keys = bridge.sweep()
    thread = threading.Thread(target=bridge.deliver, args=keys)
    thread.start()
    while not fake_lrs.posts:
        time.sleep(0.01)
    bridge.stop.set()
    thread.join()
    bridge.close()
    assert len(fake_lrs.stored) == 50
    assert all(delivery.lease is None for delivery in world.deliveries())
    assert states(world).count("delivered") == 50


def test_a_full_queue_finds_the_batch_that_the_lrs_takes_well(
    world: World, clock: TestClock, fake_lrs: FakeLrs
) -> None:
    bridge = Bridge(world.database, clock, SEALER, BASE)
    world.connect(fake_lrs.endpoint)
    for _ in range(400):
        world.post("maya")
    run(bridge)
    bridge.close()
    assert [len(post) for post in fake_lrs.posts][:2] == [50, 50]
    assert max(len(post) for post in fake_lrs.posts) > 50
    assert states(world) == [DeliveryState.delivered] * 400


WRONG = Fails(400, body='{"warnings": ["X-Experience-API-Version 2.0.0 is not supported"]}')


def test_an_lrs_that_refuses_everything_is_paused_and_nothing_is_given_up(
    world: World, bridge: Bridge, fake_lrs: FakeLrs
) -> None:
    world.connect(fake_lrs.endpoint)
    for _ in range(25):
        world.post("maya")
    fake_lrs.always = WRONG
    run(bridge)
    lrs = world.lrs()
    assert lrs.state == LrsState.paused
    assert lrs.trouble is not None
    assert lrs.trouble.startswith(
        "it refused 10 statements in a row, and took none: it answers 400, saying: "
    )
    assert "X-Experience-API-Version" in lrs.trouble
    assert states(world) == [DeliveryState.pending] * 25
    fake_lrs.always = None
    with world.database.write() as session:
        resume(session, lrs)
    run(bridge)
    assert states(world) == [DeliveryState.delivered] * 25


def test_refusals_one_at_a_time_are_seen_as_the_same_trouble(
    world: World, bridge: Bridge, fake_lrs: FakeLrs
) -> None:
    world.connect(fake_lrs.endpoint)
    fake_lrs.always = WRONG
    for _ in range(10):
        assert world.lrs().state == LrsState.active
        world.post("maya")
        run(bridge)
    assert world.lrs().state == LrsState.paused
    assert states(world) == [DeliveryState.pending] * 10


def test_statements_refused_again_after_a_look_hold_up_no_others(
    world: World, bridge: Bridge, fake_lrs: FakeLrs
) -> None:
    world.connect(fake_lrs.endpoint)
    for name in ["ines"] * 12 + ["maya"] * 3:
        world.post(name)
    fake_lrs.refuses = lambda statement: statement["actor"]["account"]["name"] == "ines-7"
    run(bridge)
    if world.lrs().state == LrsState.paused:
        with world.database.write() as session:
            resume(session, world.lrs())
        run(bridge)
    assert states(world) == [DeliveryState.parked] * 12 + [DeliveryState.delivered] * 3
