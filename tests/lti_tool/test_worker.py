"""The worker as it is run: over memory and over Redis, delivering to a real foreign LRS, and stopping in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import requests
from sqlalchemy import update

from lti_tool.bridging import base_of
from lti_tool.config import Settings, read_settings
from lti_tool.parts import Parts
from social_layer.clock import system_clock
from social_layer.database import Database
from social_layer.sealing import Sealer
from tests.faults.fake_lrs import FakeLrs, Hangs, Slow
from tests.services.servers import LearningLocker
from tests.tables import make_tables
from tests.xapi.world import BASE, World
from xapi.dispatch import dispatch
from xapi.models import Delivery, DeliveryState, Lrs
from xapi.statements import statement_id
from xapi.stores import connect

SECRET = "a-secret-key-of-the-tests-long-enough"


@dataclass
class Installation:
    """A home of its own, with a world in its database."""

    environ: dict[str, str]
    settings: Settings
    world: World

    def connect(self, endpoint: str, name: str = "lrs") -> None:
        with self.world.database.write() as session:
            connect(
                session,
                system_clock,
                Sealer(self.settings.secret_keys),
                self.world.tenant_id,
                name=name,
                endpoint=endpoint,
                username="key",
                password="secret",
            )

    @contextmanager
    def worker(self, *options: str) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "lti_tool", "worker", *options],
            cwd=Path(__file__).parents[2],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert "worker_started" in line, line + process.stdout.read()
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=30)
            process.stdout.close()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lti_tool", *arguments],
            cwd=Path(__file__).parents[2],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=100,
        )

    def wait_until_delivered(self, seconds: float = 20) -> None:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            found = self.world.deliveries()
            if found and all(delivery.state == DeliveryState.delivered for delivery in found):
                return
            time.sleep(0.05)
        raise AssertionError([delivery.state for delivery in self.world.deliveries()])


def installation(tmp_path: Path, database_url: str, broker_url: str) -> Iterator[Installation]:
    environ = {
        **os.environ,
        "ALONGSIDE_ENV": "development",
        "ALONGSIDE_HOME": str(tmp_path / "home"),
        "ALONGSIDE_SECRET_KEY": SECRET,
        "ALONGSIDE_PUBLIC_URL": "http://localhost:8000",
        "DATABASE_URL": database_url,
        "BROKER_URL": broker_url,
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",
    }
    settings = read_settings(environ)
    database = Database(database_url)
    make_tables(database)
    base_of(Parts(settings, database, Sealer(settings.secret_keys)))
    yield Installation(environ, settings, World(database, system_clock))
    database.close()


@pytest.fixture
def embedded(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    yield from installation(tmp_path, database_url, "memory://")


@pytest.fixture
def small(tmp_path: Path, sqlite_url: str) -> Iterator[Installation]:
    yield from installation(tmp_path, sqlite_url, "memory://")


@pytest.fixture
def large(tmp_path: Path, postgres_url: str, redis_url: str) -> Iterator[Installation]:
    yield from installation(tmp_path, postgres_url, redis_url)


def in_lrs(lrs: LearningLocker, world: World, event_id: UUID) -> bool:
    answer = requests.get(
        f"{lrs.endpoint}/statements",
        params={"statementId": str(statement_id(world.tenant_id, event_id))},
        auth=(lrs.username, lrs.password),
        headers={"X-Experience-API-Version": "1.0.3"},
        timeout=10,
    )
    return answer.status_code == 200


def test_what_is_posted_stands_in_the_lrs_soon(
    embedded: Installation, learning_locker: LearningLocker
) -> None:
    embedded.connect(learning_locker.endpoint)
    with embedded.worker():
        for _ in range(3):
            posted = embedded.world.post("maya")
            give_up = time.monotonic() + 10
            while not in_lrs(learning_locker, embedded.world, posted):
                assert time.monotonic() < give_up
                time.sleep(0.05)


def test_workers_share_the_work_over_redis(large: Installation, learning_locker: LearningLocker) -> None:
    large.connect(learning_locker.endpoint)
    with large.worker(), large.worker("--no-beat"):
        posted = [large.world.post("maya") for _ in range(20)]
        large.wait_until_delivered()
    assert all(in_lrs(learning_locker, large.world, one) for one in posted)


def test_a_stopped_worker_finishes_what_it_is_at_and_gives_back_the_rest(small: Installation) -> None:
    with FakeLrs() as lrs:
        lrs.always = Slow(0.5)
        small.connect(lrs.endpoint)
        for _ in range(60):
            small.world.post("maya")
        with small.worker() as process:
            while not lrs.posts:
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        assert len(lrs.stored) == 50
    deliveries = small.world.deliveries()
    assert [delivery.state for delivery in deliveries].count(DeliveryState.delivered) == 50
    assert not any(delivery.lease for delivery in deliveries)


def test_drain_delivers_everything_now_whatever_waits(small: Installation) -> None:
    with FakeLrs() as lrs:
        small.connect(lrs.endpoint)
        for _ in range(60):
            small.world.post("maya")
        dispatch(small.world.database, small.world.clock, BASE)
        tomorrow = system_clock() + timedelta(days=1)
        with small.world.database.write() as session:
            session.execute(update(Delivery).values(due_at=tomorrow, attempts=9))
            session.execute(update(Lrs).values(resting_until=tomorrow, failures=9))
        done = small.run("worker", "--drain")
        assert done.returncode == 0, done.stderr
        assert "Everything is delivered (60 now)." in done.stdout
        assert len(lrs.stored) == 60


def test_drain_says_in_one_line_what_could_not_be_delivered(small: Installation) -> None:
    with FakeLrs() as gone:
        small.connect(gone.endpoint, "gone")
    small.world.post("maya")
    started = time.monotonic()
    done = small.run("worker", "--drain")
    assert time.monotonic() - started < 30
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error:")]
    assert "gone: 1 waiting" in line
    assert "no connection" in line


def test_drain_tells_of_a_refused_statement_once(small: Installation) -> None:
    with FakeLrs() as lrs:
        lrs.refuses = lambda statement: True
        small.connect(lrs.endpoint)
        small.world.post("maya")
        done = small.run("worker", "--drain")
        assert done.returncode == 1
        assert "1 refused" in done.stderr
        assert small.run("worker", "--drain").returncode == 0


def test_a_hung_lrs_does_not_keep_the_worker_from_others(small: Installation) -> None:
    with FakeLrs() as hanging, FakeLrs() as well:
        hanging.always = Hangs(8)
        small.connect(hanging.endpoint, "hanging")
        small.connect(well.endpoint, "well")
        with small.worker():
            for expected in (1, 2, 3):
                small.world.post("maya")
                give_up = time.monotonic() + 8
                while len(well.stored) < expected:
                    assert time.monotonic() < give_up
                    time.sleep(0.02)
            assert not hanging.stored
            hanging.closing.set()


def test_many_hung_lrss_do_not_keep_the_worker_from_others(small: Installation) -> None:
    """More of them than there are threads."""
    with FakeLrs() as hanging, FakeLrs() as well:
        hanging.always = Hangs(30)
        for number in range(7):
            small.connect(hanging.endpoint, f"hanging {number}")
        small.world.post("maya")
        with small.worker("--threads", "3"):
            give_up = time.monotonic() + 20
            while len(hanging.posts) < 7:
                assert time.monotonic() < give_up, "each LRS has its turn, whatever the others do"
                time.sleep(0.02)
            small.connect(well.endpoint, "well")
            for expected in (1, 2, 3):
                small.world.post("maya")
                give_up = time.monotonic() + 8
                while len(well.stored) < expected:
                    assert time.monotonic() < give_up
                    time.sleep(0.02)
            assert not hanging.stored
            hanging.closing.set()


def test_a_further_worker_needs_a_broker_that_workers_share(small: Installation) -> None:
    done = small.run("worker", "--no-beat")
    assert done.returncode == 1
    assert "BROKER_URL" in done.stderr
