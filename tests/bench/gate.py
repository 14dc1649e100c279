"""A gate before an LRS: open, slow, or shut. A process of its own, so that it takes no time from whoever measures."""

import threading
import time
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from multiprocessing.connection import Connection

import requests

from lti_tool.demo.processes import free_port

SLOW_SECONDS = 2.0


class Lrs(StrEnum):
    """How the LRS behind the gate appears to be."""

    well = "well"
    slow = "slow"
    dead = "dead"


class Gate:
    """``behind``: the address of the LRS's server. Nothing listens at ``port`` while the LRS is dead."""

    def __init__(self, behind: str) -> None:
        self.port = free_port()
        self._pipe, theirs = get_context("spawn").Pipe()
        self._process = get_context("spawn").Process(
            target=_keep, args=(self.port, behind, theirs), daemon=True
        )
        self._process.start()
        self.show(Lrs.well)

    def show(self, state: Lrs) -> int:
        """From now on; answers how many requests have been passed on since the last change."""
        self._pipe.send(state)
        passed: int = self._pipe.recv()
        return passed

    def close(self) -> None:
        self._process.terminate()
        self._process.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, behind: str) -> None:
        super().__init__(("127.0.0.1", port), _Forward)
        self.behind = behind
        self.delay = 0.0
        self.passed = 0


class _Forward(BaseHTTPRequestHandler):
    """One request a connection: one that is kept open would reach the LRS through a gate that was shut."""

    server: _Server

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(self.server.delay)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        answer = requests.request(
            self.command, self.server.behind + self.path, data=body, headers=headers, timeout=60
        )
        self.server.passed += 1
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = _forward  # noqa: N815 - http.server looks for these names

    def log_message(self, *_: object) -> None:
        pass


def _keep(port: int, behind: str, orders: Connection) -> None:
    server: _Server | None = None
    while True:
        state = orders.recv()
        passed = server.passed if server else 0
        if state == Lrs.dead:
            if server:
                server.shutdown()
                server.server_close()
                server = None
        else:
            if server is None:
                server = _Server(port, behind)
                threading.Thread(target=server.serve_forever, daemon=True).start()
            server.delay = SLOW_SECONDS if state == Lrs.slow else 0.0
            server.passed = 0
        orders.send(passed)
