"""Connecting an LRS, trying it, seeing how the bridge stands."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from social_layer.database import Database
from tests.faults.fake_lrs import Fails, FakeLrs
from tests.xapi.world import BASE, SEALER, TestClock, World, counted
from xapi.connection_test import ConnectionFailed, try_connection
from xapi.dispatch import dispatch
from xapi.installation import activity_base, find_activity_base
from xapi.models import Delivery, DeliveryState, Lrs, LrsState
from xapi.status import bridge_status
from xapi.stores import (
    StoreRefused,
    checked_endpoint,
    connect,
    disconnect,
    find_lrs,
    list_lrss,
    open_transport,
)
from xapi.transport import HttpTransport


def test_the_base_of_all_ids_is_fixed_at_first_start_and_stays(database: Database) -> None:
    with database.read() as session:
        assert find_activity_base(session) is None
    with database.write() as session:
        assert activity_base(session, "https://first.example/") == "https://first.example"
    with database.write() as session:
        assert activity_base(session, "https://moved.example") == "https://first.example"


def test_the_password_is_sealed_at_rest(world: World, database: Database) -> None:
    lrs = world.connect("https://lrs.example.org/xAPI", password="hunter2hunter2")
    with database.read() as session:
        rows = " ".join(map(str, session.execute(text("SELECT * FROM lrs"))))
    assert "hunter2" not in rows
    assert SEALER.open(lrs.sealed_password) == "hunter2hunter2"


@pytest.mark.parametrize(
    "given",
    [
        "https://lrs.example.org/xAPI",
        "https://lrs.example.org/xAPI/",
        "https://lrs.example.org/xAPI/statements",
    ],
)
def test_the_address_is_the_one_before_statements(given: str) -> None:
    assert checked_endpoint(given) == "https://lrs.example.org/xAPI"


@pytest.mark.parametrize(
    "given", ["lrs.example.org", "ftp://lrs.example.org", "https://", "https://key:word@lrs.example.org/xAPI"]
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(StoreRefused) as refused:
        checked_endpoint(given)
    assert "word@" not in str(refused.value)


def test_a_name_is_one_lrs(world: World, database: Database, clock: TestClock) -> None:
    first = world.connect("https://lrs.example.org/xAPI", "ours", password="old")
    with database.write() as session:
        session.execute(update(Lrs).values(state=LrsState.paused, trouble="wrong password"))
    again = world.connect("https://lrs.example.org/xAPI", "ours", password="new")
    assert again.id == first.id
    assert world.lrs("ours").state == LrsState.active
    assert world.lrs("ours").trouble is None
    assert SEALER.open(world.lrs("ours").sealed_password) == "new"
    with pytest.raises(StoreRefused, match="connected already"):
        world.connect("https://other.example.org/xAPI", "ours")


def test_an_lrs_is_found_by_name_and_institution(world: World, database: Database, clock: TestClock) -> None:
    other = World(database, clock, tenant="another institute")
    ours = world.connect("https://lrs.example.org/xAPI")
    theirs = other.connect("https://lrs.example.org/xAPI")
    with database.read() as session:
        assert find_lrs(session, "another institute", "lrs").id == theirs.id
        assert [one.id for _, one in list_lrss(session)] == [theirs.id, ours.id]
        assert [one.id for _, one in list_lrss(session, "default")] == [ours.id]
        with pytest.raises(StoreRefused, match="--tenant"):
            find_lrs(session, None, "lrs")
        with pytest.raises(StoreRefused, match="no LRS is called"):
            find_lrs(session, None, "nothing")


def test_disconnecting_forgets_what_was_on_its_way(world: World, database: Database) -> None:
    lrs = world.connect("https://lrs.example.org/xAPI")
    world.post("maya")
    dispatch(database)
    with database.write() as session:
        disconnect(session, lrs)
    assert world.deliveries() == []
    with database.read() as session:
        assert list_lrss(session) == []


def test_from_now_on_is_the_default(world: World, database: Database, clock: TestClock) -> None:
    with database.write() as session:
        lrs = connect(
            session,
            clock,
            SEALER,
            world.tenant_id,
            name="lrs",
            endpoint="https://lrs.example.org/xAPI",
            username="key",
            password="secret",
        )
    assert abs(lrs.since - clock.now) < timedelta(seconds=1)


def test_the_status_counts_and_tells_the_oldest(world: World, database: Database, clock: TestClock) -> None:
    world.connect("https://lrs.example.org/xAPI")
    oldest = clock.now
    for _ in range(4):
        world.post("maya")
    dispatch(database)
    first, second, third, fourth = world.deliveries()
    with database.write() as session:
        session.execute(
            update(Delivery).where(Delivery.id == first.id).values(due_at=clock.now + timedelta(days=1))
        )
        session.execute(
            update(Delivery).where(Delivery.id == second.id).values(state=DeliveryState.delivered)
        )
        session.execute(update(Delivery).where(Delivery.id == fourth.id).values(state=DeliveryState.withheld))
        session.execute(
            update(Delivery)
            .where(Delivery.id == third.id)
            .values(state=DeliveryState.parked, answer="400 not valid")
        )
        session.execute(update(Lrs).values(trouble="it fails by itself (500)", delivered=1))
    clock.advance(100)
    world.post("maya")
    with database.read() as session, counted(database.engine) as seen:
        status = bridge_status(session)
        fifth = bridge_status(session, with_withheld=True).lrss[0]
    assert len([one for one in seen if one.startswith("SELECT")]) == 5 + 6
    (lrs,) = status.lrss
    assert (lrs.pending, lrs.delivered, lrs.parked, lrs.withheld) == (1, 1, 1, None)
    assert fifth.withheld == 1
    assert lrs.trouble == "it fails by itself (500)"
    assert [(one.statement_id, one.answer) for one in lrs.refused] == [(third.statement_id, "400 not valid")]
    assert lrs.oldest_at is not None
    assert timedelta(0) <= lrs.oldest_at - oldest < timedelta(seconds=1), "waiting does not make it younger"
    assert status.undispatched == 1
    assert status.undispatched_since is not None


@pytest.fixture
def transport(world: World, fake_lrs: FakeLrs) -> Iterator[HttpTransport]:
    transport = open_transport(SEALER, world.connect(fake_lrs.endpoint), read_seconds=0.5)
    yield transport
    transport.close()


def test_trying_a_connection_sends_reads_back_and_voids(
    transport: HttpTransport, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    steps = [step.name for step in try_connection(transport, BASE, clock)]
    assert steps == ["reached", "sent", "read back", "voided"]
    sent, voiding = fake_lrs.stored.values()
    assert voiding["verb"]["id"] == "http://adlnet.gov/expapi/verbs/voided"
    assert voiding["object"] == {"objectType": "StatementRef", "id": sent["id"]}


@pytest.mark.parametrize(
    ("planned", "told"),
    [
        (Fails(401), "refuses the user name or password"),
        (Fails(403), "right to write"),
        (Fails(400, body="no such version"), "no such version"),
        (Fails(404), "no xAPI endpoint"),
        (Fails(308, {"Location": "https://new.example/xAPI/statements"}), "https://new.example/xAPI"),
        (Fails(500), "fails by itself"),
    ],
)
def test_trying_a_connection_says_what_is_wrong(
    transport: HttpTransport, fake_lrs: FakeLrs, clock: TestClock, planned: Fails, told: str
) -> None:
    fake_lrs.plan.append(planned)
    with pytest.raises(ConnectionFailed, match=told):
        list(try_connection(transport, BASE, clock))


def test_trying_where_nothing_is_says_so(clock: TestClock) -> None:
    with FakeLrs() as gone:
        endpoint = gone.endpoint
    transport = HttpTransport(endpoint, "key", "secret", "1.0.3")
    with pytest.raises(ConnectionFailed, match="check the address"):
        list(try_connection(transport, BASE, clock))
    transport.close()


def test_trying_a_page_that_is_no_lrs_says_so(fake_lrs: FakeLrs, clock: TestClock) -> None:
    transport = HttpTransport(fake_lrs.endpoint + "/wrong", "key", "secret", "1.0.3")
    with pytest.raises(ConnectionFailed, match="before /statements"):
        list(try_connection(transport, BASE, clock))
    transport.close()


def test_a_statement_that_cannot_be_read_back_is_told(
    transport: HttpTransport, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    fake_lrs.find = lambda query: (404, {})  # type: ignore[method-assign]
    slept: list[float] = []
    with pytest.raises(ConnectionFailed, match="does not give it back"):
        list(try_connection(transport, BASE, clock, slept.append))
    assert sum(slept) == 10
