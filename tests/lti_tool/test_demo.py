"""The demo from outside: starts whole, holds a lived-in course, stops cleanly, keeps its data, can be cleared."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from lti_tool.demo.story import SCENES, Said
from tests.services.ports import free_port

pytestmark = pytest.mark.timeout(300)


class RunningDemo:
    def __init__(self, home: Path, ports: Mapping[str, int]) -> None:
        self.home = home
        self.ports = ports
        options = [option for name, port in self.ports.items() for option in (f"--{name}-port", str(port))]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lti_tool", "demo", "--home", str(home), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if "Ctrl-C stops everything" in line:
                return
        raise AssertionError(f"the demo ended: {self.said}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Doing it again, or where it has ended, changes nothing."""
        self.process.send_signal(how)
        try:
            return self.process.wait(timeout=60)
        finally:
            assert self.process.stdout is not None
            self.process.stdout.close()

    def statements(self, **asked: str) -> list[dict[str, Any]]:
        answer = requests.get(
            f"http://127.0.0.1:{self.ports['lrs']}/xAPI/statements",
            params={"limit": "500", **asked},
            auth=("alongside", (self.home / "lrs_password").read_text()),
            headers={"X-Experience-API-Version": "1.0.3"},
            timeout=10,
        )
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["statements"]
        return found


@contextmanager
def running(home: Path, ports: Mapping[str, int]) -> Iterator[RunningDemo]:
    demo = RunningDemo(home, ports)
    try:
        yield demo
    finally:
        demo.stop()


def test_the_demo_starts_whole_and_stops_clean_and_keeps_what_was_written(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    home.mkdir(mode=0o755)
    ports = {name: free_port() for name in ("tool", "sandbox", "lrs")}
    with running(home, ports) as first:
        for part in ("sandbox", "tool"):
            assert f":{first.ports[part]}" in first.said
        assert home.stat().st_mode & 0o777 == 0o700, "what people write is not for everybody on the machine"
        front = requests.get(f"http://127.0.0.1:{first.ports['sandbox']}/", timeout=10)
        assert "Amara Okafor" in front.text
        written = _wait_for(lambda: first.statements(verb="http://id.tincanapi.com/verb/replied"), _replies())
        assert len(written) == _replies()
        parts = psutil.Process(first.process.pid).children(recursive=True)
        assert len(parts) >= 3
        assert first.stop() == 0
        _, alive = psutil.wait_procs(parts, timeout=10)
        assert alive == []
    other_ports = _demo(home, "--tool-port", str(free_port()))
    assert other_ports.returncode == 1
    assert f"--tool-port {ports['tool']}" in other_ports.stderr
    with running(home, ports) as second:
        assert "People are talking" not in second.said
        assert len(second.statements(verb="http://id.tincanapi.com/verb/replied")) == _replies()
        refused = _demo(home)
        assert refused.returncode == 1
        assert "already running" in refused.stderr
        assert _demo(home, "--reset").returncode == 1
        _an_outage(second)
        assert second.stop(signal.SIGTERM) == 0
    cleared = _demo(home, "--reset")
    assert (cleared.returncode, home.exists()) == (0, False)


def _an_outage(demo: RunningDemo) -> None:
    """The LRS is stopped, then killed: the rest goes on, and it can be started again."""
    health = f"http://127.0.0.1:{demo.ports['lrs']}/healthz"

    def answers() -> bool:
        try:
            return requests.get(health, timeout=2).ok
        except requests.RequestException:
            return False

    def kill() -> None:
        """As soon as it is there; the demo takes it as stopped, and goes on."""
        end = time.monotonic() + 60
        while not (running := [one for one in _parts(demo) if "lrs" in one.cmdline()]):
            assert time.monotonic() < end
        running[0].kill()
        _until((demo.home / "lrs_is_stopped").exists, True)
        assert requests.get(f"http://localhost:{demo.ports['tool']}/readyz", timeout=10).ok

    for _ in range(2):
        assert _demo(demo.home, "--lrs", "stop").returncode == 0
        _until(answers, False)
        assert requests.get(f"http://localhost:{demo.ports['tool']}/readyz", timeout=10).ok
        assert _demo(demo.home, "--lrs", "start").returncode == 0
        _until(answers, True)
    kill()
    assert _demo(demo.home, "--lrs", "start").returncode == 0
    kill()  # this time while it starts
    assert _demo(demo.home, "--lrs", "start").returncode == 0
    _until(answers, True)
    assert demo.process.poll() is None


def _parts(demo: RunningDemo) -> list[psutil.Process]:
    parts: list[psutil.Process] = psutil.Process(demo.process.pid).children()
    return [one for one in parts if one.status() != psutil.STATUS_ZOMBIE]


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = _demo(tmp_path / "demo", "--sandbox-port", str(port), "--tool-port", str(free_port()))
    assert refused.returncode == 1
    assert f"port {port}, for the sandbox, is taken" in refused.stderr
    assert "--sandbox-port" in refused.stderr
    assert not (tmp_path / "demo" / "ports.json").exists()


def test_ports_that_cannot_be_are_refused_and_not_remembered(tmp_path: Path) -> None:
    port = str(free_port())
    refused = _demo(tmp_path / "demo", "--sandbox-port", port, "--tool-port", port)
    assert refused.returncode == 1
    assert "each part needs a port of its own" in refused.stderr
    assert not (tmp_path / "demo" / "ports.json").exists()


def test_another_installation_s_settings_do_not_reach_the_demo(tmp_path: Path) -> None:
    from lti_tool.demo import Demo

    elsewhere: Mapping[str, str] = {
        "DATABASE_URL": "postgresql://production/alongside",
        "ALONGSIDE_ENV": "production",
    }
    before = {name: os.environ.get(name) for name in elsewhere}
    os.environ.update(elsewhere)
    try:
        settings = Demo(tmp_path).settings()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    assert settings.database_url == f"sqlite:///{tmp_path / 'alongside.db'}"
    assert not settings.is_production


def _until(read: Callable[[], bool], wanted: bool, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while read() is not wanted:
        assert time.monotonic() < end
        time.sleep(0.3)


def _demo(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lti_tool", "demo", "--home", str(home), *options],
        capture_output=True,
        text=True,
        timeout=60,
    )


def _replies() -> int:
    def below(said: Said) -> int:
        return len(said.answers) + sum(below(answer) for answer in said.answers)

    return sum(below(said) for scene in SCENES for said in scene.threads)


def _wait_for(
    read: Callable[[], list[dict[str, Any]]], number: int, seconds: float = 60
) -> list[dict[str, Any]]:
    end = time.monotonic() + seconds
    while len(found := read()) < number and time.monotonic() < end:
        time.sleep(0.3)
    return found
