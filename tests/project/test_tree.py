"""The repository holds our own sources only: nothing big, nothing made by a program, nothing of others."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LICENCE_SIGNS = re.compile(
    rb"Copyright (\(c\)|\xc2\xa9|[12]\d{3})|@license|\(c\) Copyright|All rights reserved", re.I
)
BUILT = re.compile(
    r"(\.min\.(js|css)|\.map|\.whl|\.tar\.gz|\.pyc|\.sqlite3?|\.mo|\.jar|\.so)$|(^|/)(node_modules|dist|static)/"
)
LOCKS = (
    "requirements/build.txt",
    "requirements/dev.txt",
    "requirements/runtime.txt",
    "package-lock.json",
    "tests/services/lrs/package-lock.json",
)


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_is_big() -> None:
    assert [_name(path) for path in _tracked() if path.stat().st_size > 500_000] == []


def test_no_file_is_built() -> None:
    assert [_name(path) for path in _tracked() if BUILT.search(_name(path))] == []


def test_no_file_is_somebody_elses() -> None:
    """Third-party files carry their authors' copyright; ours carry one licence in one place."""
    own_words = {"LICENSE", _name(Path(__file__))}
    signed = [
        _name(path)
        for path in _tracked()
        if _name(path) not in own_words and path.suffix != ".png" and LICENCE_SIGNS.search(path.read_bytes())
    ]
    assert signed == []


def test_no_line_of_code_was_minified() -> None:
    sources = [path for path in _tracked() if path.suffix in {".js", ".mjs", ".cjs", ".css", ".html", ".py"}]
    long = [
        _name(path) for path in sources if any(len(line) > 1000 for line in path.read_text().splitlines())
    ]
    assert long == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_download_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    if lock.endswith(".json"):
        packages = json.loads(text)["packages"]
        assert [name for name, package in packages.items() if "resolved" in package] == []
        assert [name for name, package in packages.items() if name and "integrity" not in package] == []
    else:
        assert "--index-url" not in text
        assert "--find-links" not in text
        assert re.findall(r"https?://", text) == []


def test_node_packages_are_asked_for_by_exact_version() -> None:
    for name in ("package.json", "tests/services/lrs/package.json"):
        package = json.loads((ROOT / name).read_text())
        wanted = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
        assert {
            library: version
            for library, version in wanted.items()
            if not re.fullmatch(r"\d+\.\d+\.\d+", version)
        } == {}


def test_every_source_says_in_its_first_lines_what_it_is_for() -> None:
    silent = []
    for path in _tracked():
        if path.suffix == ".py":
            text = path.read_text().lstrip()
            if text and not text.startswith(('"""', "#!")):
                silent.append(_name(path))
    assert silent == []
