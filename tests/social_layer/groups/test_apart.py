"""A panel for groups: who writes for whom, and who reads it."""

from uuid import uuid4

import pytest

from social_layer.discussion import actions, queries
from social_layer.discussion.models import ReactionKind
from social_layer.panels.models import GroupMode
from social_layer.people.models import CourseGroup, Role
from social_layer.refusals import Refusal
from tests.queries import counted
from tests.social_layer.groups.divided import Divided


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return refused.value.code


def test_each_group_reads_its_own_and_staff_read_all(room: Divided) -> None:
    room.post(room.red, "red thought")
    room.post(room.blue, "blue thought")
    assert room.reads(room.red) == {"red thought"}
    assert room.reads(room.blue) == {"blue thought"}
    assert room.reads(room.staff) == {"red thought", "blue thought"}
    assert {entry.group_name for entry in room.entries(room.staff)} == {"red", "blue"}


def test_what_stands_from_before_stays_for_all_and_is_answered_within_the_group(room: Divided) -> None:
    room.choose(GroupMode.everyone)
    before = room.post(room.blue, "for all")
    room.choose(GroupMode.apart)
    room.post(room.red, "our answer", parent_id=before)
    assert room.reads(room.red) == {"for all", "our answer"}
    assert room.reads(room.blue) == {"for all"}


def test_going_back_to_one_room_gives_nothing_of_a_group_away(room: Divided) -> None:
    room.post(room.red, "red thought")
    room.choose(GroupMode.everyone)
    room.post(room.red, "for all now")
    assert room.reads(room.blue) == {"for all now"}
    assert room.reads(room.red) == {"red thought", "for all now"}


def test_another_groups_entry_cannot_be_answered_changed_or_reacted_to(room: Divided) -> None:
    theirs = room.post(room.blue, "blue thought")
    red = room.red
    for attempt in (
        lambda session: actions.post(session, room.clock, red, body="x", parent_id=theirs),
        lambda session: actions.edit(session, room.clock, red, theirs, version=1, body="x"),
        lambda session: actions.remove(session, room.clock, red, theirs),
        lambda session: actions.react(session, room.clock, red, theirs, ReactionKind.like),
    ):
        with pytest.raises(Refusal) as refused, room.database.write() as session:
            attempt(session)
        assert code_of(refused) == "entry_not_found"
    with room.database.read() as session:
        assert queries.find_entry(session, red, theirs) is None
        assert queries.read_up_to(session, red, [theirs], [theirs]) == ({}, frozenset())


def test_a_group_is_not_told_of_what_others_write(room: Divided) -> None:
    from social_layer.cursors import of_change

    start = of_change(room.red.panel.counter)
    room.post(room.blue, "blue thought")
    with room.database.read() as session:
        assert queries.updates(session, room.red, after=start).items == []  # type: ignore[union-attr]
        news = queries.updates(session, room.staff, after=start)
        assert news is not None
        assert [entry.body for entry in news.items] == ["blue thought"]


def test_staff_write_to_one_group_at_a_time_where_groups_are_apart(room: Divided) -> None:
    with pytest.raises(Refusal) as refused:
        room.post(room.staff, "to whom?")
    assert code_of(refused) == "group_missing"
    room.post(room.staff, "dear reds", group=room.groups["red"])
    assert room.reads(room.red) == {"dear reds"}
    assert room.reads(room.blue) == set()


def test_staff_across_write_to_all_or_one_and_each_group_answers_for_itself(room: Divided) -> None:
    room.choose(GroupMode.across)
    to_all = room.post(room.staff, "dear all")
    room.post(room.red, "red answer", parent_id=to_all)
    room.post(room.blue, "blue answer", parent_id=to_all)
    room.post(room.staff, "to blue alone", parent_id=to_all, group=room.groups["blue"])
    room.post(room.staff, "to all again", parent_id=to_all)
    assert room.reads(room.red) == {"dear all", "red answer", "to all again"}
    assert room.reads(room.blue) == {"dear all", "blue answer", "to blue alone", "to all again"}
    assert room.entry(room.red, to_all).replies == 2
    assert room.entry(room.blue, to_all).replies == 3
    assert room.entry(room.staff, to_all).replies == 4


def test_looking_at_one_group_narrows_and_never_widens(room: Divided) -> None:
    room.choose(GroupMode.across)
    room.post(room.staff, "dear all")
    room.post(room.red, "red thought")
    room.post(room.blue, "blue thought")

    def bodies(viewer: object, group: str) -> set[str]:
        with room.database.read() as session:
            page = queries.entries_page(session, viewer, group=room.groups[group])  # type: ignore[arg-type]
        return {entry.body for entry in page.items}

    assert bodies(room.staff, "red") == {"dear all", "red thought"}
    assert bodies(room.red, "red") == {"dear all", "red thought"}
    assert bodies(room.red, "blue") == {"dear all"}


def test_who_is_in_two_groups_says_for_which_one_they_write(room: Divided) -> None:
    room.put(room.members["red"], "blue")
    assert room.names_of_places(room.red) == ["red", "blue"]
    with pytest.raises(Refusal) as refused:
        room.post(room.red, "which one?")
    assert code_of(refused) == "group_missing"
    room.post(room.red, "for blue", group=room.groups["blue"])
    assert room.reads(room.blue) == {"for blue"}


def test_who_is_in_no_group_reads_what_is_for_all_and_writes_nothing(room: Divided) -> None:
    room.choose(GroupMode.across)
    to_all = room.post(room.staff, "dear all")
    room.post(room.red, "red thought")
    alone = room.newcomer()
    assert (alone.lacks_group, alone.may_post) == (True, False)
    assert room.reads(alone) == {"dear all"}
    for parent in (None, to_all):
        with pytest.raises(Refusal) as refused:
            room.post(alone, "hello?", parent_id=parent)
        assert code_of(refused) == "in_no_group"


def test_one_writes_into_no_group_but_ones_own(room: Divided) -> None:
    room.put(room.members["red"], "blue")
    green = room.add_group("green", 3)
    with room.rows():
        from tests import factories

        elsewhere = factories.CourseGroupFactory(tenant_id=room.tenant_id).id
    for wanted in (green, elsewhere, uuid4()):
        with pytest.raises(Refusal) as refused:
            room.post(room.red, "let me in", group=wanted)
        assert code_of(refused) == "group_not_found"
    with pytest.raises(Refusal) as refused:
        room.post(room.staff, "nor staff", group=elsewhere)
    assert code_of(refused) == "group_not_found"


def test_who_was_moved_leaves_what_they_wrote_and_loses_sight_of_it(room: Divided) -> None:
    room.put(room.members["blue"], "red")
    room.take_out(room.members["blue"], "blue")
    other = room.join()
    room.put(other, "blue")
    room.members["other"] = other
    room.put(room.members["red"], "blue")
    room.take_out(room.members["red"], "red")
    written = room.post(room.of("other"), "in blue")
    room.take_out(other, "blue")
    room.put(other, "red")
    assert room.reads(room.red) == {"in blue"}
    with room.database.read() as session:
        assert queries.find_entry(session, room.of("other"), written) is None


def test_a_group_that_was_closed_is_read_and_written_no_more(room: Divided) -> None:
    written = room.post(room.red, "red thought")
    with room.database.write() as session:
        group = session.get_one(CourseGroup, (room.tenant_id, room.groups["red"]))
        group.removed_at = room.clock()
    assert room.reads(room.red) == {"red thought"}
    assert room.red.lacks_group
    with pytest.raises(Refusal) as refused:
        room.post(room.staff, "late", parent_id=written)
    assert code_of(refused) == "group_closed"


def test_a_text_for_a_group_is_not_posted_to_all_when_the_set_up_changed(room: Divided) -> None:
    red = room.red
    room.choose(GroupMode.everyone)
    with pytest.raises(Refusal) as refused:
        room.post(red, "for my group", group=room.groups["red"])
    assert code_of(refused) == "groups_changed"


def test_a_text_for_all_is_posted_to_the_group_when_the_set_up_changed(room: Divided) -> None:
    room.choose(GroupMode.everyone)
    red = room.red
    room.choose(GroupMode.apart)
    room.post(red, "I thought all would see it")
    assert room.reads(room.blue) == set()
    assert room.reads(room.red) == {"I thought all would see it"}


def test_assistants_see_all_groups_and_observers_those_they_are_in(room: Divided) -> None:
    room.post(room.red, "red thought")
    assert room.reads(room.newcomer(Role.assistant)) == {"red thought"}
    assert room.reads(room.newcomer(Role.observer)) == set()


def test_the_statements_of_a_page_do_not_grow_with_its_groups(room: Divided) -> None:
    def statements() -> int:
        with counted(room.database.engine) as sent:
            room.entries(room.red)
            room.names_of_places(room.red)
        return len(sent)

    few = statements()
    for number in range(3, 30):
        room.add_group(f"Group {number}", number)
        room.post(room.red, "more")
    assert statements() == few
