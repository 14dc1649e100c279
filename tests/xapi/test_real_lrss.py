"""The bridge against real LRSs: the bundled one, and the Learning Locker engine."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from sqlalchemy import select, update

from social_layer.database import Database
from social_layer.panels.models import Kind
from tests.xapi.world import BASE, SEALER, TestClock, World
from xapi.bridge import Bridge
from xapi.connection_test import try_connection
from xapi.models import Delivery, DeliveryState, Lrs
from xapi.stores import open_transport

Json = dict[str, Any]


@pytest.fixture
def bridge(world: World, clock: TestClock) -> Iterator[Bridge]:
    bridge = Bridge(world.database, clock, SEALER, BASE, rng=random.Random(1))
    yield bridge
    bridge.close()


def run(bridge: Bridge) -> None:
    for key in bridge.sweep():
        bridge.deliver(key)


def fetch(endpoint: str, statement_id: object) -> Json:
    answer = requests.get(
        f"{endpoint}/statements",
        params={"statementId": str(statement_id)},
        auth=("key", "secret"),
        headers={"X-Experience-API-Version": "1.0.3"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def a_lively_course(world: World) -> None:
    world.open("maya")
    topic = world.post("maya")
    reply = world.post("joel", parent=topic)
    world.post("ines", parent=reply)
    world.edit("joel", reply)
    world.react("maya", reply)
    world.react("maya", reply, on=False)
    place = world.make_panel("Looking back", Kind.reflection)
    world.react("joel", world.share("ines", place), "same", panel=place)
    world.remove("joel", reply)


def test_a_lively_course_stands_in_the_lrs(world: World, bridge: Bridge, endpoint: str) -> None:
    world.connect(endpoint)
    a_lively_course(world)
    run(bridge)
    deliveries = world.deliveries()
    assert [delivery.state for delivery in deliveries] == [DeliveryState.delivered] * 10
    for delivery in deliveries:
        assert fetch(endpoint, delivery.statement_id)["context"]["platform"] == "Alongside"
        assert delivery.body is None
        assert delivery.digest is not None


def test_who_learned_with_whom_can_be_told_from_the_lrs_alone(
    world: World, bridge: Bridge, endpoint: str
) -> None:
    world.connect(endpoint)
    a_lively_course(world)
    run(bridge)
    met = set()
    for delivery in world.deliveries():
        statement = fetch(endpoint, delivery.statement_id)
        answered = statement["context"].get("statement")
        if answered:
            other = fetch(endpoint, answered["id"])
            met.add((statement["actor"]["account"]["name"], other["actor"]["account"]["name"]))
    assert met == {
        ("joel-7", "maya-7"),
        ("ines-7", "joel-7"),
        ("maya-7", "joel-7"),
        ("joel-7", "ines-7"),
    }


def test_sending_everything_again_changes_nothing(
    world: World, database: Database, bridge: Bridge, endpoint: str, clock: TestClock
) -> None:
    world.connect(endpoint)
    a_lively_course(world)
    run(bridge)
    before = [fetch(endpoint, delivery.statement_id) for delivery in world.deliveries()]
    with database.write() as session:
        session.execute(update(Delivery).values(state=DeliveryState.pending, due_at=clock.now))
    clock.advance(1)
    run(bridge)
    assert {delivery.state for delivery in world.deliveries()} == {DeliveryState.delivered}
    assert [fetch(endpoint, one["id"]) for one in before] == before


def test_a_foreign_statement_under_our_id_is_told_from_our_own(
    world: World, database: Database, bridge: Bridge, endpoint: str, clock: TestClock
) -> None:
    world.connect(endpoint)
    world.post("maya")
    run(bridge)
    (delivery,) = world.deliveries()
    statement = fetch(endpoint, delivery.statement_id)
    for key in ("stored", "authority", "version"):
        statement.pop(key, None)
    spelt_otherwise = {**statement, "timestamp": statement["timestamp"].replace("Z", "+00:00")}
    other = {**statement, "actor": {"mbox": "mailto:somebody@example.org"}}
    for body, expected in ((spelt_otherwise, DeliveryState.delivered), (other, DeliveryState.parked)):
        with database.write() as session:
            session.execute(
                update(Delivery).values(
                    state=DeliveryState.pending, body=json.dumps(body).encode(), due_at=clock.now
                )
            )
        clock.advance(1)
        run(bridge)
        assert world.deliveries()[0].state == expected


def test_trying_the_connection(world: World, database: Database, clock: TestClock, endpoint: str) -> None:
    world.connect(endpoint)
    with database.read() as session:
        lrs = session.scalars(select(Lrs)).one()
    transport = open_transport(SEALER, lrs)
    assert [step.name for step in try_connection(transport, BASE, clock)][-1] == "voided"
    transport.close()


def test_a_wrong_password_at_the_bundled_lrs_pauses_it(world: World, bridge: Bridge, bundled: str) -> None:
    world.connect(bundled, password="wrong")
    world.post("maya")
    run(bridge)
    assert world.lrs().state == "paused"
    world.connect(bundled, password="secret")
    run(bridge)
    assert [delivery.state for delivery in world.deliveries()] == [DeliveryState.delivered]
