"""The demo's processes: started in order, watched, and stopped in the reverse order."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import requests


class DidNotStart(Exception):
    """A part of the demo did not come up; the message names its log."""


def port_is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Processes:
    """`alongside` commands running side by side, each with a log of its own."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = {**os.environ, **environ}
        self._running: list[tuple[str, subprocess.Popen[bytes], BinaryIO]] = []

    def start(self, name: str, *arguments: str) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        # A session of its own: Ctrl-C reaches the demo alone, which then stops its parts in order.
        process = subprocess.Popen(  # noqa: S603 - our own command, our own arguments
            [sys.executable, "-m", "lti_tool", *arguments],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._running.append((name, process, log))

    def wait_for(self, url: str, seconds: float = 30) -> None:
        """Until ``url`` answers; raises :class:`DidNotStart`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check()
            try:
                if requests.get(url, timeout=2).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise DidNotStart(f"{url} did not answer within {seconds:.0f} s; see the logs in {self.folder}")

    def check(self, *, but_for: str = "") -> None:
        """Raises :class:`DidNotStart` when one of them has ended, ``but_for`` one that may."""
        for name, process, _ in self._running:
            if name != but_for and process.poll() is not None:
                tail = (self.folder / f"{name}.log").read_text(errors="replace").strip().splitlines()[-1:]
                said = f": {tail[0]}" if tail else ""
                raise DidNotStart(
                    f"{name} ended with {process.returncode}{said} (log: {self.folder / name}.log)"
                )

    def knows(self, name: str) -> bool:
        """It was started, and :meth:`end` was not called since."""
        return any(one == name for one, _, _ in self._running)

    def is_running(self, name: str) -> bool:
        return any(one == name and process.poll() is None for one, process, _ in self._running)

    def end(self, name: str) -> None:
        self._stop([one for one in self._running if one[0] == name])

    def stop(self) -> None:
        self._stop(self._running)

    def _stop(self, some: list[tuple[str, subprocess.Popen[bytes], BinaryIO]]) -> None:
        for _, process, _ in reversed(some):
            if process.poll() is None:
                process.terminate()
        for _, process, log in reversed(some):
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            log.close()
        self._running = [one for one in self._running if one not in some]
