"""Arriving in a course: who is new, who comes again, what the LMS withholds, and two launches at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import func, select

from social_layer.database import Database
from social_layer.people.actions import Newcomer, arrive, find_or_make_tenant
from social_layer.people.models import Account, Membership, Person, Role, Tenant, Voice
from tests import factories
from tests.factories import made_in
from tests.room import Room


@pytest.fixture
def ada(room: Room) -> Newcomer:
    return Newcomer(
        tenant_id=room.tenant_id,
        course_id=room.course_id,
        home_page="https://lms.example.edu",
        account="ada-7",
        role=Role.learner,
        name="Ada",
        language="de",
    )


@pytest.fixture
def lets_arrive(room: Room) -> Callable[[Newcomer], UUID]:
    def arrives(newcomer: Newcomer) -> UUID:
        with room.database.write() as session:
            return arrive(session, room.clock, newcomer)

    return arrives


def person_of(room: Room, member: UUID) -> Person:
    with room.database.read() as session:
        return session.get_one(Person, (room.tenant_id, room.look(member).person_id))


def last_launch_of(room: Room, member: UUID) -> datetime | None:
    with room.database.read() as session:
        return session.get_one(Membership, (room.tenant_id, member)).last_launch_at


def counts(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Person, Account, Membership, Voice)
        }


def test_who_arrives_first_is_known_from_then_on(
    room: Room, ada: Newcomer, lets_arrive: Callable[[Newcomer], UUID]
) -> None:
    viewer = room.look(lets_arrive(ada))
    assert (viewer.name, viewer.role, viewer.language) == ("Ada", Role.learner, "de")
    assert counts(room.database) == {"person": 1, "account": 1, "membership": 1, "voice": 1}


def test_who_comes_again_is_the_same_person_with_the_same_voice(
    room: Room, ada: Newcomer, lets_arrive: Callable[[Newcomer], UUID]
) -> None:
    first = room.look(lets_arrive(ada))
    again = room.look(lets_arrive(ada))
    assert (first.membership_id, first.person_id, first.voice_id) == (
        again.membership_id,
        again.person_id,
        again.voice_id,
    )
    assert counts(room.database) == {"person": 1, "account": 1, "membership": 1, "voice": 1}


def test_a_new_name_and_role_count_from_now_on(
    room: Room, ada: Newcomer, lets_arrive: Callable[[Newcomer], UUID]
) -> None:
    lets_arrive(ada)
    viewer = room.look(lets_arrive(replace(ada, name="Ada King", role=Role.assistant)))
    assert (viewer.name, viewer.role) == ("Ada King", Role.assistant)


def test_a_new_role_counts_within_the_same_transaction(
    room: Room, ada: Newcomer, lets_arrive: Callable[[Newcomer], UUID]
) -> None:
    from social_layer.panels.queries import find_viewer

    lets_arrive(ada)
    with room.database.write() as session:
        member = arrive(session, room.clock, replace(ada, role=Role.instructor))
        viewer = find_viewer(session, room.tenant_id, member, room.panel_id)
    assert viewer is not None
    assert viewer.role is Role.instructor


def test_a_name_that_is_withheld_later_is_forgotten_and_the_language_stays(
    room: Room, ada: Newcomer, lets_arrive: Callable[[Newcomer], UUID]
) -> None:
    member = lets_arrive(ada)
    lets_arrive(replace(ada, name=None, language=None))
    person = person_of(room, member)
    assert (person.name, person.language) == (None, "de")
    lets_arrive(ada)
    assert person_of(room, member).name == "Ada"


def test_somebody_without_a_name_is_somebody(
    room: Room, ada: Newcomer, lets_arrive: Callable[[Newcomer], UUID]
) -> None:
    assert room.look(lets_arrive(replace(ada, name=None))).name is None


def test_one_person_in_two_courses_has_a_membership_and_a_voice_in_each(
    room: Room, ada: Newcomer, lets_arrive: Callable[[Newcomer], UUID]
) -> None:
    with room.rows():
        other = factories.CourseFactory(tenant_id=room.tenant_id)
    lets_arrive(ada)
    lets_arrive(replace(ada, course_id=other.id, role=Role.instructor))
    assert counts(room.database) == {"person": 1, "account": 1, "membership": 2, "voice": 2}
    with room.database.read() as session:
        registrations = session.scalars(select(Voice.registration)).all()
    assert len(set(registrations)) == 2


def test_the_same_account_name_of_another_lms_is_somebody_else(
    room: Room, ada: Newcomer, lets_arrive: Callable[[Newcomer], UUID]
) -> None:
    lets_arrive(ada)
    lets_arrive(replace(ada, home_page="https://other.example.edu"))
    assert counts(room.database)["person"] == 2


def test_the_same_account_of_another_tenant_is_somebody_else(
    room: Room, ada: Newcomer, lets_arrive: Callable[[Newcomer], UUID]
) -> None:
    with room.rows():
        course = factories.CourseFactory()
    lets_arrive(ada)
    lets_arrive(replace(ada, tenant_id=course.tenant_id, course_id=course.id))
    assert counts(room.database)["person"] == 2


def test_who_left_and_comes_back_is_in_again(
    room: Room, ada: Newcomer, lets_arrive: Callable[[Newcomer], UUID]
) -> None:
    member = lets_arrive(ada)
    with room.database.write() as session:
        session.get_one(Membership, (room.tenant_id, member)).active = False
    assert lets_arrive(ada) == member
    assert room.look(member)


def test_the_last_launch_is_noted_to_the_minute(
    room: Room, ada: Newcomer, lets_arrive: Callable[[Newcomer], UUID]
) -> None:
    member = lets_arrive(ada)
    first = last_launch_of(room, member)
    lets_arrive(ada)
    assert last_launch_of(room, member) == first
    room.clock.pass_by(minutes=2)
    lets_arrive(ada)
    later = last_launch_of(room, member)
    assert first is not None
    assert later is not None
    assert later - first > timedelta(minutes=2)


def test_the_lms_test_student_is_marked_in_membership_and_voice(
    room: Room, ada: Newcomer, lets_arrive: Callable[[Newcomer], UUID]
) -> None:
    viewer = room.look(lets_arrive(replace(ada, is_test=True)))
    assert viewer.is_test
    with room.database.read() as session:
        assert session.get_one(Voice, (room.tenant_id, viewer.voice_id)).is_test


def test_somebody_whom_the_lms_calls_its_test_student_later_is_marked_from_then_on(
    room: Room, ada: Newcomer, lets_arrive: Callable[[Newcomer], UUID]
) -> None:
    with room.rows():
        other = factories.CourseFactory(tenant_id=room.tenant_id)
    lets_arrive(replace(ada, course_id=other.id))
    assert not room.look(lets_arrive(ada)).is_test
    for told in (True, False):
        viewer = room.look(lets_arrive(replace(ada, is_test=told)))
        assert viewer.is_test
        with room.database.read() as session:
            marked = session.scalars(select(Voice.id).where(Voice.is_test)).all()
        assert marked == [viewer.voice_id]


@pytest.mark.parametrize("before", ["nobody", "in another course"])
def test_two_tabs_launched_at_once_are_one_person(room: Room, ada: Newcomer, before: str) -> None:
    if before == "in another course":
        with room.rows() as session:
            other = factories.CourseFactory(tenant_id=room.tenant_id)
            arrive(session, room.clock, replace(ada, course_id=other.id))
    ready = Barrier(4)

    def launch(_: int) -> UUID:
        ready.wait()
        with room.database.write() as session:
            return arrive(session, room.clock, ada)

    with ThreadPoolExecutor(4) as tabs:
        members = list(tabs.map(launch, range(4)))
    assert len(set(members)) == 1
    found = counts(room.database)
    assert (found["person"], found["account"]) == (1, 1)
    assert found["membership"] == found["voice"] == (1 if before == "nobody" else 2)


def test_the_default_tenant_is_made_once_even_by_two_at_once(database: Database) -> None:
    room = Room(database)
    ready = Barrier(4)

    def make(_: int) -> UUID:
        ready.wait()
        with database.write() as session:
            return find_or_make_tenant(session, room.clock).id

    with ThreadPoolExecutor(4) as starters:
        assert len(set(starters.map(make, range(4)))) == 1
    with database.write() as session, made_in(session):
        assert session.scalar(select(func.count()).where(Tenant.name == "default")) == 1
