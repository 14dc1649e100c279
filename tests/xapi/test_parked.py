"""Statements that an LRS refused: listed with its answer and what to do, and sent again once that is mended."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from social_layer.panels.models import TemplateVersion
from tests.faults.fake_lrs import Fails, FakeLrs
from tests.xapi.test_oauth import run
from tests.xapi.world import BASE, SEALER, TestClock, World
from xapi.bridge import Bridge
from xapi.models import DeliveryState
from xapi.parked import NOT_SENT, TAKEN, Parked, Why, parked_page, retry


@pytest.fixture
def bridge(world: World, clock: TestClock) -> Iterator[Bridge]:
    bridge = Bridge(world.database, clock, SEALER, BASE, rng=random.Random(1))
    yield bridge
    bridge.close()


def page(world: World, **more: Any) -> list[Parked]:
    lrs = world.lrs()
    with world.database.read() as session:
        return parked_page(session, lrs.tenant_id, lrs.id, **{"limit": 10, **more})


def send_again(world: World, clock: TestClock, **which: Any) -> int:
    lrs = world.lrs()
    with world.database.write() as session:
        return retry(session, clock(), lrs.tenant_id, lrs.id, **which)


def refused(world: World, bridge: Bridge, fake_lrs: FakeLrs, number: int) -> None:
    world.connect(fake_lrs.endpoint)
    fake_lrs.refuses = lambda statement: True
    for _ in range(number):
        world.post("maya")
    run(bridge)
    fake_lrs.refuses = lambda statement: False


def test_each_is_listed_with_the_lrss_own_answer_page_by_page(
    world: World, bridge: Bridge, fake_lrs: FakeLrs
) -> None:
    refused(world, bridge, fake_lrs, 5)
    first = page(world, limit=2)
    second = page(world, limit=2, after=(first[-1].due_at, first[-1].id))
    third = page(world, limit=2, after=(second[-1].due_at, second[-1].id))
    listed = [*first, *second, *third]
    assert [one.statement_id for one in listed] == [one.statement_id for one in world.deliveries()]
    assert all("a statement is not valid" in one.answer and one.why is Why.refused for one in listed)


def test_one_is_retried_and_the_others_stay(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    refused(world, bridge, fake_lrs, 3)
    chosen = page(world)[1].statement_id
    assert send_again(world, clock, statements=[chosen]) == 1
    run(bridge)
    assert list(fake_lrs.stored) == [str(chosen)]
    assert len(page(world)) == 2
    assert send_again(world, clock, statements=[chosen]) == 0
    assert send_again(world, clock) == 2
    run(bridge)
    assert {one.state for one in world.deliveries()} == {DeliveryState.delivered}
    assert all(one.answer is None for one in world.deliveries())


def test_what_is_retried_is_built_anew_so_that_a_fix_here_counts(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    refused(world, bridge, fake_lrs, 1)
    with world.database.write() as session:
        session.query(TemplateVersion).update({"title": "A better name"})
    send_again(world, clock)
    run(bridge)
    assert "A better name" in json.dumps(list(fake_lrs.stored.values()))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (f"{NOT_SENT}it breaks the standard", Why.ours),
        (f"{TAKEN}: {{}}", Why.taken),
        ("413 too large", Why.too_big),
        ("400 no such verb", Why.refused),
    ],
)
def test_the_kind_of_refusal_says_what_to_do(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, answer: str, why: Why
) -> None:
    world.connect(fake_lrs.endpoint)
    world.post("maya")
    fake_lrs.plan.append(Fails(int(answer[:3]) if answer[0].isdigit() else 400))
    run(bridge)
    (one,) = page(world)
    assert Parked(*[*_fields(one)[:-1], answer]).why is why


def _fields(one: Parked) -> list[Any]:
    return [getattr(one, name) for name in Parked.__slots__]
