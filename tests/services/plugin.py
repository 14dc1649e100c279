"""The fixtures that give tests real parts. A part that is missing fails the test in CI, and says how to get it."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NoReturn

import pytest
import redis
from playwright.sync_api import Browser, BrowserType

from tests.services import chromium, ports
from tests.services.find import Missing
from tests.services.servers import LearningLocker, Owner, OwnServer, PostgresServer, Servers
from tests.services.validator import XapiValidator

_OWNER = pytest.StashKey[Owner]()
_FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Only the process that the user started owns the broker; xdist's workers are told where it listens."""
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        config.stash[_FOLDER] = Path(worker["services"])
        return
    config.stash[_OWNER] = owner = Owner()
    config.stash[_FOLDER] = owner.folder


def pytest_unconfigure(config: pytest.Config) -> None:
    owner = config.stash.get(_OWNER, None)
    if owner is not None:
        owner.close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Called by xdist for each worker, before it starts."""
    node.workerinput["services"] = str(node.config.stash[_FOLDER])


def _absent(missing: Missing) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(str(missing), pytrace=False)
    pytest.skip(str(missing))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Iterator[None]:
    try:
        yield
    except Missing as missing:
        _absent(missing)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    try:
        yield
    except Missing as missing:
        _absent(missing)


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A function that gives a port nobody listens on."""
    return ports.free_port


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    """Starts servers; most tests want one of the fixtures below instead."""
    return Servers(pytestconfig.stash[_FOLDER])


@pytest.fixture
def own_server(servers: Servers) -> Callable[[str], AbstractContextManager[OwnServer]]:
    """`with own_server("postgres")`, "redis" or "learning_locker": one that the test may stop, kill or hang."""
    return servers.own


@pytest.fixture(scope="session")
def postgres_server(servers: Servers) -> Iterator[PostgresServer]:
    server = PostgresServer(servers.share("postgres")["url"])
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database on PostgreSQL, for this test alone."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'alongside.sqlite3'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database; the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def redis_url(servers: Servers, worker_id: str) -> Iterator[str]:
    """The URL of an empty Redis database, for this test alone."""
    number = int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 0
    url = f"{servers.share('redis')['url'].rsplit('/', 1)[0]}/{number}"
    with redis.Redis.from_url(url) as connection:
        connection.flushdb()
        yield url
        connection.flushdb()


@pytest.fixture(scope="session")
def learning_locker(servers: Servers) -> LearningLocker:
    """The Learning Locker engine: a foreign LRS, shared by all tests of the run."""
    about = servers.share("learning_locker")
    return LearningLocker(about["endpoint"], about["username"], about["password"])


@pytest.fixture(scope="session")
def xapi_validator() -> Iterator[XapiValidator]:
    """`xapi_validator(statements)` gives, for each, the list of what a foreign validator finds wrong."""
    with XapiValidator() as validator:
        yield validator


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_type_launch_args,
        "executable_path": chromium.executable(),
        "args": chromium.ARGUMENTS,
    }


@pytest.fixture(scope="session")
def browsers(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Browser]]:
    """One browser for each setting of third-party cookies, started when the first test wants it."""
    started: dict[str, Browser] = {}

    def browser_for(setting: str) -> Browser:
        if setting not in started:
            profile = tmp_path_factory.mktemp("chromium") / setting
            started[setting] = chromium.launch_with_cookies(
                browser_type, profile, setting, **browser_type_launch_args
            )
        return started[setting]

    yield browser_for
    for browser in started.values():
        browser.close()


@pytest.fixture(params=chromium.COOKIES)
def third_party_cookies(request: pytest.FixtureRequest) -> str:
    """A browser test that names this runs twice: third-party cookies "blocked", as is usual, and "allowed"."""
    setting: str = request.param
    return setting


@pytest.fixture
def browser(request: pytest.FixtureRequest, browsers: Callable[[str], Browser]) -> Browser:
    """The browser behind pytest-playwright's `page`, `context` and `new_context`."""
    asked = "third_party_cookies" in request.fixturenames
    return browsers(request.getfixturevalue("third_party_cookies") if asked else "blocked")
