"""`alongside bridge parked`, `bridge retry`, `lrs platforms` and LRSs that want OAuth 2, as one types them."""

import json

import pytest

from lti_tool.bridging import bridge_of
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from social_layer.database import Database
from tests.faults.fake_lrs import FakeLrs
from tests.faults.token_server import TokenServer
from tests.lti_tool.cli.test_lrs import Run, add, database, environment, lrs, run
from tests.xapi.world import HOME_PAGE, SEALER, TestClock, World

ID = "2f1c6a34-5a0e-5b4e-9c3f-0c2b7a1d9e10"
__all__ = ["database", "environment", "lrs", "run"]


@pytest.fixture
def world(database: Database) -> World:
    return World(database, TestClock())


def deliver(database: Database, tmp: str) -> None:
    bridge = bridge_of(Parts(read_settings({"ALONGSIDE_HOME": tmp}), database, SEALER))
    for key in bridge.sweep():
        bridge.deliver(key)
    bridge.close()


@pytest.fixture
def refused(run: Run, lrs: FakeLrs, world: World, database: Database, tmp_path: str) -> list[str]:
    """The ids of three statements that were refused."""
    add(run, lrs.endpoint, "--replay")
    for _ in range(3):
        world.post("maya")
    lrs.refuses = lambda statement: True
    deliver(database, str(tmp_path))
    lrs.refuses = lambda statement: False
    return [str(one.statement_id) for one in world.deliveries()]


def test_each_refused_statement_is_listed_with_answer_and_next_step(run: Run, refused: list[str]) -> None:
    listed = json.loads(run("bridge", "parked", "--lrs", "ours", "--json").output)
    assert [one["statement"] for one in listed] == refused
    assert "a statement is not valid" in listed[0]["answer"]
    assert "retry" in listed[0]["next"]
    told = run("bridge", "parked").output
    assert told.count("answer: 400") == 3
    assert "alongside bridge retry" in told
    assert len(json.loads(run("bridge", "parked", "--limit", "2", "--json").output)) == 2


def test_one_is_retried_by_its_id_and_then_all(
    run: Run, refused: list[str], lrs: FakeLrs, database: Database, tmp_path: str
) -> None:
    assert run("bridge", "retry", refused[1]).output == "1 statement is on the way again.\n"
    deliver(database, str(tmp_path))
    assert list(lrs.stored) == [refused[1]]
    wrong = run("bridge", "retry", refused[0], refused[1])
    assert wrong.exit_code == 1
    assert f"not parked: {refused[1]}" in wrong.output
    assert json.loads(run("bridge", "retry", "--all", "--lrs", "ours", "--json").output) == {"unparked": 2}
    deliver(database, str(tmp_path))
    assert len(lrs.stored) == 3
    assert run("bridge", "parked").output == "Nothing is parked.\n"


@pytest.mark.parametrize("arguments", [(), ("--all",), ("--all", "--lrs", "ours", ID)])
def test_what_is_to_be_retried_must_be_said(run: Run, arguments: tuple[str, ...]) -> None:
    result = run("bridge", "retry", *arguments)
    assert result.exit_code == 2
    assert "Give the IDs" in result.output


def test_an_lrs_is_limited_to_platforms_and_opened_again(run: Run, lrs: FakeLrs, world: World) -> None:
    assert "no LMS of the institution" in add(run, lrs.endpoint, "--platform", "Nowhere").output
    assert run("lrs", "list").output.startswith("No LRS")
    assert add(run, lrs.endpoint, "--platform", HOME_PAGE, "--replay").exit_code == 0
    (listed,) = json.loads(run("lrs", "list", "--json").output)
    assert listed["platforms"] == [HOME_PAGE]
    assert HOME_PAGE in run("lrs", "list").output
    assert HOME_PAGE in run("lrs", "platforms", "ours").output
    assert "all LMSs" in run("lrs", "platforms", "ours", "--all").output
    shown = json.loads(run("lrs", "platforms", "ours", "--platform", HOME_PAGE, "--json").output)
    assert shown == {"name": "ours", "platforms": [HOME_PAGE], "not_sent": 0}
    assert run("lrs", "platforms", "ours", "--all", "--platform", HOME_PAGE).exit_code == 2


def test_an_lrs_that_wants_oauth_is_added_tried_and_read(run: Run, lrs: FakeLrs) -> None:
    with TokenServer() as tokens:
        lrs.manners.lets_in = tokens.accepts
        client = ["--token-url", tokens.url, "--client-id", tokens.client_id, "--client-secret", "-"]
        arguments = ["--name", "ours", "--endpoint", lrs.endpoint, *client]
        added = run("lrs", "add", *arguments, "--oauth-scope", "all", typed=f"{tokens.client_secret}\n")
        assert added.exit_code == 0, added.output
        tried = run("lrs", "test", "ours")
        assert tried.exit_code == 0, tried.output
        (listed,) = json.loads(run("lrs", "list", "--json").output)
        assert (listed["username"], listed["token_url"]) == (tokens.client_id, tokens.url)
        assert tokens.client_secret not in json.dumps(listed)
        assert tokens.asked[0]["scope"] == "all"
        lrs.find = lambda query: (200, {"statements": [], "more": ""})  # type: ignore[method-assign]
        read = run("report", "network", "--lrs", lrs.endpoint, *client, typed=f"{tokens.client_secret}\n")
        assert read.exit_code == 0, read.output
        assert json.loads(read.stdout) == []


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--username", "key"),
        ("--username", "key", "--password", "x", "--token-url", "https://login.example.org/"),
        ("--token-url", "https://login.example.org/", "--client-id", "us"),
    ],
)
def test_half_a_pair_of_credentials_is_refused(run: Run, lrs: FakeLrs, arguments: tuple[str, ...]) -> None:
    result = run("lrs", "add", "--name", "ours", "--endpoint", lrs.endpoint, *arguments)
    assert result.exit_code == 2
    assert "--token-url, --client-id and --client-secret" in result.output


class TestInProduction:
    @pytest.fixture
    def environment(self) -> dict[str, str]:
        return {
            "ALONGSIDE_ENV": "production",
            "ALONGSIDE_SECRET_KEY": "a" * 40,
            "ALONGSIDE_PUBLIC_URL": "https://alongside.example.edu",
        }

    @pytest.mark.parametrize(
        ("token_url", "told"),
        [("http://93.184.216.34/token", "not https"), ("https://127.0.0.1/token", "ALONGSIDE_ALLOWED_HOSTS")],
    )
    def test_a_secret_is_sent_nowhere_that_it_should_not(self, run: Run, token_url: str, told: str) -> None:
        client = ["--token-url", token_url, "--client-id", "us", "--client-secret", "x"]
        result = run("lrs", "add", "--name", "ours", "--endpoint", "https://93.184.216.34/xAPI", *client)
        assert result.exit_code == 1
        assert told in result.output
