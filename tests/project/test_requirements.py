"""The locked requirements hold what pyproject.toml asks for, with hashes, on every Python that it declares."""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
FILES = ("build.txt", "runtime.txt", "dev.txt")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _locked(name: str) -> dict[str, list[Requirement]]:
    """The requirements of a lock file by package; a package may stand there once for each of several markers."""
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / "requirements" / name).read_text().splitlines():
        if re.match(r"[a-zA-Z0-9]", line):
            requirement = Requirement(line.removesuffix("\\").strip())
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def _asked(file: str) -> list[Requirement]:
    asked = list(PROJECT["project"]["dependencies"])
    groups = PROJECT["dependency-groups"]
    if file == "build.txt":
        asked = groups["build"]
    if file == "dev.txt":
        asked += [line for line in groups["dev"] if isinstance(line, str)] + groups["build"]
    return [Requirement(line) for line in asked]


def _version(requirement: Requirement) -> Version:
    [specifier] = requirement.specifier
    assert specifier.operator == "=="
    return Version(specifier.version)


@pytest.mark.parametrize("file", FILES)
def test_what_pyproject_asks_for_is_locked(file: str) -> None:
    locked = _locked(file)
    for asked in _asked(file):
        versions = [_version(entry) for entry in locked.get(canonicalize_name(asked.name), [])]
        assert versions, f"{asked} is not locked: make lock"
        assert all(version in asked.specifier for version in versions), f"{asked}, but locked is {versions}"


@pytest.mark.parametrize("file", FILES)
def test_every_locked_package_has_hashes(file: str) -> None:
    text = (ROOT / "requirements" / file).read_text()
    entries = re.split(r"\n(?=[a-zA-Z0-9])", text)
    assert [entry.split()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("file", ["build.txt", "runtime.txt"])
def test_the_smaller_locks_agree_with_the_whole_one(file: str) -> None:
    dev = {name: set(map(_version, entries)) for name, entries in _locked("dev.txt").items()}
    for name, entries in _locked(file).items():
        assert set(map(_version, entries)) <= dev[name]


def test_every_lower_bound_is_exact() -> None:
    for asked in _asked("dev.txt"):
        operators = {specifier.operator for specifier in asked.specifier}
        assert operators in ({">="}, {"=="}), f"{asked} has no lower bound"


@pytest.mark.parametrize("python", PYTHONS)
def test_no_locked_package_excludes_a_python_that_is_declared(python: str) -> None:
    assert f"Programming Language :: Python :: {python}" in PROJECT["project"]["classifiers"]
    environment = {**default_environment(), "python_version": python, "python_full_version": f"{python}.0"}
    here = {**default_environment()}
    excluded = []
    for name, entries in _locked("dev.txt").items():
        wanted = [entry for entry in entries if entry.marker is None or entry.marker.evaluate(environment)]
        assert len(wanted) <= 1, f"{name} is locked twice for Python {python}"
        for entry in wanted:
            if entry.marker is not None and not entry.marker.evaluate(here):
                continue  # not installed here, so that its metadata is not at hand
            requires = distribution(entry.name).metadata.get("Requires-Python")
            if requires and f"{python}.5" not in SpecifierSet(requires):
                excluded.append(f"{entry.name} requires {requires}")
    assert excluded == []
