"""People whom the LMS's list names: known before they come, and out when it names them no more."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import func, select

from social_layer.people.actions import Newcomer, arrive
from social_layer.people.listed import Listed, ListedCourse, end_unlisted, note_listed
from social_layer.people.models import Account, Membership, Person, Role, Voice
from tests.room import Room

LMS = "https://lms.example.edu"
NOTE = Callable[..., datetime]


@pytest.fixture
def note(room: Room) -> NOTE:
    """Notes a list; answers as of when."""

    def noted(*listed: Listed, shortens_roles: bool = False) -> datetime:
        as_of = room.clock()
        with room.database.write() as session:
            note_listed(session, room.clock, course_of(room, shortens_roles), listed, as_of)
        return as_of

    return noted


def course_of(room: Room, shortens_roles: bool = False) -> ListedCourse:
    return ListedCourse(room.tenant_id, room.course_id, LMS, shortens_roles)


def launch(room: Room, account: str, role: Role = Role.learner, **more: object) -> UUID:
    newcomer = Newcomer(room.tenant_id, room.course_id, LMS, account, role, **more)  # type: ignore[arg-type]
    with room.database.write() as session:
        return arrive(session, room.clock, newcomer)


def end(room: Room, as_of: datetime) -> int:
    with room.database.write() as session:
        return end_unlisted(session, course_of(room), since=as_of, began=as_of)


def member(room: Room, account: str) -> Membership:
    with room.database.read() as session:
        return session.scalars(
            select(Membership)
            .join(Account, (Account.person_id == Membership.person_id) & (Account.name == account))
            .where(Membership.course_id == room.course_id)
        ).one()


def name_of(room: Room, account: str) -> str | None:
    with room.database.read() as session:
        return session.scalars(
            select(Person.name).join(Account, Account.person_id == Person.id).where(Account.name == account)
        ).one()


def counts(room: Room) -> set[int | None]:
    with room.database.read() as session:
        return {
            session.scalar(select(func.count()).select_from(table))
            for table in (Person, Account, Membership, Voice)
        }


def test_who_is_listed_has_all_that_a_page_needs(room: Room, note: NOTE) -> None:
    as_of = note(Listed("7", Role.instructor, "Ada"), Listed("8", Role.learner))
    ada = member(room, "7")
    assert (ada.role, ada.active, ada.launch_role, ada.last_launch_at) == (Role.instructor, True, None, None)
    assert ada.listed_at == as_of
    assert room.look(ada.id).name == "Ada"
    assert counts(room) == {2}


def test_somebody_listed_twice_is_one(room: Room, note: NOTE) -> None:
    note(Listed("7", Role.learner, "Ada"), Listed("7", Role.learner, "Ada"))
    note(Listed("7", Role.learner, "Ada B."))
    assert counts(room) == {1}
    assert name_of(room, "7") == "Ada B."


def test_the_launch_that_follows_finds_them(room: Room, note: NOTE) -> None:
    note(Listed("7", Role.learner, "Ada"))
    before = member(room, "7").id
    assert launch(room, "7", Role.assistant, name="Ada") == before
    after = member(room, "7")
    assert (after.role, after.launch_role) == (Role.assistant, Role.assistant)
    assert after.last_launch_at is not None


@pytest.mark.parametrize(
    ("launched", "listed", "shortens", "then"),
    [
        (Role.instructor, Role.learner, True, Role.instructor),
        (Role.instructor, Role.learner, False, Role.learner),
        (Role.learner, Role.instructor, True, Role.instructor),
        (Role.learner, Role.instructor, False, Role.instructor),
        (Role.learner, Role.learner, True, Role.learner),
    ],
)
def test_a_list_that_shortens_roles_takes_none_away_that_a_launch_gave(
    room: Room, note: NOTE, launched: Role, listed: Role, shortens: bool, then: Role
) -> None:
    launch(room, "7", launched)
    note(Listed("7", listed), shortens_roles=shortens)
    assert member(room, "7").role == then


def test_what_only_a_list_gave_it_may_take_back(room: Room, note: NOTE) -> None:
    note(Listed("7", Role.instructor), shortens_roles=True)
    note(Listed("7", Role.learner), shortens_roles=True)
    assert member(room, "7").role == Role.learner
    # And where the launch was as a learner.
    launch(room, "7", Role.learner)
    note(Listed("7", Role.instructor), shortens_roles=True)
    note(Listed("7", Role.learner), shortens_roles=True)
    assert member(room, "7").role == Role.learner


def test_a_name_that_the_list_withholds_is_kept_only_where_a_launch_gave_it(room: Room, note: NOTE) -> None:
    launch(room, "7", name="Ada")
    note(Listed("8", Role.learner, "Bea"))
    note(Listed("7", Role.learner), Listed("8", Role.learner))
    assert (name_of(room, "7"), name_of(room, "8")) == ("Ada", None)


def test_the_test_student_is_marked_with_the_voice(room: Room, note: NOTE) -> None:
    launch(room, "7")
    note(Listed("7", Role.learner, is_test=True), Listed("8", Role.learner, is_test=True))
    for account in ("7", "8"):
        found = member(room, account)
        assert found.is_test
        with room.database.read() as session:
            assert session.scalars(select(Voice.is_test).where(Voice.person_id == found.person_id)).one()


def test_who_is_not_listed_any_more_is_out_and_may_come_back(room: Room, note: NOTE) -> None:
    note(Listed("7", Role.learner), Listed("8", Role.learner))
    as_of = note(Listed("7", Role.learner))
    assert end(room, as_of) == 1
    assert (member(room, "7").active, member(room, "8").active) == (True, False)
    note(Listed("8", Role.learner))
    assert member(room, "8").active


def test_who_launched_since_then_stays(room: Room, note: NOTE) -> None:
    launch(room, "7")
    room.clock.pass_by(hours=1)
    as_of = note(Listed("9", Role.learner))
    launch(room, "8")
    assert end(room, as_of) == 1
    assert (member(room, "7").active, member(room, "8").active) == (False, True)


def test_who_looks_in_from_outside_is_out_only_after_having_been_on_the_list(room: Room, note: NOTE) -> None:
    launch(room, "7", Role.instructor, from_outside=True)
    room.clock.pass_by(hours=1)
    assert end(room, note(Listed("9", Role.learner))) == 0
    note(Listed("7", Role.instructor))
    assert end(room, note(Listed("9", Role.learner))) == 1


def test_other_courses_and_tenants_are_left_alone(room: Room, note: NOTE) -> None:
    other = Room(room.database)
    stranger = other.join()
    assert end(room, note(Listed("7", Role.learner))) == 0
    with room.database.read() as session:
        assert session.get_one(Membership, (other.tenant_id, stranger)).active


def test_a_class_that_launches_while_the_list_is_read_is_one_person_each(room: Room) -> None:
    accounts = [f"s{number}" for number in range(12)]
    together = Barrier(4)
    as_of = room.clock.now

    def clock() -> datetime:
        return as_of + timedelta(seconds=1)

    def lists(_: int) -> None:
        together.wait()
        with room.database.write() as session:
            listed = [Listed(account, Role.learner, f"Name {account}") for account in accounts]
            note_listed(session, clock, course_of(room), listed, as_of)

    def launches(first: int) -> None:
        together.wait()
        for account in accounts[first::3]:
            with room.database.write() as session:
                arrive(
                    session,
                    clock,
                    Newcomer(room.tenant_id, room.course_id, LMS, account, Role.learner, f"Own {account}"),
                )

    with ThreadPoolExecutor(4) as pool:
        works = [pool.submit(lists, 0), *(pool.submit(launches, first) for first in range(3))]
        for work in works:
            work.result(60)
    assert counts(room) == {12}
    assert all(member(room, account).last_launch_at for account in accounts)
