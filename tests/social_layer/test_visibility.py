"""Who may see an entry."""

from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from social_layer.discussion.models import Audience, Entry
from social_layer.people.models import Role
from social_layer.viewer import Viewer
from social_layer.visibility import seen_by, visible_to
from tests import factories
from tests.room import Room


def sees(room: Room, viewer: Viewer, entry_id: UUID) -> bool:
    """By the page, by the look at one entry, and by the condition itself: they never differ."""
    with room.database.read() as session:
        direct = set(session.scalars(select(Entry.id).where(visible_to(viewer)), seen_by(viewer)))
    paged = {entry.id for entry in room.entries(viewer)}
    assert direct == paged
    return entry_id in direct


def entry(room: Room, **values: object) -> UUID:
    with room.rows():
        made = factories.EntryFactory(tenant_id=room.tenant_id, **{"panel_id": room.panel_id, **values})
        factories.RevisionFactory(tenant_id=room.tenant_id, entry_id=made.id)
    entry_id: UUID = made.id
    return entry_id


@pytest.mark.parametrize("role", list(Role))
def test_entries_for_the_course_are_for_everybody_in_it(room: Room, role: Role) -> None:
    assert sees(room, room.newcomer(role), entry(room))


def test_entries_for_staff_are_for_staff_and_their_author(room: Room) -> None:
    author = room.newcomer()
    to_staff = entry(room, audience=Audience.staff, voice_id=author.voice_id)
    assert sees(room, author, to_staff)
    assert not sees(room, room.newcomer(), to_staff)
    assert not sees(room, room.newcomer(Role.observer), to_staff)
    assert not sees(room, room.newcomer(Role.designer), to_staff)
    for role in (Role.assistant, Role.instructor, Role.administrator):
        assert sees(room, room.newcomer(role), to_staff)


def test_entries_of_a_group_are_for_its_members_and_staff(room: Room) -> None:
    inside, outside, staff = room.newcomer(), room.newcomer(), room.newcomer(Role.assistant)
    with room.rows():
        group = factories.CourseGroupFactory(tenant_id=room.tenant_id, course_id=room.course_id)
        other = factories.CourseGroupFactory(tenant_id=room.tenant_id, course_id=room.course_id)
        factories.GroupMemberFactory(tenant_id=room.tenant_id, group_id=group.id, person_id=inside.person_id)
        factories.GroupMemberFactory(tenant_id=room.tenant_id, group_id=other.id, person_id=outside.person_id)
    of_group = entry(room, group_id=group.id)
    assert sees(room, inside, of_group)
    assert not sees(room, outside, of_group)
    assert sees(room, staff, of_group)


def test_being_the_author_does_not_open_a_group_that_one_left(room: Room) -> None:
    author = room.newcomer()
    with room.rows():
        group = factories.CourseGroupFactory(tenant_id=room.tenant_id, course_id=room.course_id)
    assert not sees(room, author, entry(room, group_id=group.id, voice_id=author.voice_id))


def test_an_earlier_term_is_over_for_everybody(room: Room) -> None:
    earlier = entry(room, term=1)
    with room.database.write() as session:
        from social_layer.people.models import Course

        session.get_one(Course, (room.tenant_id, room.course_id)).term = 2
    assert not sees(room, room.newcomer(), earlier)
    assert not sees(room, room.newcomer(Role.instructor), earlier)
    assert sees(room, room.newcomer(), entry(room, term=2))


@pytest.mark.parametrize("role", [Role.learner, Role.instructor])
def test_another_panel_is_another_place(room: Room, role: Role) -> None:
    elsewhere = entry(room, panel_id=room.add_panel())
    assert not sees(room, room.newcomer(role), elsewhere)


@pytest.mark.parametrize("role", [Role.learner, Role.administrator])
def test_another_tenant_is_another_world(room: Room, role: Role) -> None:
    theirs = Room(room.database)
    assert not sees(room, room.newcomer(role), entry(theirs))


def test_a_statement_without_the_viewers_parameters_does_not_run(room: Room) -> None:
    with room.database.read() as session, pytest.raises(StatementError):
        session.scalars(select(Entry.id).where(visible_to(room.newcomer())))


def test_one_sees_no_panel_of_a_course_one_is_not_in(room: Room) -> None:
    from social_layer.panels.queries import find_viewer

    with room.rows():
        other = factories.CourseFactory(tenant_id=room.tenant_id)
    member, panel = room.join(), room.add_panel(course_id=other.id)
    theirs = Room(room.database)
    with room.database.read() as session:
        assert find_viewer(session, room.tenant_id, member, panel) is None
        assert find_viewer(session, room.tenant_id, member, theirs.panel_id) is None
        assert find_viewer(session, theirs.tenant_id, member, theirs.panel_id) is None
