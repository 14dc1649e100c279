"""Rosters: who is listed becomes a member before any launch, and who is not listed any more is out."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from lti_tool.bridging import base_of
from lti_tool.lti import rosters
from lti_tool.lti.models import LtiContext, Platform, Roster
from lti_tool.parts import Parts
from lti_tool.sandbox import Role as LmsRole
from social_layer.people.listed import Listed, ListedCourse, note_listed
from social_layer.people.models import Account, Membership, Person, Role, Voice
from tests import factories
from tests.lti_tool.lti import rostering
from tests.lti_tool.lti.launching import Course, config_of, counted_statements
from tests.lti_tool.lti.rostering import member, people, roster, sub, sync

canvas, course, town = rostering.canvas, rostering.course, rostering.town


def status_of(course: Course, page: Any) -> int:
    """What a request with the bearer of this page is answered now."""
    config = config_of(page)
    answer = course.app.test_client().get(
        f"/api/v1/panels/{config['panel_id']}/entries", headers={"Authorization": f"Bearer {config['token']}"}
    )
    return answer.status_code


@pytest.mark.parametrize("profile", ["course", "canvas"])
def test_a_launch_asks_for_the_list_and_everybody_on_it_is_a_member_then(
    profile: str, request: pytest.FixtureRequest
) -> None:
    course: Course = request.getfixturevalue(profile)
    course.launch("amara")
    assert set(people(course)) == {sub(course, "amara")}
    assert sync(course)
    found = people(course)
    assert {sub(course, who) for who in ("amara", "maya", "lucas", "jonas")} <= set(found)
    maya = member(course, "maya")
    assert (maya.role, maya.active, maya.last_launch_at) == (Role.learner, True, None)
    assert member(course, "amara").last_launch_at is not None
    names = {person.name for person in course.rows(Person)}
    assert "Maya Chen" in names
    assert len(course.rows(Voice)) == len(found)
    assert roster(course).members == len(found)
    assert roster(course).as_of == course.clock()


def test_the_launch_that_follows_is_by_the_same_person(course: Course) -> None:
    course.launch("amara")
    sync(course)
    before = member(course, "maya")
    page = course.launch("maya")
    after = member(course, "maya")
    assert (before.id, before.person_id) == (after.id, after.person_id)
    assert after.last_launch_at is not None
    assert status_of(course, page) == 200
    with course.given.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Account)) == len(people(course))


def test_reading_again_changes_nothing_but_when_it_was(course: Course) -> None:
    course.launch("amara")
    sync(course)

    def facts() -> Any:
        return sorted(
            (name, each.id, each.role, each.active, each.is_test, each.last_launch_at)
            for name, each in people(course).items()
        )

    before = facts()
    course.clock.pass_by(hours=5)
    assert sync(course)
    assert facts() == before
    assert {each.listed_at for each in people(course).values()} == {course.clock()}


def test_the_suspended_lose_access_at_the_next_reading_and_come_back(course: Course) -> None:
    course.launch("amara")
    page = course.launch("maya")
    sync(course)
    assert status_of(course, page) == 200
    course.sandbox.suspend("maya", "ecology")
    course.clock.pass_by(minutes=15)
    course.launch("amara")
    assert sync(course)
    assert status_of(course, page) == 403
    course.sandbox.readmit("maya", "ecology")
    course.clock.pass_by(minutes=15)
    course.launch("amara")
    sync(course)
    assert status_of(course, page) == 200


def test_who_is_shown_as_inactive_is_out_too(canvas: Course) -> None:
    canvas.launch("amara")
    page = canvas.launch("maya")
    canvas.sandbox.suspend("maya", "ecology", shown_as="Inactive")
    canvas.clock.pass_by(minutes=2)
    sync(canvas)
    assert status_of(canvas, page) == 403
    assert not member(canvas, "maya").active


def test_half_a_reading_removes_nobody(canvas: Course) -> None:
    """Canvas's pages hold 50: the second one fails."""
    canvas.sandbox.add_members("ecology", 70)
    canvas.launch("amara")
    page = canvas.launch("maya")
    assert sync(canvas)
    canvas.clock.pass_by(minutes=20)
    canvas.sandbox.suspend("maya", "ecology")
    pages = 0

    def weather(method: str, path: str) -> int | None:
        nonlocal pages
        pages += path.endswith("names_and_roles")
        return 500 if pages == 2 else None

    canvas.sandbox.door.weather = weather
    canvas.launch("amara")
    assert not sync(canvas)
    assert status_of(canvas, page) == 200
    found = roster(canvas)
    assert (found.problem, found.status, found.failures) == ("list_unreachable", 500, 1)
    assert found.as_of is not None
    assert found.as_of < canvas.clock()
    # Tried again after a while, and all is well.
    canvas.sandbox.door.weather = None
    assert not sync(canvas)
    canvas.clock.pass_by(minutes=3)
    assert sync(canvas)
    assert status_of(canvas, page) == 403
    assert (roster(canvas).problem, roster(canvas).failures) == (None, 0)


def test_moodles_non_editing_teacher_stays_staff_after_a_launch(course: Course) -> None:
    course.launch("amara")
    sync(course)
    assert member(course, "jonas").role == Role.learner
    course.launch("jonas")
    assert member(course, "jonas").role == Role.instructor
    course.clock.pass_by(hours=5)
    sync(course)
    assert member(course, "jonas").role == Role.instructor


def test_canvas_assistants_are_assistants_before_they_come(canvas: Course) -> None:
    canvas.launch("amara")
    sync(canvas)
    assert member(canvas, "jonas").role == Role.assistant


def test_in_canvas_the_list_decides_between_launches(canvas: Course) -> None:
    canvas.launch("amara")
    canvas.launch("jonas")
    canvas.sandbox.world.courses["ecology"].members["jonas"] = LmsRole.LEARNER
    canvas.clock.pass_by(minutes=11)
    canvas.launch("amara")
    sync(canvas)
    assert member(canvas, "jonas").role == Role.learner


def test_who_looks_in_from_outside_is_on_no_list_and_stays(course: Course) -> None:
    page = course.launch("ruth")
    course.launch("amara")
    assert member(course, "ruth").from_outside
    course.clock.pass_by(minutes=30)
    sync(course)
    assert status_of(course, page) == 200


def test_canvas_test_student_is_on_no_list_and_stays(canvas: Course) -> None:
    students = [key for key, each in canvas.sandbox.world.people.items() if each.test_student]
    page = canvas.launch(students[0])
    canvas.launch("amara")
    canvas.clock.pass_by(minutes=30)
    sync(canvas)
    assert status_of(canvas, page) == 200
    assert member(canvas, students[0]).is_test


def test_who_launches_while_the_list_is_read_stays(course: Course) -> None:
    """They were enrolled after their page had been read."""
    course.launch("amara")
    with course.given.database.write() as session:
        ((tenant_id, context_id),) = rosters.due(session, course.clock, 1)
        taken = rosters.take(session, course.clock, tenant_id, context_id)
    assert taken
    course.clock.pass_by(seconds=5)
    page = course.launch("maya")
    course.clock.pass_by(seconds=5)
    with course.given.database.write() as session:
        assert rosters.complete(session, course.clock, taken) is not None
    assert status_of(course, page) == 200


def test_names_may_be_withheld(course: Course) -> None:
    config = course.sandbox.config
    course.launch("amara")
    course.launch("maya")
    sync(course)
    course.sandbox.config = replace(config, release_names=False, release_email=False)
    try:
        course.clock.pass_by(hours=5)
        assert sync(course)
    finally:
        course.sandbox.config = config
    names = {person.id: person.name for person in course.rows(Person)}
    # Forgotten where only the list had given it; what a launch gave is the next launch's to take back.
    assert names[member(course, "lucas").person_id] is None
    assert names[member(course, "maya").person_id] == "Maya Chen"


def test_an_empty_list_locks_nobody_out(course: Course) -> None:
    page = course.launch("amara")
    course.sandbox.world.courses["ecology"].members.clear()
    course.clock.pass_by(minutes=5)
    assert not sync(course)
    assert status_of(course, page) == 200
    assert roster(course).problem == "list_empty"


def test_moodles_long_roster_is_read_in_pages(course: Course) -> None:
    course.sandbox.add_members("ecology", 205)
    course.launch("amara")
    calls = len(course.sandbox.door.calls)
    assert sync(course)
    asked = [call.url for call in list(course.sandbox.door.calls)[calls:]]
    assert len(asked) == 2
    assert "limit=200" in asked[0]
    assert len(people(course)) == roster(course).members
    assert len(people(course)) > 205


def test_only_the_staffs_launches_and_the_schedule_ask_again(course: Course) -> None:
    course.launch("amara")
    sync(course)
    course.clock.pass_by(minutes=30)
    course.launch("maya")
    assert not sync(course)
    course.launch("amara")
    assert sync(course)
    course.launch("amara")
    assert not sync(course), "read a moment ago"
    course.clock.pass_by(hours=4, minutes=1)
    assert sync(course), "the schedule"


def test_a_course_that_nobody_opens_is_not_read_on_and_on(course: Course) -> None:
    course.launch("amara")
    sync(course)
    for _ in range(100):
        course.clock.pass_by(hours=4, minutes=1)
        sync(course)
    assert roster(course).due_at is None
    course.launch("maya")
    assert sync(course)
    assert roster(course).due_at is not None


def test_who_has_the_lease_reads_alone_and_a_lost_one_writes_nothing(course: Course) -> None:
    course.launch("amara")
    with course.given.database.write() as session:
        ((tenant_id, context_id),) = rosters.due(session, course.clock, 1)
        first = rosters.take(session, course.clock, tenant_id, context_id)
        assert first
        assert rosters.take(session, course.clock, tenant_id, context_id) is None
    assert not sync(course)
    course.clock.pass_by(minutes=3)
    assert sync(course)
    with course.given.database.write() as session:
        assert not rosters.go_on(session, course.clock, first, 1)
        assert rosters.complete(session, course.clock, first) is None
        rosters.fail(session, course.clock, first, "list_gone")
    assert roster(course).problem is None


def test_an_lms_without_the_service_makes_no_roster(course: Course) -> None:
    scopes = course.sandbox.registration.scopes
    course.sandbox.registration.scopes = tuple(scope for scope in scopes if "nrps" not in scope)
    course.launch("amara")
    assert course.rows(Roster) == []


def test_a_refusal_is_kept_in_the_platforms_words(course: Course) -> None:
    course.launch("amara")
    course.sandbox.door.weather = lambda method, path: 403
    assert not sync(course)
    found = roster(course)
    assert (found.problem, found.status) == ("list_refused", 403)
    assert "Not now" in (found.said or "")
    assert found.due_at == course.clock() + timedelta(hours=4)


def test_a_platform_that_was_removed_is_not_asked(course: Course) -> None:
    course.launch("amara")
    with course.given.database.write() as session:
        session.execute(Platform.__table__.update().values(removed_at=course.clock()))  # type: ignore[attr-defined]
    calls = len(course.sandbox.door.calls)
    assert not sync(course)
    assert len(course.sandbox.door.calls) == calls
    assert roster(course).due_at is None


def test_a_learners_launch_writes_nothing_about_the_list(course: Course) -> None:
    course.launch("maya")
    with counted_statements(course.given) as seen:
        course.launch("maya")
    assert not [statement for statement in seen if statement.startswith("UPDATE roster")]


def test_the_number_of_statements_does_not_grow_with_the_list(given: Parts, course: Course) -> None:
    """Of one page of it."""
    course.launch("amara")
    (membership,) = course.rows(Membership)
    target = ListedCourse(membership.tenant_id, membership.course_id, course.sandbox.profile.issuer)

    def statements(accounts: list[str], role: Role) -> int:
        listed = [Listed(account, role, f"Name {account} {role}") for account in accounts]
        with counted_statements(given) as seen, given.database.write() as session:
            note_listed(session, course.clock, target, listed, course.clock())
        return len(seen)

    few, many = ["a", "b"], [f"s{number}" for number in range(300)]
    assert statements(few, Role.learner) == statements(many, Role.learner)
    assert statements(few, Role.observer) == statements(many, Role.observer)


def test_two_lists_of_one_course_must_both_be_read_before_anybody_is_out(course: Course) -> None:
    """As two contexts of the LMS, each with people of its own."""
    course.launch("amara")
    page = course.launch("maya")
    (context,) = course.rows(LtiContext)
    with course.given.database.write() as session:
        other = LtiContext(
            tenant_id=context.tenant_id,
            id=uuid4(),
            deployment_id=context.deployment_id,
            lti_context_id="another",
            course_id=context.course_id,
        )
        session.add(other)
        session.flush()
        session.add(
            Roster(
                tenant_id=context.tenant_id,
                context_id=other.id,
                url="http://127.0.0.1:9/members",
                used_at=course.clock(),
                due_at=course.clock() + timedelta(days=9),
            )
        )
    course.sandbox.suspend("maya", "ecology")
    course.clock.pass_by(minutes=15)
    assert sync(course)
    assert status_of(course, page) == 200
    with course.given.database.write() as session:
        session.execute(
            Roster.__table__.update()  # type: ignore[attr-defined]
            .where(Roster.context_id == other.id)
            .values(as_of=course.clock() - timedelta(seconds=1))
        )
    course.clock.pass_by(minutes=15)
    course.launch("amara")
    sync(course)
    assert status_of(course, page) == 403


def test_bearers_of_other_tenants_are_untouched(course: Course) -> None:
    """A member of the same sub in another tenant's course stays as they are."""
    course.launch("amara")
    with course.given.database.write() as session, factories.made_in(session):
        elsewhere = factories.CourseFactory(home_page=course.sandbox.profile.issuer)
        other = factories.member_of(elsewhere.tenant_id, elsewhere.id, Role.learner).id
    sync(course)
    with course.given.database.read() as session:
        assert session.get_one(Membership, (elsewhere.tenant_id, other)).active
    assert isinstance(other, UUID)


@pytest.mark.parametrize("profile", ["course", "canvas"])
def test_the_request_is_as_the_certification_wants_it(profile: str, request: pytest.FixtureRequest) -> None:
    """Launch with the claim, request received, its Accept header, its bearer, and the bearer's scope."""
    course: Course = request.getfixturevalue(profile)
    course.launch("amara")
    before = len(course.sandbox.door.calls)
    sync(course)
    call = list(course.sandbox.door.calls)[before]
    assert (call.method, call.status) == ("GET", 200)
    assert call.headers["Accept"] == "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
    kind, _, token = call.headers["Authorization"].partition(" ")
    assert kind == "Bearer"
    assert course.sandbox.grants.scopes_of(token) == {
        "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
    }


def test_one_token_serves_all_pages_and_the_next_reading(canvas: Course) -> None:
    canvas.sandbox.add_members("ecology", 70)
    canvas.launch("amara")
    granted = canvas.sandbox.grants.granted
    sync(canvas)
    canvas.clock.pass_by(minutes=20)
    canvas.launch("amara")
    assert sync(canvas)
    assert canvas.sandbox.grants.granted == granted + 1


@contextmanager
def worker_process(given: Parts) -> Iterator[None]:
    """`alongside worker`, as it is run."""
    environ = {
        **os.environ,
        "ALONGSIDE_HOME": str(given.settings.home),
        "ALONGSIDE_PUBLIC_URL": given.settings.public_url,
        "DATABASE_URL": given.settings.database_url,
        "BROKER_URL": "memory://",
    }
    command = [sys.executable, "-m", "lti_tool", "worker"]
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert "worker_started" in line, line + process.stdout.read()
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


def test_the_worker_reads_what_is_due(course: Course, town: rostering.Town) -> None:
    base_of(course.given)
    course.launch("amara")
    town.clock = None  # the process has its own
    with worker_process(course.given):
        give_up = time.monotonic() + 30
        while roster(course).as_of is None and time.monotonic() < give_up:
            time.sleep(0.1)
    assert roster(course).problem is None
    assert sub(course, "maya") in people(course)
    assert roster(course).leased_by is None
