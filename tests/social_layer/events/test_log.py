"""The log: an event for each change, no texts, nothing changed afterwards."""

from datetime import timedelta

from social_layer.discussion import actions
from social_layer.discussion.models import ReactionKind
from social_layer.events.models import EventType
from social_layer.panels.actions import open_panel
from tests.room import Room


def test_a_day_in_the_panel_is_told_in_order_each_thing_once(room: Room) -> None:
    ada, bo = room.newcomer(), room.newcomer()
    with room.database.write() as session:
        open_panel(session, room.clock, ada)
    topic = room.post(ada)
    reply = room.post(bo, parent_id=topic)
    with room.database.write() as session:
        actions.react(session, room.clock, ada, reply, ReactionKind.insight)
        actions.react(session, room.clock, ada, reply, ReactionKind.insight, on=False)
        actions.edit(session, room.clock, bo, reply, version=1, body="Better words")
        actions.remove(session, room.clock, bo, reply)
    told = [
        (event.type, event.voice_id, event.object_id, event.answers_id, event.revision)
        for event in room.events()
    ]
    assert told == [
        (EventType.panel_opened, ada.voice_id, room.panel_id, None, None),
        (EventType.topic_posted, ada.voice_id, topic, None, 1),
        (EventType.reply_posted, bo.voice_id, reply, topic, 1),
        (EventType.reaction_added, ada.voice_id, reply, reply, None),
        (EventType.reaction_removed, ada.voice_id, reply, reply, None),
        (EventType.entry_edited, bo.voice_id, reply, topic, 2),
        (EventType.entry_deleted, bo.voice_id, reply, topic, None),
    ]


def test_each_event_has_its_own_time_tenant_and_version_and_waits_for_dispatch(room: Room) -> None:
    room.post(room.newcomer())
    (event,) = room.events()
    assert room.clock.now - event.occurred_at < timedelta(seconds=5)
    assert (event.tenant_id, event.schema_version, event.dispatched) == (room.tenant_id, 1, False)
