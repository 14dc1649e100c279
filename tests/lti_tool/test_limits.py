"""Rate limits: a flood of one hurts nobody else, and a class behind one address gets in."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from flask import Flask
from limits import parse
from werkzeug.test import TestResponse

from lti_tool import bearer, counting, limits
from lti_tool.app import create_app
from lti_tool.config import read_settings
from lti_tool.counting import ProcessMemory
from lti_tool.limits import (
    BY_ONE_ASKER,
    LAUNCHES,
    NOTICES,
    NOTICES_BY_ADDRESS,
    REGISTRATIONS,
)
from lti_tool.parts import Parts
from lti_tool.problems import Problem
from tests.services.servers import OwnServer


@pytest.fixture(params=["memory", "redis"])
def app(request: pytest.FixtureRequest, tmp_path: Path, sqlite_tables_url: str) -> Flask:
    broker = "memory://" if request.param == "memory" else request.getfixturevalue("redis_url")
    return create_app(
        Parts.of(
            read_settings(
                {"ALONGSIDE_HOME": str(tmp_path), "DATABASE_URL": sqlite_tables_url, "BROKER_URL": broker}
            )
        )
    )


def _most(limit: str) -> int:
    return int(limit.split(maxsplit=1)[0])


def _pass(app: Flask, member: UUID, panel: UUID) -> dict[str, str]:
    """A genuine token, of somebody who need not exist: it is counted before anything is looked up."""
    given: Parts = app.extensions["alongside"]
    return {"Authorization": f"Bearer {bearer.issue(given, uuid4(), member, panel)[0]}"}


def test_one_asker_is_slowed_down_and_told_how_long(app: Flask) -> None:
    client = app.test_client()
    flood = _pass(app, uuid4(), uuid4())
    statuses = [client.post("/api/v1/token", headers=flood).status_code for _ in range(_most(BY_ONE_ASKER))]
    assert set(statuses) == {403}
    refused = client.post("/api/v1/token", headers=flood)
    assert refused.status_code == 429
    assert refused.get_json()["code"] == "too_many_requests"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert client.post("/api/v1/token", headers=_pass(app, uuid4(), uuid4())).status_code == 403


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_without_its_redis_the_house_stays_open(
    how: str,
    monkeypatch: pytest.MonkeyPatch,
    own_server: Callable[..., AbstractContextManager[OwnServer]],
    tmp_path: Path,
    sqlite_tables_url: str,
) -> None:
    with own_server("redis") as redis:
        home = {"ALONGSIDE_HOME": str(tmp_path), "DATABASE_URL": sqlite_tables_url}
        client = create_app(
            Parts.of(read_settings({**home, "BROKER_URL": redis.address["url"]}))
        ).test_client()
        assert client.post("/lti/login").status_code == 400
        getattr(redis, how)()
        told: list[str] = []
        monkeypatch.setattr(limits, "log", SimpleNamespace(warning=lambda event, **_: told.append(event)))
        for _ in range(20):
            assert client.post("/lti/login").status_code == 400
        # It was asked once; nobody after that waited for it.
        assert told == ["requests are not counted"]
        if how == "pause":
            redis.resume()


def test_a_refused_flood_is_no_error_in_the_log(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    client = app.test_client()
    for _ in range(_most(BY_ONE_ASKER) + 3):
        refused = client.post("/api/v1/token")
    assert refused.status_code == 429
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_tokens_that_are_made_up_count_as_their_address(app: Flask) -> None:
    client = app.test_client()
    statuses = [
        client.post("/api/v1/token", headers={"Authorization": f"Bearer made-up-{number}"}).status_code
        for number in range(_most(BY_ONE_ASKER))
    ]
    assert set(statuses) == {401}
    for header in ("Bearer another", "Basic abc", "anything"):
        refused = client.post("/api/v1/token", headers={"Authorization": header})
        assert refused.status_code == 429
    assert client.post("/api/v1/token", headers=_pass(app, uuid4(), uuid4())).status_code == 403


def test_a_renewed_token_is_the_same_asker(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    member, panel = uuid4(), uuid4()
    client = app.test_client()
    first = _pass(app, member, panel)
    monkeypatch.setattr(bearer, "LASTS", bearer.LASTS - timedelta(seconds=7))
    second = _pass(app, member, panel)
    assert first != second
    for _ in range(_most(BY_ONE_ASKER)):
        client.post("/api/v1/token", headers=first)
    assert client.post("/api/v1/token", headers=second).status_code == 429


def test_launches_count_by_address_whatever_token_comes_with_them(app: Flask) -> None:
    client = app.test_client()
    passes = [_pass(app, uuid4(), uuid4()) for _ in range(3)] + [{"Authorization": "Bearer made-up"}, {}]
    statuses = [
        client.get("/lti/login/continue?state=x", headers=passes[number % len(passes)]).status_code
        for number in range(_most(LAUNCHES) + 1)
    ]
    assert statuses[-2:] == [403, 429]


def test_a_class_of_300_behind_one_address_launches_in_a_minute(app: Flask) -> None:
    """Three requests each: login, continue, launch."""
    assert _most(LAUNCHES) >= 300 * 3
    client = app.test_client()
    statuses = {client.get("/lti/login/continue?state=x").status_code for _ in range(300)}
    assert 429 not in statuses


def test_counters_end_and_are_forgotten() -> None:
    counters = ProcessMemory()
    assert [counters.incr("a", 0.05), counters.incr("a", 0.05), counters.incr("b", 60)] == [1, 2, 1]
    assert (counters.get("a"), counters.get("unknown")) == (2, 0)
    time.sleep(0.06)
    assert counters.get("a") == 0
    assert counters.incr("c", 60) == 1
    assert set(counters._counters) == {"b", "c"}
    counters.clear("b")
    assert counters.reset() == 1


class Watched(float):
    """A window's length whose counters' ends note each look at them."""

    looks = 0

    def __radd__(self, now: float) -> "Watched":
        return Watched(now + float(self))

    def __le__(self, other: float) -> bool:
        Watched.looks += 1
        return float(self) <= other

    def __gt__(self, other: float) -> bool:
        Watched.looks += 1
        return float(self) > other


def test_a_new_asker_costs_the_same_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    counters, new = ProcessMemory(), 20_000
    monkeypatch.setattr(Watched, "looks", 0)
    for number in range(new):
        assert counters.incr(f"key {number}", Watched(60)) == 1
        assert Watched.looks <= 2 * number


def test_a_flood_of_askers_pushes_out_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_COUNTERS", 100)
    counters = ProcessMemory()
    for number in range(1000):
        counters.incr(f"key {number}", 60)
    assert len(counters._counters) == 100
    assert (counters.get("key 0"), counters.get("key 999")) == (0, 1)


def test_a_window_that_ended_begins_anew_behind_the_others() -> None:
    counters = ProcessMemory()
    counters.incr("a", 0.05)
    counters.incr("b", 60)
    time.sleep(0.06)
    assert counters.incr("a", 60, amount=3) == 3
    assert list(counters._counters) == ["b", "a"]


# What LMSs and their people ask: login, launch, registration and notices.


@pytest.fixture
def plain(tmp_path: Path, sqlite_tables_url: str) -> Flask:
    return create_app(
        Parts.of(read_settings({"ALONGSIDE_HOME": str(tmp_path), "DATABASE_URL": sqlite_tables_url}))
    )


SCHOOL, OTHER = "203.0.113.7", "198.51.100.9"


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", "/lti/login", LAUNCHES),
        ("GET", "/lti/login", LAUNCHES),
        ("POST", "/lti/login/tab", LAUNCHES),
        ("POST", "/lti/launch", LAUNCHES),
        ("GET", "/lti/register", REGISTRATIONS),
        ("POST", "/lti/register", REGISTRATIONS),
        ("POST", "/lti/notices", NOTICES),
    ],
)
def test_a_flood_is_refused_with_a_page_or_data_and_hurts_nobody_elsewhere(
    plain: Flask, method: str, path: str, limit: str
) -> None:
    client = plain.test_client()

    def ask(address: str, **headers: str) -> TestResponse:
        return client.open(path, method=method, headers=headers, environ_base={"REMOTE_ADDR": address})

    statuses = {ask(SCHOOL).status_code for _ in range(_most(limit))}
    assert 429 not in statuses
    for headers in ({"Accept": "text/html"}, {"Accept": "application/json"}):
        refused = ask(SCHOOL, **headers)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 61
        assert "too_many_requests" in refused.text
        assert refused.mimetype == (
            "text/html" if "html" in headers["Accept"] else "application/problem+json"
        )
    assert ask(OTHER).status_code in statuses


def test_a_class_at_one_school_is_let_in_while_another_floods(plain: Flask) -> None:
    client = plain.test_client()
    for number in range(_most(LAUNCHES) + 1):
        flood = client.post("/lti/launch", environ_base={"REMOTE_ADDR": OTHER})
        if number % 30 == 0:
            one = client.post("/lti/launch", environ_base={"REMOTE_ADDR": SCHOOL})
            assert one.status_code != 429
    assert flood.status_code == 429


def test_one_platforms_notices_use_up_nothing_of_anothers_in_the_same_cloud(plain: Flask) -> None:
    client = plain.test_client()

    def tell(issuer: str, audience: object, address: str = SCHOOL) -> int:
        claims = urlsafe_b64encode(json.dumps({"iss": issuer, "aud": audience}).encode()).decode().rstrip("=")
        body = {"notices": [{"jwt": f"e30.{claims}.e30"}]}
        return client.post("/lti/notices", json=body, environ_base={"REMOTE_ADDR": address}).status_code

    cloud = "https://canvas.instructure.com"
    for _ in range(_most(NOTICES)):
        assert tell(cloud, "one") != 429
    assert tell(cloud, "one") == 429
    assert tell(cloud, "two") != 429
    # Nor does somebody elsewhere who only says so.
    assert tell(cloud, "two", OTHER) != 429
    # Whoever says to be another each time is counted by where they are.
    statuses = [tell(cloud, str(number)) for number in range(_most(NOTICES_BY_ADDRESS))]
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("unix:", "unix:"),
    ],
)
def test_whoever_has_a_whole_network_is_one_asker(plain: Flask, told: str, counted: str) -> None:
    with plain.test_request_context("/", environ_base={"REMOTE_ADDR": told}):
        assert limits.address() == counted


def test_what_is_given_back_counts_no_more_and_nothing_below_zero(app: Flask) -> None:
    counters, three = app.extensions[limits._NAME], parse("3 per minute")
    counters.give_back(three, "nobody yet")
    for _ in range(9):
        counters.take(three, "somebody")
        counters.give_back(three, "somebody")
    for name in ("nobody yet", "somebody"):
        for _ in range(3):
            counters.take(three, name)
        for _ in range(2):
            with pytest.raises(Problem):
                counters.take(three, name)
        counters.give_back(three, name)
        counters.take(three, name)
