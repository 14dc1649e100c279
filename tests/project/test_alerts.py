"""The alert rules name figures that the tool tells, with their labels, and commands that there are."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from flask import Flask

from lti_tool.app import create_app
from lti_tool.cli import main
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from tests.tables import make_tables
from tests.xapi.world import TestClock, World

ROOT = Path(__file__).parents[2]
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]


@pytest.fixture
def told(sqlite_url: str, tmp_path: Path) -> dict[str, set[str]]:
    """The labels of each figure of a tool that has had requests, a launch and an LRS."""
    settings = read_settings({"DATABASE_URL": sqlite_url, "ALONGSIDE_HOME": str(tmp_path)})
    given = Parts.of(settings)
    make_tables(given.database)
    World(given.database, TestClock()).connect("https://lrs.example.org/xAPI")
    app: Flask = create_app(given)
    app.test_client().post("/lti/launch", data={})
    text = app.test_client().get("/metrics").text
    given.database.close()
    found: dict[str, set[str]] = {"up": {"job", "instance"}}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.MULTILINE):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_every_figure_of_a_rule_is_told_with_its_labels(
    rule: dict[str, Any], told: dict[str, set[str]]
) -> None:
    figures = re.findall(r"\b(alongside_\w+|up)\b(?:\{([^}]*)\})?", rule["expr"])
    assert figures
    for name, matched in figures:
        assert name in told
        assert set(re.findall(r"(\w+)\s*(?:=~|!=|=)", matched)) <= told[name]
    grouped = re.search(r"by \(([^)]*)\)", rule["expr"])
    kept = {label.strip() for label in grouped[1].split(",")} if grouped else set()
    assert kept <= set().union(*(told[name] for name, _ in figures))
    said = " ".join(rule["annotations"].values())
    used = set(re.findall(r"\$labels\.(\w+)", said))
    assert used <= (kept or told[figures[0][0]] or set()), "a label that the expression has summed away"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_every_rule_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "todo"}
    for command in re.findall(
        r"alongside ((?:bridge|lrs|doctor|worker)(?: [a-z]+)?)", rule["annotations"]["todo"]
    ):
        result = CliRunner().invoke(main, [*command.split(), "--help"])
        assert result.exit_code == 0, command


def test_the_guide_names_every_rule() -> None:
    guide = (ROOT / "docs" / "administrators" / "operations.md").read_text()
    assert [rule["alert"] for rule in RULES if rule["alert"] not in guide] == []
