"""The pace of each LRS, and the order in which it gets what belongs together."""

import random
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select, update

from social_layer.events.models import Event
from tests.faults.fake_lrs import Fails, FakeLrs, Hangs
from tests.xapi.test_oauth import run
from tests.xapi.world import BASE, SEALER, TestClock, World
from xapi.book import Terms
from xapi.bridge import Bridge
from xapi.drain import drain
from xapi.models import DeliveryState, Lrs


@pytest.fixture
def bridge(world: World, clock: TestClock) -> Iterator[Bridge]:
    with closing(new_bridge(world, clock)) as bridge:
        yield bridge


def new_bridge(world: World, clock: TestClock, **terms: Any) -> Bridge:
    return Bridge(
        world.database,
        clock,
        SEALER,
        BASE,
        terms=Terms(**terms),
        connect_seconds=1,
        read_seconds=0.5,
        rng=random.Random(1),
    )


def limits(world: World) -> tuple[int, int]:
    return world.lrs("well").batch_limit, world.lrs("weak").batch_limit


def test_each_lrs_has_a_pace_of_its_own_which_outlives_the_worker(
    world: World, clock: TestClock, fake_lrs: FakeLrs
) -> None:
    with FakeLrs() as weak:
        weak.manners.most_bytes = 9000
        world.connect(fake_lrs.endpoint, "well")
        world.connect(weak.endpoint, "weak")
        for _ in range(120):
            world.post("maya")
        # Whatever the machine does meanwhile, an answer counts as brisk here.
        with closing(new_bridge(world, clock, brisk_seconds=60)) as bridge:
            run(bridge)
        well, small = limits(world)
        assert well > 50
        assert small < 50
        # It finds its way between too much and too little, without one request too many for each that is well.
        assert {one.state for one in world.deliveries()} == {DeliveryState.delivered}
        weak.posts.clear()
        for _ in range(40):
            world.post("maya")
        with closing(new_bridge(world, clock, brisk_seconds=0)) as restarted:
            run(restarted)
        assert max(map(len, weak.posts)) <= small
        assert world.lrs("well").batch_limit == well


def test_the_batch_never_grows_beyond_bounds_and_never_below_one(
    world: World, clock: TestClock, fake_lrs: FakeLrs
) -> None:
    lrs = world.connect(fake_lrs.endpoint)
    with closing(new_bridge(world, clock, brisk_seconds=60, most_statements=80)) as bridge:
        for _ in range(200):
            world.post("maya")
        run(bridge)
        assert world.lrs().batch_limit == 80
        fake_lrs.always = Hangs(0)
        for _ in range(12):
            world.post("maya")
            run(bridge)
            clock.advance(4000)
        assert world.lrs().batch_limit == 1
    assert world.lrs().id == lrs.id


def test_an_answer_waits_for_what_it_answers_where_that_had_to_wait(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    """A request that gets no answer is put off by half a minute, and others go first: but not those that answer it."""
    world.connect(fake_lrs.endpoint)
    topic = world.post("maya")
    fake_lrs.plan.append(Hangs(2))
    run(bridge)
    reply = world.post("joel", parent=topic)
    world.post("noor", parent=reply)
    world.react("ines", topic)
    other = world.post("ines")
    clock.advance(5)
    with world.database.write() as session:
        session.execute(update(Lrs).values(batch_limit=50))
    run(bridge)
    assert fake_lrs.posts[1:] == [[str(_statement(world, other))]]
    for _ in range(4):
        clock.advance(60)
        run(bridge)
    assert {one.state for one in world.deliveries()} == {DeliveryState.delivered}
    assert max(one.attempts for one in world.deliveries()) == 2
    _in_order(world, fake_lrs)


def test_what_never_gets_through_does_not_keep_its_answers_for_ever(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    world.connect(fake_lrs.endpoint)
    topic = world.post("ines")
    fake_lrs.poisoned = lambda statement: statement["actor"]["account"]["name"] == "ines-7"
    run(bridge)
    reply = world.post("joel", parent=topic)
    for _ in range(12):
        clock.advance(300)
        run(bridge)
    assert _went(world, reply)
    assert not _went(world, topic)


def test_a_drain_keeps_the_order(world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock) -> None:
    world.connect(fake_lrs.endpoint)
    topic = world.post("maya")
    fake_lrs.plan.append(Fails(500))
    run(bridge)
    for _ in range(3):
        topic = world.post("joel", parent=topic)
    assert drain(bridge) == []
    assert len(fake_lrs.stored) == 4
    _in_order(world, fake_lrs)


def _statement(world: World, event_id: object) -> object:
    return next(one.statement_id for one in world.deliveries() if one.event_id == event_id)


def _went(world: World, event_id: object) -> bool:
    return any(
        one.event_id == event_id and one.state == DeliveryState.delivered for one in world.deliveries()
    )


def _in_order(world: World, lrs: FakeLrs) -> None:
    """Nothing stands in an earlier request than what it answers."""
    arrived = {one: number for number, post in enumerate(lrs.posts) for one in post}
    statements = {one.event_id: str(one.statement_id) for one in world.deliveries()}
    with world.database.read() as session:
        answers = session.execute(
            select(Event.id, Event.answers_id).where(Event.answers_id.is_not(None))
        ).all()
    assert answers
    for event_id, answers_id in answers:
        assert arrived[statements[event_id]] >= arrived[statements[answers_id]]
