"""Nothing reaches an LRS before what it answers, whoever holds that and whatever became of them."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from social_layer.database import Database
from tests.faults.fake_lrs import FakeLrs
from tests.xapi.world import BASE, SEALER, TestClock, World
from xapi.batches import next_batch
from xapi.bridge import Bridge
from xapi.dispatch import dispatch
from xapi.models import Lrs
from xapi.statements import Builder, statement_id


@pytest.fixture
def bridge(database: Database, clock: TestClock) -> Iterator[Bridge]:
    with closing(Bridge(database, clock, SEALER, BASE)) as bridge:
        yield bridge


def deliver(bridge: Bridge) -> None:
    for key in bridge.sweep():
        bridge.deliver(key)


def arrived(world: World, lrs: FakeLrs, *entries: UUID) -> list[UUID]:
    """Of these entries, in the order in which they came."""
    known = {str(statement_id(world.tenant_id, entry)): entry for entry in entries}
    return [known[key] for post in lrs.posts for key in post if key in known]


def test_what_answers_something_that_a_dead_sender_held_comes_after_it(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    lrs = world.connect(fake_lrs.endpoint)
    topic = world.post("maya")
    dispatch(world.database)
    died_with_it = next_batch(world.database, clock, Builder(BASE), lrs.tenant_id, lrs.id, 50, 90)
    assert died_with_it is not None
    answer = world.post("joel", parent=topic)
    deep = world.post("amara", parent=answer)
    apart = world.post("zoe")
    entries = topic, answer, deep, apart
    for _ in range(4):
        deliver(bridge)
        clock.advance(20)
    assert arrived(world, fake_lrs, *entries) == [apart]
    for _ in range(4):
        deliver(bridge)
        clock.advance(20)
    assert arrived(world, fake_lrs, *entries) == [apart, topic, answer, deep]


def test_what_answers_something_of_the_batch_before_waits_for_nothing(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    world.connect(fake_lrs.endpoint)
    with world.database.write() as session:
        session.execute(update(Lrs).values(batch_limit=2))
    entries = [world.post("maya")]
    for _ in range(30):
        entries.append(world.post("joel", parent=entries[-1]))
    started = clock.now
    deliver(bridge)
    assert arrived(world, fake_lrs, *entries) == entries
    assert clock.now - started < timedelta(seconds=2), "nothing was put off"
    assert {one.attempts for one in world.deliveries()} == {1}
