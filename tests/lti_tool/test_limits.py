"""Rate limits: a flood of one hurts nobody else, and a class behind one address gets in."""

import time
from pathlib import Path

import pytest
from flask import Flask

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


def test_one_asker_is_slowed_down_and_told_how_long(app: Flask) -> None:
    client = app.test_client()
    flood = {"Authorization": "Bearer of-one-tab"}
    statuses = [client.post("/api/v1/token", headers=flood).status_code for _ in range(_most(BY_ONE_ASKER))]
    assert set(statuses) == {401}
    refused = client.post("/api/v1/token", headers=flood)
    assert refused.status_code == 429
    assert refused.get_json()["code"] == "too_many_requests"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert client.post("/api/v1/token", headers={"Authorization": "Bearer of-another"}).status_code == 401


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
