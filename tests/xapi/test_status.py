"""How the bridge stands is told at once, however much waits: whoever watches must hear of it in an outage."""

from typing import Any

import pytest
from sqlalchemy import Select, event, select

from social_layer.database import Database
from tests.xapi.world import World
from xapi.dispatch import dispatch
from xapi.models import Lrs
from xapi.status import oldest_pending, waiting

NOWHERE = "http://127.0.0.1:9/xAPI"


def plans_of(database: Database, look: Any) -> list[str]:
    """How the database carries out what ``look`` asks it, where scanning a whole table is dear."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    with database.read() as session:
        event.listen(database.engine, "before_cursor_execute", note)
        try:
            look(session)
        finally:
            event.remove(database.engine, "before_cursor_execute", note)
        connection = session.connection()
        how = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        if not database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return [
            "\n".join(str(row) for row in connection.exec_driver_sql(how + statement, parameters))
            for statement, parameters in asked
        ]


def test_what_waits_is_counted_along_the_indexes_and_joined_with_nothing(
    world: World, database: Database
) -> None:
    world.connect(NOWHERE)
    world.post("maya")
    dispatch(database)
    world.post("maya")
    undispatched, pending, parked, lrss = plans_of(database, waiting)
    assert "ix_event_undispatched" in undispatched
    assert "ix_delivery_pending" in pending
    assert "event" not in pending, "the age of the oldest costs no join of all"
    assert "ix_delivery_parked" in parked
    assert "ix_delivery_pending" in lrss
    if database.is_sqlite:
        assert "INDEX ix_delivery_pending" in pending
        assert "SCAN delivery" not in lrss
        assert "SCAN event" not in lrss
    else:
        assert "Index Only Scan using ix_delivery_pending" in pending
        assert "Seq Scan on delivery" not in lrss
        assert "Seq Scan on event" not in lrss
        assert "Limit" in lrss


@pytest.mark.parametrize("looked_at", [1, 1000])
def test_the_oldest_is_that_of_each_lrs(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:
    monkeypatch.setattr("xapi.status.LOOKED_AT", looked_at)
    for number in range(3):
        world.connect(NOWHERE, f"lrs{number}", since=world.clock())
        world.post("maya")
    world.connect(NOWHERE, "idle", since=world.clock())
    dispatch(database)
    query: Select[Any] = select(Lrs.name, oldest_pending())
    with database.read() as session:
        found = {row[0]: row[1] for row in session.execute(query)}
    assert found["idle"] is None
    assert found["lrs0"] < found["lrs1"] < found["lrs2"]


def test_a_day_of_reading_that_was_just_told_is_no_old_matter(world: World, database: Database) -> None:
    world.connect(NOWHERE)
    thread = world.post("joel")
    dispatch(database)
    written = world.clock()
    world.read_thread("maya", thread)
    with database.read() as session:
        found = waiting(session)
    assert (found.undispatched, found.undispatched_since) == (1, None)
    dispatch(database)
    with database.read() as session:
        (lrs,) = waiting(session).lrss
    assert lrs.pending == 2
    assert lrs.oldest_at is not None
    assert lrs.oldest_at <= written
