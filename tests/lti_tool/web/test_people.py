"""The course's people on a page: found by name, shown page by page, and only to those who run the course."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from lti_tool.lti.models import Deployment, LtiContext, Platform, Roster
from social_layer.people.models import Membership, Role
from tests import factories
from tests.lti_tool.web.reader import Reader, words_of
from tests.queries import counted
from tests.room import Room

READER = Callable[..., Reader]


def names(html: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'<span class="person-name" dir="auto">(.*?)</span>', html)]


def following(html: str) -> str:
    found = re.search(r"&#34;after&#34;: &#34;([^&]+)&#34;|\"after\": \"([^\"]+)\"", html)
    return (found[1] or found[2]) if found else ""


def came(room: Room, member: Any, **ago: float) -> None:
    with room.database.write() as session:
        moment = room.clock() - timedelta(**ago)
        session.execute(update(Membership).where(Membership.id == member).values(last_launch_at=moment))


def with_roster(room: Room, **row: Any) -> None:
    """The course's list, in the state that ``row`` describes."""
    now = room.clock()
    with room.rows() as session:
        platform = Platform(
            tenant_id=room.tenant_id,
            id=uuid4(),
            name="LMS",
            issuer="https://lms.example.edu",
            client_id="c",
            auth_login_url="https://lms.example.edu/auth",
            auth_token_url="https://lms.example.edu/token",
            jwks_url="https://lms.example.edu/jwks",
            created_at=now,
        )
        session.add(platform)
        session.flush()
        deployment = Deployment(
            tenant_id=room.tenant_id,
            id=uuid4(),
            platform_id=platform.id,
            lti_deployment_id="1",
            created_at=now,
        )
        session.add(deployment)
        session.flush()
        context = LtiContext(
            tenant_id=room.tenant_id,
            id=uuid4(),
            deployment_id=deployment.id,
            lti_context_id="2",
            course_id=room.course_id,
        )
        session.add(context)
        session.flush()
        session.add(
            Roster(
                **{
                    "tenant_id": room.tenant_id,
                    "context_id": context.id,
                    "url": "https://lms.example.edu/members",
                    "used_at": now,
                    "due_at": now + timedelta(hours=1),
                    **row,
                }
            )
        )


@pytest.mark.parametrize("role", [Role.learner, Role.observer, Role.designer])
def test_only_who_runs_the_course_sees_its_people(read_as: READER, role: Role) -> None:
    reader = read_as(role)
    assert 'data-act="people"' not in reader.page()
    for method, path in (
        ("GET", "/people"),
        ("GET", "/people/list"),
        ("GET", "/people/progress"),
        ("POST", "/people/refresh"),
    ):
        assert reader.send(method, path).status_code == 403, path


@pytest.mark.parametrize("role", [Role.assistant, Role.instructor, Role.administrator])
def test_who_runs_it_does(read_as: READER, room: Room, role: Role) -> None:
    room.join(name="Zoë")
    reader = read_as(role, name="Ines")
    assert 'data-act="people"' in reader.page()
    assert names(reader.get("/people").text) == ["Ines", "Zoë"]


def test_who_never_came_stands_back(instructor: Reader, room: Room) -> None:
    came(room, room.join(name="Bea"), days=3)
    room.join(name="Cy")
    html = instructor.get("/people").text
    rows = {names(row)[0]: row for row in html.split('<li class="person')[1:]}
    assert "absent" not in rows["Bea"][:10]
    assert "3 days ago" in rows["Bea"]
    assert rows["Cy"].startswith(" absent")
    assert "never came" in rows["Cy"]


def test_a_long_course_is_shown_page_by_page_in_the_order_of_names(instructor: Reader, room: Room) -> None:
    for number in range(120):
        room.join(name=f"Person {number:03}")
    room.join(name="ärmel")
    room.join(name=None)
    found: list[str] = []
    html = instructor.get("/people").text
    found += names(html)
    while after := following(html):
        html = instructor.get(f"/people/list?after={quote(after)}").text
        assert len(names(html)) <= 50
        found += names(html)
    assert len(found) == len(set(found)) == 123
    assert [name for name in found if name.startswith("Person")] == [f"Person {n:03}" for n in range(120)]
    assert found[-1].startswith("Learner "), "the nameless are last"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ÖST", ["Åsa Öst"]),
        ("åsa", ["Åsa Öst"]),
        ("  asa   ", []),
        ("%", ["100% Sure"]),
        ("_", []),
        ("'", ["O'Neil"]),
        ("o'n", ["O'Neil"]),
    ],
)
def test_a_part_of_a_name_in_any_case_is_enough(
    instructor: Reader, room: Room, search: str, found: list[str]
) -> None:
    for name in ("Åsa Öst", "100% Sure", "O'Neil", None):
        room.join(name=name)
    html = instructor.get(f"/people/list?search={quote(search)}").text
    assert names(html) == found
    if not found:
        assert "Nobody of that name" in html


def test_those_who_left_are_found_apart(instructor: Reader, room: Room) -> None:
    gone = room.join(name="Gone")
    with room.database.write() as session:
        session.execute(update(Membership).where(Membership.id == gone).values(active=False))
    assert "Gone" not in names(instructor.get("/people").text)
    assert names(instructor.get("/people/list?show=left").text) == ["Gone"]
    assert "not in it any more" in words_of(instructor.get("/people").text)


@pytest.mark.parametrize(
    "query",
    [
        "show=everybody",
        "after=nonsense",
        "after=cAAA",
        "after=%00",
        f"search={'x' * 256}",
        "search=%ff",
        "after=cHh4",
    ],
)
def test_what_cannot_be_asked_for_is_refused(instructor: Reader, query: str) -> None:
    answer = instructor.get(f"/people/list?{query}", headers={"Accept": "application/json"})
    assert answer.status_code in (200, 400, 422)
    if answer.status_code != 200:
        assert answer.get_json()["code"] in ("bad_cursor", "invalid")


def test_a_cursor_of_another_course_is_none_of_this_one(instructor: Reader, room: Room) -> None:
    from social_layer import cursors

    with room.rows():
        other = factories.CourseFactory(tenant_id=room.tenant_id)
    stranger = room.join(course_id=other.id)
    after = cursors.of_position(stranger.bytes)
    assert instructor.get(f"/people/list?after={after}").status_code == 400


def test_names_are_shown_and_never_run(instructor: Reader, room: Room) -> None:
    room.join(name="<script>alert(1)</script>")
    html = instructor.get("/people").text
    assert "<script>" not in html
    search = instructor.get("/people/list?search=%3Cscript%3E%22'").text
    assert "<script>" not in search


def test_the_page_costs_the_same_however_many_there_are(instructor: Reader, room: Room) -> None:
    with counted(room.database.engine) as few:
        instructor.get("/people")
    for number in range(60):
        room.join(name=f"Person {number}")
    with counted(room.database.engine) as many:
        instructor.get("/people")
    assert len(many) == len(few) == 4


def test_without_the_service_the_page_says_so(instructor: Reader) -> None:
    html = instructor.get("/people").text
    assert "offers no list" in html
    assert "refresh-roster" not in html
    answer = instructor.send("POST", "/people/refresh", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "list_not_offered")
    assert instructor.get("/people/progress").status_code == 204


def test_refresh_says_that_the_list_is_due_and_progress_is_told_once(instructor: Reader, room: Room) -> None:
    with_roster(room, as_of=room.clock() - timedelta(hours=3))
    html = instructor.get("/people").text
    assert "3 hours ago" in words_of(html)
    mark = re.search(r'data-mark="([^"]+)"', html)
    assert mark
    assert instructor.get(f"/people/progress?seen={mark[1]}").status_code == 204
    asked = instructor.send("POST", "/people/refresh")
    assert "data-busy" in asked.text
    with room.database.read() as session:
        (row,) = session.scalars(select(Roster))
        assert row.due_at <= room.clock()
    news = instructor.get(f"/people/progress?seen={mark[1]}")
    assert news.status_code == 200
    assert "data-busy" in news.text


def test_who_waits_for_long_hears_that_the_worker_may_not_run(instructor: Reader, room: Room) -> None:
    with_roster(room, due_at=room.clock())
    assert "read in a moment" in instructor.get("/people").text
    room.clock.pass_by(minutes=2)
    assert "whether the worker runs" in instructor.get("/people").text


def test_how_far_the_reading_has_come_is_told(instructor: Reader, room: Room) -> None:
    with_roster(
        room, leased_until=room.clock() + timedelta(minutes=2), leased_by=uuid4(), read=150, members=213
    )
    html = instructor.get("/people").text
    assert "150 people so far" in words_of(html)
    assert 'value="150" max="213"' in html
    assert "refresh-roster" not in html


def test_what_the_lms_says_is_shown_and_never_run(instructor: Reader, room: Room) -> None:
    with_roster(
        room, problem="list_refused", said="<img src=x onerror=alert(1)>", failed_at=room.clock(), status=403
    )
    html = instructor.get("/people").text
    assert "Your LMS refused the list of members." in html
    assert "&lt;img" in html
    assert "<img" not in html


def test_every_way_to_fail_has_its_sentence() -> None:
    from lti_tool.lti.reading import _PROBLEMS
    from lti_tool.problems import PROBLEMS

    codes = {
        *_PROBLEMS.values(),
        "list_wrong",
        "list_elsewhere",
        "list_endless",
        "list_empty",
        "list_not_kept",
    }
    assert codes <= set(PROBLEMS)
