"""The console's first page says which LRS cannot be read back."""

from sqlalchemy import update

from lti_tool.parts import Parts
from tests.lti_tool.console.desk import Desk, make_operator
from tests.xapi.world import World
from xapi.dispatch import dispatch
from xapi.gathering import schedule
from xapi.models import Lrs, LrsState
from xapi.stores import resume


def connected(world: World) -> Lrs:
    return world.connect("https://lrs.example.org/xAPI", name=f"records of {world.tenant_id}")


def failed(given: Parts, lrs: Lrs, *, times: int, is_refused: bool) -> None:
    for _ in range(times):
        with given.database.write() as session:
            lease = schedule.take(session, given.clock(), lrs.tenant_id, lrs.id)
            assert lease is not None
            schedule.fail(session, given.clock(), lease, "no connection: refused", is_refused=is_refused)


def test_an_lrs_that_may_not_be_read_is_named(desk: Desk, given: Parts) -> None:
    failed(given, connected(World(given.database, given.clock)), times=1, is_refused=True)
    page = desk.get().text
    assert "lets us write, and not read" in page
    assert "Give its credentials the right to read all statements" in page


def test_an_lrs_that_was_out_of_reach_once_is_no_matter(desk: Desk, given: Parts) -> None:
    lrs = connected(World(given.database, given.clock))
    failed(given, lrs, times=2, is_refused=False)
    assert "cannot be read back" not in desk.get().text
    failed(given, lrs, times=1, is_refused=False)
    assert "cannot be read back: no connection: refused" in desk.get().text


def test_an_lrs_that_lets_us_do_nothing_is_told_once(desk: Desk, given: Parts) -> None:
    lrs = connected(World(given.database, given.clock))
    failed(given, lrs, times=1, is_refused=True)
    with given.database.write() as session:
        session.execute(update(Lrs).values(state=LrsState.paused))
    page = desk.get().text
    assert "Nothing is sent to the LRS" in page
    assert "lets us write, and not read" not in page


def test_an_lrs_that_works_again_is_read_back_at_once(desk: Desk, given: Parts) -> None:
    lrs = connected(World(given.database, given.clock))
    failed(given, lrs, times=1, is_refused=True)
    with given.database.write() as session:
        assert schedule.due(session, given.clock()) == []
        resume(session, lrs)
        assert schedule.due(session, given.clock()) == [(lrs.tenant_id, lrs.id)]
    assert "lets us write, and not read" not in desk.get().text


def test_an_lrs_that_does_not_answer_is_told_with_what_waits(desk: Desk, given: Parts) -> None:
    world = World(given.database, given.clock)
    connected(world)
    world.post("maya")
    dispatch(given.database)
    said = "does not take what is sent: 1 statement waits."
    for failures, is_told in ((2, False), (3, True)):
        with given.database.write() as session:
            session.execute(update(Lrs).values(failures=failures))
        assert (said in desk.get().text) is is_told


def test_an_operator_of_one_institution_hears_nothing_of_anothers_lrs(desk: Desk, given: Parts) -> None:
    failed(given, connected(World(given.database, given.clock, tenant="elsewhere")), times=1, is_refused=True)
    make_operator(given, "ben", tenant="default")
    desk.sign_in("ben")
    assert "lets us write, and not read" not in desk.get().text
