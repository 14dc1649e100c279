"""How long a reply takes while the LRS is well, dead, and 2 s slow; and whether all arrives when it is back.

Real processes: the tool behind gunicorn, the worker, and the bundled LRS behind a gate that can be shut or slowed.
"""

import secrets
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import quantiles
from typing import Any

import requests
from sqlalchemy import select

from lti_tool import migrations
from lti_tool.demo import LRS_USER, Demo, Ports, connect_parts
from lti_tool.demo.processes import Processes, free_port
from lti_tool.demo.seed import launch
from lti_tool.parts import Parts
from lti_tool.sandbox import start as start_sandbox
from social_layer.events.models import Event
from tests.bench import Row
from tests.services.read_back import shown
from xapi.statements import statement_id

REPLIES = 150
ROUNDS = 3
SLOW_SECONDS = 2.0


class Gate:
    """Stands before the LRS: open, slow, or shut (nothing listens at all)."""

    def __init__(self, behind: str) -> None:
        self.behind = behind
        self.delay = 0.0
        self._server: ThreadingHTTPServer | None = None
        self.port = free_port()
        self.open()

    def open(self) -> None:
        if self._server is None:
            self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
            self._server.daemon_threads = True
            threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def shut(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    class Forward(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            time.sleep(gate.delay)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            answer = requests.request(
                self.command, gate.behind + self.path, data=body, headers=headers, timeout=60
            )
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PUT = _forward  # noqa: N815 - http.server looks for these names

        def log_message(self, *_: object) -> None:
            pass

    return Forward


def run() -> list[Row]:
    with _installation() as (given, demo, gate, sandbox, processes):
        token = launch(sandbox, demo.tool_url, "maya", "food-web")
        replying = _Replying(given, demo.tool_url, token)
        replying.some(50)
        took: dict[str, list[float]] = {"well": [], "dead": [], "slow": []}
        # In turns, so that the machine's moods fall on all three alike.
        for _ in range(ROUNDS):
            for state, measured in took.items():
                gate.delay = SLOW_SECONDS if state == "slow" else 0.0
                gate.shut() if state == "dead" else gate.open()
                time.sleep(1.5)
                measured += replying.some(REPLIES)
        gate.delay = 0.0
        gate.open()
        processes.check()
        events, missing, twice = _missing_and_twice(
            given, demo.lrs_url, processes.environ["LRS_PASSWORD"], seconds=120
        )
        well = _p95(took["well"])
        return [
            Row("reply, LRS well, p95", well, "ms"),
            Row("reply, LRS dead, p95 over that with it well", _p95(took["dead"]) / well, "×", 1.1),
            Row("reply, LRS 2 s slow, p95 over that with it well", _p95(took["slow"]) / well, "×", 1.1),
            Row("events", events, ""),
            Row("events whose statement the LRS does not show after its return", missing, "", 0),
            Row("statements that the LRS shows twice", twice, "", 0),
        ]


class _Replying:
    def __init__(self, given: Parts, tool_url: str, token: str) -> None:
        from lti_tool import bearer

        self._panel = f"{tool_url}/api/v1/panels/{bearer.read(given, token).panel_id}/entries"
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {token}"
        self._parent = self._post({"title": "A topic", "body": "To be answered."})

    def some(self, number: int) -> list[float]:
        """Posts so many replies one after the other; milliseconds of each."""
        took = []
        for _ in range(number):
            before = time.perf_counter()
            self._post({"parent_id": self._parent, "body": "I see it differently because …"})
            took.append((time.perf_counter() - before) * 1000)
        return took

    def _post(self, entry: dict[str, Any]) -> str:
        answer = self._http.post(
            self._panel, json=entry, headers={"Idempotency-Key": secrets.token_hex(8)}, timeout=60
        )
        answer.raise_for_status()
        made: str = answer.json()["id"]
        return made


@contextmanager
def _installation() -> Iterator[tuple[Parts, Demo, Gate, Any, Processes]]:
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder), Ports(free_port(), free_port(), free_port()))
        environ = {**demo.environ(), "ALONGSIDE_RATE_LIMITS": "off", "ALONGSIDE_LOG_LEVEL": "WARNING"}
        processes = Processes(demo.home, {"ALONGSIDE_SECRET_KEY": "", **environ})
        given = Parts.of(demo.settings())
        migrations.upgrade(given.database.engine)
        password = secrets.token_hex(8)
        processes.environ["LRS_PASSWORD"] = password
        gate = Gate(f"http://127.0.0.1:{demo.ports.lrs}")
        sandbox = start_sandbox(demo.sandbox_config(password), "127.0.0.1", demo.ports.sandbox)
        try:
            connect_parts(demo, given, password, lrs_url=f"http://127.0.0.1:{gate.port}/xAPI")
            processes.start("lrs", "lrs", "serve", "--port", str(demo.ports.lrs))
            processes.start("tool", "serve", "--port", str(demo.ports.tool))
            processes.start("worker", "worker")
            processes.wait_for(f"{demo.tool_url}/readyz")
            processes.wait_for(f"http://127.0.0.1:{demo.ports.lrs}/healthz")
            yield given, demo, gate, sandbox.sandbox, processes
        finally:
            processes.stop()
            sandbox.stop()
            gate.shut()
            given.database.close()


def _missing_and_twice(given: Parts, lrs_url: str, password: str, seconds: float) -> tuple[int, int, int]:
    """(events, those whose statement the LRS has not, ids that it has more than once).

    The LRS itself is asked, past the gate, until it has all or the time is up; what our database says of deliveries
    does not count.
    """
    end = time.monotonic() + seconds
    while True:
        with given.database.read() as session:
            wanted = {statement_id(*row) for row in session.execute(select(Event.tenant_id, Event.id))}
        stored = Counter(shown(lrs_url, LRS_USER, password))
        missing = wanted - stored.keys()
        if not missing or time.monotonic() > end:
            return len(wanted), len(missing), sum(count > 1 for count in stored.values())
        time.sleep(1)


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]
