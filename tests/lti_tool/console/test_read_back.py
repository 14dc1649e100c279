"""The console's first page says which LRS cannot be read back."""

from lti_tool.parts import Parts
from tests.lti_tool.console.desk import Desk, make_operator
from tests.xapi.world import World
from xapi.gathering import schedule


def failed(given: Parts, world: World, *, times: int, is_refused: bool) -> None:
    lrs = world.connect("https://lrs.example.org/xAPI", name=f"records of {world.tenant_id}")
    for _ in range(times):
        with given.database.write() as session:
            lease = schedule.take(session, given.clock(), lrs.tenant_id, lrs.id)
            assert lease is not None
            schedule.fail(session, given.clock(), lease, "no connection: refused", is_refused=is_refused)


def test_an_lrs_that_may_not_be_read_is_named(desk: Desk, given: Parts) -> None:
    failed(given, World(given.database, given.clock), times=1, is_refused=True)
    page = desk.get().text
    assert "lets us write, and not read" in page
    assert "Give its credentials the right to read all statements" in page


def test_an_lrs_that_was_out_of_reach_once_is_no_matter(desk: Desk, given: Parts) -> None:
    world = World(given.database, given.clock)
    failed(given, world, times=2, is_refused=False)
    assert "cannot be read back" not in desk.get().text
    failed(given, world, times=1, is_refused=False)
    assert "cannot be read back: no connection: refused" in desk.get().text


def test_an_operator_of_one_institution_hears_nothing_of_anothers_lrs(desk: Desk, given: Parts) -> None:
    failed(given, World(given.database, given.clock, tenant="elsewhere"), times=1, is_refused=True)
    make_operator(given, "ben", tenant="default")
    desk.sign_in("ben")
    assert "lets us write, and not read" not in desk.get().text
