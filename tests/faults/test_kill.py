"""Senders are killed at any moment, and several work at once: nothing is lost, and nothing stands twice in the LRS."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context

import pytest

from social_layer.clock import system_clock
from social_layer.database import Database
from tests.faults.fake_lrs import ADL_LRS, LEARNING_LOCKER, CutsOff, FakeLrs, Hangs, Manners, Slow
from tests.faults.sender import send_for_ever, sender
from tests.tables import make_tables
from tests.xapi.world import World
from xapi.drain import drain
from xapi.models import DeliveryState

# So many for each of four ways; for a long night, say more.
ROUNDS = int(os.environ.get("ALONGSIDE_KILL_ROUNDS", "8"))
POSTS_A_ROUND = 25


# A process in which all is imported has the senders as its children: each is a process to be killed, there at once.
_nursery = get_context("forkserver")
_nursery.set_forkserver_preload(["tests.faults.sender"])


@contextmanager
def sending(url: str) -> Iterator[None]:
    ours, theirs = _nursery.Pipe()
    process = _nursery.Process(target=send_for_ever, args=(url, theirs), daemon=True)
    process.start()
    assert ours.recv()
    try:
        yield
    finally:
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, "it had ended by itself"
        process.close()
        ours.close()
        theirs.close()


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    database = Database(database_url)
    make_tables(database)
    yield World(database, system_clock)
    database.close()


@pytest.mark.parametrize("manners", [LEARNING_LOCKER, ADL_LRS], ids=["learning_locker", "adl"])
def test_a_sender_killed_again_and_again_loses_nothing_and_repeats_nothing(
    world: World, database_url: str, manners: Manners
) -> None:
    rng = random.Random(7)
    with FakeLrs(manners) as lrs:
        world.connect(lrs.endpoint)
        for _ in range(ROUNDS):
            before = rng.randrange(POSTS_A_ROUND)
            for _ in range(before):
                world.post("maya")
            lrs.plan.extend([Slow(0.1), Slow(0.05), CutsOff()])
            with sending(database_url):
                killed_at = time.monotonic() + rng.uniform(0, 0.5)
                # People go on meanwhile.
                for _ in range(POSTS_A_ROUND - before):
                    world.post("joel")
                time.sleep(max(0.0, killed_at - time.monotonic()))
        lrs.plan.clear()
        bridge = sender(world.database)
        left = drain(bridge)
        bridge.close()
        assert left == []
        assert len(lrs.stored) == ROUNDS * POSTS_A_ROUND
        assert set(lrs.copies.values()) == {1}
        assert not lrs.sent_twice_at_once
    assert {delivery.state for delivery in world.deliveries()} == {DeliveryState.delivered}


def test_a_sender_killed_while_the_lrs_is_at_its_statements_is_followed_only_when_its_lease_is_over(
    world: World, database_url: str
) -> None:
    with FakeLrs(ADL_LRS) as lrs:
        world.connect(lrs.endpoint)
        for _ in range(5):
            world.post("maya")
        lrs.plan.append(Slow(0.9))
        with sending(database_url):
            while not lrs.posts:
                time.sleep(0.01)
        bridge = sender(world.database)
        assert drain(bridge) == []
        bridge.close()
        assert not lrs.sent_twice_at_once
        assert set(lrs.copies.values()) == {1}
        assert len(lrs.stored) == 5


def test_senders_at_once_share_the_work_and_send_nothing_twice(postgres_url: str) -> None:
    database = Database(postgres_url)
    make_tables(database)
    world = World(database, system_clock)
    with FakeLrs(ADL_LRS) as lrs:
        lrs.always = Slow(0.02)
        world.connect(lrs.endpoint)
        for _ in range(60):
            world.post("maya")
        with sending(postgres_url), sending(postgres_url), sending(postgres_url):
            for _ in range(60):
                world.post("joel")
            give_up = time.monotonic() + 30
            while len(lrs.stored) < 120 and time.monotonic() < give_up:
                time.sleep(0.05)
            time.sleep(0.3)
        sent = [one for post in lrs.posts for one in post]
        assert len(sent) == len(set(sent)) == 120
    assert {delivery.state for delivery in world.deliveries()} == {DeliveryState.delivered}
    database.close()


def test_a_hung_lrs_that_is_killed_and_returns_gets_everything(world: World) -> None:
    with FakeLrs() as lrs:
        world.connect(lrs.endpoint)
        for _ in range(30):
            world.post("maya")
        lrs.plan.extend([Hangs(2), Hangs(2, stores=True)])
        bridge = sender(world.database)
        assert drain(bridge) == []
        bridge.close()
        assert len(lrs.stored) == 30
        assert set(lrs.copies.values()) == {1}
