"""The console's pages: what an operator finds there, and what is not theirs."""

import html
import re
from uuid import UUID, uuid4

import pytest
from markupsafe import escape
from sqlalchemy import select

from lti_tool.lti import invites as making
from lti_tool.lti.invites import make_invite
from lti_tool.lti.models import Invite, NoticeService, Platform
from lti_tool.lti.registrations import Registration, make_deployment, register
from lti_tool.lti.service_errors import note_service_error, sweep_service_errors
from lti_tool.parts import Parts
from lti_tool.problems import Problem
from tests.lti_tool.console.desk import Desk, make_operator
from tests.lti_tool.lti.launching import Clock, Course

HOSTILE = '"><script>alert(1)</script>{{ 7*7 }}'


def add_platform(given: Parts, name: str, tenant: str = "default", host: str = "lms.example.edu") -> UUID:
    told = Registration(
        issuer=f"https://{host}",
        client_id=f"client {name}"[:200],
        auth_login_url=f"https://{host}/auth",
        auth_token_url=f"https://{host}/token",
        jwks_url=f"https://{host}/jwks",
        deployment_ids=("<b>1</b>",),
        name=name,
    )
    with given.database.write() as session:
        return register(session, given.clock, given.settings, tenant, told)[0].id


def platform_of(given: Parts, platform_id: UUID) -> Platform:
    with given.database.read() as session:
        return session.scalars(select(Platform).where(Platform.id == platform_id)).one()


def test_an_empty_house_says_what_to_do_first(desk: Desk) -> None:
    assert "no LMS is registered" in desk.get().text
    assert "Make an invite" in desk.get("/platforms").text
    assert "None yet." in desk.get("/invites").text
    assert "No launch yet." in desk.get("/launches").text
    assert "database" in desk.get("/checks").text


def test_a_platform_with_all_that_is_known_of_it(desk: Desk, given: Parts) -> None:
    platform_id = add_platform(given, HOSTILE)
    found = platform_of(given, platform_id)
    with given.database.write() as session:
        for _ in range(3):
            note_service_error(
                session,
                given.clock,
                found.tenant_id,
                found.id,
                "names and roles",
                403,
                f"no scope {HOSTILE}\n",
            )
        note_service_error(session, given.clock, found.tenant_id, found.id, "token", None, "x" * 5000)
    listed = desk.get("/platforms").text
    page = desk.get(f"/platforms/{platform_id}").text
    for text in (listed, page):
        assert "<script>alert" not in text
        assert str(escape(HOSTILE)) in text
    assert "&lt;b&gt;1&lt;/b&gt;" in page
    assert "https://lms.example.edu" in page
    assert "no scope" in page
    assert ">3</td>" in page
    assert "refused what was asked of its service" in desk.get().text


def test_errors_of_services_leave_after_a_month(given: Parts, desk: Desk, clock: Clock) -> None:
    found = platform_of(given, add_platform(given, "Fernhill"))
    with given.database.write() as session:
        note_service_error(session, clock, found.tenant_id, found.id, "token", 400, "invalid_client")
    clock.pass_by(days=30)
    with given.database.write() as session:
        assert sweep_service_errors(session, clock) == 1


def test_a_platform_is_renamed(desk: Desk, given: Parts) -> None:
    platform_id = add_platform(given, "Fernhill")
    answer = desk.submit(f"/platforms/{platform_id}/name", name="  Fernhill   College ")
    assert answer.status_code == 303
    assert "Renamed." in desk.get(answer.location.removeprefix("/admin")).text
    assert platform_of(given, platform_id).name == "Fernhill College"
    for name in ("", " ", "x" * 256, "a\x00b"):
        assert desk.submit(f"/platforms/{platform_id}/name", name=name).status_code == 422
    assert platform_of(given, platform_id).name == "Fernhill College"


def test_a_platform_is_removed_after_one_was_asked(desk: Desk, given: Parts) -> None:
    platform_id = add_platform(given, "Fernhill")
    asked = desk.get(f"/platforms/{platform_id}/removal")
    assert "Remove Fernhill?" in asked.text
    assert "Courses, people and panels stay" in asked.text
    assert platform_of(given, platform_id).removed_at is None
    answer = desk.submit(f"/platforms/{platform_id}/removal")
    assert answer.status_code == 303
    assert platform_of(given, platform_id).removed_at is not None
    assert "Removed." in desk.get("/platforms?done=removed").text
    assert desk.get(f"/platforms/{platform_id}").status_code == 404
    assert desk.submit(f"/platforms/{platform_id}/removal").status_code == 404


def test_platforms_are_paged_by_key(desk: Desk, given: Parts) -> None:
    for number in range(53):
        add_platform(given, f"School {number:02} of the same kind", host=f"s{number}.example.edu")
    first = desk.get("/platforms").text
    following = re.search(r'href="/admin(/platforms\?after=[^"]+)"', first)
    assert following is not None
    second = desk.get(following[1]).text
    assert first.count('scope="row"') == 50
    assert second.count('scope="row"') == 3
    assert "School 52" in second
    assert desk.get("/platforms?after=nonsense").status_code == 400


# Invites


def test_an_invite_is_shown_once_and_registers(desk: Desk, given: Parts) -> None:
    page = desk.submit("/invites", name="Fernhill", hours="3").text
    found = re.search(r'data-copy="(http://[^"]+/lti/register\?invite=([^"]+))"', page)
    assert found is not None
    with given.database.read() as session:
        assert making.open_invite(session, given.clock, found[2]).name == "Fernhill"
    listed = desk.get("/invites").text
    assert "Fernhill" in listed
    assert found[2] not in listed
    assert "Take back" in listed


def test_an_invite_is_taken_back_after_one_was_asked(desk: Desk, given: Parts, clock: Clock) -> None:
    with given.database.write() as session:
        secret, _ = make_invite(session, clock, "default", name="Fernhill")
        (invite_id,) = session.scalars(select(Invite.id))
    assert "Fernhill" in desk.get(f"/invites/{invite_id}/withdrawal").text
    assert desk.submit(f"/invites/{invite_id}/withdrawal").status_code == 303
    with given.database.read() as session, pytest.raises(Problem, match="invite_withdrawn"):
        making.open_invite(session, clock, secret)
    assert "taken back" in desk.get("/invites").text
    assert "cannot be used any more anyway" in desk.get(f"/invites/{invite_id}/withdrawal").text


@pytest.mark.parametrize("form", [{"hours": "0"}, {"hours": "721"}, {"hours": "x"}, {"tenant": "unknown"},
                                  {"name": "x" * 256}, {"name": "\x00"}])  # fmt: skip
def test_a_wrong_form_makes_no_invite(desk: Desk, given: Parts, form: dict[str, str]) -> None:
    assert desk.submit("/invites", **form).status_code == 422
    with given.database.read() as session:
        assert session.scalar(select(Invite)) is None


def test_invites_are_listed_with_what_came_of_them(desk: Desk, given: Parts, clock: Clock) -> None:
    for number in range(51):
        with given.database.write() as session:
            make_invite(session, clock, "default", name=f"LMS {number}")
        clock.pass_by(seconds=1)
    clock.pass_by(days=1)
    desk.sign_in()
    first = desk.get("/invites").text
    assert first.count('scope="row"') == 50
    assert "LMS 50" in first
    assert "expired" in first
    following = re.search(r'href="/admin(/invites\?after=[^"]+)"', first)
    assert following is not None
    assert "LMS 0" in desk.get(following[1]).text


# What needs attention


def test_a_platform_that_fails_is_named_first(course: Course, given: Parts) -> None:
    make_operator(given)
    desk = Desk(course.app)
    desk.sign_in()
    course.launch("maya")
    assert "were refused in the last day" not in desk.get().text
    for _ in range(3):
        course.launch("maya", variation="expired")
    page = desk.get().text
    assert "3 of 4 launches" in page
    assert "id_token_expired" in page


# Of one institution


def test_an_operator_of_one_institution_finds_nothing_of_another(desk: Desk, given: Parts) -> None:
    theirs = add_platform(given, "Their own", "school")
    others = add_platform(given, "Another's", "default", host="other.example.edu")
    with given.database.write() as session:
        make_invite(session, given.clock, "default", name="Another's invite")
        (invite_id,) = session.scalars(select(Invite.id))
    make_operator(given, "bob", "school")
    bob = Desk(desk.app)
    bob.sign_in("bob")
    for path in ("", "/platforms", "/invites", "/launches"):
        page = bob.get(path)
        assert page.status_code == 200
        assert "Another's" not in html.unescape(page.text)
    assert "You see the institution school." in bob.get().text
    assert bob.get(f"/platforms/{theirs}").status_code == 200
    for known in (others, uuid4()):
        assert bob.get(f"/platforms/{known}").status_code == 404
        assert bob.get(f"/platforms/{known}/removal").status_code == 404
        assert bob.submit(f"/platforms/{known}/removal").status_code == 404
        assert bob.submit(f"/platforms/{known}/name", name="Taken over").status_code == 404
    for known in (invite_id, uuid4()):
        assert bob.get(f"/invites/{known}/withdrawal").status_code == 404
        assert bob.submit(f"/invites/{known}/withdrawal").status_code == 404
    assert bob.get("/checks").status_code == 404
    assert platform_of(given, others).name == "Another's"
    assert platform_of(given, others).removed_at is None

    bob.submit("/invites", tenant="default", name="Bob's")
    with given.database.read() as session:
        (made,) = session.scalars(select(Invite).where(Invite.name == "Bob's"))
    assert made.tenant_id == platform_of(given, theirs).tenant_id


def test_many_deployments_are_paged(desk: Desk, given: Parts, clock: Clock) -> None:
    found = platform_of(given, add_platform(given, "Many"))
    with given.database.write() as session:
        for number in range(120):
            session.add(make_deployment(given.clock, found.tenant_id, found.id, f"deployment-{number}"))
            clock.pass_by(seconds=number % 2)
    seen: list[str] = []
    path: str | None = f"/platforms/{found.id}"
    while path:
        page = desk.get(path).text
        listed = re.findall(r"<code>(deployment-\d+)</code>", page)
        assert len(listed) <= 50
        seen += listed
        onward = re.search(r'href="/admin([^"]+after=[^"]+)#deployments"', page)
        path = html.unescape(onward[1]) if onward else None
    assert sorted(seen) == sorted(f"deployment-{number}" for number in range(120))
    assert "bad_cursor" in desk.get(f"/platforms/{found.id}?after=nonsense").text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "at its next turn"),
        ({"is_open": False, "due_at": None}, "does not allow this tool"),
        ({"failures": 2, "status": 403, "said": HOSTILE}, "has not taken the request"),
        ({"taken": True, "due_at": None}, "are on, since"),
    ],
)
def test_whether_notices_are_on_is_shown(
    desk: Desk, given: Parts, changes: dict[str, object], words: str
) -> None:
    found = platform_of(given, add_platform(given, "Notified"))
    assert "offers no notices" in desk.get(f"/platforms/{found.id}").text
    with given.database.write() as session:
        deployment = make_deployment(given.clock, found.tenant_id, found.id, "another")
        session.add(deployment)
        session.flush()
        told = {"is_open": True, "due_at": given.clock(), "failures": 0, **changes}
        taken_at = given.clock() if told.pop("taken", False) else None
        session.add(
            NoticeService(
                tenant_id=found.tenant_id,
                deployment_id=deployment.id,
                url="https://lms.example.edu/notices",
                scopes="",
                taken_at=taken_at,
                **told,
            )
        )
    page = desk.get(f"/platforms/{found.id}").text
    assert words in page
    assert HOSTILE not in page


@pytest.mark.parametrize("path", ["/records", "/reports"])
def test_pages_of_an_institution_say_that_there_is_none_yet(desk: Desk, path: str) -> None:
    page = desk.get(path)
    assert page.status_code == 200
    assert "The first LMS that is registered makes one." in page.text
