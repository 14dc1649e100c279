"""Leases: one sender for a statement at a time, and nobody stuck behind one that died."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from social_layer.database import Database
from tests.xapi.world import TestClock, World, counted
from xapi.claim import Claimed, Held, How, claim, ready_lrss
from xapi.dispatch import dispatch
from xapi.models import DeliveryState, Lrs, Scope

NOWHERE = "http://127.0.0.1:9/xAPI"
LEASE = 90.0


@pytest.fixture
def lrs(world: World) -> Lrs:
    return world.connect(NOWHERE)


def posts(world: World, number: int) -> list[UUID]:
    made = [world.post("maya") for _ in range(number)]
    dispatch(world.database)
    return made


def take(world: World, lrs: Lrs, clock: TestClock, limit: int = 10) -> tuple[UUID, list[Claimed]]:
    lease, now = uuid4(), clock()
    with world.database.write() as session:
        return lease, claim(session, lrs.tenant_id, lrs.id, lease, now, now + timedelta(seconds=LEASE), limit)


def test_the_oldest_go_first(world: World, lrs: Lrs, clock: TestClock) -> None:
    made = posts(world, 5)
    _, claimed = take(world, lrs, clock, limit=3)
    assert [one.event_id for one in claimed] == made[:3]


def test_two_senders_never_hold_the_same_statement(world: World, lrs: Lrs, clock: TestClock) -> None:
    posts(world, 5)
    _, first = take(world, lrs, clock, limit=3)
    _, second = take(world, lrs, clock)
    assert len(first) == 3
    assert len(second) == 2
    assert not {one.id for one in first} & {one.id for one in second}
    assert take(world, lrs, clock)[1] == []


def test_a_lease_that_ran_out_frees_the_statement_and_its_former_holder_changes_nothing(
    world: World, lrs: Lrs, clock: TestClock
) -> None:
    posts(world, 1)
    lost, (first,) = take(world, lrs, clock)
    clock.advance(LEASE - 1)
    assert take(world, lrs, clock)[1] == []
    clock.advance(2)
    _, (second,) = take(world, lrs, clock)
    assert second.id == first.id
    assert second.attempts == 2
    with world.database.write() as session:
        held = Held(session, lrs.tenant_id, lost)
        assert held.renew([first.id], clock()) == set()
        held.parked(first.id, "too late")
        held.later([first.id], clock())
        held.release([first.id])
        held.freeze([(first.id, b"other", b"digest", How(Scope.identified))])
        held.delivered([first.id], clock())
    (delivery,) = world.deliveries()
    assert delivery.state == DeliveryState.pending
    assert delivery.lease is not None
    assert delivery.body is None


def test_bytes_are_frozen_once(world: World, lrs: Lrs, clock: TestClock) -> None:
    posts(world, 1)
    lease, (claimed,) = take(world, lrs, clock)
    for body in (b"first", b"second"):
        with world.database.write() as session:
            Held(session, lrs.tenant_id, lease).freeze([(claimed.id, body, b"digest", How(Scope.identified))])
    assert world.deliveries()[0].body == b"first"


def test_what_has_to_wait_lets_others_go_first(world: World, lrs: Lrs, clock: TestClock) -> None:
    made = posts(world, 2)
    lease, claimed = take(world, lrs, clock, limit=1)
    with world.database.write() as session:
        Held(session, lrs.tenant_id, lease).later([claimed[0].id], clock() + timedelta(seconds=60))
    _, next_ones = take(world, lrs, clock)
    assert [one.event_id for one in next_ones] == made[1:]
    clock.advance(61)
    assert [one.event_id for one in take(world, lrs, clock)[1]] == made[:1]


def test_giving_back_is_no_attempt(world: World, lrs: Lrs, clock: TestClock) -> None:
    made = posts(world, 1)
    lease, claimed = take(world, lrs, clock)
    with world.database.write() as session:
        Held(session, lrs.tenant_id, lease).release([claimed[0].id])
    _, (again,) = take(world, lrs, clock)
    assert again.event_id == made[0]
    assert again.attempts == 1


def test_only_lrss_with_something_due_are_ready(
    world: World, database: Database, lrs: Lrs, clock: TestClock
) -> None:
    def ready() -> list[UUID]:
        with database.read() as session:
            return [lrs_id for _, lrs_id in ready_lrss(session, clock())]

    def note(**values: object) -> None:
        with database.write() as session:
            session.query(Lrs).update(values)

    assert ready() == []
    posts(world, 1)
    assert ready() == [lrs.id]
    note(state="paused")
    assert ready() == []
    note(state="active", resting_until=clock.now + timedelta(seconds=9))
    assert ready() == []
    clock.advance(10)
    assert ready() == [lrs.id]
    take(world, lrs, clock)
    assert ready() == []


def test_a_claim_is_one_statement(world: World, database: Database, lrs: Lrs, clock: TestClock) -> None:
    posts(world, 20)
    with counted(database.engine) as seen:
        assert len(take(world, lrs, clock, limit=20)[1]) == 20
    assert len(seen) == 1
