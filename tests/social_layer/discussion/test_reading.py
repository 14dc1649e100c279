"""Unread marks and drafts: each person's own, and no events."""

from uuid import UUID, uuid4

import pytest

from social_layer.discussion.actions import MAX_DRAFT, drop_draft, remove, save_draft
from social_layer.discussion.marks import mark_read
from social_layer.discussion.queries import drafts
from social_layer.people.models import Role
from social_layer.refusals import Invalid, NotAllowed
from social_layer.viewer import Viewer
from tests.queries import counted
from tests.room import Room


def read(room: Room, viewer: Viewer, *seen: UUID) -> None:
    with room.database.write() as session:
        mark_read(session, room.clock, viewer, seen)


def unread(room: Room, viewer: Viewer) -> list[UUID]:
    return [entry.id for entry in room.entries(viewer) if entry.is_unread]


def keep(room: Room, viewer: Viewer, about: str, **fields: object) -> None:
    with room.database.write() as session:
        save_draft(session, viewer, about, fields)


def kept(room: Room, viewer: Viewer) -> dict[str, dict[str, object]]:
    with room.database.read() as session:
        return drafts(session, viewer)


def test_what_others_wrote_is_unread_until_it_was_read(room: Room) -> None:
    writer, reader = room.newcomer(), room.newcomer()
    topic = room.post(writer)
    reply = room.post(writer, parent_id=topic)
    own = room.post(reader, parent_id=topic)
    assert unread(room, reader) == [topic, reply]
    read(room, reader, topic)
    assert unread(room, reader) == [reply]
    read(room, reader, own, reply)
    assert unread(room, reader) == []
    assert unread(room, writer) == [own]


def test_what_comes_after_reading_is_unread(room: Room) -> None:
    writer, reader = room.newcomer(), room.newcomer()
    topic = room.post(writer)
    read(room, reader, topic, uuid4())
    late = room.post(writer, parent_id=topic)
    assert unread(room, reader) == [late]


def test_read_marks_never_go_back(room: Room) -> None:
    writer, reader = room.newcomer(), room.newcomer()
    topic = room.post(writer)
    reply = room.post(writer, parent_id=topic)
    for seen in ((topic, reply), (topic,), ()):
        read(room, reader, *seen)
    assert unread(room, reader) == []


def test_what_stands_below_something_seen_later_is_not_read_with_it(room: Room) -> None:
    """In the order topic, r1, r11, r2, the entry r11 was posted last."""
    writer, reader = room.newcomer(), room.newcomer()
    topic = room.post(writer)
    r1, r2 = (room.post(writer, parent_id=topic) for _ in range(2))
    r11 = room.post(writer, parent_id=r1)
    assert [entry.id for entry in room.entries(reader)] == [topic, r1, r11, r2]
    read(room, reader, r11)
    assert r2 in unread(room, reader)
    read(room, reader, topic, r1, r11)
    assert unread(room, reader) == [r11, r2]
    read(room, reader, r11, r2)
    assert unread(room, reader) == []


def test_what_is_removed_or_ones_own_holds_no_mark_back(room: Room) -> None:
    writer, reader = room.newcomer(), room.newcomer()
    topic = room.post(writer)
    removed = room.post(writer, parent_id=topic)
    room.post(reader, parent_id=topic)
    last = room.post(writer, parent_id=topic)
    with room.database.write() as session:
        remove(session, room.clock, writer, removed)
    read(room, reader, topic, last)
    assert unread(room, reader) == []


def test_marking_takes_three_statements_however_many_threads(room: Room) -> None:
    writer, reader = room.newcomer(), room.newcomer()
    topics = [room.post(writer) for _ in range(12)]
    for seen in (topics[:1], topics[1:]):
        with counted(room.database.engine) as statements:
            read(room, reader, *seen)
        assert len(statements) == 3
    assert unread(room, reader) == []


def test_many_threads_are_marked_at_once(room: Room) -> None:
    writer, reader = room.newcomer(), room.newcomer()
    topics = [room.post(writer) for _ in range(5)]
    read(room, reader, *topics[:3])
    assert unread(room, reader) == topics[:2:-1]


def test_marks_of_what_is_not_there_or_not_to_be_seen_are_left_out(room: Room) -> None:
    writer, reader = room.newcomer(), room.newcomer()
    panel_id = room.add_panel()
    elsewhere = room.post(room.look(writer.membership_id, panel_id))
    read(room, reader, elsewhere, uuid4())
    read(room, reader)
    assert [entry.is_unread for entry in room.entries(room.look(reader.membership_id, panel_id))] == [True]


def test_reading_and_drafting_are_no_events(room: Room) -> None:
    viewer = room.newcomer()
    topic = room.post(room.newcomer())
    read(room, viewer, topic)
    keep(room, viewer, "topic", body="Half")
    assert room.event_types() == ["topic_posted"]


def test_a_draft_comes_back_as_it_was_to_its_writer_alone(room: Room) -> None:
    viewer, other = room.newcomer(), room.newcomer(Role.instructor)
    keep(room, viewer, "topic", title="A", body="Half a ")
    keep(room, viewer, "topic", title="A", body="Half a thought ", step=2)
    assert kept(room, viewer) == {"topic": {"title": "A", "body": "Half a thought ", "step": 2}}
    assert kept(room, other) == {}
    assert kept(room, room.look(viewer.membership_id, room.add_panel())) == {}


def test_posting_ends_the_draft_it_came_from_and_no_other(room: Room) -> None:
    viewer = room.newcomer()
    topic = room.post(viewer)
    for about in ("topic", f"reply:{topic}", f"edit:{topic}", "reflection"):
        keep(room, viewer, about, body="Half")
    room.post(viewer, parent_id=topic)
    assert set(kept(room, viewer)) == {"topic", f"edit:{topic}", "reflection"}
    room.post(viewer)
    assert set(kept(room, viewer)) == {f"edit:{topic}", "reflection"}


def test_a_draft_can_be_thrown_away(room: Room) -> None:
    viewer = room.newcomer()
    keep(room, viewer, "topic", body="Half")
    for _ in range(2):
        with room.database.write() as session:
            drop_draft(session, viewer, "topic")
    assert kept(room, viewer) == {}


@pytest.mark.parametrize(
    "about", ["", "else", "reply:", "reply:1", "reply:" + "x" * 36, "topic\n", "topic" * 30]
)
def test_a_draft_has_a_place(room: Room, about: str) -> None:
    with pytest.raises(Invalid) as refused:
        keep(room, room.newcomer(), about, body="Half")
    assert refused.value.code == "draft_misplaced"


def test_a_draft_may_be_longer_than_a_post_and_not_endless(room: Room) -> None:
    viewer = room.newcomer()
    keep(room, viewer, "topic", body="x" * 30_000)
    with pytest.raises(Invalid) as refused:
        keep(room, viewer, "topic", body="x" * (MAX_DRAFT + 1))
    assert refused.value.code == "draft_too_long"


def test_a_draft_with_unstorable_characters_is_kept_without_them(room: Room) -> None:
    viewer = room.newcomer()
    keep(room, viewer, "topic", body="a\x00b\ud800")
    assert kept(room, viewer) == {"topic": {"body": "ab?"}}


def test_observers_keep_no_drafts(room: Room) -> None:
    with pytest.raises(NotAllowed):
        keep(room, room.newcomer(Role.observer), "topic", body="Half")
