"""Rate limits: a flood of one hurts nobody else, and a class behind one address gets in."""

import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask

from lti_tool import bearer, counting
from lti_tool.app import create_app
from lti_tool.config import read_settings
from lti_tool.counting import ProcessMemory
from lti_tool.limits import BY_ONE_ASKER, LAUNCHES, limiter
from lti_tool.parts import Parts


@pytest.fixture(params=["memory", "redis"])
def app(request: pytest.FixtureRequest, tmp_path: Path, sqlite_tables_url: str) -> Flask:
    broker = "memory://" if request.param == "memory" else request.getfixturevalue("redis_url")
    made = create_app(
        Parts.of(
            read_settings(
                {"ALONGSIDE_HOME": str(tmp_path), "DATABASE_URL": sqlite_tables_url, "BROKER_URL": broker}
            )
        )
    )
    limiter.reset()
    return made


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
