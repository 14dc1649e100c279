"""The keys of platforms: fetched once for all processes, renewed when needed, at most three times a minute."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select

from lti_tool.config import Settings
from lti_tool.lti import outbound
from lti_tool.lti.key_sets import FRESH, KeySets
from lti_tool.lti.models import PlatformKeySet
from lti_tool.lti.outbound import PlatformSession
from lti_tool.lti.queries import PlatformCard, platforms_of
from lti_tool.lti.registrations import Registration, register
from lti_tool.parts import Parts
from lti_tool.problems import Problem
from tests.lti_tool.lti.launching import Clock, settings_for
from tests.lti_tool.lti.platforms import KEY, KeyServer, jwk, serving_keys


@pytest.fixture
def settings(database_url: str, tmp_path: Any) -> Settings:
    """Here on both databases."""
    return settings_for(database_url, tmp_path)


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    with serving_keys() as server:
        yield server


@pytest.fixture
def platform(given: Parts, keys: KeyServer) -> PlatformCard:
    return registered(given, keys.url)


def registered(given: Parts, url: str, replaces: str | None = None) -> PlatformCard:
    with given.database.write() as session:
        base = "http://127.0.0.1:1"
        told = Registration(
            "http://lms.test", "tool", f"{base}/auth", f"{base}/token", url, ("1",), replaces=replaces
        )
        register(session, given.clock, given.settings, "default", told)
    with given.database.read() as session:
        return platforms_of(session, "http://lms.test", "tool")[0]


def a_process(given: Parts) -> KeySets:
    return KeySets(given.database, given.clock, PlatformSession(given.settings))


def code_of(key_sets: KeySets, platform: PlatformCard, kid: str) -> str:
    with pytest.raises(Problem) as refused:
        key_sets.find(platform, kid)
    assert 400 <= refused.value.kind.status < 500
    return refused.value.code


def test_one_fetch_serves_all_processes(given: Parts, keys: KeyServer, platform: PlatformCard) -> None:
    first, second = a_process(given), a_process(given)
    for _ in range(3):
        assert first.find(platform, "one") == KEY.public_key()
        assert second.find(platform, "one") == KEY.public_key()
    assert keys.asked == 1


def test_a_rotated_key_is_found_at_once(given: Parts, keys: KeyServer, platform: PlatformCard) -> None:
    process = a_process(given)
    process.find(platform, "one")
    new = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    keys.publish(jwk(new, "two"))

    assert process.find(platform, "two") == new.public_key()
    assert code_of(process, platform, "one") == "key_unknown"


def test_unknown_keys_lead_to_three_fetches_in_any_minute(
    given: Parts, keys: KeyServer, platform: PlatformCard, clock: Clock
) -> None:
    processes = [a_process(given) for _ in range(3)]
    asked = []
    for second in range(0, 180, 10):
        for process in processes:
            assert code_of(process, platform, f"forged-{second}") == "key_unknown"
        asked.append(keys.asked)
        clock.pass_by(seconds=10)

    for earlier, later in zip(asked, asked[6:], strict=False):
        assert later - earlier <= 3
    assert keys.asked >= 7
    # Meanwhile the known key goes on working.
    assert processes[0].find(platform, "one") == KEY.public_key()


def test_processes_that_ask_at_once_share_the_three(
    given: Parts, keys: KeyServer, platform: PlatformCard
) -> None:
    starting = threading.Barrier(6)
    codes = []

    def ask() -> None:
        process = a_process(given)
        starting.wait()
        codes.append(code_of(process, platform, "forged"))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes == ["key_unknown"] * 6
    assert keys.asked <= 3


def test_keys_fetched_before_stay_when_a_fetch_fails(
    given: Parts, keys: KeyServer, platform: PlatformCard, clock: Clock
) -> None:
    process = a_process(given)
    process.find(platform, "one")
    keys.status, keys.body = 500, b"an error page"
    clock.pass_by(seconds=FRESH.total_seconds() + 1)

    for _ in range(5):
        assert process.find(platform, "one") == KEY.public_key()
        assert a_process(given).find(platform, "one") == KEY.public_key()
    assert code_of(process, platform, "two") == "keys_unreachable"
    assert keys.asked <= 4


def test_a_withdrawn_key_ends(given: Parts, keys: KeyServer, platform: PlatformCard, clock: Clock) -> None:
    process = a_process(given)
    process.find(platform, "one")
    keys.publish(jwk(rsa.generate_private_key(public_exponent=65537, key_size=2048), "two"))
    clock.pass_by(seconds=FRESH.total_seconds() + 1)

    assert code_of(process, platform, "one") == "key_unknown"


def test_a_new_address_for_the_keys_is_used_at_once(
    given: Parts, keys: KeyServer, platform: PlatformCard
) -> None:
    process = a_process(given)
    process.find(platform, "one")
    with serving_keys() as elsewhere:
        elsewhere.publish(jwk(rsa.generate_private_key(public_exponent=65537, key_size=2048), "two"))
        moved = registered(given, elsewhere.url, replaces="tool")
        assert code_of(process, moved, "one") == "key_unknown"
        assert process.find(moved, "two")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": [1, null, {}]}',
        b"\xff",
        b"[" * 50_000,
        b"<html>",
    ],
)
def test_an_answer_that_is_no_key_set_is_no_key_set(
    given: Parts, keys: KeyServer, platform: PlatformCard, body: bytes
) -> None:
    keys.body = body

    assert code_of(a_process(given), platform, "one") == "keys_unreachable"
    with given.database.read() as session:
        assert session.scalars(select(PlatformKeySet)).one().body is None


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "EC"},
        {"use": "enc"},
        {"alg": "RS512"},
        {"n": "AQAB"},
        {"n": 5},
        {"e": None},
        {"kid": 7},
        {"d": "AQAB"},
    ],
)
def test_unfit_keys_are_passed_over(
    given: Parts, keys: KeyServer, platform: PlatformCard, changes: dict[str, Any]
) -> None:
    keys.publish(jwk(KEY, "one"), {**jwk(KEY, "unfit"), **changes})

    assert code_of(a_process(given), platform, "unfit") == "key_unknown"


def test_a_short_key_is_passed_over(given: Parts, keys: KeyServer, platform: PlatformCard) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    keys.publish(jwk(KEY, "one"), jwk(short, "short"))

    assert code_of(a_process(given), platform, "short") == "key_unknown"


def test_redirects_are_not_followed(given: Parts, keys: KeyServer, platform: PlatformCard) -> None:
    with serving_keys() as inner:
        keys.status, keys.headers = 302, {"Location": inner.url}
        assert code_of(a_process(given), platform, "one") == "keys_unreachable"
        assert inner.asked == 0


def test_an_endless_answer_is_cut_short(given: Parts, keys: KeyServer, platform: PlatformCard) -> None:
    keys.body = b" " * (outbound.MOST_BYTES + 1)
    assert code_of(a_process(given), platform, "one") == "keys_unreachable"


def test_a_hanging_server_is_given_up(
    given: Parts, keys: KeyServer, platform: PlatformCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "READ_SECONDS", 0.2)
    waiting = threading.Event()

    def hang(_: BaseHTTPRequestHandler) -> None:
        waiting.wait(10)

    keys.answer = hang
    assert code_of(a_process(given), platform, "one") == "keys_unreachable"
    waiting.set()


def test_a_dripping_server_is_given_up(
    given: Parts, keys: KeyServer, platform: PlatformCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.3)
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not over.wait(0.1):
                handler.wfile.write(b" " * 70_000)
        except OSError:
            pass

    keys.answer = drip
    assert code_of(a_process(given), platform, "one") == "keys_unreachable"
    over.set()
