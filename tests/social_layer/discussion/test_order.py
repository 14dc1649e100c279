"""Thread order: the newest thread first, each thread depth first, whole and once, page by page."""

from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from social_layer.discussion.paths import LEVELS, depth_of, reply_path, thread_path
from social_layer.discussion.queries import EntryView
from tests.room import Room

# Which earlier entry each one answers: -1 opens a thread.
trees = some.lists(some.integers(-1, 30), min_size=1, max_size=30).map(
    lambda answers: [min(answer, number - 1) for number, answer in enumerate(answers)]
)
calm = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@calm
@given(tree=trees, limit=some.integers(1, 7))
def test_paging_gives_every_entry_once_in_thread_order(room: Room, tree: list[int], limit: int) -> None:
    viewer = room.look(room.join(), room.add_panel())
    posted: list[UUID] = []
    for answered in tree:
        posted.append(room.post(viewer, parent_id=posted[answered] if answered >= 0 else None))
    entries = room.entries(viewer, limit)
    assert_in_thread_order(entries, posted)


def test_a_long_conversation_of_two_stays_in_order_beyond_the_deepest_level(room: Room) -> None:
    viewer = room.newcomer()
    posted = [room.post(viewer)]
    for _ in range(LEVELS * 2):
        posted.append(room.post(viewer, parent_id=posted[-1]))
    entries = room.entries(viewer, 3)
    assert [entry.id for entry in entries] == posted
    assert max(entry.depth for entry in entries) == LEVELS - 1
    assert [entry.parent_id for entry in entries] == [None, *posted[:-1]]


def test_replies_to_different_entries_on_the_deepest_level_stand_as_they_were_written(room: Room) -> None:
    viewer = room.newcomer()
    deepest = room.post(viewer)
    for _ in range(LEVELS - 1):
        deepest = room.post(viewer, parent_id=deepest)
    first = room.post(viewer, parent_id=deepest)
    other = room.post(viewer, parent_id=deepest)
    late = room.post(viewer, parent_id=first)
    assert [entry.id for entry in room.entries(viewer)][-3:] == [first, other, late]


@given(seqs=some.lists(some.integers(1, 2**32 - 2), min_size=2, max_size=2, unique=True))
def test_paths_sort_threads_newest_first_and_replies_oldest_first(seqs: list[int]) -> None:
    older, newer = sorted(seqs)
    assert thread_path(newer) < thread_path(older)
    below = thread_path(older)
    assert below < reply_path(below, older) < reply_path(below, newer)
    assert depth_of(reply_path(below, newer)) == 1


def assert_in_thread_order(entries: list[EntryView], posted: list[UUID]) -> None:
    position = {entry.id: number for number, entry in enumerate(entries)}
    assert len(position) == len(entries)
    assert set(position) == set(posted)
    threads = [entry.thread_id for entry in entries]
    assert threads == sorted(threads, key=threads.index), "threads are contiguous"
    starts = [entry.seq for entry in entries if entry.parent_id is None]
    assert starts == sorted(starts, reverse=True)
    for entry in entries:
        if entry.parent_id:
            assert position[entry.parent_id] < position[entry.id]
    by_parent: dict[UUID | None, list[int]] = {}
    for entry in entries:
        by_parent.setdefault(entry.parent_id, []).append(entry.seq)
    for parent, seqs in by_parent.items():
        if parent:
            assert seqs == sorted(seqs), "siblings stand in the order of writing"
