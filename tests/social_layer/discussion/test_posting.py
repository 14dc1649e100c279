"""Posting: what is kept, what is refused, and that entry and event come together or not at all."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from social_layer.discussion import actions
from social_layer.discussion.models import Audience, Entry, Revision
from social_layer.events.models import Event
from social_layer.people.models import Role
from social_layer.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from tests import factories
from tests.room import Room


def test_a_topic_stands_with_its_text_author_and_time(room: Room) -> None:
    viewer = room.newcomer(name="Ada")
    entry = room.entry(viewer, room.post(viewer, "  *Why*?\r\n", title=" A   title "))
    assert (entry.title, entry.body, entry.html) == ("A title", "*Why*?", "<p><em>Why</em>?</p>\n")
    assert (entry.author_name, entry.author_role, entry.is_mine) == ("Ada", Role.learner, True)
    assert (entry.version, entry.edited_at, entry.deleted) == (1, None, False)


def test_what_is_posted_is_in_the_log_with_what_it_answered(room: Room) -> None:
    ada, bo = room.newcomer(), room.newcomer()
    topic = room.post(ada)
    reply = room.post(bo, parent_id=topic)
    first, second = room.events()
    assert (first.type, first.id, first.object_id, first.voice_id, first.answers_id) == (
        "topic_posted",
        topic,
        topic,
        ada.voice_id,
        None,
    )
    assert (second.type, second.id, second.answers_id, second.voice_id) == (
        "reply_posted",
        reply,
        topic,
        bo.voice_id,
    )
    assert (second.revision, second.dispatched, second.panel_id) == (1, False, room.panel_id)


def test_a_reply_to_oneself_is_a_reply_like_any_other(room: Room) -> None:
    viewer = room.newcomer()
    room.post(viewer, parent_id=room.post(viewer))
    assert room.event_types() == ["topic_posted", "reply_posted"]


def test_a_thread_counts_the_replies_that_are_shown(room: Room) -> None:
    viewer = room.newcomer()
    topic = room.post(viewer)
    reply = room.post(viewer, parent_id=topic)
    room.post(viewer, parent_id=reply)
    assert room.entry(viewer, topic).replies == 2
    with room.database.write() as session:
        actions.remove(session, room.clock, viewer, reply)
    assert room.entry(viewer, topic).replies == 1


def test_a_reply_is_for_those_for_whom_the_entry_answered_is(room: Room) -> None:
    author, member = room.newcomer(), room.newcomer()
    with room.rows():
        group = factories.CourseGroupFactory(tenant_id=room.tenant_id, course_id=room.course_id)
        for one in (author, member):
            factories.GroupMemberFactory(tenant_id=room.tenant_id, group_id=group.id, person_id=one.person_id)
        topic = factories.EntryFactory(
            tenant_id=room.tenant_id,
            panel_id=room.panel_id,
            voice_id=author.voice_id,
            audience=Audience.staff,
            group_id=group.id,
        )
    reply = room.post(author, parent_id=topic.id)
    with room.database.read() as session:
        kept = session.get_one(Entry, (room.tenant_id, reply))
    assert (kept.audience, kept.group_id) == (Audience.staff, group.id)
    assert reply not in {entry.id for entry in room.entries(member)}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"body": ""}, "body_missing"),
        ({"body": " \n\x00"}, "body_missing"),
        ({"body": "\u200b \u2060\ufeff"}, "body_missing"),
        ({"body": "x" * 20_001}, "text_too_long"),
        ({"body": "x", "title": "t" * 256}, "text_too_long"),
    ],
)
def test_a_text_that_cannot_be_taken_is_refused_and_nothing_written(
    room: Room, sent: dict[str, Any], code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        room.post(room.newcomer(), **sent)
    assert refused.value.code == code
    assert refused.value.facts["field"] in sent
    assert room.events() == []


def test_a_text_of_the_full_length_is_taken(room: Room) -> None:
    viewer = room.newcomer()
    entry = room.entry(viewer, room.post(viewer, "é" * 20_000, title="ü" * 255))
    assert (len(entry.body), len(entry.title)) == (20_000, 255)


def test_observers_do_not_post(room: Room) -> None:
    with pytest.raises(NotAllowed):
        room.post(room.newcomer(Role.observer))


def test_what_one_may_not_see_cannot_be_answered(room: Room) -> None:
    viewer = room.newcomer()
    elsewhere = room.post(room.look(viewer.membership_id, room.add_panel()))
    for missing in (elsewhere, uuid4()):
        with pytest.raises(NotFound):
            room.post(viewer, parent_id=missing)


def test_a_removed_entry_cannot_be_answered(room: Room) -> None:
    viewer = room.newcomer()
    topic = room.post(viewer)
    with room.database.write() as session:
        actions.remove(session, room.clock, viewer, topic)
    with pytest.raises(Conflict):
        room.post(viewer, parent_id=topic)


def test_when_the_event_cannot_be_written_there_is_no_entry_either(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = room.newcomer()
    topic = room.post(viewer)

    def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(actions, "append", broken)
    for change in (
        lambda session: actions.post(session, room.clock, viewer, body="Words", parent_id=topic),
        lambda session: actions.edit(session, room.clock, viewer, topic, version=1, body="Other words"),
        lambda session: actions.remove(session, room.clock, viewer, topic),
    ):
        with pytest.raises(OSError, match="full"), room.database.write() as session:
            change(session)
    (entry,) = room.entries(viewer)
    assert (entry.body, entry.version, entry.deleted, entry.replies) == ("Some words", 1, False, 0)
    assert room.event_types() == ["topic_posted"]


class TestOnce:
    """Idempotency keys."""

    def test_the_same_key_is_the_same_entry(self, room: Room) -> None:
        viewer = room.newcomer()
        assert room.post(viewer, idempotency_key="k") == room.post(viewer, idempotency_key="k")
        assert room.event_types() == ["topic_posted"]

    def test_it_stays_so_after_the_entry_was_edited_or_removed(self, room: Room) -> None:
        viewer = room.newcomer()
        entry = room.post(viewer, idempotency_key="k")
        with room.database.write() as session:
            actions.edit(session, room.clock, viewer, entry, version=1, body="Other words")
            actions.remove(session, room.clock, viewer, entry)
        assert room.post(viewer, idempotency_key="k") == entry
        assert len(room.entries(viewer)) == 1

    @pytest.mark.parametrize("other", [{"body": "Other"}, {"title": "Other"}, {"parent": True}])
    def test_the_same_key_with_other_content_is_a_mistake(self, room: Room, other: dict[str, Any]) -> None:
        viewer = room.newcomer()
        topic = room.post(viewer)
        room.post(viewer, idempotency_key="k")
        if "parent" in other:
            other = {"parent_id": topic}
        with pytest.raises(Conflict) as refused:
            room.post(viewer, idempotency_key="k", **other)
        assert refused.value.code == "idempotency_key_reused"

    def test_keys_of_different_people_and_panels_have_nothing_to_do_with_each_other(self, room: Room) -> None:
        ada, bo = room.newcomer(), room.newcomer()
        elsewhere = room.look(ada.membership_id, room.add_panel())
        assert len({room.post(viewer, idempotency_key="k") for viewer in (ada, bo, elsewhere)}) == 3

    def test_sent_many_times_at_once_it_is_posted_once(self, room: Room) -> None:
        viewer = room.newcomer()
        topic = room.post(viewer)
        ready = Barrier(6)

        def send(_: int) -> UUID:
            ready.wait()
            return room.post(viewer, parent_id=topic, idempotency_key="k")

        with ThreadPoolExecutor(6) as senders:
            assert len(set(senders.map(send, range(6)))) == 1
        assert room.event_types() == ["topic_posted", "reply_posted"]
        assert room.entry(viewer, topic).replies == 1


def test_many_who_post_at_once_all_get_a_place_and_a_number(room: Room) -> None:
    viewers = [room.newcomer() for _ in range(5)]
    topic = room.post(viewers[0])
    ready = Barrier(5)

    def chat(number: int) -> list[UUID]:
        ready.wait()
        return [room.post(viewers[number], f"{number}.{turn}", parent_id=topic) for turn in range(6)]

    with ThreadPoolExecutor(5) as people:
        posted = [entry for entries in people.map(chat, range(5)) for entry in entries]
    entries = room.entries(viewers[0])
    assert {entry.id for entry in entries} == {topic, *posted}
    assert sorted(entry.seq for entry in entries) == list(range(1, 32))
    assert entries[0].replies == 30


def test_an_alias_is_shown_by_its_name_alone(room: Room) -> None:
    with room.rows():
        voice = factories.VoiceFactory(
            tenant_id=room.tenant_id, course_id=room.course_id, person_id=None, alias="Quiet Otter"
        )
    viewer = room.newcomer(name="Ada")
    entry = room.post(replace(viewer, voice_id=voice.id))
    seen = room.entry(room.newcomer(), entry)
    assert (seen.author_name, seen.is_alias, seen.is_mine) == ("Quiet Otter", True, False)


def test_refusals_have_a_code_and_facts() -> None:
    refusal: Refusal = Conflict("entry_changed", version=3)
    assert (refusal.code, refusal.facts, str(refusal)) == ("entry_changed", {"version": 3}, "entry_changed")


def test_texts_stand_in_revisions_and_nowhere_else(room: Room) -> None:
    viewer = room.newcomer()
    room.post(viewer, "A secret sentence")
    with room.database.read() as session:
        for table in (Entry, Event):
            row = session.scalars(select(table)).one()
            assert "secret" not in repr(
                {column.key: getattr(row, column.key) for column in table.__mapper__.columns}
            )
        assert session.scalar(select(func.count()).select_from(Revision)) == 1
