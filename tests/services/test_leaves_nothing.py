"""A test run leaves no process and no file behind, however it ends."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]

USES_SERVERS = """
import time

def test_that_hangs(servers, pytestconfig):
    for part in ("postgres", "redis", "learning_locker"):
        print("PID", servers.share(part)["pid"], flush=True)
    print("READY", pytestconfig.rootpath, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder into which the postgres user may go, as it may not into pytest's own."""
    with tempfile.TemporaryDirectory(prefix="alongside-leaves-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def _listen_to_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name
)
def test_a_run_that_is_ended_takes_its_servers_along(
    tmp_path: Path, temporary: Path, number: signal.Signals
) -> None:
    (tmp_path / "test_hanging.py").write_text(USES_SERVERS)
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-s", "-p", "tests.services.plugin", "--rootdir", tmp_path]
        + ["-c", os.devnull, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
        # As from a terminal: a shell that runs the tests in the background has SIGINT ignored, and that is inherited.
        preexec_fn=_listen_to_interrupts,  # noqa: PLW1509 - this process has no other threads
    )
    assert run.stdout is not None
    pids = []
    for line in run.stdout:
        if line.startswith("READY"):
            break
        if "PID" in line:
            pids.append(int(line.split()[-1]))
    assert len(pids) == 3

    run.send_signal(number)
    run.wait(timeout=30)
    run.stdout.close()

    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and (any(map(_lives, pids)) or any(temporary.iterdir())):
        time.sleep(0.05)
    assert [pid for pid in pids if _lives(pid)] == []
    assert [entry.name for entry in temporary.glob("alongside-tests-*")] == []


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
