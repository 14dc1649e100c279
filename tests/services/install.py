"""Sees to the programs that tests need: installs those missing on a Debian machine where it may, else says what to do.

Run by `make test`. With CI=true a program that stays missing is a failure; elsewhere the tests that need it are
left out with a word about it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from tests.services.find import PROGRAMS, Missing, Program, node


def main() -> int:
    absent = [program for program in PROGRAMS if program.find() is None]
    if absent:
        _install(absent)
    complaints = [_complaint(program) for program in PROGRAMS if program.find() is None]
    try:
        node()
    except Missing as missing:
        complaints.append(str(missing))
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints and os.environ.get("CI") == "true" else 0


def _complaint(program: Program) -> str:
    return (
        f"{program.name} is not installed, and tests need it. On Debian or Ubuntu: "
        f"apt install {' '.join(program.packages)}"
    )


def _install(programs: Sequence[Program]) -> None:
    privilege = _privilege()
    if privilege is None:
        return
    packages = [package for program in programs for package in program.packages]
    print(f"Installing for the tests: {', '.join(program.name for program in programs)}", flush=True)
    environment = [
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "RUNLEVEL=1",  # the tests start their own servers: none is wanted as a service
    ]
    apt = [*privilege, *environment, "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    for command in (
        [*apt, "update"],
        [*apt, "install", "--yes", "--no-install-recommends", *packages],
    ):
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            print(f"{' '.join(command)} failed:\n{done.stdout}", file=sys.stderr)
            return


def _privilege() -> list[str] | None:
    """What to put before a command to run it as root; None where we may not, or this is no Debian."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    passwordless = (
        shutil.which("sudo")
        and not subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode
    )
    return ["sudo", "-n"] if passwordless else None


if __name__ == "__main__":
    sys.exit(main())
