"""Each event is dispatched once: one delivery for each LRS in scope, and none passed over."""

import threading
from datetime import timedelta

from sqlalchemy import select, update

from social_layer.database import Database
from social_layer.events.models import Event
from tests.tables import make_tables
from tests.xapi.world import BASE, START, TestClock, World, counted
from xapi.dispatch import dispatch, replay
from xapi.models import Delivery, DeliveryState
from xapi.parked import retry

NOWHERE = "http://127.0.0.1:9/xAPI"


def test_each_lrs_of_the_tenant_gets_a_delivery_and_no_other_does(
    world: World, database: Database, clock: TestClock
) -> None:
    other = World(database, clock, tenant="another institute")
    first, second = world.connect(NOWHERE, "first"), world.connect(NOWHERE, "second")
    elsewhere = other.connect(NOWHERE, "elsewhere")
    posted = world.post("maya")
    assert dispatch(database, world.clock, BASE) == 1
    assert [delivery.event_id for delivery in world.deliveries(first)] == [posted]
    assert [delivery.event_id for delivery in world.deliveries(second)] == [posted]
    assert world.deliveries(elsewhere) == []


def test_an_event_is_dispatched_once(world: World, database: Database) -> None:
    world.connect(NOWHERE)
    world.post("maya")
    assert dispatch(database, world.clock, BASE) == 1
    assert dispatch(database, world.clock, BASE) == 0
    assert len(world.deliveries()) == 1


def test_without_an_lrs_the_log_is_dispatched_all_the_same(world: World, database: Database) -> None:
    world.post("maya")
    assert dispatch(database, world.clock, BASE) == 1
    with database.read() as session:
        assert session.scalars(select(Event.dispatched)).all() == [True]
    assert world.deliveries() == []


def test_an_lrs_gets_what_happens_from_its_day_on(world: World, database: Database, clock: TestClock) -> None:
    world.post("maya")
    clock.advance(60)
    lrs = world.connect(NOWHERE, since=clock.now)
    after = world.post("maya")
    dispatch(database, world.clock, BASE)
    assert [delivery.event_id for delivery in world.deliveries(lrs)] == [after]


def test_the_test_student_leaves_no_statements(world: World, database: Database) -> None:
    lrs = world.connect(NOWHERE)
    world.member("test student", is_test=True)
    world.post("test student")
    assert dispatch(database, world.clock, BASE) == 1
    assert replay(database, world.tenant_id, lrs.id, START - timedelta(days=1)) == 0
    assert world.deliveries() == []


def test_what_committed_late_is_not_passed_over(world: World, database: Database) -> None:
    world.connect(NOWHERE)
    world.post("maya")
    late = world.post("joel")
    with database.write() as session:
        session.execute(update(Event).where(Event.id == late).values(occurred_at=START - timedelta(days=3)))
    assert dispatch(database, world.clock, BASE, limit=1) == 1
    assert dispatch(database, world.clock, BASE, limit=1) == 1
    assert len(world.deliveries()) == 2


def test_the_number_of_queries_does_not_grow(world: World, database: Database) -> None:
    world.connect(NOWHERE, "first")
    world.connect(NOWHERE, "second")

    def queries() -> int:
        with counted(database.engine) as seen:
            assert dispatch(database, world.clock, BASE) > 0
        return len(seen)

    world.post("maya")
    few = queries()
    for name in ("maya", "joel", "ines"):
        for _ in range(10):
            world.post(name)
    assert queries() == few <= 6


def test_with_nothing_to_do_it_only_looks(world: World, database: Database) -> None:
    world.post("maya")
    dispatch(database, world.clock, BASE)
    with counted(database.engine) as seen:
        assert dispatch(database, world.clock, BASE) == 0
    assert len(seen) == 1
    assert seen[0].startswith("SELECT")


def test_a_replay_sends_what_happened_before_and_nothing_twice(
    world: World, database: Database, clock: TestClock
) -> None:
    early = [world.post("maya") for _ in range(5)]
    clock.advance(60)
    since = clock.now
    before = [world.post("joel") for _ in range(5)]
    dispatch(database, world.clock, BASE)
    lrs = world.connect(NOWHERE, since=clock.now)
    after = world.post("maya")
    dispatch(database, world.clock, BASE)
    assert replay(database, world.tenant_id, lrs.id, since, limit=2) == 5
    assert {delivery.event_id for delivery in world.deliveries()} == {*before, after}
    assert replay(database, world.tenant_id, lrs.id, START, limit=2) == 5
    assert {delivery.event_id for delivery in world.deliveries()} == {*early, *before, after}
    assert replay(database, world.tenant_id, lrs.id, START) == 0


def test_a_replay_and_a_dispatch_do_not_get_in_each_other_s_way(world: World, database: Database) -> None:
    lrs = world.connect(NOWHERE)
    world.post("maya")
    assert replay(database, world.tenant_id, lrs.id, START) == 1
    assert dispatch(database, world.clock, BASE) == 1
    assert len(world.deliveries()) == 1


def test_refused_statements_can_be_sent_again(world: World, database: Database, clock: TestClock) -> None:
    lrs = world.connect(NOWHERE)
    world.post("maya")
    dispatch(database, world.clock, BASE)
    with database.write() as session:
        session.execute(update(Delivery).values(state=DeliveryState.parked, answer="400"))
    with database.write() as session:
        assert retry(session, clock(), world.tenant_id, lrs.id, since=clock.now) == 0
        assert retry(session, clock(), world.tenant_id, lrs.id, since=START) == 1
    (delivery,) = world.deliveries()
    assert delivery.state == DeliveryState.pending
    assert delivery.answer is None


def test_dispatchers_at_once_share_the_events(postgres_url: str, clock: TestClock) -> None:
    database = Database(postgres_url)
    make_tables(database)
    world = World(database, clock)
    world.connect(NOWHERE)
    for _ in range(60):
        world.post("maya")
    counts: list[int] = []

    def work() -> None:
        while found := dispatch(database, world.clock, BASE, limit=5):
            counts.append(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 60
    assert len(world.deliveries()) == 60
    database.close()


def test_delivering_stays_cheap_with_a_long_past(world: World, database: Database) -> None:
    """The claim reads the index of what is pending, not the million that were delivered."""
    lrs = world.connect(NOWHERE)
    world.post("maya")
    dispatch(database, world.clock, BASE)
    question = (
        "SELECT id FROM delivery WHERE tenant_id = '{}' AND lrs_id = '{}' AND state = 'pending' "
        "AND due_at <= '2027-01-01' ORDER BY due_at LIMIT 50"
    )
    with database.write() as session:
        connection = session.connection()
        if database.is_sqlite:
            explained = "EXPLAIN QUERY PLAN " + question.format(world.tenant_id.hex, lrs.id.hex)
        else:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            explained = "EXPLAIN " + question.format(world.tenant_id, lrs.id)
        plan = " ".join(str(row) for row in connection.exec_driver_sql(explained))
    assert "ix_delivery_pending" in plan
    assert "TEMP B-TREE" not in plan
