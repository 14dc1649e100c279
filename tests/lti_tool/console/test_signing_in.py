"""Signing in to the console: who gets in, how that ends, and what nobody can do with somebody else's sign-in."""

import re
import threading
import time
from dataclasses import replace
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from lti_tool import bearer
from lti_tool.console import operators, sessions
from lti_tool.console.models import Operator, OperatorSession
from lti_tool.lti.models import Invite
from lti_tool.parts import Parts
from tests.apps import new_app
from tests.lti_tool.console.desk import COOKIE, OWN, PASSWORD, Desk, make_operator
from tests.lti_tool.lti.launching import TOOL, Clock

# Before conftest.py makes it quicker.
AS_INSTALLED = operators._HASHER


def console_pages(app: Flask) -> list[tuple[str, str]]:
    """Every address of the console but the way in: (method, path)."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("console.") and "sign_in" not in rule.endpoint:
            built = rule.build({name: uuid4() for name in rule.arguments})
            assert built is not None
            found += [(method, built[1]) for method in (rule.methods or set()) & {"GET", "POST"}]
    assert len(found) > 12
    return found


def test_with_name_and_password_one_is_in(visitor: Desk, given: Parts) -> None:
    assert "What needs attention" not in visitor.get().text
    answer = visitor.sign_in(" ADA ")
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for part in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    page = visitor.get()
    assert page.status_code == 200
    assert "What needs attention" in page.text
    assert "the whole installation" in page.text


@pytest.mark.parametrize(
    ("name", "password"), [("ada", "another password"), ("bob", PASSWORD), ("", ""), ("ada", "")]
)
def test_with_anything_else_one_is_not(visitor: Desk, name: str, password: str) -> None:
    answer = visitor.sign_in(name, password)
    assert answer.status_code == 403
    assert "do not belong together" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert visitor.get().status_code == 401


def test_a_name_that_nobody_has_is_told_apart_by_nothing(
    visitor: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words, and the same work: a password is hashed either way."""
    hashed = []
    verify = operators.PasswordHasher.verify

    def counted(self: object, known: str, password: str) -> bool:
        hashed.append(re.sub(r"\$[^$]+\$[^$]+$", "", known))  # without salt and digest: the cost
        return verify(self, known, password)  # type: ignore[arg-type]

    monkeypatch.setattr(operators.PasswordHasher, "verify", counted)
    known, unknown = visitor.sign_in("ada", "wrong"), visitor.sign_in("eve", "wrong")
    assert known.text.replace("ada", "eve") == unknown.text
    assert len(hashed) == 2
    assert hashed[0] == hashed[1]
    assert hashed[0].startswith("$argon2id$")


def test_a_password_costs_what_the_standard_recommends() -> None:
    """RFC 9106, section 4, second recommended option: 64 MiB, three passes."""
    assert (AS_INSTALLED.type.name, AS_INSTALLED.memory_cost, AS_INSTALLED.time_cost) == ("ID", 64 * 1024, 3)


def test_neither_password_nor_cookie_can_be_read_from_the_database(desk: Desk, given: Parts) -> None:
    with given.database.read() as session:
        operator = session.scalars(select(Operator)).one()
        kept = session.scalars(select(OperatorSession)).one()
    assert operator.password_hash.startswith("$argon2id$")
    assert desk.cookie
    assert desk.cookie.encode() not in kept.digest
    assert desk.cookie not in kept.form_token


def test_nobody_sees_anything_without_signing_in(app: Flask) -> None:
    client = Desk(app).client
    for method, path in console_pages(app):
        answer = client.open(path, method=method, headers=OWN, base_url="https://localhost:8000")
        assert answer.status_code == 401, path
        assert "Password" in answer.text


def test_a_pass_of_a_panel_opens_no_page_of_the_console(app: Flask, given: Parts) -> None:
    token = bearer.issue(given, uuid4(), uuid4(), uuid4())[0]
    client = Desk(app).client
    for method, path in console_pages(app):
        headers = {**OWN, "Authorization": f"Bearer {token}"}
        answer = client.open(path, method=method, headers=headers, base_url="https://localhost:8000")
        assert answer.status_code == 401, path
        assert answer.get_json()["code"] == "sign_in_first"


def test_the_console_is_framed_by_nobody_and_kept_nowhere(app: Flask, desk: Desk) -> None:
    for method, path in [*console_pages(app), ("GET", "/admin/sign-in")]:
        answer = desk.client.open(path, method=method, headers=OWN, base_url="https://localhost:8000")
        assert "frame-ancestors 'none'" in answer.headers.get(
            "Content-Security-Policy", "frame-ancestors 'none'"
        )
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "unsafe-inline" not in answer.headers.get("Content-Security-Policy", "")
        assert answer.headers["Referrer-Policy"] == "same-origin"


# Forms of other sites


def _is_unchanged(given: Parts) -> bool:
    with given.database.read() as session:
        return session.scalar(select(Invite)) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_a_form_of_another_site_changes_nothing(desk: Desk, given: Parts, headers: dict[str, str]) -> None:
    """Even with the cookie, which browsers would not send with it, and with the token, which it cannot know."""
    answer = desk.send("/invites", headers=headers, form_token=desk.form_token, name="theirs")
    assert answer.status_code == 403
    assert "form_elsewhere" in answer.text
    assert _is_unchanged(given)
    assert desk.send("/sign-in", headers=headers, name="ada", password=PASSWORD).status_code == 403


@pytest.mark.parametrize("token", [None, "", "guessed", "ü\udcff"])
def test_a_form_without_its_token_changes_nothing(desk: Desk, given: Parts, token: str | None) -> None:
    form = {} if token is None else {"form_token": token.encode("utf-8", "replace").decode()}
    assert desk.send("/invites", name="theirs", **form).status_code == 403
    assert _is_unchanged(given)


def test_another_operators_token_is_none(app: Flask, desk: Desk, given: Parts) -> None:
    make_operator(given, "bob")
    other = Desk(app)
    other.sign_in("bob")
    assert desk.send("/invites", form_token=other.form_token).status_code == 403
    assert _is_unchanged(given)


def test_an_older_browser_says_where_its_form_comes_from(desk: Desk) -> None:
    headers = {"Origin": TOOL}
    assert desk.send("/invites", headers=headers, form_token=desk.form_token).status_code == 200


# Its end


def test_a_sign_in_takes_over_no_session_that_was_there(app: Flask, given: Parts) -> None:
    """Neither one that somebody put into the browser, nor one of another operator."""
    make_operator(given, "bob")
    theirs = Desk(app)
    theirs.sign_in("bob")
    victim = Desk(app)
    for planted in ("planted", theirs.cookie):
        victim.keep(planted)
        victim.sign_in()
        assert victim.cookie not in ("", planted)
    assert theirs.get().status_code == 401  # ended with the sign-in that it was planted under
    assert "ada" in victim.get().text


def test_signing_out_ends_it_here_and_for_whoever_copied_the_cookie(app: Flask, desk: Desk) -> None:
    thief = Desk(app)
    thief.keep(desk.cookie)
    assert thief.get().status_code == 200
    answer = desk.submit("/sign-out")
    assert answer.status_code == 303
    assert desk.cookie == ""
    assert desk.get().status_code == 401
    assert thief.get().status_code == 401


def test_signing_out_takes_a_form_of_the_console(desk: Desk) -> None:
    assert desk.get("/sign-out").status_code == 405
    assert desk.send("/sign-out").status_code == 403
    assert desk.get().status_code == 200


def test_it_ends_after_an_hour_of_doing_nothing(desk: Desk, clock: Clock) -> None:
    for _ in range(3):
        clock.pass_by(minutes=59)
        assert desk.get().status_code == 200
    clock.pass_by(minutes=60)
    assert desk.get().status_code == 401


def test_it_ends_after_twelve_hours_whatever_one_does(desk: Desk, clock: Clock, given: Parts) -> None:
    for _ in range(23):
        clock.pass_by(minutes=30)
        assert desk.get().status_code == 200
    clock.pass_by(minutes=30)
    assert desk.get().status_code == 401
    with given.database.write() as session:
        assert sessions.sweep_sessions(session, clock) == 1
        assert session.scalar(select(OperatorSession)) is None


def test_a_new_password_ends_every_other_sign_in(app: Flask, desk: Desk) -> None:
    elsewhere = Desk(app)
    elsewhere.sign_in()
    before = desk.cookie
    new = "quite another phrase"
    refused = desk.submit("/password", present="wrong", password=new, again=new)
    assert refused.status_code == 403
    assert "The present password is another one." in refused.text
    assert desk.submit("/password", present=PASSWORD, password=new, again=f"{new}.").status_code == 403
    assert desk.submit("/password", present=PASSWORD, password="short", again="short").status_code == 403
    assert elsewhere.get().status_code == 200

    assert desk.submit("/password", present=PASSWORD, password=new, again=new).status_code == 303
    assert desk.cookie != before
    assert desk.get().status_code == 200
    assert elsewhere.get().status_code == 401
    assert Desk(app).sign_in().status_code == 403
    assert Desk(app).sign_in(password=new).status_code == 303


# The way back


def test_after_signing_in_one_is_where_one_wanted_to_be(visitor: Desk) -> None:
    asked = visitor.get("/launches?outcome=refused")
    assert asked.status_code == 401
    assert 'value="/admin/launches?outcome=refused"' in asked.text
    assert (
        visitor.sign_in(next="/admin/launches?outcome=refused").location == "/admin/launches?outcome=refused"
    )


@pytest.mark.parametrize(
    "way",
    ["https://evil.example", "//evil.example", "/admin//evil.example", "/admin/\\evil", "/adminevil",
     "/panels/x", "javascript:alert(1)", "/admin/\r\nX: y"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(visitor: Desk, way: str) -> None:
    assert visitor.sign_in(next=way).location == "/admin"


# Trying passwords


@pytest.fixture
def limited(given: Parts, app: Flask) -> Flask:
    strict = Parts(replace(given.settings, rate_limits=True), given.database, given.sealer, given.clock)
    return new_app(strict)


def test_whoever_tries_passwords_is_slowed_down(limited: Flask) -> None:
    visitor = Desk(limited)
    statuses = [visitor.sign_in(password=f"guess {number}").status_code for number in range(6)]
    assert statuses == [403] * 5 + [429]
    assert visitor.sign_in().status_code == 429  # the right one does not tell itself apart
    counted_by_nobody = Desk(new_app(limited.extensions["alongside"]))
    assert counted_by_nobody.sign_in().status_code == 303


def test_whoever_tries_names_is_slowed_down(limited: Flask) -> None:
    visitor = Desk(limited)
    statuses = [visitor.sign_in(f"name-{number}").status_code for number in range(31)]
    assert statuses == [403] * 30 + [429]


def test_signing_in_rightly_uses_nothing_up(limited: Flask) -> None:
    statuses = {Desk(limited).sign_in().status_code for _ in range(8)}
    assert statuses == {303}


def test_many_guesses_at_once_are_slowed_down_too(limited: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is counted only after all have been let through."""
    looked_at: list[str] = []

    def slowly(_: object, password: str) -> bool:
        looked_at.append(password)
        time.sleep(0.3)  # as long as they need to be all here
        return False

    monkeypatch.setattr(operators, "check_password", slowly)
    statuses: list[int] = []

    def guess(number: int) -> None:
        statuses.append(Desk(limited).sign_in(password=f"guess {number}").status_code)

    guesses = [threading.Thread(target=guess, args=(number,)) for number in range(12)]
    for thread in guesses:
        thread.start()
    for thread in guesses:
        thread.join()
    assert len(looked_at) == 5
    assert sorted(statuses) == [403] * 5 + [429] * 7


def test_who_is_turned_away_by_one_limit_uses_up_no_other(limited: Flask) -> None:
    visitor = Desk(limited)
    for _ in range(60):
        visitor.sign_in(password="wrong")
    assert visitor.sign_in("grace").status_code == 403  # by its own five, and not by its address's thirty
