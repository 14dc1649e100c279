"""What `make test` does about a program that is missing: installs it where it may, and else says how to get it."""

import os
import shutil
from pathlib import Path

import pytest

from tests.services import find, install


@pytest.fixture
def missing_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine lacks one program, and has none but the fake commands that a test puts into this folder."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for needed in ("env", "sh", "touch"):
        (commands / needed).symlink_to(str(shutil.which(needed)))
    monkeypatch.setenv("PATH", str(commands))
    program = find.Program("Teapot", lambda: shutil.which("teapot"), ("teapot", "tea"))
    monkeypatch.setattr(install, "PROGRAMS", (program,))
    monkeypatch.setattr(install, "node", lambda: "node")
    return commands


def _command(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _apt_that_works(commands: Path) -> None:
    log, teapot = commands / "apt.log", commands / "teapot"
    _command(
        commands / "apt-get",
        f'echo "$@" >> {log}; case "$*" in *install*) touch {teapot}; /bin/chmod +x {teapot};; esac',
    )


def test_root_on_debian_gets_it_installed(missing_program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    _apt_that_works(missing_program)
    assert install.main() == 0
    update, installation = (missing_program / "apt.log").read_text().splitlines()
    assert update.endswith(" update")
    assert installation.endswith(" install --yes --no-install-recommends teapot tea")


def test_so_does_who_may_use_sudo_without_a_password(
    missing_program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    _apt_that_works(missing_program)
    _command(missing_program / "sudo", 'shift; exec "$@"')
    _command(missing_program / "true", "exit 0")
    assert install.main() == 0
    assert (missing_program / "teapot").exists()


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_elsewhere_it_says_what_to_do_and_only_ci_fails(
    missing_program: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ci: str,
    status: int,
) -> None:
    monkeypatch.setenv("CI", ci)
    assert install.main() == status
    assert "Teapot is not installed" in capsys.readouterr().err


def test_an_installation_that_fails_is_shown(
    missing_program: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    _command(missing_program / "apt-get", "echo no space left; exit 100")
    assert install.main() == 1
    assert "no space left" in capsys.readouterr().err
