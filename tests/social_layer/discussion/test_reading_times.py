"""For how long a thread is read: added up by day, and told once, when the day is over."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from social_layer.discussion.marks import MOST_SECONDS, mark_read
from social_layer.discussion.models import ReadingTime
from social_layer.discussion.reading import tell_readings
from social_layer.erasing.actions import erase
from social_layer.events.models import Event
from social_layer.people.models import Course, Membership, Person
from social_layer.viewer import Viewer
from tests.queries import counted
from tests.room import Room


def read(room: Room, viewer: Viewer, seconds: Mapping[UUID, int], *seen: UUID) -> None:
    with room.database.write() as session:
        mark_read(session, room.clock, viewer, seen, seconds)


def tell(room: Room) -> int:
    return tell_readings(room.database, room.clock)


def told(room: Room) -> list[Event]:
    return [event for event in room.events() if event.type == "thread_read"]


def times(room: Room) -> list[ReadingTime]:
    with room.database.read() as session:
        return list(session.scalars(select(ReadingTime).order_by(ReadingTime.day)))


def test_what_was_read_on_a_day_is_added_up_and_told_once_after_it(room: Room) -> None:
    room.clock.now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    reader = room.newcomer()
    topic = room.post(room.newcomer())
    read(room, reader, {topic: 40})
    room.clock.pass_by(hours=9)
    read(room, reader, {topic: 53}, topic)
    last = room.clock.now
    room.clock.now = times(room)[0].over_at - timedelta(minutes=1)
    assert tell(room) == 0
    room.clock.pass_by(minutes=2)
    assert tell(room) == 1
    (event,) = told(room)
    assert (event.voice_id, event.panel_id, event.object_id) == (reader.voice_id, room.panel_id, topic)
    assert (event.detail, event.occurred_at, event.dispatched) == ("PT93S", last, False)
    assert (event.answers_id, event.revision) == (None, None)
    assert tell(room) == 0


def test_it_is_told_once_a_day_and_on_the_next_day_again(room: Room) -> None:
    reader = room.newcomer()
    topic = room.post(room.newcomer())
    read(room, reader, {topic: 10})
    room.clock.pass_by(days=1)
    for _ in range(2):
        tell(room)
    assert [event.detail for event in told(room)] == ["PT10S"]
    read(room, reader, {topic: 7})
    room.clock.pass_by(days=1)
    assert tell(room) == 1
    assert [event.detail for event in told(room)] == ["PT10S", "PT7S"]


def test_a_day_ends_at_the_readers_midnight(room: Room) -> None:
    room.clock.now = datetime(2026, 3, 2, 22, 50, tzinfo=UTC)  # ten to midnight in Berlin
    member = room.join()
    with room.database.write() as session:
        session.execute(update(Person).values(time_zone="Europe/Berlin"))
        session.execute(update(Course).values(time_zone="Asia/Tokyo"))
    topic = room.post(room.look(member))
    read(room, room.look(member), {topic: 60})
    room.clock.pass_by(minutes=20)
    read(room, room.look(member), {topic: 30})
    assert tell(room) == 1, "the first day is over"
    assert [(one.day.day, one.seconds, one.told) for one in times(room)] == [(2, 60, True), (3, 30, False)]
    assert times(room)[0].over_at == datetime(2026, 3, 2, 23, 0, tzinfo=UTC)


def test_who_scrolls_past_has_not_read(room: Room) -> None:
    reader = room.newcomer()
    passed, read_twice = room.post(reader), room.post(reader)
    read(room, reader, {passed: 2, read_twice: 2})
    read(room, reader, {read_twice: 1})
    room.clock.pass_by(days=1)
    assert tell(room) == 1
    assert [event.object_id for event in told(room)] == [read_twice]


def test_more_than_a_day_is_read_in_no_day(room: Room) -> None:
    reader = room.newcomer()
    topic = room.post(reader)
    for _ in range(2):
        read(room, reader, {topic: MOST_SECONDS - 1})
    assert [one.seconds for one in times(room)] == [MOST_SECONDS]


def test_what_is_no_thread_in_sight_is_left_out(room: Room) -> None:
    reader = room.newcomer()
    topic = room.post(reader)
    reply = room.post(reader, parent_id=topic)
    elsewhere = room.post(room.look(reader.membership_id, room.add_panel()))
    read(room, reader, dict.fromkeys((topic, reply, elsewhere, uuid4()), 60))
    assert [one.thread_id for one in times(room)] == [topic]


def test_a_thread_that_was_only_timed_is_not_marked_as_read(room: Room) -> None:
    reader = room.newcomer()
    topic = room.post(room.newcomer())
    read(room, reader, {topic: 60})
    assert room.entry(reader, topic).is_unread


def test_the_test_student_leaves_no_times(room: Room) -> None:
    member = room.join()
    with room.database.write() as session:
        session.execute(update(Membership).values(is_test=True))
    student = room.look(member)
    assert student.is_test
    read(room, student, {room.post(student): 60})
    assert times(room) == []


def test_noting_times_takes_one_statement_more_and_alone_two(room: Room) -> None:
    writer, reader = room.newcomer(), room.newcomer()
    topics = [room.post(writer) for _ in range(12)]
    for seen, number in ((topics, 4), ([], 2)):
        with counted(room.database.engine) as statements:
            read(room, reader, dict.fromkeys(topics, 5), *seen)
        assert len(statements) == number


def test_several_workers_tell_each_reading_once(room: Room) -> None:
    reader = room.newcomer()
    topics = [room.post(reader) for _ in range(20)]
    read(room, reader, dict.fromkeys(topics, 30))
    room.clock.pass_by(days=1)
    now = room.clock()
    with ThreadPoolExecutor(3) as workers:
        done = [workers.submit(tell_readings, room.database, lambda: now, limit=4) for _ in range(3)]
        for one in done:
            one.result()
    tell(room)
    assert sorted(event.object_id for event in told(room)) == sorted(topics)


def test_who_is_killed_while_telling_has_told_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = room.newcomer()
    read(room, reader, {room.post(reader): 30})
    room.clock.pass_by(days=1)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("social_layer.discussion.reading.upsert", die)
        with pytest.raises(Killed):
            tell(room)
    assert (told(room), [one.told for one in times(room)]) == ([], [False])
    assert tell(room) == 1


def test_what_was_told_is_cleared_away_and_never_told_again(room: Room) -> None:
    reader = room.newcomer()
    topic, passed = room.post(reader), room.post(reader)
    read(room, reader, {topic: 30, passed: 1})
    then = room.clock.now
    room.clock.pass_by(days=4)
    assert tell(room) == 1
    assert times(room) == []
    # A clock that was wrong, set right.
    room.clock.now = then
    read(room, reader, {topic: 30})
    room.clock.pass_by(days=1)
    tell(room)
    assert len(told(room)) == 1


def test_with_a_person_go_their_times(room: Room) -> None:
    reader, other = room.newcomer(), room.newcomer()
    topic = room.post(other)
    for viewer in (reader, other):
        read(room, viewer, {topic: 30})
    with room.database.write() as session:
        assert erase(session, room.clock, room.tenant_id, reader.person_id)["reading_times"] == 1
    assert [one.voice_id for one in times(room)] == [other.voice_id]
    room.clock.now += timedelta(days=1)
    tell(room)
    assert [event.voice_id for event in told(room)] == [other.voice_id]
