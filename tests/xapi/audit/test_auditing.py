"""The audit against real LRSs: what is right is proved, and whatever is not is found."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
import requests
from sqlalchemy import delete, select, update

from social_layer.events.models import Event
from social_layer.panels.models import TemplateVersion
from tests.xapi.test_statements import everything
from tests.xapi.world import SEALER, TestClock, World
from xapi.audit.auditing import Audit
from xapi.audit.ledger import Counts, Finding, Kind, Ledger
from xapi.audit.proof import by_content, by_digest
from xapi.bridge import Bridge
from xapi.models import Delivery, DeliveryState
from xapi.reports.reading import Reader
from xapi.scopes.erasing import take_back
from xapi.statements import Builder, freeze
from xapi.stores import open_transport

Json = dict[str, Any]


@pytest.fixture
def base() -> str:
    """Of this test alone: the LRS may be shared."""
    return f"https://{uuid4().hex}.example.edu"


@pytest.fixture
def bridge(world: World, clock: TestClock, base: str) -> Iterator[Bridge]:
    bridge = Bridge(world.database, clock, SEALER, base, rng=random.Random(1))
    yield bridge
    bridge.close()


@pytest.fixture
def delivered(world: World, bridge: Bridge, endpoint: str) -> World:
    world.connect(endpoint)
    everything(world)
    deliver(bridge)
    return world


def deliver(bridge: Bridge) -> None:
    for key in bridge.sweep():
        bridge.deliver(key)


def audit(world: World, base: str, *, page: int = 3, repair: bool = False) -> tuple[Counts, list[Finding]]:
    lrs = world.lrs()
    transport = open_transport(SEALER, lrs)
    auditing = Audit(world.database, world.clock, Builder(base), lrs)
    with Ledger() as ledger:
        auditing.run(Reader(transport, page=page), ledger)
        transport.close()
        if repair:
            auditing.repair(ledger)
        return ledger.counts(), list(ledger.findings())


def put(endpoint: str, statement: Json) -> None:
    answer = requests.post(
        f"{endpoint}/statements",
        json=statement,
        auth=("key", "secret"),
        headers={"X-Experience-API-Version": "1.0.3"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


def fetch(endpoint: str, statement_id: object) -> Json:
    answer = requests.get(
        f"{endpoint}/statements",
        params={"statementId": str(statement_id)},
        auth=("key", "secret"),
        headers={"X-Experience-API-Version": "1.0.3"},
        timeout=10,
    )
    found: Json = answer.json()
    return {key: value for key, value in found.items() if key not in ("stored", "authority", "version")}


def test_what_was_delivered_is_proved_to_be_there_byte_for_byte(delivered: World, base: str) -> None:
    counts, findings = audit(delivered, base)
    assert counts.is_right
    assert findings == []
    assert counts.due == counts.same == len(delivered.deliveries())


def test_a_title_that_changed_since_is_no_difference(delivered: World, base: str) -> None:
    with delivered.database.write() as session:
        session.execute(update(TemplateVersion).values(title="Food chains"))
    counts, _ = audit(delivered, base)
    assert counts.is_right
    assert counts.due == counts.same


def test_what_the_lrs_lost_is_found_and_sent_again(
    delivered: World, base: str, bridge: Bridge, clock: TestClock
) -> None:
    """As if it had been set back to an older backup: we think it has what it has not."""
    lost = delivered.post("ines")
    clock.advance(1)
    bridge.sweep()
    with delivered.database.write() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.event_id == lost)
            .values(state=DeliveryState.delivered, digest=b"d" * 32)
        )
    counts, (finding,) = audit(delivered, base)
    assert not counts.is_right
    assert (finding.kind, finding.event_id) == (Kind.missing, lost)
    assert finding.statement_id == uuid5(delivered.tenant_id, f"{lost}/0")
    audit(delivered, base, repair=True)
    clock.advance(1)
    deliver(bridge)
    counts, findings = audit(delivered, base)
    assert (counts.is_right, findings) == (True, [])


def test_an_event_that_was_never_put_on_its_way_is_found_and_sent(
    delivered: World, base: str, bridge: Bridge, clock: TestClock
) -> None:
    lost = delivered.post("ines")
    with delivered.database.write() as session:
        session.execute(update(Event).where(Event.id == lost).values(dispatched=True))
    _, (finding,) = audit(delivered, base, repair=True)
    assert (finding.kind, finding.event_id) == (Kind.missing, lost)
    clock.advance(1)
    deliver(bridge)
    assert audit(delivered, base)[0].is_right


def test_another_statement_under_our_id_is_told_apart(
    world: World, base: str, bridge: Bridge, endpoint: str, clock: TestClock
) -> None:
    world.connect(endpoint)
    topic, other = world.post("maya"), world.post("joel")
    with world.database.read() as session:
        from xapi.occurrences import occurrences

        found = occurrences(session, world.tenant_id, [topic, other])
    taken = Builder(base).build(found[topic], clock())
    put(endpoint, {**taken, "actor": {"account": {"homePage": base, "name": "somebody else"}}})
    deliver(bridge)
    with world.database.write() as session:
        session.execute(update(Delivery).values(state=DeliveryState.delivered))
    counts, (finding,) = audit(world, base)
    assert (finding.kind, finding.event_id) == (Kind.differing, topic)
    assert counts.same == 1


def test_a_statement_of_nobody_s_is_unexpected(delivered: World, base: str, endpoint: str) -> None:
    real = fetch(endpoint, delivered.deliveries()[0].statement_id)
    invented = str(uuid4())
    put(endpoint, {**real, "id": invented})
    counts, (finding,) = audit(delivered, base)
    assert finding == Finding(Kind.unexpected, UUID(invented), None)
    assert counts.same == counts.due


def test_what_was_voided_is_told_and_not_sent_again(delivered: World, base: str, endpoint: str) -> None:
    gone = delivered.deliveries()[1]
    put(
        endpoint,
        {
            "actor": {"account": {"homePage": base, "name": "operator"}},
            "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
            "object": {"objectType": "StatementRef", "id": str(gone.statement_id)},
        },
    )
    counts, (finding,) = audit(delivered, base, repair=True)
    assert (finding.kind, finding.event_id) == (Kind.voided, gone.event_id)
    assert counts.is_right
    assert {delivery.state for delivery in delivered.deliveries()} == {DeliveryState.delivered}


def test_what_is_on_its_way_is_not_missing(delivered: World, base: str, bridge: Bridge) -> None:
    delivered.post("ines")
    bridge.sweep()
    delivered.post("joel")
    counts, findings = audit(delivered, base)
    assert findings == []
    assert counts.waiting == 2
    assert counts.is_right


def test_what_happened_before_the_lrs_was_connected_may_be_there(
    delivered: World, base: str, clock: TestClock
) -> None:
    """It was disconnected, and connected again without a replay."""
    with delivered.database.write() as session:
        session.execute(delete(Delivery))
    lrs = delivered.lrs()
    with delivered.database.write() as session:
        found = session.merge(lrs)
        found.since = clock()
    counts, findings = audit(delivered, base)
    assert findings == []
    assert (counts.due, counts.missing) == (0, 0)


def test_another_tenant_at_the_same_address_is_nothing_strange(
    delivered: World, base: str, bridge: Bridge, endpoint: str, clock: TestClock
) -> None:
    other = World(delivered.database, clock, tenant="other")
    other.connect(endpoint, name="theirs")
    other.post("zoe")
    clock.advance(1)
    deliver(bridge)
    counts, findings = audit(delivered, base)
    assert (counts.is_right, findings) == (True, [])


def test_the_test_student_is_not_due(delivered: World, base: str) -> None:
    delivered.member("test student", is_test=True)
    delivered.post("test student")
    assert audit(delivered, base)[1] == []


def test_an_lrs_that_sorts_keys_can_still_be_proved_by_the_digest(world: World, base: str) -> None:
    topic = world.post("maya")
    with world.database.read() as session:
        from xapi.occurrences import occurrences

        event = session.scalars(select(Event.id)).one()
        ours = Builder(base).build(occurrences(session, world.tenant_id, [event])[topic], world.clock())
    digest = freeze(ours).digest
    theirs = json.loads(json.dumps({**ours, "stored": "2026-03-02T10:00:00Z"}, sort_keys=True))
    theirs["timestamp"] = theirs["timestamp"].replace("Z", "+00:00")
    assert not by_digest(theirs, digest)
    assert by_content(theirs, ours, digest) == "same"
    retitled = copy.deepcopy(ours)
    retitled["context"]["contextActivities"]["parent"][0]["definition"]["name"] = {"en": "Renamed"}
    assert by_content(theirs, retitled, digest) == "same"
    assert by_content(theirs, ours, b"another") == "equal"
    assert by_content({**theirs, "verb": {"id": base}}, ours, digest) == "differs"


class TwoCopies:
    """An LRS that wrote each statement down twice, as the ADL LRS does under parallel requests."""

    def __init__(self, statements: list[Json]) -> None:
        self.statements = statements

    def pages(self, **_: str) -> Iterator[list[Json]]:
        yield self.statements
        yield self.statements

    def one(self, statement_id: UUID, *, voided: bool = False) -> Json | None:
        raise AssertionError("nothing is missing")


def test_what_is_there_twice_is_found(delivered: World, base: str, endpoint: str) -> None:
    there = [fetch(endpoint, delivery.statement_id) for delivery in delivered.deliveries()]
    with Ledger() as ledger:
        auditing = Audit(delivered.database, delivered.clock, Builder(base), delivered.lrs())
        auditing.run(TwoCopies(there), ledger)  # type: ignore[arg-type]
        counts = ledger.counts()
        assert not counts.is_right
        assert counts.twice == counts.due
        assert {finding.kind for finding in ledger.findings()} == {Kind.twice}


def take_maya_back(world: World, base: str) -> None:
    person_id = world.viewer("maya").person_id
    with world.database.write() as session:
        assert take_back(session, base, world.tenant_id, person_id, world.clock())["statements_voided"] == 5


def test_what_was_taken_back_is_voided_in_the_lrs_and_the_audit_says_so(
    delivered: World, base: str, bridge: Bridge
) -> None:
    take_maya_back(delivered, base)
    counts, findings = audit(delivered, base)
    assert not counts.is_right, "what waits to be voided can be read until then"
    assert (counts.readable, counts.voiding_waits, counts.differing) == (5, 5, 0)
    assert {one.kind for one in findings} == {Kind.readable, Kind.voiding_waits}
    deliver(bridge)
    counts, findings = audit(delivered, base)
    assert counts.is_right
    assert findings == []


def test_a_voiding_that_the_lrs_refused_leaves_something_to_be_read(delivered: World, base: str) -> None:
    take_maya_back(delivered, base)
    with delivered.database.write() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.part == 1)
            .values(state=DeliveryState.parked, answer="400 voiding is not supported")
        )
    counts, findings = audit(delivered, base)
    assert not counts.is_right
    assert (counts.readable, counts.voiding_parked, counts.parked) == (5, 5, 0)
    assert {one.kind for one in findings} == {Kind.readable, Kind.voiding_parked}


def test_what_was_withheld_without_being_voided_is_found_and_voided(
    delivered: World, base: str, bridge: Bridge
) -> None:
    """As an older version did with what had been stored without a word."""
    take_maya_back(delivered, base)
    with delivered.database.write() as session:
        session.execute(delete(Delivery).where(Delivery.part == 1))
    counts, findings = audit(delivered, base, repair=True)
    assert (counts.is_right, counts.readable) == (False, 5)
    assert {one.kind for one in findings} == {Kind.readable}
    deliver(bridge)
    assert audit(delivered, base)[0].is_right


def test_a_voiding_that_the_lrs_lost_is_found_and_sent_again(
    delivered: World, base: str, bridge: Bridge, clock: TestClock
) -> None:
    """As if it had been set back to a backup from before: what was taken back can be read again."""
    take_maya_back(delivered, base)
    with delivered.database.write() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.part == 1)
            .values(state=DeliveryState.delivered, body=None, delivered_at=clock())
        )
    counts, findings = audit(delivered, base, repair=True)
    assert (counts.unvoided, counts.readable, counts.differing) == (5, 5, 0)
    assert not counts.is_right
    assert {one.kind for one in findings} == {Kind.unvoided, Kind.readable}
    deliver(bridge)
    assert audit(delivered, base)[0].is_right
