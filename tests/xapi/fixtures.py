"""Fixtures for tests of the bridge, wherever they stand."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from social_layer.database import Database
from tests.faults.fake_lrs import FakeLrs
from tests.services.servers import LearningLocker
from tests.tables import make_tables
from tests.xapi.world import TestClock, World
from xapi.lrs import LrsSettings, create_lrs


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    make_tables(database)
    yield database
    database.close()


@pytest.fixture
def world(database: Database, clock: TestClock) -> World:
    return World(database, clock)


@pytest.fixture
def fake_lrs() -> Iterator[FakeLrs]:
    with FakeLrs() as lrs:
        yield lrs


@pytest.fixture
def bundled(tmp_path: Path) -> Iterator[str]:
    app = create_lrs(LrsSettings(f"sqlite:///{tmp_path / 'lrs.db'}", credentials=(("key", "secret"),)))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/xAPI"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["bundled", "learning_locker"])
def endpoint(request: pytest.FixtureRequest) -> str:
    if request.param == "bundled":
        bundled: str = request.getfixturevalue("bundled")
        return bundled
    locker: LearningLocker = request.getfixturevalue("learning_locker")
    return locker.endpoint
