"""The console's pages about LRSs: figures that stay fresh, what was refused and its retry, and nobody else's."""

import random
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from lti_tool.console.guard import LOOKS_BY_ITSELF
from lti_tool.console.sessions import IDLE
from lti_tool.parts import Parts
from tests.faults.fake_lrs import Fails, FakeLrs
from tests.lti_tool.console.desk import Desk, make_operator
from tests.lti_tool.lti.launching import Clock
from tests.xapi.world import BASE, SEALER, World, counted
from xapi.bridge import Bridge
from xapi.models import DeliveryState, Lrs

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def lrs() -> Iterator[FakeLrs]:
    with FakeLrs() as lrs:
        yield lrs


@pytest.fixture
def world(given: Parts) -> World:
    return World(given.database, given.clock)


def run(world: World) -> None:
    with closing(Bridge(world.database, world.clock, SEALER, BASE, rng=random.Random(1))) as bridge:
        for key in bridge.sweep():
            bridge.deliver(key)


def figure(page: str, name: str) -> str:
    found = re.search(rf'data-live id="{name}">(.*?)</(?:dd|span)>', page, re.DOTALL)
    assert found is not None, name
    return " ".join(re.sub(r"<[^>]+>", "", found[1]).split())


def refused(world: World, lrs: FakeLrs, number: int = 3) -> UUID:
    lrs.refuses = lambda statement: True
    connected = world.connect(lrs.endpoint, "records")
    for _ in range(number):
        world.post("maya")
    run(world)
    lrs.refuses = lambda statement: False
    return connected.id


def test_without_an_lrs_the_page_says_what_to_do(desk: Desk) -> None:
    assert "alongside lrs add" in desk.get("/stores").text


def test_figures_of_each_lrs_and_what_is_wrong_with_it(
    desk: Desk, world: World, lrs: FakeLrs, clock: Clock
) -> None:
    first = world.connect(lrs.endpoint, "records").id
    second = world.connect("http://127.0.0.1:9/xAPI", f"gone {HOSTILE}").id
    world.post("maya")
    run(world)
    clock.now += timedelta(minutes=30)
    page = desk.get("/stores").text
    assert [
        figure(page, f"{name}-{first}") for name in ("state", "pending", "oldest", "delivered", "parked")
    ] == [
        "Well",
        "0",
        "–",
        "1",
        "0",
    ]
    assert figure(page, f"pending-{second}") == "1"
    assert figure(page, f"oldest-{second}") == "30 minutes"
    assert "no connection" in figure(page, f"state-{second}")
    assert HOSTILE not in page
    assert "http://127.0.0.1:9/xAPI" in desk.get(f"/stores/{second}").text


def test_one_refused_statement_is_retried_and_then_all(desk: Desk, world: World, lrs: FakeLrs) -> None:
    lrs_id = refused(world, lrs)
    page = desk.get(f"/stores/{lrs_id}").text
    assert figure(page, "parked") == "3"
    assert page.count("a statement is not valid") == 3
    assert "Mend what the LRS complains of" in page
    one = world.deliveries()[0].statement_id
    done = desk.submit(f"/stores/{lrs_id}/retries", statement=str(one))
    assert done.location is not None
    assert done.location.endswith("done=retried")
    run(world)
    assert list(lrs.stored) == [str(one)]
    assert "done=gone" in (desk.submit(f"/stores/{lrs_id}/retries", statement=str(one)).location or "")
    asked = desk.get(f"/stores/{lrs_id}/retries").text
    assert "2 statements that records refused" in asked
    desk.submit(f"/stores/{lrs_id}/retries")
    run(world)
    assert {delivery.state for delivery in world.deliveries()} == {DeliveryState.delivered}
    assert "Nothing." in desk.get(f"/stores/{lrs_id}").text


def test_a_long_list_is_paged(
    desk: Desk, world: World, lrs: FakeLrs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lti_tool.console.queries.PAGE", 2)
    monkeypatch.setattr("lti_tool.console.store_queries.PAGE", 2)
    lrs_id = refused(world, lrs, 5)
    seen, address = [], f"/stores/{lrs_id}"
    while address:
        page = desk.get(address).text
        seen += re.findall(r'<th scope="row"><code class="answer">([0-9a-f-]{36})</code>', page)
        more = re.search(r'class="onward"><a class="second" href="/admin([^"#]+)', page)
        address = more[1].replace("&amp;", "&") if more else ""
    in_order = sorted(world.deliveries(), key=lambda one: (one.due_at, one.id))
    assert seen == [str(one.statement_id) for one in in_order]
    world.connect("http://127.0.0.1:9/a", "a")
    world.connect("http://127.0.0.1:9/b", "b")
    first = desk.get("/stores").text
    assert first.count('<th scope="row">') == 2
    assert "onward" in first
    assert desk.get(f"/stores/{lrs_id}?after=wrong").status_code == 400


def test_a_paused_lrs_is_sent_to_again(desk: Desk, world: World, lrs: FakeLrs) -> None:
    lrs_id = world.connect(lrs.endpoint, "records").id
    lrs.plan.append(Fails(403))
    world.post("maya")
    run(world)
    page = desk.get(f"/stores/{lrs_id}").text
    assert figure(page, "state").startswith("Paused: these credentials do not have the right")
    told = " ".join(page.split())
    assert "1 statement waits, the oldest since" in told
    assert 'alongside lrs test "records"' in told
    overview = desk.get().text
    assert f"/admin/stores/{lrs_id}" in overview, "the overview leads there"
    assert "any more: these credentials do not have the right" in overview
    desk.submit(f"/stores/{lrs_id}/resumption")
    run(world)
    page = desk.get(f"/stores/{lrs_id}?done=resumed").text
    assert figure(page, "state") == "Well"
    assert figure(page, "delivered") == "1"
    assert "Send to it again" not in page


def test_nobody_sees_or_moves_another_institutions(
    desk: Desk, visitor: Desk, given: Parts, world: World, lrs: FakeLrs
) -> None:
    lrs_id = refused(world, lrs)
    make_operator(given, "bob", tenant="Oak Park")
    assert visitor.get("/stores").status_code == 401
    visitor.sign_in("bob")
    assert str(lrs_id) not in visitor.get("/stores").text
    assert visitor.get(f"/stores/{lrs_id}").status_code == 404
    assert visitor.get(f"/stores/{lrs_id}/retries").status_code == 404
    for address in (f"/stores/{lrs_id}/retries", f"/stores/{lrs_id}/resumption"):
        assert visitor.submit(address).status_code == 404
        assert desk.send(address).status_code == 403, "without the form's token"
    assert {delivery.state for delivery in world.deliveries()} == {DeliveryState.parked}


def test_a_page_that_looks_by_itself_keeps_nobody_signed_in(desk: Desk, clock: Clock) -> None:
    for _ in range(4):
        clock.now += IDLE / 3
        last = desk.get("/stores", **{LOOKS_BY_ITSELF: "1"})
    assert last.status_code == 401


def test_the_number_of_queries_does_not_grow_with_what_waits(
    desk: Desk, given: Parts, world: World, lrs: FakeLrs
) -> None:
    lrs_id = refused(world, lrs, 2)

    def queries() -> int:
        with counted(given.database.engine) as seen:
            desk.get(f"/stores/{lrs_id}")
        return len(seen)

    few = queries()
    with given.database.write() as session:
        session.execute(update(Lrs).values(state="active"))
    lrs.refuses = lambda statement: True
    for _ in range(10):
        world.post("maya")
    run(world)
    assert queries() <= few
