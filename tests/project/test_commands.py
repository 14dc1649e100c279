"""The commands that the documents name exist, and `make help` lists them all."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _targets() -> set[str]:
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    return set(phony[1].split())


def _make(*arguments: str) -> str:
    # Without the settings of a make that runs these tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_make_alone_prints_every_target_and_what_it_is_for() -> None:
    listed = dict(re.findall(r"^  make ([a-z-]+) +(\S.*)$", _make(), re.MULTILINE))
    assert set(listed) == _targets()


def test_every_make_command_in_the_documents_exists() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / ".ci" / "run"]
    missing = [
        f"{document.name}: make {target}"
        for document in documents
        for target in re.findall(r"(?:^\s*|`)(?:\$ )?make ([a-z-]+)", document.read_text(), re.MULTILINE)
        if target not in _targets()
    ]
    assert missing == []


def test_ci_runs_the_commands_that_developers_run() -> None:
    commands = re.findall(r"^ *(?:if ! )?(make [a-z]+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert commands == ["make lint", "make test", "make test"]  # the last for what failed, once more
