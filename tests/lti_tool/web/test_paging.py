"""A long panel: shown page by page, at the same cost however long it is."""

from collections.abc import Callable

import pytest

from tests.lti_tool.web.reader import Reader, entry_ids
from tests.queries import counted
from tests.room import Room

ANYBODY = Callable[..., Reader]


def following(html: str) -> str:
    return html.partition('hx-vals=\'{"after": "')[2].partition('"')[0]


def test_earlier_threads_are_a_page_away(learner: Reader, room: Room) -> None:
    for number in range(105):
        room.post(learner.viewer, f"Thread {number}")
    page = learner.page()
    assert len(entry_ids(page)) == 100
    assert "Show earlier threads" in page
    more = learner.get(f"/entries?after={following(page)}")
    assert len(entry_ids(more.text)) == 5
    assert "hx-get" not in more.text


def test_a_page_may_end_within_a_thread_and_the_next_goes_on_with_it(learner: Reader, room: Room) -> None:
    older = room.post(learner.viewer, "Older thread")
    topic = room.post(learner.viewer, "Long thread")
    for number in range(120):
        room.post(learner.viewer, f"Reply {number}", parent_id=topic)
    page = learner.page()
    assert "Show more replies" in page
    more = learner.get(f"/entries?after={following(page)}").text
    assert f'<div hx-swap-oob="beforeend:#r-{topic}">' in more
    assert more.index("Reply 119") < more.index("Older thread")
    assert not set(entry_ids(page)) & set(entry_ids(more))
    assert len(entry_ids(page) + entry_ids(more)) == 122
    assert entry_ids(more)[-1] == older


def test_paging_keeps_its_place_while_others_post(learner: Reader, room: Room) -> None:
    for number in range(101):
        room.post(learner.viewer, f"Thread {number}")
    page = learner.page()
    room.post(learner.viewer, "Something new at the top")
    more = learner.get(f"/entries?after={following(page)}").text
    assert entry_ids(more) == [entry_ids(more)[0]]
    assert "Thread 0" in more


@pytest.mark.parametrize(
    ("path", "most"),
    [("", 10), ("/entries", 10), ("/updates?after={cursor}", 3)],
    ids=["page", "more", "poll"],
)
def test_no_more_statements_for_more_entries(learner: Reader, room: Room, path: str, most: int) -> None:
    def statements() -> int:
        wanted = path.format(cursor=learner.config()["cursor"])
        learner.get(wanted)
        with counted(room.database.engine) as sent:
            assert learner.get(wanted).status_code < 300
        return len(sent)

    topic = room.post(learner.viewer, "First")
    few = statements()
    for number in range(150):
        entry = room.post(learner.viewer, f"{number}", parent_id=topic if number % 3 else None)
        topic = entry if number % 2 else topic
    assert statements() == few <= most


def test_a_reply_costs_the_same_in_a_long_thread(learner: Reader, room: Room, read_as: ANYBODY) -> None:
    topic = learner.write("Topic")
    bo = read_as()

    def statements(number: int) -> int:
        form = {"body": "x", "parent_id": str(topic), "idempotency_key": f"key-{number:08}"}
        with counted(room.database.engine) as sent:
            assert bo.send("POST", "/entries", data=form).status_code == 200
        return len(sent)

    few = statements(1)
    for number in range(60):
        room.post(learner.viewer, f"{number}", parent_id=topic)
    assert statements(2) == few <= 12
