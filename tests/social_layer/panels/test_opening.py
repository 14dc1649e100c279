"""Opening a panel: noted once in half an hour, for each voice and panel."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from social_layer.panels.actions import open_panel
from social_layer.viewer import Viewer
from tests.queries import counted
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


def test_two_tabs_that_open_at_once_are_one_opening(room: Room) -> None:
    viewer = room.newcomer()
    ready = Barrier(4)

    def open_tab(_: int) -> None:
        ready.wait()
        look_in(room, viewer)

    for _ in range(3):
        with ThreadPoolExecutor(4) as tabs:
            list(tabs.map(open_tab, range(4)))
        room.clock.pass_by(hours=1)
    assert room.event_types() == ["panel_opened"] * 3


def test_a_second_tab_waits_until_the_first_has_said_so(room: Room) -> None:
    viewer = room.newcomer()
    with ThreadPoolExecutor(1) as tabs:
        with room.database.write() as session:
            open_panel(session, room.clock, viewer)
            second = tabs.submit(look_in, room, viewer)
            time.sleep(0.5)
        second.result()
    assert room.event_types() == ["panel_opened"]


def test_a_page_loaded_again_takes_one_statement(room: Room) -> None:
    viewer = room.newcomer()
    look_in(room, viewer)
    with counted(room.database.engine) as statements:
        look_in(room, viewer)
    assert len(statements) == 1


def test_each_person_and_each_panel_for_itself(room: Room) -> None:
    viewer = room.newcomer()
    for one in (viewer, room.newcomer(), room.look(viewer.membership_id, room.add_panel())):
        look_in(room, one)
    assert room.event_types() == ["panel_opened"] * 3
