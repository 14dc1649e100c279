"""Editing, removing, reacting."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from social_layer.discussion import actions
from social_layer.discussion.models import ReactionKind, Revision
from social_layer.people.models import Membership, Role
from social_layer.refusals import Conflict, NotAllowed, NotFound, Refusal
from social_layer.viewer import Viewer
from tests.room import Room

LIKE, INSIGHT = ReactionKind.like, ReactionKind.insight


def edit(
    room: Room, viewer: Viewer, entry_id: UUID, version: int = 1, body: str = "Other words", **more: Any
) -> None:
    with room.database.write() as session:
        actions.edit(session, room.clock, viewer, entry_id, version=version, body=body, **more)


def remove(room: Room, viewer: Viewer, entry_id: UUID, version: int | None = None) -> None:
    with room.database.write() as session:
        actions.remove(session, room.clock, viewer, entry_id, version=version)


def react(room: Room, viewer: Viewer, entry_id: UUID, kind: ReactionKind = LIKE, *, on: bool = True) -> None:
    with room.database.write() as session:
        actions.react(session, room.clock, viewer, entry_id, kind, on=on)


def test_an_edit_shows_the_new_text_and_that_it_was_edited_and_keeps_the_old_one(room: Room) -> None:
    viewer = room.newcomer()
    entry_id = room.post(viewer, title="Old title")
    edit(room, viewer, entry_id, title="New title")
    entry = room.entry(viewer, entry_id)
    assert (entry.title, entry.body, entry.version) == ("New title", "Other words", 2)
    assert entry.edited_at is not None
    assert entry.edited_at > entry.created_at
    with room.database.read() as session:
        texts = session.scalars(select(Revision.body).order_by(Revision.number)).all()
    assert texts == ["Some words", "Other words"]
    last = room.events()[-1]
    assert (last.type, last.object_id, last.revision) == ("entry_edited", entry_id, 2)


def test_an_edit_that_changes_nothing_is_none(room: Room) -> None:
    viewer = room.newcomer()
    entry_id = room.post(viewer, title="A title")
    before, events = room.entry(viewer, entry_id), len(room.events())
    edit(room, viewer, entry_id, title=" A title ", body=f"{before.body}\n")
    assert room.entry(viewer, entry_id) == before
    assert len(room.events()) == events
    with room.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Revision)) == 1
    # From a version that is not the present one it is a conflict like any other.
    edit(room, viewer, entry_id, title="Another")
    with pytest.raises(Conflict):
        edit(room, viewer, entry_id, title="Another")


def test_an_edit_keeps_its_place_and_names_what_the_entry_answers(room: Room) -> None:
    viewer = room.newcomer()
    topic = room.post(viewer)
    first, second = room.post(viewer, parent_id=topic), room.post(viewer, parent_id=topic)
    edit(room, viewer, first)
    assert [entry.id for entry in room.entries(viewer)] == [topic, first, second]
    assert room.events()[-1].answers_id == topic


@pytest.mark.parametrize("version", [0, 2, 99])
def test_only_from_the_version_one_saw(room: Room, version: int) -> None:
    viewer = room.newcomer()
    entry_id = room.post(viewer)
    for change in (edit, remove):
        with pytest.raises(Conflict) as refused:
            change(room, viewer, entry_id, version)
        assert (refused.value.code, refused.value.facts) == ("entry_changed", {"version": 1})
    assert room.event_types() == ["topic_posted"]


def test_of_two_who_edit_the_same_version_at_once_one_is_told(room: Room) -> None:
    viewer = room.newcomer()
    entry_id = room.post(viewer)
    ready = Barrier(3)

    def change(number: int) -> str:
        ready.wait()
        try:
            edit(room, viewer, entry_id, body=f"Words {number}")
        except Refusal as refusal:
            return refusal.code
        return "changed"

    with ThreadPoolExecutor(3) as tabs:
        assert sorted(tabs.map(change, range(3))) == ["changed", "entry_changed", "entry_changed"]
    assert room.event_types() == ["topic_posted", "entry_edited"]


def test_only_the_author_edits_not_even_staff(room: Room) -> None:
    entry_id = room.post(room.newcomer())
    for other in (room.newcomer(), room.newcomer(Role.instructor)):
        with pytest.raises(NotAllowed) as refused:
            edit(room, other, entry_id)
        assert refused.value.code == "not_author"


@pytest.mark.parametrize("role", [Role.assistant, Role.instructor, Role.administrator])
def test_staff_may_remove_and_others_not(room: Room, role: Role) -> None:
    entry_id = room.post(room.newcomer())
    with pytest.raises(NotAllowed):
        remove(room, room.newcomer(), entry_id)
    staff = room.newcomer(role)
    remove(room, staff, entry_id, version=1)
    last = room.events()[-1]
    assert (last.type, last.object_id, last.voice_id) == ("entry_removed", entry_id, staff.voice_id)


def test_a_removed_entry_shows_neither_text_nor_author_nor_reactions(room: Room) -> None:
    author, other = room.newcomer(name="Ada"), room.newcomer()
    entry_id = room.post(author, title="A title")
    react(room, other, entry_id)
    remove(room, author, entry_id)
    seen = room.entry(other, entry_id)
    assert (seen.deleted, seen.title, seen.body, seen.html, seen.author_name) == (True, "", "", "", None)
    assert (seen.reactions, seen.my_reactions, seen.is_unread) == ({}, frozenset(), False)


def test_with_a_removed_entry_nothing_more_can_be_done(room: Room) -> None:
    viewer = room.newcomer()
    entry_id = room.post(viewer)
    remove(room, viewer, entry_id)
    for change in (edit, remove, react):
        with pytest.raises(Conflict) as refused:
            change(room, viewer, entry_id)
        assert refused.value.code == "entry_removed"
    assert room.event_types() == ["topic_posted", "entry_deleted"]


def test_what_one_may_not_see_one_cannot_change(room: Room) -> None:
    viewer = room.newcomer()
    elsewhere = room.post(room.look(viewer.membership_id, room.add_panel()))
    for change in (edit, remove, react):
        with pytest.raises(NotFound):
            change(room, viewer, elsewhere)


def test_a_reaction_given_twice_is_one_reaction_and_one_event(room: Room) -> None:
    author, fan = room.newcomer(), room.newcomer()
    entry_id = room.post(author)
    react(room, fan, entry_id)
    react(room, fan, entry_id)
    assert room.entry(fan, entry_id).reactions == {LIKE: 1}
    assert room.event_types() == ["topic_posted", "reaction_added"]
    added = room.events()[-1]
    assert (added.object_id, added.answers_id, added.detail) == (entry_id, entry_id, "like")


def test_a_reaction_taken_back_twice_is_gone_once(room: Room) -> None:
    fan = room.newcomer()
    entry_id = room.post(room.newcomer())
    react(room, fan, entry_id)
    react(room, fan, entry_id, on=False)
    react(room, fan, entry_id, on=False)
    assert room.entry(fan, entry_id).reactions == {}
    assert room.event_types() == ["topic_posted", "reaction_added", "reaction_removed"]


def test_reactions_are_counted_by_kind_and_ones_own_are_known(room: Room) -> None:
    fans = [room.newcomer() for _ in range(3)]
    entry_id = room.post(room.newcomer())
    for fan in fans:
        react(room, fan, entry_id)
    react(room, fans[0], entry_id, INSIGHT)
    assert room.entry(fans[0], entry_id).reactions == {LIKE: 3, INSIGHT: 1}
    assert room.entry(fans[0], entry_id).my_reactions == {LIKE, INSIGHT}
    assert room.entry(fans[1], entry_id).my_reactions == {LIKE}
    assert room.entry(room.newcomer(), entry_id).my_reactions == frozenset()


def test_a_reaction_that_comes_twice_at_once_leaves_one_event(room: Room) -> None:
    fan = room.newcomer()
    entry_id = room.post(room.newcomer())
    ready = Barrier(4)

    def press(_: int) -> None:
        ready.wait()
        react(room, fan, entry_id)

    with ThreadPoolExecutor(4) as fingers:
        list(fingers.map(press, range(4)))
    assert room.event_types() == ["topic_posted", "reaction_added"]
    assert room.entry(fan, entry_id).reactions == {LIKE: 1}


def test_observers_do_not_react(room: Room) -> None:
    entry_id = room.post(room.newcomer())
    with pytest.raises(NotAllowed):
        react(room, room.newcomer(Role.observer), entry_id)


def test_who_became_an_observer_changes_nothing_any_more(room: Room) -> None:
    member = room.join()
    entry_id = room.post(room.look(member))
    with room.rows() as session:
        session.get_one(Membership, (room.tenant_id, member)).role = Role.observer
    for change in (edit, remove, react):
        with pytest.raises(NotAllowed) as refused:
            change(room, room.look(member), entry_id)
        assert refused.value.code == "may_not_post"
    assert room.event_types() == ["topic_posted"]


def test_what_changes_nothing_is_no_news(room: Room) -> None:
    viewer = room.newcomer()
    entry_id = room.post(viewer, idempotency_key="once")
    react(room, viewer, entry_id)
    before = room.look(viewer.membership_id).panel.counter
    react(room, viewer, entry_id)
    react(room, viewer, entry_id, INSIGHT, on=False)
    room.post(viewer, idempotency_key="once")
    assert room.look(viewer.membership_id).panel.counter == before
    react(room, viewer, entry_id, on=False)
    assert room.look(viewer.membership_id).panel.counter == before + 1
