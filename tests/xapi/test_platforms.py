"""An LRS that gets some platforms only: from when it is said on, and nothing of the others slips through."""

import random
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from social_layer.clock import Clock
from social_layer.database import Database
from social_layer.events.models import Event
from social_layer.panels.actions import make_panel
from social_layer.people.actions import Newcomer, arrive, make_course
from social_layer.people.models import Role
from tests.faults.fake_lrs import CutsOff, Fails, FakeLrs
from tests.xapi.scopes.test_erasing import left
from tests.xapi.scopes.test_leaving import rule
from tests.xapi.test_oauth import run
from tests.xapi.world import BASE, HOME_PAGE, SEALER, START, TestClock, World
from xapi.audit.auditing import Audit
from xapi.audit.ledger import Due
from xapi.bridge import Bridge
from xapi.dispatch import dispatch, replay
from xapi.models import DeliveryState, Lrs, Scope
from xapi.platforms import limit_to, platforms_of
from xapi.scopes.actions import set_rule
from xapi.scopes.models import Level
from xapi.statements import Builder, statement_id
from xapi.stores import disconnect, resume

CANVAS = "https://canvas.example.edu"


@pytest.fixture
def bridge(world: World, clock: TestClock) -> Iterator[Bridge]:
    bridge = Bridge(world.database, clock, SEALER, BASE, rng=random.Random(1))
    yield bridge
    bridge.close()


@pytest.fixture
def elsewhere(world: World, clock: TestClock) -> World:
    """The same institution's other LMS."""
    return Elsewhere(world, clock)


class Elsewhere(World):
    def __init__(self, world: World, clock: Clock) -> None:
        self.database, self.clock, self.tenant_id = world.database, clock, world.tenant_id
        self._members: dict[str, UUID] = {}
        with self.database.write() as session:
            course = make_course(
                session, clock, self.tenant_id, home_page=CANVAS, title="Rivers", language="en"
            )
            self.course_id = course.id
            self.panel_id = make_panel(session, clock, self.tenant_id, course.id, title="Streams").id
            self._members["noor"] = arrive(
                session, clock, Newcomer(self.tenant_id, course.id, CANVAS, "noor-7", Role.learner)
            )


def limit(database: Database, lrs: Lrs, *home_pages: str, now: datetime = START) -> int:
    with database.write() as session:
        return limit_to(session, BASE, lrs, home_pages, now)


def events_at(world: World, lrs: Lrs) -> set[UUID]:
    return {one.event_id for one in world.deliveries(lrs)}


def test_each_lrs_gets_the_platforms_that_it_is_limited_to(world: World, elsewhere: World) -> None:
    of_all = world.connect("http://127.0.0.1:9/all", "all")
    of_one = world.connect("http://127.0.0.1:9/one", "one")
    limit(world.database, of_one, CANVAS)
    here, there = world.post("maya"), elsewhere.post("noor")
    assert dispatch(world.database, world.clock, BASE) == 2
    assert events_at(world, of_all) == {here, there}
    assert events_at(world, of_one) == {there}
    with world.database.read() as session:
        assert platforms_of(session) == {of_one.id: {CANVAS}}


def test_history_of_a_platform_that_is_new_to_an_lrs_comes_with_a_replay(
    world: World, elsewhere: World
) -> None:
    lrs = world.connect("http://127.0.0.1:9/xAPI")
    limit(world.database, lrs, CANVAS)
    here, there = world.post("maya"), elsewhere.post("noor")
    dispatch(world.database, world.clock, BASE)
    assert replay(world.database, lrs.tenant_id, lrs.id, world.lrs().since) == 0
    assert limit(world.database, lrs, CANVAS, HOME_PAGE) == 0
    assert events_at(world, lrs) == {there}
    seen: list[int] = []
    assert replay(world.database, lrs.tenant_id, lrs.id, world.lrs().since, told=seen.append) == 1
    assert seen == [2]
    assert events_at(world, lrs) == {here, there}


def test_what_waits_of_a_platform_that_is_left_out_is_not_sent_any_more(
    world: World, elsewhere: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    lrs = world.connect(fake_lrs.endpoint)
    sent = world.post("maya")
    run(bridge)
    # Nobody is let in, so nothing was sent.
    fake_lrs.always = Fails(401)
    world.post("maya")
    there = elsewhere.post("noor")
    run(bridge)
    assert limit(world.database, lrs, CANVAS) == 1
    fake_lrs.always = None
    with world.database.write() as session:
        resume(session, lrs)
    clock.advance(3600)
    run(bridge)
    assert events_at(world, lrs) == {sent, there}
    assert {one.state for one in world.deliveries()} == {DeliveryState.delivered}
    assert len(fake_lrs.stored) == 2


@pytest.mark.parametrize("parked", [False, True])
def test_what_may_have_arrived_from_a_platform_that_is_left_out_is_voided(
    world: World, elsewhere: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock, parked: bool
) -> None:
    """Else nobody would know of it: whoever is erased later would stay there."""
    lrs = world.connect(fake_lrs.endpoint)
    post = world.post("maya")
    fake_lrs.plan.append(CutsOff())
    run(bridge)
    if parked:
        fake_lrs.plan.append(Fails(400))
        clock.advance(60)
        run(bridge)
    there = elsewhere.post("noor")
    assert limit(world.database, lrs, CANVAS, now=clock()) == 1
    clock.advance(3600)
    run(bridge)
    states = {one.event_id: one.state for one in world.deliveries() if one.part == 0}
    assert states == {post: DeliveryState.withheld, there: DeliveryState.delivered}
    assert left(fake_lrs) == {str(statement_id(world.tenant_id, there))}


def test_what_takes_something_back_still_goes_where_that_was_sent(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    lrs = world.connect(fake_lrs.endpoint)
    world.post("maya")
    fake_lrs.plan.append(Fails(500))
    run(bridge)
    with world.database.write() as session:
        set_rule(
            session,
            clock,
            world.tenant_id,
            Level.tenant,
            "",
            scope=Scope.nothing,
            may_choose=False,
            set_by="x",
        )
    clock.advance(60)
    fake_lrs.always = Fails(503)
    run(bridge)
    limit(world.database, lrs, CANVAS)
    fake_lrs.always = None
    clock.advance(3600)
    run(bridge)
    (voiding,) = fake_lrs.stored.values()
    assert voiding["verb"]["id"] == "http://adlnet.gov/expapi/verbs/voided"


def test_words_of_a_removed_entry_go_where_the_removal_is_not_told_any_more(
    world: World, bridge: Bridge, fake_lrs: FakeLrs
) -> None:
    lrs = world.connect(fake_lrs.endpoint)
    rule(world, Scope.identified, text=True)
    topic = world.post("maya", "What only Maya would write")
    run(bridge)
    limit(world.database, lrs, CANVAS)
    world.remove("maya", topic)
    run(bridge)
    assert len(fake_lrs.stored) == 2, "the statement and what voids it"
    assert left(fake_lrs) == set()


def test_to_the_audit_what_an_lrs_does_not_get_is_not_missing(world: World, elsewhere: World) -> None:
    lrs = world.connect("http://127.0.0.1:9/xAPI")
    limit(world.database, lrs, CANVAS)
    here = world.post("maya")
    elsewhere.post("noor")
    dispatch(world.database, world.clock, BASE)
    audit = Audit(world.database, world.clock, Builder(BASE), lrs)
    with world.database.read() as session:
        (known,) = audit._undelivered(session)
    assert (known.event_id, known.state) == (here, Due.earlier)


def test_everything_is_dispatched_even_where_nobody_gets_it(world: World) -> None:
    lrs = world.connect("http://127.0.0.1:9/xAPI")
    limit(world.database, lrs, CANVAS)
    world.post("maya")
    assert dispatch(world.database, world.clock, BASE) == 1
    with world.database.read() as session:
        assert session.scalars(select(Event.dispatched)).all() == [True]
    with world.database.write() as session:
        disconnect(session, lrs)
    with world.database.read() as session:
        assert platforms_of(session) == {}
