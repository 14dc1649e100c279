"""How a login begins, and what happens before the platform's one-time hint is spent."""

import logging
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from celery import Celery
from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.lti.logins import KEPT, LIFETIME, sweep_logins
from lti_tool.lti.models import Login, Platform
from lti_tool.lti.registrations import remove
from lti_tool.sandbox import authorize
from lti_tool.worker import keep_house
from tests.lti_tool.lti.launching import (
    LAUNCH_URL,
    TOOL,
    Browser,
    Course,
    Page,
    asked_in,
    asked_of_platform,
    config_of,
    register_sandbox,
)

# What a browser says of a form that our own page sends.
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


def login_params(course: Course, user: str = "maya", link: str = "food-web") -> dict[str, str]:
    return course.sandbox.begin_launch(user, link)[1]


def refused(answer: TestResponse, code: str) -> None:
    assert 400 <= answer.status_code < 500
    assert code in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_login_goes_to_the_platform_with_the_one_launch_url(course: Course, method: str) -> None:
    params = login_params(course)
    browser = course.browser()

    first = browser.client.open("/lti/login", method=method, base_url=TOOL, **_sent(method, params))
    asked = asked_of_platform(browser.get(first.location))

    assert asked["redirect_uri"] == LAUNCH_URL
    assert asked["login_hint"] == params["login_hint"]
    assert asked["lti_message_hint"] == params["lti_message_hint"]
    assert (asked["scope"], asked["response_type"], asked["response_mode"], asked["prompt"]) == (
        "openid",
        "id_token",
        "form_post",
        "none",
    )
    assert asked["nonce"] != asked["state"]


def _sent(method: str, params: dict[str, str]) -> dict[str, Any]:
    return {"query_string": params} if method == "GET" else {"data": params}


def test_the_cookie_is_for_frames_of_other_sites_and_for_this_host_only(course: Course) -> None:
    answer = course.browser().post("/lti/login", login_params(course))

    name, _, attributes = answer.headers["Set-Cookie"].partition("=")
    assert name.startswith("__Host-login-")
    for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned", "Max-Age=600"):
        assert attribute in attributes
    assert "Domain" not in attributes


def test_the_cookie_goes_when_the_launch_is_done(course: Course) -> None:
    browser = course.browser()
    answer = browser.post("/lti/launch", course.ready(browser))

    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert "Partitioned" in answer.headers["Set-Cookie"]


def test_two_frames_of_one_page_launch_at_the_same_time(course: Course) -> None:
    browser = course.browser()
    first, second = course.ready(browser, link="food-web"), course.ready(browser, link="ecology-reflection")

    panels = {config_of(browser.post("/lti/launch", fields))["panel_id"] for fields in (second, first)}

    assert len(panels) == 2


def test_a_login_of_another_browser_is_refused_before_any_key_is_fetched(course: Course) -> None:
    fields = course.ready(course.browser())

    refused(course.browser().post("/lti/launch", fields), "browser_wrong")
    assert course.rows(Login)[0].used_at is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": ""}, "login_incomplete"),
        ({"login_hint": ""}, "login_incomplete"),
        ({"target_link_uri": ""}, "login_incomplete"),
        ({"iss": "https://lms.example\x00"}, "login_incomplete"),
        ({"login_hint": "h" * 9000}, "login_incomplete"),
        ({"iss": "https://lms.example"}, "platform_unknown"),
        ({"client_id": "nobody"}, "platform_unknown"),
        ({"target_link_uri": "https://elsewhere.example/lti/launch"}, "target_elsewhere"),
        ({"target_link_uri": "http://localhost:8000@elsewhere.example/"}, "target_elsewhere"),
        ({"target_link_uri": "javascript:alert(1)"}, "target_elsewhere"),
        ({"target_link_uri": "http://[/"}, "target_elsewhere"),
    ],
)
def test_a_login_that_cannot_be_true_is_refused(course: Course, changes: dict[str, str], code: str) -> None:
    refused(course.browser().post("/lti/login", login_params(course) | changes), code)
    assert course.rows(Login) == []


def test_without_a_client_id_the_issuer_must_name_one_platform(course: Course) -> None:
    params = login_params(course)
    del params["client_id"]
    asked_of_platform(course.browser().log_in(params))

    register_sandbox(course.given, course.sandbox, client_id="another")

    refused(course.browser().post("/lti/login", params), "login_incomplete")


def test_an_authorization_url_with_a_query_keeps_it(course: Course) -> None:
    moved = {"auth_login_url": "https://lms.example/auth?site=7"}
    same = course.sandbox.registration.client_id
    register_sandbox(course.given, course.sandbox, replaces=same, **moved)

    answer = course.browser().log_in(login_params(course))

    assert answer.location.startswith("https://lms.example/auth?site=7&scope=openid")


# Where the browser keeps no cookie.


def in_own_tab(tab: Browser, state: str) -> TestResponse:
    """What the button leads to: the page in between and where it goes on to."""
    document = {"Sec-Fetch-Dest": "document"}
    page = tab.post("/lti/login/tab", {"state": state}, **document)
    (onward,) = Page(page).links
    assert f'content="0; url={onward}"' in page.text.replace("&amp;", "&")
    return tab.get(onward, **document)


def test_without_cookies_a_new_tab_is_offered_and_the_hint_is_not_spent(course: Course) -> None:
    launch, params = course.sandbox.begin_launch("maya", "food-web")

    page = Browser(course.app, keeps_cookies=False).log_in(params)

    assert page.status_code == 200
    assert "Open in a new tab" in page.text
    assert not launch.spent
    # In the tab our cookie is no third party's.
    tab = course.browser()
    answer = in_own_tab(tab, Page(page).fields["state"])
    _, fields = authorize(course.sandbox, asked_of_platform(answer))
    assert config_of(tab.post("/lti/launch", fields))["roles"] == ["learner"]


def test_looking_at_the_buttons_address_begins_nothing(course: Course) -> None:
    """Whatever fetches addresses ahead, or finds one in a log, changes no login."""
    page = Browser(course.app, keeps_cookies=False).log_in(login_params(course))
    state = Page(page).fields["state"]

    assert state not in " ".join(Page(page).links)
    assert course.browser().get(f"/lti/login/tab?state={state}").status_code == 405
    assert [login.state for login in course.rows(Login)] == [state]


def test_a_tab_that_keeps_no_cookies_either_is_told_what_to_do(course: Course) -> None:
    page = Browser(course.app, keeps_cookies=False).log_in(login_params(course))
    tab = Browser(course.app, keeps_cookies=False)

    answer = in_own_tab(tab, Page(page).fields["state"])

    refused(answer, "cookies_blocked")
    assert "localhost" in answer.text


def test_a_top_level_login_without_cookies_is_not_sent_to_another_tab(course: Course) -> None:
    browser = Browser(course.app, keeps_cookies=False)
    first = browser.post("/lti/login", login_params(course), **{"Sec-Fetch-Dest": "document"})

    refused(browser.get(first.location, **{"Sec-Fetch-Dest": "document"}), "cookies_blocked")


def test_the_platforms_storage_keeps_the_secret_where_cookies_are_blocked(canvas: Course) -> None:
    browser = Browser(canvas.app, keeps_cookies=False)
    page = Page(browser.log_in(login_params(canvas)))
    data = page.data["launch"]
    assert data["origin"] == canvas.sandbox.config.base
    assert data["target"] == "post_message_forwarding"
    state_key, nonce_key = data["put"]
    stored = dict(data["put"])

    _, fields = authorize(canvas.sandbox, asked_in(data["next"]))
    proof = Page(browser.post("/lti/launch", fields))
    got = {field: stored[key] for field, key in proof.data["launch"]["get"].items()}

    assert {state_key, nonce_key} == set(proof.data["launch"]["get"].values())
    assert config_of(browser.post("/lti/launch", proof.fields | got, **OWN_PAGE))["token"]


def test_the_platforms_storage_of_another_browser_proves_nothing(canvas: Course) -> None:
    browser = Browser(canvas.app, keeps_cookies=False)
    data = Page(browser.log_in(login_params(canvas))).data["launch"]
    _, fields = authorize(canvas.sandbox, asked_in(data["next"]))
    proof = Page(browser.post("/lti/launch", fields))

    for guess in ({"binding": ""}, {"binding": proof.fields["state"]}, {"binding": "x" * 32}):
        refused(browser.post("/lti/launch", proof.fields | guess, **OWN_PAGE), "browser_wrong")


def test_nobody_can_have_anothers_browser_bound_to_a_login_of_their_own(course: Course) -> None:
    """Or others would write under the attacker's name: the attack on a login that a new tab was offered for."""
    attacker = Browser(course.app, keeps_cookies=False)
    page = attacker.log_in(login_params(course, "maya"))
    old_state = Page(page).fields["state"]
    moved = in_own_tab(course.browser(), old_state)
    _, of_attacker = authorize(course.sandbox, asked_of_platform(moved))

    victim = course.browser()
    refused(victim.post("/lti/login/tab", {"state": old_state}), "login_unknown")
    bound = victim.post("/lti/login/tab", {"state": of_attacker["state"]})
    state = parse_qs(urlsplit(Page(bound).links[0]).query)["state"][0]

    # The token that the attacker already holds is for a nonce that no longer serves.
    refused(victim.post("/lti/launch", of_attacker | {"state": state}), "nonce_wrong")
    refused(victim.post("/lti/launch", of_attacker), "login_unknown")


def test_a_secret_from_the_platforms_storage_counts_only_from_our_own_page(canvas: Course) -> None:
    """Whoever began a login of their own knows its secret, and could post it from a page of theirs."""
    attacker = Browser(canvas.app, keeps_cookies=False)
    data = Page(attacker.log_in(login_params(canvas))).data["launch"]
    _, fields = authorize(canvas.sandbox, asked_in(data["next"]))
    state_key, nonce_key = data["put"]
    forged = fields | {"binding": data["put"][state_key], "nonce": data["put"][nonce_key]}

    for site in ("cross-site", "same-site", "none"):
        refused(Browser(canvas.app).post("/lti/launch", forged, **{"Sec-Fetch-Site": site}), "browser_wrong")
    old = {"Sec-Fetch-Dest": "iframe", "Origin": "https://attacker.example"}
    answer = Browser(canvas.app).client.post("/lti/launch", base_url=TOOL, data=forged, headers=old)
    refused(answer, "browser_wrong")


# What comes back.


def test_a_launch_without_a_state_is_refused(course: Course) -> None:
    fields = course.ready(course.browser())
    for state in ("", "state-unknown", "state-" + "x" * 32, "state-\x00", "'"):
        refused(course.browser().post("/lti/launch", fields | {"state": state}), "login_unknown")


def test_a_login_serves_for_ten_minutes(course: Course) -> None:
    browser = course.browser()
    fields = course.ready(browser)
    course.clock.pass_by(seconds=LIFETIME.total_seconds() + 1)

    refused(browser.post("/lti/launch", fields), "login_expired")


def test_a_platform_removed_in_between_ends_the_launch(course: Course) -> None:
    browser = course.browser()
    fields = course.ready(browser)
    with course.given.database.write() as session:
        remove(session, course.clock, session.scalars(select(Platform)).one())

    refused(browser.post("/lti/launch", fields), "login_unknown")


def test_a_missing_token_is_refused(course: Course) -> None:
    browser = course.browser()
    fields = course.ready(browser)

    refused(browser.post("/lti/launch", {"state": fields["state"]}), "id_token_missing")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("login_required", "platform_wants_login"),
        ("access_denied", "platform_refused"),
        ("<b>\x00", "platform_refused"),
    ],
)
def test_an_error_of_the_platform_is_a_page(course: Course, error: str, code: str) -> None:
    answer = course.browser().post("/lti/launch", {"error": error, "state": "state-x"})

    refused(answer, code)
    assert "<b>" not in answer.text


def test_refusals_are_logged_with_a_trace_id_and_never_a_token(
    course: Course, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fields = course.ready(course.browser())

    answer = course.browser().post("/lti/launch", fields)

    logged = capsys.readouterr().out + caplog.text
    assert answer.headers["X-Trace-Id"] in logged
    assert answer.headers["X-Trace-Id"] in answer.text
    assert "browser_wrong" in logged
    assert fields["id_token"] not in logged
    assert fields["id_token"].split(".")[1] not in logged


def test_pages_of_a_login_show_in_any_frame_and_panels_only_in_the_tenants(course: Course) -> None:
    refusal = course.browser().post("/lti/login", {"iss": "https://lms.example"})
    assert "frame-ancestors *" in refusal.headers["Content-Security-Policy"]

    panel = course.launch()
    assert f"frame-ancestors 'self' {course.sandbox.config.base}" in panel.headers["Content-Security-Policy"]


def test_old_logins_are_swept(course: Course) -> None:
    course.ready(course.browser())
    course.clock.pass_by(seconds=(KEPT + timedelta(seconds=1)).total_seconds())
    course.ready(course.browser())

    with course.given.database.write() as session:
        assert sweep_logins(session, course.clock) == 1
    assert len(course.rows(Login)) == 1


def test_the_worker_sweeps_old_logins(course: Course) -> None:
    celery = Celery("test", broker="memory://localhost", set_as_current=False)
    keep_house(celery, course.given)
    course.ready(course.browser())
    course.clock.pass_by(seconds=KEPT.total_seconds() + 1)

    (tick,) = celery.conf.beat_schedule.values()
    celery.tasks[tick["task"]]()

    assert course.rows(Login) == []
