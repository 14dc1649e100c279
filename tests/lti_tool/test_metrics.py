"""What Prometheus is told: requests, launches, and how statements are getting on, however many processes serve."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from flask import Flask

from lti_tool.app import create_app
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from tests.faults.fake_lrs import FakeLrs
from tests.services.ports import free_port
from tests.tables import make_tables
from tests.xapi.world import BASE, SEALER, TestClock, World, counted
from xapi.bridge import Bridge


def figures(text: str) -> dict[str, float]:
    """Series, as they are written, and their values."""
    lines = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def scraped(app: Flask) -> dict[str, float]:
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    return figures(answer.text)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def house(database_url: str, tmp_path: Path, clock: TestClock) -> Iterator[tuple[Flask, World]]:
    kept = read_settings({"DATABASE_URL": database_url, "ALONGSIDE_HOME": str(tmp_path)})
    given = Parts.of(kept, clock)
    make_tables(given.database)
    yield create_app(given), World(given.database, clock)
    given.database.close()


def test_requests_are_counted_by_route_and_status_with_their_time(house: tuple[Flask, World]) -> None:
    app, world = house
    client = app.test_client()
    for _ in range(3):
        client.get("/healthz")
    for number in range(4):
        client.get(f"/panels/{world.panel_id}?{number}")
    client.get("/nowhere")
    client.open("/healthz", method="BREW")
    seen = scraped(app)
    assert seen['alongside_requests_total{method="GET",route="/healthz",status="200"}'] == 3
    assert seen['alongside_requests_total{method="GET",route="/panels/<uuid:panel_id>",status="200"}'] == 4
    assert seen['alongside_requests_total{method="GET",route="none",status="404"}'] == 1
    assert seen['alongside_requests_total{method="other",route="none",status="405"}'] == 1
    assert seen['alongside_request_seconds_count{method="GET",route="/healthz"}'] == 3
    assert seen['alongside_request_seconds_bucket{le="10.0",method="GET",route="/healthz"}'] == 3
    assert 0 < seen['alongside_request_seconds_sum{method="GET",route="/healthz"}'] < 10
    assert str(world.panel_id) not in app.test_client().get("/metrics").text


def test_statements_on_their_way_are_counted_for_each_lrs(
    house: tuple[Flask, World], clock: TestClock
) -> None:
    app, world = house
    with FakeLrs() as well, FakeLrs() as refusing:
        refusing.refuses = lambda statement: statement["actor"]["account"]["name"].startswith("ines")
        world.connect(well.endpoint, "well")
        world.connect(refusing.endpoint, "refusing")
        world.post("ines")
        bridge = Bridge(world.database, clock, SEALER, BASE)
        for key in bridge.sweep():
            bridge.deliver(key)
        bridge.close()
    world.post("maya")
    clock.advance(60)
    seen = scraped(app)
    assert seen["alongside_undispatched_events"] == 1
    assert seen["alongside_oldest_undispatched_seconds"] >= 60
    assert seen["alongside_database_up"] == 1
    tenant = 'tenant="default"'
    assert seen[f'alongside_deliveries{{lrs="refusing",state="parked",{tenant}}}'] == 1
    assert seen[f'alongside_deliveries{{lrs="well",state="parked",{tenant}}}'] == 0
    Bridge(world.database, clock, SEALER, BASE).sweep()
    clock.advance(60)
    seen = scraped(app)
    assert seen["alongside_undispatched_events"] == 0
    assert seen["alongside_oldest_undispatched_seconds"] == 0
    for name in ("well", "refusing"):
        assert seen[f'alongside_deliveries{{lrs="{name}",state="pending",{tenant}}}'] == 1
        assert seen[f'alongside_oldest_pending_seconds{{lrs="{name}",{tenant}}}'] >= 120
        assert seen[f'alongside_lrs_paused{{lrs="{name}",{tenant}}}'] == 0


def test_the_database_is_not_asked_at_every_scrape(house: tuple[Flask, World], clock: TestClock) -> None:
    app, _ = house
    scraped(app)
    with counted(app.extensions["alongside"].database.engine) as asked:
        for _ in range(5):
            scraped(app)
    assert asked == []
    clock.advance(60)
    with counted(app.extensions["alongside"].database.engine) as asked:
        scraped(app)
    assert 0 < len(asked) <= 8


def test_without_a_database_the_other_figures_are_told(tmp_path: Path) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:9/gone?connect_timeout=1"
    kept = read_settings({"DATABASE_URL": url, "ALONGSIDE_HOME": str(tmp_path)})
    given = Parts.of(kept)
    app = create_app(given)
    app.test_client().get("/healthz")
    seen = scraped(app)
    assert seen["alongside_database_up"] == 0
    assert seen['alongside_requests_total{method="GET",route="/healthz",status="200"}'] == 1
    assert not any(name.startswith("alongside_deliveries") for name in seen)
    given.database.close()


@contextmanager
def serving(home: Path, port: int) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "lti_tool", "serve", "--port", str(port), "--workers", "3"],
        env={**os.environ, "ALONGSIDE_ENV": "development", "ALONGSIDE_HOME": str(home), "DATABASE_URL": ""},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            try:
                if requests.get(f"{url}/readyz", timeout=5).ok:
                    break
            except requests.ConnectionError:
                time.sleep(0.05)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def test_every_process_tells_what_all_of_them_counted_since_the_start(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    health = 'alongside_requests_total{method="GET",route="/healthz",status="200"}'
    with serving(home, port) as url:
        for _ in range(30):
            requests.get(f"{url}/healthz", timeout=10)
        told = {figures(requests.get(f"{url}/metrics", timeout=10).text)[health] for _ in range(12)}
        assert told == {30}
        counting = {re.sub(r"\D", "", file.name) for file in (home / "metrics" / str(port)).iterdir()}
        assert len(counting) > 1, "several processes answered"
        assert (home / "metrics" / str(port)).stat().st_mode & 0o777 == 0o700
    with serving(home, port) as url:
        assert health not in figures(requests.get(f"{url}/metrics", timeout=10).text)
