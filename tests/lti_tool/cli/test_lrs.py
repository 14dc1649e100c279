"""`alongside lrs` and `alongside bridge`, as an administrator types them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result
from sqlalchemy import text, update

from lti_tool.cli import main
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from social_layer.clock import system_clock
from social_layer.database import Database
from tests.faults.fake_lrs import Fails, FakeLrs
from tests.tables import make_tables
from tests.xapi.world import BASE, SEALER, World
from xapi.models import Lrs
from xapi.scopes.voiding import Sent, void

Run = Callable[..., Result]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    make_tables(database)
    yield database
    database.close()


@pytest.fixture
def environment() -> dict[str, str]:
    return {"ALONGSIDE_ENV": "development"}


@pytest.fixture
def run(database: Database, database_url: str, tmp_path: Path, environment: dict[str, str]) -> Run:
    settings = read_settings({"ALONGSIDE_HOME": str(tmp_path), "DATABASE_URL": database_url, **environment})
    given = Parts(settings, database, SEALER)

    def invoke(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, list(arguments), obj=given, input=typed, prog_name="alongside")

    return invoke


@pytest.fixture
def lrs() -> Iterator[FakeLrs]:
    with FakeLrs() as lrs:
        yield lrs


def add(run: Run, endpoint: str, *more: str, password: str = "secret", typed: str | None = None) -> Result:
    arguments = ["--name", "ours", "--endpoint", endpoint, "--username", "key", "--password", password]
    return run("lrs", "add", *arguments, *more, typed=typed)


def oauth(run: Run, endpoint: str, *more: str) -> Result:
    client = ["--client-id", "key", "--client-secret", "secret", "--token-url", "https://login.example.org/t"]
    return run("lrs", "add", "--name", "ours", "--endpoint", endpoint, *client, *more)


def test_an_lrs_is_added_tried_listed_and_removed(run: Run, lrs: FakeLrs) -> None:
    added = add(run, lrs.endpoint)
    assert added.exit_code == 0, added.output
    assert "alongside lrs test ours" in added.output
    tried = run("lrs", "test", "ours")
    assert tried.exit_code == 0, tried.output
    assert "read back" in tried.output
    (listed,) = json.loads(run("lrs", "list", "--json").output)
    assert listed["name"] == "ours"
    assert listed["endpoint"] == lrs.endpoint
    assert "secret" not in json.dumps(listed)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.\d+\+00:00", listed["since"])
    removed = run("lrs", "remove", "ours", "--yes", "--json")
    assert json.loads(removed.output) == {
        "removed": "ours",
        "endpoint": lrs.endpoint,
        "not_voided": 0,
    }
    assert json.loads(run("lrs", "list", "--json").output) == []
    assert "No LRS is connected" in run("lrs", "list").output


def test_an_lrs_that_has_yet_to_void_something_is_removed_only_when_that_is_meant(
    run: Run, lrs: FakeLrs, database: Database
) -> None:
    add(run, lrs.endpoint)
    world = World(database, system_clock)
    post = world.post("maya")
    with database.write() as session:
        sent = [Sent(world.lrs("ours").id, post, system_clock())]
        void(session, BASE, world.tenant_id, sent, system_clock())
    refused = run("lrs", "remove", "ours")
    assert refused.exit_code == 1
    assert "has not taken what voids 1 statements of erased people" in refused.output
    assert "worker --drain" in refused.output
    assert json.loads(run("lrs", "list", "--json").output)[0]["name"] == "ours"
    removed = run("lrs", "remove", "ours", "--yes")
    assert removed.exit_code == 0
    assert "1 statements there were to be voided, and are not" in removed.output
    assert json.loads(run("lrs", "list", "--json").output) == []


def test_the_password_comes_from_standard_input_and_rests_sealed(
    run: Run, lrs: FakeLrs, database: Database
) -> None:
    lrs.manners.password = "from the pipe"
    added = add(run, lrs.endpoint, password="-", typed="from the pipe\n")
    assert added.exit_code == 0, added.output
    with database.read() as session:
        assert "from the pipe" not in str(session.execute(text("SELECT * FROM lrs")).all())
    assert run("lrs", "test", "ours").exit_code == 0


def test_what_goes_wrong_is_one_line(run: Run, lrs: FakeLrs) -> None:
    for wrong in (
        add(run, "lrs.example.org"),
        add(run, "http://[::1"),
        add(run, "http://h:99999/xAPI"),
        add(run, "http://h:0/xAPI"),
        add(run, lrs.endpoint, "--name", ""),
        add(run, lrs.endpoint, "--name", " \t"),
        add(run, lrs.endpoint, "--name", "x" * 65),
        add(run, lrs.endpoint, "--username", "u:x"),
        add(run, lrs.endpoint + "/" + "x" * 3000),
        add(run, lrs.endpoint, password="x" * 3000),
        add(run, lrs.endpoint, "--username", "x" * 300),
        add(run, lrs.endpoint, "--tenant", "x" * 300),
        oauth(run, lrs.endpoint, "--oauth-scope", "x" * 300),
        run("report", "network", "--lrs", "http://[::1", "--username", "u", "--password", "p"),
        add(run, lrs.endpoint, password="-", typed="\n"),
        run("lrs", "test", "unknown"),
        run("lrs", "remove", "unknown"),
        run("bridge", "replay", "--lrs", "unknown"),
    ):
        assert wrong.exit_code == 1
        (line,) = wrong.output.strip().splitlines()
        assert line.startswith("Error: ")


def test_an_lrs_of_another_version_is_refused_when_added_and_when_tried(
    run: Run, lrs: FakeLrs, database: Database
) -> None:
    refused = add(run, lrs.endpoint, "--version", "2.0.0")
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: it speaks xAPI 1.0.3, and not 2.0.0")
    assert json.loads(run("lrs", "list", "--json").output) == []
    assert add(run, lrs.endpoint).exit_code == 0
    with database.write() as session:
        session.execute(update(Lrs).values(version="2.0.0"))
    tried = run("lrs", "test", "ours")
    assert tried.exit_code == 1
    assert "not 2.0.0" in tried.output
    assert lrs.stored == {}


def test_a_test_that_fails_says_why_and_what_to_do(run: Run, lrs: FakeLrs) -> None:
    add(run, lrs.endpoint)
    lrs.plan.append(Fails(401))
    failed = run("lrs", "test", "ours")
    assert failed.exit_code == 1
    assert "refuses the user name or password (401)" in failed.output
    lrs.plan.append(Fails(403))
    told = run("lrs", "test", "ours", "--json")
    assert told.exit_code == 1
    assert json.loads(told.output.partition("Error:")[0])["ok"] is False
    (listed,) = json.loads(run("lrs", "list", "--json").output)
    assert "403" in listed["trouble"]
    assert run("lrs", "test", "ours").exit_code == 0
    assert json.loads(run("lrs", "list", "--json").output)[0]["trouble"] is None


def test_a_new_lrs_can_have_what_happened_before(run: Run, lrs: FakeLrs, database: Database) -> None:
    world = World(database, system_clock)
    for _ in range(3):
        world.post("maya")
    assert json.loads(add(run, lrs.endpoint, "--json").output)["replayed"] == 0
    run("lrs", "remove", "ours", "--yes")
    assert json.loads(add(run, lrs.endpoint, "--replay", "--json").output)["replayed"] == 3
    run("lrs", "remove", "ours", "--yes")
    assert json.loads(add(run, lrs.endpoint, "--from", "2020-01-01", "--json").output)["replayed"] == 3
    assert "0 events" in run("bridge", "replay", "--lrs", "ours", "--since", "2020-01-01").output


@pytest.mark.parametrize("wrong", [["--port", "0"], ["--username", "u:x"]])
def test_the_bundled_lrs_refuses_what_nobody_could_use(run: Run, wrong: list[str]) -> None:
    refused = run("lrs", "serve", "--password", "secret", *wrong)
    assert refused.exit_code == 2
    assert wrong[0] in refused.output


def test_each_institution_has_its_own(run: Run, lrs: FakeLrs) -> None:
    add(run, lrs.endpoint)
    add(run, lrs.endpoint, "--tenant", "Another institute")
    assert {one["tenant"] for one in json.loads(run("lrs", "list", "--json").output)} == {
        "default",
        "Another institute",
    }
    assert "--tenant" in run("lrs", "test", "ours").output
    assert run("lrs", "test", "ours", "--tenant", "Another institute").exit_code == 0


def test_the_status_of_the_bridge(run: Run, lrs: FakeLrs, database: Database) -> None:
    assert "No LRS is connected" in run("bridge", "status").output
    add(run, lrs.endpoint)
    world = World(database, system_clock)
    world.post("maya")
    waiting = run("bridge", "status")
    assert "1 events wait for a worker" in waiting.output
    lrs.refuses = lambda statement: True
    refused = run("worker", "--drain")
    assert refused.exit_code == 1
    status = json.loads(run("bridge", "status", "--json").output)
    (one,) = status["lrs"]
    assert (one["pending"], one["delivered"], one["parked"]) == (0, 0, 1)
    assert "a statement is not valid" in run("bridge", "status").output
    world.post("maya")
    lrs.refuses = lambda statement: False
    again = run("worker", "--drain")
    assert again.exit_code == 0
    assert "Everything is delivered" not in again.output
    assert "All that waited is delivered (1 now)." in again.output
    assert "Refused before, and not sent again: ours: 1." in again.output
    assert "alongside bridge status" in again.output
    assert "1 refused statements" in run("bridge", "replay", "--lrs", "ours", "--parked").output
    assert "Everything is delivered (1 now)." in run("worker", "--drain").output
    (one,) = json.loads(run("bridge", "status", "--json").output)["lrs"]
    assert (one["pending"], one["delivered"], one["parked"]) == (0, 2, 0)
    assert one["oldest_pending_seconds"] is None


def test_a_paused_lrs_is_shown_with_its_trouble_and_wakes_by_a_test(
    run: Run, lrs: FakeLrs, database: Database
) -> None:
    add(run, lrs.endpoint, password="wrong")
    World(database, system_clock).post("maya")
    assert run("worker", "--drain").exit_code == 1
    assert "paused: it refuses the user name or password (401)" in run("bridge", "status").output
    lrs.manners.password = "wrong"
    assert run("lrs", "test", "ours").exit_code == 0
    assert run("worker", "--drain").exit_code == 0
    assert "paused" not in run("bridge", "status").output


@pytest.mark.parametrize(
    "environment",
    [
        {
            "ALONGSIDE_ENV": "production",
            "ALONGSIDE_SECRET_KEY": "0123456789abcdef" * 4,
            "ALONGSIDE_PUBLIC_URL": "https://alongside.example.edu",
        }
    ],
    ids=["production"],
)
def test_in_production_a_private_address_must_be_named(run: Run, lrs: FakeLrs) -> None:
    refused = add(run, lrs.endpoint)
    assert refused.exit_code == 1
    assert "ALONGSIDE_ALLOWED_HOSTS" in refused.output
    in_the_clear = add(run, "http://93.184.215.14/xAPI")
    assert in_the_clear.exit_code == 1
    assert "is not https" in in_the_clear.output


@pytest.mark.parametrize(
    "command", [["lrs"], ["lrs", "add"], ["lrs", "serve"], ["bridge", "replay"], ["worker"]]
)
def test_every_command_explains_itself(run: Run, command: list[str]) -> None:
    shown = run(*command, "--help")
    assert shown.exit_code == 0
    assert "Usage: alongside" in shown.output


def test_the_whole_way_with_the_bundled_lrs(
    tmp_path: Path, sqlite_url: str, free_port: Callable[[], int]
) -> None:
    environ = {
        **os.environ,
        "ALONGSIDE_ENV": "development",
        "ALONGSIDE_HOME": str(tmp_path / "home"),
        "DATABASE_URL": sqlite_url,
        "LRS_PASSWORD": "secret",
    }

    def alongside(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lti_tool", *arguments],
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
        )

    port = free_port()
    endpoint = f"http://127.0.0.1:{port}/xAPI"
    serving = subprocess.Popen(
        [sys.executable, "-m", "lti_tool", "lrs", "serve", "--port", str(port), "--username", "key"],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert alongside("db", "upgrade").returncode == 0
        database = Database(sqlite_url)
        world = World(database, system_clock)
        world.post("maya")
        added = alongside(
            *("lrs", "add", "--name", "ours", "--endpoint", endpoint, "--username", "key"),
            *("--password", "secret", "--replay"),
        )
        assert added.returncode == 0, added.stderr
        tried = alongside("lrs", "test", "ours")
        assert tried.returncode == 0, tried.stderr
        drained = alongside("worker", "--drain")
        assert drained.returncode == 0, drained.stderr
        found = requests.get(
            f"{endpoint}/statements",
            auth=("key", "secret"),
            headers={"X-Experience-API-Version": "1.0.3"},
            timeout=10,
        ).json()["statements"]
        assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
        assert any(one["verb"]["id"] == "http://activitystrea.ms/create" for one in found)
        database.close()
    finally:
        serving.terminate()
        serving.wait(timeout=30)
