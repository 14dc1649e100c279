"""Numbers of events: in the order of the export, given once, and never passed by what commits late."""

import threading

from sqlalchemy import func, select

from social_layer.database import Database
from social_layer.events.models import Event
from social_layer.events.numbering import last_number, number_events
from tests.room import Room


def numbers(database: Database) -> list[int | None]:
    with database.read() as session:
        return list(session.scalars(select(Event.number).order_by(Event.occurred_at)))


def test_events_are_numbered_once_in_the_order_in_which_they_happened(room: Room) -> None:
    ada = room.newcomer()
    for _ in range(5):
        room.post(ada)
    assert numbers(room.database) == [None] * 5
    assert number_events(room.database, room.tenant_id, batch=2) == 5
    assert numbers(room.database) == [1, 2, 3, 4, 5]
    room.post(ada)
    assert number_events(room.database, room.tenant_id) == 6
    assert number_events(room.database, room.tenant_id) == 6


def test_what_commits_late_comes_after_what_was_numbered_before(room: Room) -> None:
    """It happened first, and its transaction was still open when the others were numbered."""
    ada = room.newcomer()
    early = room.post(ada)
    with room.database.write() as session:
        happened = session.get_one(Event, (room.tenant_id, early)).occurred_at
    if room.database.is_sqlite:
        # One writer at a time: nothing can be open meanwhile. It is told as if its clock had run behind.
        room.post(ada)
        number_events(room.database, room.tenant_id)
        late = room.post(ada)
        with room.database.write() as session:
            session.get_one(Event, (room.tenant_id, late)).occurred_at = happened
    else:
        with room.database.write() as session:
            from social_layer.discussion import actions

            late = actions.post(session, room.clock, ada, body="Late")
            session.flush()
            number_events(room.database, room.tenant_id)
    assert number_events(room.database, room.tenant_id) == len(numbers(room.database))
    with room.database.read() as session:
        last = session.scalar(select(Event.id).order_by(Event.number.desc()).limit(1))
    assert last == late


def test_several_who_number_at_once_give_each_number_once(room: Room) -> None:
    ada = room.newcomer()
    for _ in range(30):
        room.post(ada)
    readers = [
        threading.Thread(target=number_events, args=(room.database, room.tenant_id), kwargs={"batch": 3})
        for _ in range(4)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert sorted(number or 0 for number in numbers(room.database)) == list(range(1, 31))
    with room.database.read() as session:
        assert last_number(session, room.tenant_id) == 30
        assert session.scalar(select(func.max(Event.number))) == 30
