"""An LMS registers itself by one pasted address: the whole walk over HTTP, and all that may go wrong on the way."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import given as for_all
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from lti_tool.cli import main
from lti_tool.lti import outbound
from lti_tool.lti.models import Deployment, Invite, Platform
from lti_tool.lti.tool_card import CUSTOM
from lti_tool.parts import Parts
from lti_tool.sandbox import Running, SandboxConfig, start
from lti_tool.sandbox.registrations import Registration as Tool
from social_layer.panels.models import Panel
from social_layer.people.models import Course as CourseRow
from tests.apps import new_app
from tests.lti_tool.lti.launching import (
    LAUNCH_URL,
    TOOL,
    Browser,
    Clock,
    Course,
    Page,
    config_of,
    settings_for,
)
from tests.lti_tool.lti.platforms import JSON, KeyServer, serving_keys
from tests.services.ports import free_port

PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"


@pytest.fixture(params=["moodle", "canvas"])
def lms(request: pytest.FixtureRequest) -> Iterator[Running]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    running = start(
        SandboxConfig(
            public_url=address,
            issuer=address,
            tool_login_url=f"{TOOL}/lti/login",
            tool_launch_urls=(LAUNCH_URL,),
            tool_jwks_url=f"{TOOL}/lti/jwks.json",
            profile=request.param,
        ),
        port=port,
    )
    yield running
    running.stop()


@pytest.fixture
def server() -> Iterator[KeyServer]:
    """An LMS of the test's own, which answers whatever the test likes."""
    with serving_keys() as serving:
        yield serving


def invite(given: Parts, *more: str) -> str:
    """The address as the command prints it."""
    done = CliRunner().invoke(main, ["platform", "invite", "--json", *more], obj=given)
    assert done.exit_code == 0, done.output
    url: str = json.loads(done.stdout)["url"]
    return url


def opened(browser: Browser, address: str) -> TestResponse:
    return browser.get(address.removeprefix(TOOL))


def connect(browser: Browser, address: str) -> TestResponse:
    """What an administrator does: looks at the page in the LMS's frame, and presses its button."""
    page = opened(browser, address)
    if page.status_code != 200:
        return page
    return browser.post("/lti/register", Page(page).fields)


def fields(given: Parts, configuration: str, token: str = "a-token") -> dict[str, str]:
    secret = parse_qs(urlsplit(invite(given)).query)["invite"][0]
    return {"invite": secret, "openid_configuration": configuration, "registration_token": token}


def code_of(answer: TestResponse) -> str:
    """The refusal's code, as the page shows it to administrators."""
    assert answer.status_code in (400, 403, 409, 424), answer.text
    return answer.text.partition("For your administrator: ")[2].partition(",")[0]


def kept(given: Parts) -> tuple[int, int, int]:
    """Platforms, deployments and used invites."""
    with given.database.read() as session:
        return (
            session.scalar(select(func.count()).select_from(Platform)) or 0,
            session.scalar(select(func.count()).select_from(Deployment)) or 0,
            session.scalar(select(func.count()).select_from(Invite).where(Invite.used_at.is_not(None))) or 0,
        )


def configuration(server: KeyServer, **changes: Any) -> dict[str, Any]:
    base = server.url.removesuffix("/jwks")
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/auth",
        "token_endpoint": f"{base}/token",
        "jwks_uri": f"{base}/jwks",
        "registration_endpoint": f"{base}/register",
        PLATFORM: {
            "product_family_code": "other",
            "messages_supported": [{"type": "LtiResourceLinkRequest"}],
        },
    } | changes


def new_tool(lms: Running) -> Tool:
    (found,) = [tool for tool in lms.sandbox.tools.values() if tool is not lms.sandbox.registration]
    return found


# The walk


def test_an_lms_registers_itself_and_a_launch_works(lms: Running, given: Parts, clock: Clock) -> None:
    sandbox, browser = lms.sandbox, Browser(new_app(given))
    start_url = sandbox.desk.address(invite(given, "--name", "Fernhill"))

    page = opened(browser, start_url)
    assert page.status_code == 200
    assert "will be asked to" in page.text
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert page.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
    assert kept(given) == (0, 0, 0)

    done = browser.post("/lti/register", Page(page).fields)
    assert done.status_code == 200, done.text
    assert f"What is left to do in {sandbox.profile.product}" in done.text
    tool = new_tool(lms)
    assert tool.client_id in done.text
    assert not tool.active
    assert tool.login_url == f"{TOOL}/lti/login"
    assert tool.launch_urls == (LAUNCH_URL,)
    assert tool.custom == CUSTOM
    assert tool.deep_linking_url == LAUNCH_URL
    assert "$Moodle.Person.userGroupIds" in tool.custom.values()

    sandbox.desk.activate(tool.client_id)
    sandbox.add_link("theirs", "ecology", "Theirs", client_id=tool.client_id)
    course = Course(new_app(given), given, sandbox, clock)
    assert config_of(course.launch("maya", "theirs"))["panel_id"]
    (platform,) = course.rows(Platform)
    assert (platform.name, platform.client_id, platform.family) == (
        "Fernhill",
        tool.client_id,
        sandbox.profile.name,
    )
    assert [one.lti_deployment_id for one in course.rows(Deployment)] == [tool.deployment_id]
    assert course.rows(Invite)[0].platform_id == platform.id


def test_registering_the_same_lms_again_keeps_its_panels(lms: Running, given: Parts, clock: Clock) -> None:
    sandbox, browser = lms.sandbox, Browser(new_app(given))
    assert connect(browser, sandbox.desk.address(invite(given))).status_code == 200
    first = new_tool(lms)
    sandbox.desk.activate(first.client_id)
    link = sandbox.add_link("theirs", "ecology", "Theirs", client_id=first.client_id)
    course = Course(new_app(given), given, sandbox, clock)
    before = config_of(course.launch("maya", link.key))["panel_id"]

    again = connect(browser, sandbox.desk.address(invite(given)))
    assert again.status_code == 200
    second = next(tool for tool in sandbox.tools.values() if tool not in (first, sandbox.registration))
    sandbox.desk.activate(second.client_id)
    newer = sandbox.add_link("newer", "ecology", "Newer", client_id=second.client_id)

    assert config_of(course.launch("maya", link.key))["panel_id"] == before
    beside = config_of(course.launch("maya", newer.key))["panel_id"]
    sandbox.world.links[link.key] = replace(link, client_id=second.client_id)
    assert config_of(course.launch("maya", link.key))["panel_id"] == before
    assert len(course.rows(CourseRow)) == 1
    assert {one.id for one in course.rows(Panel)} == {UUID(before), UUID(beside)}
    assert first.client_id in again.text


def test_one_named_as_replaced_ends(lms: Running, given: Parts, clock: Clock) -> None:
    sandbox, browser = lms.sandbox, Browser(new_app(given))
    connect(browser, sandbox.desk.address(invite(given)))
    first = new_tool(lms)
    sandbox.desk.activate(first.client_id)
    link = sandbox.add_link("theirs", "ecology", "Theirs", client_id=first.client_id)
    course = Course(new_app(given), given, sandbox, clock)
    before = config_of(course.launch("maya", link.key))["panel_id"]

    again = connect(browser, sandbox.desk.address(invite(given, "--replaces", first.client_id)))
    assert again.status_code == 200
    assert first.client_id in again.text
    sandbox.desk.remove(first.client_id)
    second = new_tool(lms)
    sandbox.desk.activate(second.client_id)
    sandbox.world.links[link.key] = replace(link, client_id=second.client_id)

    assert config_of(course.launch("maya", link.key))["panel_id"] == before
    assert [one.client_id for one in course.rows(Platform)] == [second.client_id]
    assert [one.lti_deployment_id for one in course.rows(Deployment)] == [second.deployment_id]


def test_the_lms_may_update_what_is_there(given: Parts, lms: Running) -> None:
    browser = Browser(new_app(given))
    connect(browser, lms.sandbox.desk.address(invite(given)))
    tool = new_tool(lms)
    updated = connect(browser, lms.sandbox.desk.address(invite(given), tool.client_id))
    assert "It was registered before" in updated.text
    assert kept(given)[0] == 1


def test_another_lms_with_the_same_ids_is_refused_unless_it_is_said_to_be_the_same(
    server: KeyServer, given: Parts
) -> None:
    """Two Canvases of one's own with the default issuer, each of which has given us the same number."""
    base, browser = server.url.removesuffix("/jwks"), Browser(new_app(given))
    server.body = json.dumps(configuration(server)).encode()
    server.posted = (200, json.dumps({"client_id": "10000000000001"}).encode())
    assert browser.post("/lti/register", fields(given, server.url)).status_code == 200

    other = configuration(server, jwks_uri=f"{base}/others", authorization_endpoint=f"{base}/others")
    server.body = json.dumps(other).encode()
    assert code_of(browser.post("/lti/register", fields(given, server.url))) == "registration_not_kept"
    assert kept(given) == (1, 0, 1)
    with given.database.read() as session:
        assert session.scalar(select(Platform.jwks_url)) == f"{base}/jwks"

    secret = parse_qs(urlsplit(invite(given, "--replaces", "10000000000001")).query)["invite"][0]
    moved = browser.post("/lti/register", fields(given, server.url) | {"invite": secret})
    assert moved.status_code == 200, moved.text
    assert kept(given) == (1, 0, 2)
    with given.database.read() as session:
        assert session.scalar(select(Platform.jwks_url)) == f"{base}/others"


# The address


def test_an_address_registers_one_lms(lms: Running, given: Parts) -> None:
    browser, address = Browser(new_app(given)), invite(given)
    assert connect(browser, lms.sandbox.desk.address(address)).status_code == 200
    assert code_of(connect(browser, lms.sandbox.desk.address(address))) == "invite_used"


def test_an_address_runs_out(server: KeyServer, given: Parts, clock: Clock) -> None:
    sent = fields(given, server.url)
    clock.pass_by(hours=24)
    assert code_of(Browser(new_app(given)).post("/lti/register", sent)) == "invite_expired"
    assert server.asked == 0


@pytest.mark.parametrize("secret", ["", "guessed", "x" * 5_000, "\x00", "ü🦊"])
def test_without_an_invite_nothing_is_asked_of_anybody(server: KeyServer, given: Parts, secret: str) -> None:
    browser = Browser(new_app(given))
    sent = fields(given, server.url) | {"invite": secret}
    assert code_of(browser.post("/lti/register", sent)) == "invite_unknown"
    assert server.asked == 0


def test_only_a_digest_of_the_secret_is_kept(given: Parts) -> None:
    secret = parse_qs(urlsplit(invite(given)).query)["invite"][0].encode()
    assert secret not in Path(urlsplit(given.settings.database_url).path[1:] or "").read_bytes()


def test_the_pasted_address_opened_in_a_browser_says_what_to_do(given: Parts) -> None:
    answer = opened(Browser(new_app(given)), invite(given))
    assert code_of(answer) == "registration_incomplete"
    assert "Paste the address into your LMS" in answer.text


def test_of_two_registrations_at_once_with_one_address_one_is_kept(server: KeyServer, given: Parts) -> None:
    """Even where the LMS takes both; the other is told so."""
    base = server.url.removesuffix("/jwks")
    server.body = json.dumps(configuration(server)).encode()
    server.posted = (200, json.dumps({"client_id": "the-tool"}).encode())
    sent = fields(given, f"{base}/configuration")
    together = threading.Barrier(2)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        together.wait(20)  # both are on their way before either is told anything
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(server.body)))
        handler.end_headers()
        handler.wfile.write(server.body)

    server.answer = answer
    app, pages = new_app(given), []
    threads = [
        threading.Thread(target=lambda: pages.append(Browser(app).post("/lti/register", sent)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won, lost = sorted(pages, key=lambda page: page.status_code)
    assert won.status_code == 200
    assert code_of(lost) == "invite_used"
    assert "If that was you, all is done" in lost.text
    assert kept(given) == (1, 0, 1)


# Refusals


def test_a_failed_try_leaves_nothing_and_the_address_stays_good(lms: Running, given: Parts) -> None:
    browser, address = Browser(new_app(given)), invite(given)
    used = lms.sandbox.desk.address(invite(given))
    connect(browser, used)
    token = parse_qs(urlsplit(used).query)["registration_token"][0]
    secret = parse_qs(urlsplit(address).query)["invite"][0]
    configuration_url = f"{lms.sandbox.config.base}/.well-known/openid-configuration"
    again = {"invite": secret, "openid_configuration": configuration_url, "registration_token": token}
    before = kept(given)
    refused = browser.post("/lti/register", again)
    assert code_of(refused) == "registration_refused"
    assert "token_already_used" in refused.text
    assert kept(given) == before
    assert connect(browser, lms.sandbox.desk.address(address)).status_code == 200


def test_an_lms_speaks_from_its_own_host(server: KeyServer, given: Parts) -> None:
    server.body = json.dumps(configuration(server, issuer="https://another.example.edu")).encode()
    answer = Browser(new_app(given)).post("/lti/register", fields(given, server.url))
    assert code_of(answer) == "issuer_elsewhere"
    assert kept(given) == (0, 0, 0)


@pytest.mark.parametrize(
    "address",
    ["http://lms.example.edu/c", "ftp://lms.example.edu/c", "file:///etc/passwd", "//x", "javascript:alert(1)", "http://["],
)  # fmt: skip
def test_the_configuration_stands_at_an_https_address(given: Parts, address: str) -> None:
    answer = Browser(new_app(given)).post("/lti/register", fields(given, address))
    assert code_of(answer) == "registration_address_wrong"


def _production(given: Parts, tmp_path: Path, clock: Clock) -> Parts:
    strict = settings_for(given.settings.database_url, tmp_path, environment="production")
    return Parts(strict, given.database, given.sealer, clock)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.5", "169.254.169.254", "[::1]"])
def test_production_asks_no_private_address(given: Parts, tmp_path: Path, clock: Clock, host: str) -> None:
    strict = _production(given, tmp_path, clock)
    for scheme in ("http", "https"):
        sent = fields(strict, f"{scheme}://{host}/c")
        assert code_of(Browser(new_app(strict)).post("/lti/register", sent)) == "registration_address_wrong"


def test_production_asks_no_name_that_leads_inside(
    given: Parts, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = [(2, 1, 6, "", ("10.0.0.5", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    strict = _production(given, tmp_path, clock)
    sent = fields(strict, "https://lms.example.edu/c")
    assert code_of(Browser(new_app(strict)).post("/lti/register", sent)) == "address_refused"


def _redirecting(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "http://169.254.169.254/")
    handler.end_headers()


def _huge(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(40):
            handler.wfile.write(b" " * 65536)
    except OSError:
        pass


def _slow(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(1.5)
    handler.close_connection = True


def _dripping_body(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then: no wait is long, and there is no end."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    _drip(handler)


def _dripping_chunks(handler: BaseHTTPRequestHandler) -> None:
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    _drip(handler, b"1\r\n \r\n")


def _dripping_gzip(handler: BaseHTTPRequestHandler) -> None:
    """Its head says that a file's name follows, which never ends: there is nothing yet to be unpacked."""
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.end_headers()
    handler.wfile.write(b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03")
    _drip(handler, b"n")


def _dripping_head(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.flush_headers()
    _drip(handler, b"X")


def _drip(handler: BaseHTTPRequestHandler, drop: bytes = b" ") -> None:
    handler.close_connection = True
    try:
        for _ in range(300):
            handler.wfile.write(drop)
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        pass


@pytest.mark.parametrize("answer", [_dripping_body, _dripping_chunks, _dripping_gzip, _dripping_head])
def test_an_answer_that_comes_drop_by_drop_is_not_waited_for(
    server: KeyServer,
    given: Parts,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[BaseHTTPRequestHandler], None],
) -> None:
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 1)
    server.answer = answer
    began = time.monotonic()
    assert (
        code_of(Browser(new_app(given)).post("/lti/register", fields(given, server.url))) == "lms_unreachable"
    )
    assert time.monotonic() - began < 10  # the drops would fall for half a minute
    assert kept(given) == (0, 0, 0)


@pytest.mark.parametrize(
    ("answer", "code"), [(_redirecting, "lms_redirects"), (_huge, "lms_unreachable"), (_slow, "lms_unreachable")]
)  # fmt: skip
def test_a_bad_answer_is_refused(
    server: KeyServer,
    given: Parts,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[BaseHTTPRequestHandler], None],
    code: str,
) -> None:
    monkeypatch.setattr(outbound, "READ_SECONDS", 0.5)
    server.answer = answer
    assert code_of(Browser(new_app(given)).post("/lti/register", fields(given, server.url))) == code
    assert kept(given) == (0, 0, 0)


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"<html>", "JSON"),
        (b"[]", "JSON"),
        (b"[" * 100_000, "JSON"),
        ({"issuer": 7}, "issuer"),
        ({"issuer": None}, "issuer"),
        ({"jwks_uri": ["x"]}, "jwks_uri"),
        ({"scopes_supported": "all"}, "scopes_supported"),
        ({PLATFORM: []}, "lti-platform-configuration"),
        (
            {PLATFORM: {"product_family_code": "x", "messages_supported": "all"}},
            "lti-platform-configuration.messages_supported",
        ),
    ],
)
def test_a_configuration_has_the_parts_that_lti_names(
    server: KeyServer, given: Parts, body: Any, part: str
) -> None:
    server.body = body if isinstance(body, bytes) else json.dumps(configuration(server, **body)).encode()
    answer = Browser(new_app(given)).post("/lti/register", fields(given, server.url))
    assert code_of(answer) == "configuration_wrong"
    assert f"cannot be used: {part}" in answer.text


EVERYTHING = ["LtiResourceLinkRequest", "LtiDeepLinkingRequest", "LtiSubmissionReviewRequest"]


@pytest.mark.parametrize(
    ("supported", "registered"),
    [
        (EVERYTHING[:2], EVERYTHING[:2]),
        ([EVERYTHING[0], "LtiEulaRequest"], EVERYTHING[:1]),
        ([*reversed(EVERYTHING), "LtiAssetProcessorSettingsRequest"], EVERYTHING),
        ([], EVERYTHING),
        (None, EVERYTHING),
    ],
)
@pytest.mark.parametrize("family", ["canvas", "moodle", "other"])
def test_only_messages_that_the_lms_sends_are_registered(
    server: KeyServer, given: Parts, family: str, supported: list[str] | None, registered: list[str]
) -> None:
    platform: dict[str, Any] = {"product_family_code": family}
    if supported is not None:
        platform["messages_supported"] = [{"type": kind} for kind in supported]
    server.body = json.dumps(configuration(server, **{PLATFORM: platform})).encode()
    server.posted = (200, json.dumps({"client_id": "the-tool"}).encode())
    answer = Browser(new_app(given)).post("/lti/register", fields(given, server.url))
    assert answer.status_code == 200, answer.text
    sent = json.loads(server.sent)["https://purl.imsglobal.org/spec/lti-tool-configuration"]["messages"]
    assert [message["type"] for message in sent] == registered


def test_a_token_that_is_none_is_not_passed_on(server: KeyServer, given: Parts) -> None:
    for token in ("a\r\nX-Evil: 1", "ü", "two words"):
        answer = Browser(new_app(given)).post("/lti/register", fields(given, server.url, token))
        assert code_of(answer) == "registration_incomplete"
    assert server.asked == 0


# Hostile documents


@pytest.fixture
def app(given: Parts) -> Flask:
    """One for all the documents: each example asks it anew."""
    return new_app(given)


_PARTS = st.sampled_from(
    ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint", PLATFORM,
     "authorization_server", "scopes_supported"]
)  # fmt: skip


@examples(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@for_all(
    changes=st.dictionaries(_PARTS, JSON, max_size=3),
    answered=JSON | st.fixed_dictionaries({"client_id": JSON | st.just("abc")}),
    status=st.sampled_from([200, 201, 400, 500]),
)
def test_no_document_breaks_the_page_or_leaves_half_a_registration(
    server: KeyServer, given: Parts, app: Flask, changes: dict[str, Any], answered: Any, status: int
) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = json.dumps(configuration(server, **changes)).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    server.answer, server.posted = answer, (status, json.dumps(answered).encode())
    before = kept(given)
    page = Browser(app).post("/lti/register", fields(given, server.url))
    after = kept(given)
    assert page.status_code in (200, 400, 403, 409, 424), page.text
    assert "<script>" not in page.text
    assert after[2] - before[2] == (1 if page.status_code == 200 else 0)
    if page.status_code != 200:
        assert after == before


# Values for those who type them


def test_canvas_reads_its_developer_key(given: Parts) -> None:
    key = Browser(new_app(given)).get("/lti/canvas.json").get_json()
    assert key["oidc_initiation_url"] == f"{TOOL}/lti/login"
    assert key["public_jwk_url"] == f"{TOOL}/lti/jwks.json"
    (extension,) = key["extensions"]
    assert extension["domain"] == "localhost:8000"
    assert {one["placement"]: one["message_type"] for one in extension["settings"]["placements"]} == {
        "course_navigation": "LtiResourceLinkRequest",
        "link_selection": "LtiDeepLinkingRequest",
        "assignment_selection": "LtiDeepLinkingRequest",
        "editor_button": "LtiDeepLinkingRequest",
    }


def test_the_values_are_shown_to_be_copied(given: Parts) -> None:
    page = Browser(new_app(given)).get("/lti/manual").text
    for value in (LAUNCH_URL, f"{TOOL}/lti/login", f"{TOOL}/lti/jwks.json", f"{TOOL}/lti/canvas.json"):
        assert f'data-copy="{value}"' in page
    assert Browser(new_app(given)).get("/lti/logo.svg").mimetype == "image/svg+xml"
