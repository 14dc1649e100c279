"""How many statements a request takes: few, and never more where there is more to show."""

import pytest

from social_layer.discussion.models import ReactionKind
from tests.lti_tool.api.speaker import Speaker
from tests.queries import counted
from tests.room import Room


@pytest.mark.parametrize("entries", [3, 60])
def test_a_page_of_entries_takes_two_statements(learner: Speaker, room: Room, entries: int) -> None:
    writer = room.newcomer()
    for number in range(entries):
        entry_id = room.post(writer, f"Entry {number}")
    with room.database.write() as session:
        from social_layer.discussion.actions import react

        react(session, room.clock, writer, entry_id, ReactionKind.like)
    with counted(room.database.engine) as statements:
        learner.get("{panel}/entries")
    assert len(statements) == 2


def test_a_poll_takes_one_statement_and_two_with_news(
    learner: Speaker, instructor: Speaker, room: Room
) -> None:
    cursor = learner.get("{panel}").json["cursor"]
    with counted(room.database.engine) as statements:
        assert learner.get("{panel}/updates", query_string={"after": cursor}).status_code == 204
    assert len(statements) == 1
    instructor.write()
    with counted(room.database.engine) as statements:
        learner.get("{panel}/updates", query_string={"after": cursor})
    assert len(statements) == 2


def test_a_reply_takes_at_most_twelve_statements(learner: Speaker, instructor: Speaker, room: Room) -> None:
    topic = learner.write()
    with counted(room.database.engine) as statements:
        instructor.post(
            "{panel}/entries",
            {"body": "A reply", "parent_id": topic["id"]},
            headers={"Idempotency-Key": "k"},
        )
    assert len(statements) <= 12
