"""The files for operators name settings, commands and addresses that exist."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from lti_tool.cli import main

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = [name for name, service in COMPOSE["services"].items() if service.get("image") == "alongside"]


def test_nginx_lets_go_of_a_connection_before_the_tool_does() -> None:
    """Otherwise a request now and then meets a connection that is just being closed, and is answered by 502."""
    upstream = re.search(r"upstream alongside \{.*?\n\}", (DEPLOY / "nginx.conf").read_text(), re.DOTALL)
    nginx = re.search(r"^\s+keepalive_timeout (\d+)s;", upstream[0] if upstream else "", re.MULTILINE)
    tool = re.search(r'"keepalive": (\d+)', (ROOT / "lti_tool" / "server.py").read_text())
    assert nginx
    assert tool
    assert int(nginx[1]) < int(tool[1])


def test_every_setting_that_is_given_is_one_that_is_read() -> None:
    read = set(re.findall(r'"([A-Z]+_[A-Z_]+)"', (ROOT / "lti_tool" / "config.py").read_text()))
    given = {name for service in OURS for name in COMPOSE["services"][service]["environment"]}
    for text in ((DEPLOY / "environment.example").read_text(), (DEPLOY / "Containerfile").read_text()):
        given |= set(re.findall(r"\b((?:ALONGSIDE|DATABASE|BROKER|LRS_DATABASE)_[A-Z_]+)=", text))
    assert {"ALONGSIDE_PUBLIC_URL", "DATABASE_URL", "BROKER_URL"} <= given
    assert given - read == set()


def _commands() -> list[list[str]]:
    commands = [COMPOSE["services"][service].get("command", ["serve"]) for service in OURS]
    for unit in (DEPLOY / "systemd").glob("*.service"):
        lines = re.findall(
            r"^ExecStart(?:Pre)?=/opt/alongside/bin/alongside (.+)$", unit.read_text(), re.MULTILINE
        )
        assert lines, f"{unit.name} runs nothing of ours"
        commands += [line.split() for line in lines]
    return commands


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_every_command_that_is_run_exists_with_its_options(command: list[str]) -> None:
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == 0, result.output


def test_the_image_is_built_from_what_is_there() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    sources = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    assert "requirements/runtime.txt" in sources
    assert [name for name in sources if not (ROOT / name).exists()] == []
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert [name for name in sources if name.split("/")[0] not in allowed] == []


def test_tool_and_worker_wait_for_the_migrations() -> None:
    for service in ("tool", "worker"):
        needed = COMPOSE["services"][service]["depends_on"]
        assert needed["migrate"] == {"condition": "service_completed_successfully"}


def test_the_world_is_not_shown_the_figures() -> None:
    """nginx prefers the exact location to the one that passes everything on."""
    text = (DEPLOY / "nginx.conf").read_text()
    assert re.search(r"location = /metrics \{\s*return 404;\s*\}", text)
    assert "8000" not in str(COMPOSE["services"]["tool"].get("ports", "")), (
        "only nginx is reached from outside"
    )
