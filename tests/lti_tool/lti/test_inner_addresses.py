"""No address of a platform reaches into the own network in production, whoever of us asks there.

Tried through the real callers: registration, key sets, tokens, Names and Roles, grades and groups. What is looked at is
the line itself: nothing is connected to; or where a name turns in between, not a byte is sent.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from lti_tool.config import Settings
from lti_tool.lti import dynamic_registration, group_names, names_roles, service_tokens, services
from lti_tool.lti.grade_queries import LINE_ITEM, RESULTS, SCORE, Destination
from lti_tool.lti.grades import GradeBook, Item, ScoreMessage
from lti_tool.lti.invites import OpenInvite
from lti_tool.lti.key_sets import KeySets
from lti_tool.lti.names_roles import ListWrong
from lti_tool.lti.outbound import PlatformSession
from lti_tool.lti.queries import PlatformCard
from lti_tool.lti.registrations import Registration, register
from lti_tool.lti.service_tokens import Token
from lti_tool.lti.services import ServiceFailure
from lti_tool.parts import Parts
from lti_tool.problems import Problem
from tests.lti_tool.lti.launching import Clock, settings_for
from tests.lti_tool.lti.platforms import KeyServer, serving_keys
from tests.lti_tool.lti.test_dynamic_registration import configuration

REFUSED = (Problem, ServiceFailure, ListWrong)
HOSTS = [
    *("127.0.0.1", "localhost", "LOCALHOST", "localhost.", "x.localhost", "0.0.0.0", "127.9.9.9"),
    *("10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1"),
    # As libraries of C read them too: decimal, octal, hexadecimal, short.
    *("2130706433", "0177.0.0.1", "0x7f000001", "0x7f.1", "127.1"),
    *("[::1]", "[::]", "[fd00::1]", "[fe80::1]", "[fec0::1]", "[ff02::1]"),
    *("[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::]"),
    # The host is what stands behind the @.
    *("lms.example@127.0.0.1", "lms.example:443@169.254.169.254"),
    *("127.0.0.1:22", "127.0.0.1:6379", "[::1]:5432"),
]


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    return settings_for(
        sqlite_url, tmp_path, environment="production", allowed_hosts=frozenset({"named.example"})
    )


@pytest.fixture
def platform(given: Parts) -> PlatformCard:
    home = "https://lms.example"
    told = Registration(home, "tool", f"{home}/auth", f"{home}/token", f"{home}/jwks", ("1",))
    with given.database.write() as session:
        row = register(session, given.clock, given.settings, "default", told)[0]
        return PlatformCard(
            row.tenant_id,
            row.id,
            "LMS",
            None,
            home,
            "tool",
            f"{home}/auth",
            f"{home}/token",
            f"{home}/jwks",
            None,
        )


Caller = Callable[[Parts, PlatformCard, str], Any]


def _registration(given: Parts, _: PlatformCard, url: str) -> None:
    asked = dynamic_registration.read_asked(
        {"invite": "x", "openid_configuration": url, "registration_token": "t"}, given.settings
    )
    invite = OpenInvite(uuid4(), uuid4(), "default", None, None)
    dynamic_registration.run(given, PlatformSession(given.settings), asked, invite)


def _key_set(given: Parts, card: PlatformCard, url: str) -> None:
    sets = KeySets(given.database, given.clock, PlatformSession(given.settings))
    sets.find(replace(card, jwks_url=url), "one")


def _token(given: Parts, card: PlatformCard, url: str) -> None:
    with services.of(given, replace(card, auth_token_url=url)) as lms:
        lms.get("https://lms.example/service", scope=names_roles.SCOPE)


def _members(given: Parts, card: PlatformCard, url: str) -> None:
    with services.of(given, card) as lms:
        list(names_roles.batches(lms, url))


def _book(given: Parts, card: PlatformCard, url: str, work: Callable[[GradeBook], Any]) -> None:
    to = Destination(
        *(card.tenant_id, uuid4(), "1", card.id, "LMS", None, card.issuer, url, url),
        frozenset({LINE_ITEM, SCORE, RESULTS}),
    )
    with services.of(given, card) as lms:
        work(GradeBook(lms, to))


def _groups(given: Parts, card: PlatformCard, url: str) -> None:
    with services.of(given, card) as lms:
        list(group_names._listed(lms, url, group_names.GROUPS_TYPE, "groups"))


SCORED = ScoreMessage("4", 1, 1, "", Clock().now, "Completed", is_first=True, replaces=False)
SERVICES: dict[str, Caller] = {
    "names and roles": _members,
    "line items": lambda *asked: _book(*asked, lambda book: book.find("tag")),
    "a new line item": lambda *asked: _book(*asked, lambda book: book.make(Item("x", 1, "tag", "1"))),
    "a changed line item": lambda *asked: _book(
        *asked, lambda book: book.change(asked[2], Item("x", 1, "t", "1"))
    ),
    "whether one exists": lambda *asked: _book(*asked, lambda book: book.exists(asked[2])),
    "results": lambda *asked: _book(*asked, lambda book: book.results(asked[2])),
    "a score": lambda *asked: _book(*asked, lambda book: book.send(asked[2], SCORED)),
    "groups": _groups,
}
CALLERS: dict[str, Caller] = {"registration": _registration, "key set": _key_set, "token": _token}


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that is connected to, and none is reached."""
    tried: list[Any] = []

    def connect(_: socket.socket, address: Any) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


def names(monkeypatch: pytest.MonkeyPatch, *answers: tuple[str, int]) -> None:
    """What names lead to, one look-up after the other, and then again from the first."""
    asked = 0

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        nonlocal asked
        address, at = answers[asked % len(answers)]
        asked += 1
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, at or port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize("caller", [*CALLERS, *SERVICES])
def test_no_caller_asks_an_inner_address(
    given: Parts, platform: PlatformCard, line: list[Any], caller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _granted_unless(caller, given, monkeypatch)
    call = {**CALLERS, **SERVICES}[caller]
    # Asking for a token writes much; what it asks with is what the others ask with.
    for host in HOSTS[:: 3 if caller == "token" else 1]:
        for scheme in ("https", "http"):
            with pytest.raises(REFUSED):
                call(given, platform, f"{scheme}://{host}/x")
            assert line == [], f"{scheme}://{host}"


@pytest.mark.parametrize("caller", [*CALLERS, *SERVICES])
@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "fd00::1", "64:ff9b::7f00:1", "::ffff:10.0.0.1"]
)
def test_no_caller_asks_a_name_that_leads_inside(
    given: Parts,
    platform: PlatformCard,
    line: list[Any],
    caller: str,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _granted_unless(caller, given, monkeypatch)
    names(monkeypatch, (address, 0))
    with pytest.raises(REFUSED):
        {**CALLERS, **SERVICES}[caller](given, platform, "https://inside.example/x")
    assert line == []


@pytest.mark.parametrize("caller", [*CALLERS, *SERVICES])
def test_to_a_name_that_turns_between_look_and_connection_not_a_byte_is_sent(
    given: Parts, platform: PlatformCard, caller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _granted_unless(caller, given, monkeypatch)
    with listening() as (port, heard):
        names(monkeypatch, ("93.184.216.34", 0), ("127.0.0.1", port))
        with pytest.raises(REFUSED):
            {**CALLERS, **SERVICES}[caller](given, platform, "https://turning.example/x")
    # It was reached, or this would prove nothing; and hung up on.
    assert heard
    assert set(heard) == {b""}


@pytest.mark.parametrize("caller", [*CALLERS, *SERVICES])
def test_no_caller_follows_a_redirect(
    given: Parts, platform: PlatformCard, caller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a host that is allowed by name to one that is not."""
    _granted_unless(caller, given, monkeypatch)
    with serving_keys() as inner, serving_keys() as server:

        def redirect(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(307)
            handler.send_header("Location", inner.url)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        server.answer = redirect
        server.posted = (307, b"")
        port = urlsplit(server.url).port or 0
        names(monkeypatch, ("127.0.0.1", port))
        with pytest.raises(REFUSED):
            {**CALLERS, **SERVICES}[caller](given, platform, f"http://named.example:{port}/x")
        assert inner.asked == 0


@pytest.mark.parametrize(
    "part", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint"]
)
@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:10.0.0.1]", "user:word@named.example", "localhost"])
def test_no_address_in_an_lmss_own_document_is_believed(
    given: Parts, platform: PlatformCard, part: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_keys() as server:
        port = urlsplit(server.url).port or 0
        home = f"http://named.example:{port}"
        server.body = json.dumps(_document(home) | {part: f"https://{host}/x"}).encode()
        names(monkeypatch, ("127.0.0.1", port))
        with pytest.raises(Problem) as refused:
            _registration(given, platform, f"{home}/c")
    assert refused.value.code == "registration_address_wrong"
    assert refused.value.facts["part"] == part


def test_a_registration_endpoint_whose_name_leads_inside_gets_no_token(
    given: Parts, platform: PlatformCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document is from a host that is named, the endpoint's host is not, and has an inner address."""
    with serving_keys() as server, listening() as (port, heard):
        at = urlsplit(server.url).port or 0
        home = f"http://named.example:{at}"
        server.body = json.dumps(
            _document(home) | {"registration_endpoint": f"https://inside.example:{port}/r"}
        ).encode()
        names(monkeypatch, ("127.0.0.1", 0))
        with pytest.raises(Problem) as refused:
            _registration(given, platform, f"{home}/c")
    assert refused.value.code == "address_refused"
    assert set(heard) <= {b""}


@pytest.mark.parametrize(
    "page", ["http://169.254.169.254/", "https://127.0.0.1/", "//10.0.0.1/x", "https://lms.example:8443/"]
)
def test_a_next_page_leads_nowhere_else(
    given: Parts, platform: PlatformCard, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _granted_unless("", given, monkeypatch)
    with serving_keys() as server:
        port = urlsplit(server.url).port or 0
        server.headers = {"Link": f'<{page}>; rel="next"'}
        server.body = json.dumps(
            {"members": [{"user_id": "1"}], "groups": [{"id": "1", "name": "x"}]}
        ).encode()
        names(monkeypatch, ("127.0.0.1", port))
        for caller in ("names and roles", "groups"):
            with pytest.raises(REFUSED):
                SERVICES[caller](given, platform, f"http://named.example:{port}/x")
        assert server.asked == 2
        server.body = b'[{"userId": "4", "id": "x", "tag": "tag"}]'
        for caller in ("results", "line items"):
            with pytest.raises(REFUSED):
                SERVICES[caller](given, platform, f"http://named.example:{port}/x")
        assert server.asked == 4


def _document(home: str) -> dict[str, Any]:
    return configuration(KeyServer(url=f"{home}/jwks"))


def _granted_unless(caller: str, given: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    if caller != "token":
        token = Token(b"", "granted", "", given.clock() + timedelta(hours=1))
        monkeypatch.setattr(service_tokens.ServiceTokens, "find", lambda *_: token)


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A line of the own network, and what came over it: all that came before the end of the context."""
    heard: list[bytes] = []
    end = b"the end"
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            line, _ = server.accept()
            with line:
                line.settimeout(5)
                if (came := line.recv(1000)) == end:
                    return
                heard.append(came)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], heard
    finally:
        with socket.socket() as last:  # by its number: what names lead to may be turned
            last.connect(server.getsockname())
            last.sendall(end)
        thread.join(10)
        server.close()
