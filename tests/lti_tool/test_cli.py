"""The command line as an administrator meets it: help everywhere, one clear line on error, JSON where there is data."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lti_tool.cli import COMMANDS, main
from tests.faults.fake_lrs import FakeLrs
from tests.lti_tool.lti.platforms import KEY, jwk, serving_keys


@dataclass
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `alongside` in a process of its own, as a shell would, on an empty home folder."""

    def alongside(*arguments: str, given: str = "", **environ: str) -> Ran:
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("ALONGSIDE_", "LRS_"))
        }
        done = subprocess.run(
            [sys.executable, "-m", "lti_tool", *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            env={**clean, "ALONGSIDE_HOME": str(tmp_path / "home"), "NO_COLOR": "1", **environ},
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return alongside


def _all_commands() -> Iterator[tuple[str, ...]]:
    def below(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                yield from below(found, (*path, name))

    yield from below(main, ())


@pytest.mark.parametrize("path", list(_all_commands()), ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Usage:")
    # A sentence of its own, not only a list of options.
    assert re.search(r"^Usage: .*\n\n  [A-Z].*[.:]\n\n(Options|Commands):", result.output, re.DOTALL), (
        result.output
    )


def test_the_list_of_commands_says_what_each_is_for(run: Run) -> None:
    shown = run("--help")
    assert shown.code == 0
    for name, (_, line) in COMMANDS.items():
        assert name in shown.out
        assert line.split(",")[0][:30] in shown.out


def test_an_unknown_command_is_one_line(run: Run) -> None:
    assert _one_line(run("dance")).endswith("No such command 'dance'.")


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        (("serve",), {"ALONGSIDE_ENV": "production"}),
        (("worker", "--drain"), {"DATABASE_URL": "mysql://nowhere/x"}),
        (("platform", "list"), {"ALONGSIDE_PROXIES": "many"}),
        (("lrs", "list"), {"BROKER_URL": "pigeon://loft"}),
        (("doctor",), {"ALONGSIDE_RATE_LIMITS": "perhaps"}),
    ],
)
def test_a_wrong_setting_stops_every_command_with_one_line(
    run: Run, arguments: tuple[str, ...], environ: Mapping[str, str]
) -> None:
    line = _one_line(run(*arguments, **environ))
    named = "ALONGSIDE_PUBLIC_URL" if "ALONGSIDE_ENV" in environ else next(iter(environ))
    assert line.startswith(f"Error: {named}: ")


def test_tables_that_are_missing_are_named_with_the_remedy(run: Run) -> None:
    assert "run: alongside db upgrade" in _one_line(run("platform", "list"))


def test_a_revision_that_is_none_is_one_line(run: Run) -> None:
    line = _one_line(run("db", "upgrade", "--revision", "zzz"))
    assert "'zzz'" in line
    assert "Leave --revision out" in line


def test_a_database_that_does_not_answer_is_one_line(run: Run, free_port: Callable[[], int]) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    assert "DATABASE_URL" in _one_line(run("platform", "list", DATABASE_URL=url))


def test_from_nothing_to_a_registered_platform_and_a_connected_lrs(run: Run) -> None:
    assert run("db", "upgrade").code == 0
    added = run(
        *(
            "platform",
            "add",
            "--issuer",
            "https://lms.example.edu",
            "--client-id",
            "abc",
            "--deployment-id",
            "1",
        ),
        *(
            "--auth-login-url",
            "https://lms.example.edu/auth",
            "--auth-token-url",
            "https://lms.example.edu/token",
        ),
        *(
            "--jwks-url",
            "https://lms.example.edu/jwks",
            "--name",
            "Our Moodle",
            "--tenant",
            "College",
            "--json",
        ),
    )
    assert added.code == 0, added.err
    platforms = json.loads(run("platform", "list", "--json").out)
    assert [platform["name"] for platform in platforms] == ["Our Moodle"]
    connected = run(
        *("lrs", "add", "--name", "main", "--endpoint", "https://lrs.example.edu/xAPI", "--username", "key"),
        *("--password", "-", "--tenant", "College", "--json"),
        given="a secret from standard input\n",
    )
    assert connected.code == 0, connected.err
    assert "a secret" not in connected.out
    stores = json.loads(run("lrs", "list", "--json").out)
    assert [store["name"] for store in stores] == ["main"]
    status = json.loads(run("bridge", "status", "--json").out)
    assert "main" in json.dumps(status)


def test_the_doctor_says_what_to_do_and_fails_only_when_something_is_broken(run: Run, tmp_path: Path) -> None:
    before = run("doctor", "--json")
    findings = {finding["subject"]: finding for finding in json.loads(before.out)}
    assert before.code == 1
    assert findings["database"]["todo"].startswith("run: alongside db upgrade")
    assert not (tmp_path / "home" / "alongside.db").exists(), "looking makes nothing"
    run("db", "upgrade")
    after = run("doctor", "--json")
    states = {finding["subject"]: finding["state"] for finding in json.loads(after.out)}
    assert after.code == 0, after.out
    assert states["database"] == states["migrations"] == states["broker"] == "ok"
    assert states["platforms"] == states["LRS"] == "warning"


def test_the_doctor_asks_each_lms_for_its_keys(run: Run) -> None:
    run("db", "upgrade")
    with serving_keys() as lms:
        lms.publish(jwk(KEY, "k"))
        for name in ("well", "lost"):
            added = run(
                *("platform", "add", "--issuer", f"https://{name}.example", "--client-id", name),
                *("--deployment-id", "1", "--name", name, "--auth-login-url", f"{lms.url}/auth"),
                *("--auth-token-url", f"{lms.url}/token"),
                *("--jwks-url", lms.url if name == "well" else "http://127.0.0.1:9/keys"),
            )
            assert added.code == 0, added.err
        told = run("doctor", "--json")
    findings = {finding["subject"]: finding for finding in json.loads(told.out)}
    assert told.code == 1
    assert findings["LMS well"]["state"] == "ok"
    assert findings["LMS lost"]["state"] == "failed"
    assert "http://127.0.0.1:9/keys" in findings["LMS lost"]["said"]
    assert "alongside platform show lost" in findings["LMS lost"]["todo"]


def test_the_doctor_signs_in_at_each_lrs(run: Run) -> None:
    run("db", "upgrade")
    with FakeLrs() as lrs:
        for name, password in (("well", "secret"), ("wrong", "another")):
            added = run(
                *("lrs", "add", "--name", name, "--endpoint", f"{lrs.endpoint}", "--username", "key"),
                *("--password", "-", "--tenant", name),
                given=f"{password}\n",
            )
            assert added.code == 0, added.err
        told = run("doctor", "--json")
    findings = {finding["subject"]: finding for finding in json.loads(told.out)}
    assert findings["LRS well"]["state"] == "ok"
    assert findings["LRS wrong"]["state"] == "failed"
    assert "401" in findings["LRS wrong"]["said"]


def test_a_setting_that_is_misspelt_is_told(run: Run) -> None:
    run("db", "upgrade")
    assert "ALONGSIDE_RATE_LIMIT: there is no such setting" in run("doctor", ALONGSIDE_RATE_LIMIT="off").out


def test_what_people_write_is_not_for_everybody_on_the_machine(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    # With a secret given, the command makes the folder and not the settings.
    assert run("db", "upgrade", ALONGSIDE_SECRET_KEY="a" * 40).code == 0
    assert home.stat().st_mode & 0o777 == 0o700
    assert "home folder" not in run("doctor").out
    home.chmod(0o755)
    told = run("doctor")
    assert f"chmod 700 {home}" in told.out
    assert told.code == 0


def test_the_doctor_finds_a_broker_that_is_gone(run: Run, free_port: Callable[[], int]) -> None:
    run("db", "upgrade")
    told = run("doctor", BROKER_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert told.code == 1
    assert "✗ broker" in told.out
    assert "check BROKER_URL" in told.out


def test_the_doctor_finds_keys_sealed_with_another_secret(run: Run) -> None:
    run("db", "upgrade")
    assert run("keys", "rotate", ALONGSIDE_SECRET_KEY="a" * 40).code == 0
    with FakeLrs() as lrs:
        added = run(
            *("lrs", "add", "--name", "ours", "--endpoint", lrs.endpoint, "--username", "key"),
            *("--password", "secret"),
            ALONGSIDE_SECRET_KEY="a" * 40,
        )
        assert added.code == 0, added.err
        told = run("doctor", "--json", ALONGSIDE_SECRET_KEY="b" * 40)
        assert told.code == 1
        findings = {finding["subject"]: finding for finding in json.loads(told.out)}
        for subject in ("tool keys", "LRS ours"):
            assert "sealed with another secret" in findings[subject]["said"]
            assert findings[subject]["todo"].startswith("add the former secret to ALONGSIDE_SECRET_KEY")
        assert run("doctor", ALONGSIDE_SECRET_KEY=f"{'b' * 40},{'a' * 40}").code == 0


def _one_line(ran: Ran) -> str:
    """The error's line. Nothing else may be said, and no traceback."""
    assert ran.code != 0
    lines = [line for line in ran.err.splitlines() if line and not line.startswith(("Usage:", "Try "))]
    assert len(lines) == 1, ran.err
    return lines[0]
