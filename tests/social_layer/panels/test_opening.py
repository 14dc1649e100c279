"""Opening a panel: noted once in half an hour, for each voice and panel."""

from social_layer.panels.actions import open_panel
from social_layer.viewer import Viewer
from tests.room import Room


def look_in(room: Room, viewer: Viewer) -> None:
    with room.database.write() as session:
        open_panel(session, room.clock, viewer)


def test_an_opening_is_noted_once_however_often_the_page_is_loaded(room: Room) -> None:
    viewer = room.newcomer()
    for _ in range(3):
        look_in(room, viewer)
    (event,) = room.events()
    assert (event.type, event.object_id, event.panel_id, event.voice_id) == (
        "panel_opened",
        room.panel_id,
        room.panel_id,
        viewer.voice_id,
    )


def test_after_half_an_hour_it_is_a_new_visit(room: Room) -> None:
    viewer = room.newcomer()
    look_in(room, viewer)
    room.clock.pass_by(minutes=29)
    look_in(room, viewer)
    assert len(room.events()) == 1
    room.clock.pass_by(minutes=1)
    look_in(room, viewer)
    assert len(room.events()) == 2


def test_each_person_and_each_panel_for_itself(room: Room) -> None:
    viewer = room.newcomer()
    for one in (viewer, room.newcomer(), room.look(viewer.membership_id, room.add_panel())):
        look_in(room, one)
    assert room.event_types() == ["panel_opened"] * 3
