"""`alongside operator`: who may sign in, by passwords that stand in no list of processes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lti_tool import migrations
from lti_tool.cli import main
from lti_tool.config import read_settings
from lti_tool.console import sessions
from lti_tool.console.operators import check_password, find_operator
from lti_tool.parts import Parts
from social_layer.people.actions import find_or_make_tenant

PASSWORD = "four words are plenty"


@pytest.fixture
def given(tmp_path: Path) -> Iterator[Parts]:
    made = Parts.of(read_settings({"ALONGSIDE_HOME": str(tmp_path)}))
    migrations.upgrade(made.database.engine)
    yield made
    made.database.close()


def alongside(given: Parts, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["operator", *arguments], obj=given, input=typed)


def is_password(given: Parts, name: str, password: str) -> bool:
    with given.database.read() as session:
        return check_password(find_operator(session, name), password)


def test_the_password_comes_from_the_keyboard_or_a_pipe(given: Parts) -> None:
    typed = alongside(given, "add", "Ada", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert typed.exit_code == 0, typed.output
    assert "/admin" in typed.output
    assert PASSWORD not in typed.output
    piped = alongside(given, "add", "bob", "--password", "-", "--json", typed=f"{PASSWORD} too\n")
    assert json.loads(piped.stdout)["name"] == "bob"
    assert is_password(given, "ada", PASSWORD)
    assert is_password(given, "BOB", f"{PASSWORD} too")


def test_no_password_stands_in_the_arguments(given: Parts) -> None:
    assert alongside(given, "add", "ada", "--password", PASSWORD).exit_code == 2
    assert alongside(given, "add", "ada", PASSWORD).exit_code == 2


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("ada", "short", "at least 12 characters"),
        ("ada", "", "at least 12 characters"),
        ("ada", "x" * 300, "at most 256"),
        ("administrator", "administrator1", "little more than the name"),
        ("", PASSWORD, "1 to 64 characters"),
        ("x" * 65, PASSWORD, "1 to 64 characters"),
    ],
)
def test_what_is_no_name_or_password_is_refused_in_one_line(
    given: Parts, name: str, password: str, said: str
) -> None:
    done = alongside(given, "add", name, "--password", "-", typed=f"{password}\n")
    assert done.exit_code == 1
    assert said in done.output
    assert len(done.output.splitlines()) == 1


def test_a_name_is_there_once(given: Parts) -> None:
    alongside(given, "add", "ada", "--password", "-", typed=PASSWORD)
    again = alongside(given, "add", " ADA", "--password", "-", typed=PASSWORD)
    assert again.exit_code == 1
    assert "already" in again.output


def test_operators_are_listed_with_what_they_see(given: Parts) -> None:
    assert "No operator yet" in alongside(given, "list").output
    with given.database.write() as session:
        find_or_make_tenant(session, given.clock, "school")
    alongside(given, "add", "ada", "--password", "-", typed=PASSWORD)
    assert (
        alongside(given, "add", "bob", "--tenant", "school", "--password", "-", typed=PASSWORD).exit_code == 0
    )
    assert (
        alongside(given, "add", "eve", "--tenant", "none", "--password", "-", typed=PASSWORD).exit_code == 1
    )
    listed = json.loads(alongside(given, "list", "--json").stdout)
    assert [(one["name"], one["tenant"]) for one in listed] == [("ada", None), ("bob", "school")]
    assert "the whole installation" in alongside(given, "list").output


def _signed_in(given: Parts, name: str) -> str:
    with given.database.write() as session:
        operator = find_operator(session, name)
        assert operator is not None
        return sessions.begin(session, given.clock, operator.id)


def _is_open(given: Parts, secret: str) -> bool:
    with given.database.read() as session:
        return sessions.find(session, given.clock, secret) is not None


def test_a_new_password_and_a_removal_end_every_sign_in(given: Parts) -> None:
    for name in ("ada", "bob"):
        alongside(given, "add", name, "--password", "-", typed=PASSWORD)
    mine, other = _signed_in(given, "ada"), _signed_in(given, "bob")
    done = alongside(given, "password", "ada", "--password", "-", typed="another of the same length")
    assert done.exit_code == 0, done.output
    assert not _is_open(given, mine)
    assert _is_open(given, other)
    assert not is_password(given, "ada", PASSWORD)

    assert alongside(given, "remove", "bob", typed="n\n").exit_code == 1
    assert _is_open(given, other)
    assert alongside(given, "remove", "bob", "--yes").exit_code == 0
    assert not _is_open(given, other)
    assert alongside(given, "remove", "bob", "--yes").exit_code == 1
