"""Reflections: private until shared, then entries that can be answered."""

import pytest

from social_layer.discussion.queries import drafts
from social_layer.panels.actions import set_up
from social_layer.panels.models import Kind
from social_layer.people.models import Role
from social_layer.reflection.actions import Thoughts, keep, share
from social_layer.refusals import Conflict, Invalid
from social_layer.viewer import Viewer
from tests.room import Room

HEADINGS = {"what": "Was?", "so_what": "Na und?", "now_what": "Und jetzt?"}
THOUGHTS = Thoughts("We sowed.", " It grew. ", "")


@pytest.fixture
def viewer(room: Room) -> Viewer:
    return room.look(room.join(), room.add_panel(Kind.reflection))


def test_thoughts_are_kept_step_by_step_and_nobody_hears_of_them(room: Room, viewer: Viewer) -> None:
    with room.database.write() as session:
        keep(session, viewer, THOUGHTS, step=1)
    with room.database.read() as session:
        kept = drafts(session, viewer)
        of_others = drafts(session, room.look(room.join(), viewer.panel.id))
    assert kept == {"reflection": {"what": "We sowed.", "so_what": " It grew. ", "now_what": "", "step": 1}}
    assert of_others == {}
    assert (room.events(), room.entries(viewer)) == ([], [])


def test_what_is_shared_is_an_entry_with_the_steps_that_have_text(room: Room, viewer: Viewer) -> None:
    with room.database.write() as session:
        keep(session, viewer, THOUGHTS)
        entry_id = share(session, room.clock, viewer, THOUGHTS, headings=HEADINGS, title="In March")
        assert drafts(session, viewer) == {}
    entry = room.entry(viewer, entry_id)
    assert (entry.kind, entry.title) == ("reflection", "In March")
    assert entry.body == "# Was?\n\nWe sowed.\n\n# Na und?\n\nIt grew."
    (event,) = room.events()
    assert (event.type, event.id, event.detail) == ("reflection_shared", entry_id, "reflection")


def test_what_is_shared_can_be_answered(room: Room, viewer: Viewer) -> None:
    with room.database.write() as session:
        entry_id = share(session, room.clock, viewer, THOUGHTS, headings=HEADINGS)
    reply = room.post(room.look(room.join(), viewer.panel.id), parent_id=entry_id)
    assert room.entry(viewer, reply).kind == "reply"
    assert room.event_types() == ["reflection_shared", "reply_posted"]


def test_it_is_shared_once_with_the_same_key(room: Room, viewer: Viewer) -> None:
    for _ in range(2):
        with room.database.write() as session:
            share(session, room.clock, viewer, THOUGHTS, headings=HEADINGS, idempotency_key="k")
    assert len(room.entries(viewer)) == 1


def test_what_the_panel_is_now_decides_and_not_what_the_viewer_saw(room: Room, viewer: Viewer) -> None:
    staff = room.look(room.join(Role.instructor), viewer.panel.id)
    for kind in (Kind.discussion, Kind.reflection):
        with room.database.write() as session:
            set_up(session, room.clock, staff, kind=kind, title="Other", purpose="", prompt="")
        stale, viewer = viewer, room.look(viewer.membership_id, viewer.panel.id)
        assert stale.panel.kind is not kind
        if kind is Kind.discussion:
            with pytest.raises(Conflict) as refused, room.database.write() as session:
                share(session, room.clock, stale, THOUGHTS, headings=HEADINGS)
            assert refused.value.code == "not_a_reflection_panel"
    with room.database.write() as session:
        share(session, room.clock, stale, THOUGHTS, headings=HEADINGS)
    assert [entry.kind for entry in room.entries(viewer)] == ["reflection"]


def test_without_its_first_step_there_is_nothing_to_share(room: Room, viewer: Viewer) -> None:
    with room.database.write() as session, pytest.raises(Invalid) as refused:
        share(session, room.clock, viewer, Thoughts("  ", "It grew."), headings=HEADINGS)
    assert refused.value.code == "step_missing"


def test_a_discussion_takes_no_reflections(room: Room) -> None:
    with room.database.write() as session, pytest.raises(Conflict) as refused:
        share(session, room.clock, room.newcomer(), THOUGHTS, headings=HEADINGS)
    assert refused.value.code == "not_a_reflection_panel"
