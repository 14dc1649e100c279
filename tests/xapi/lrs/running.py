"""A real LRS process for tests that kill it: `python -m tests.xapi.lrs.running URL PORT`."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

from tests.xapi.lrs.client import HEADERS, PASSWORD, USER
from xapi.lrs import LrsSettings, serve


class Running:
    """The LRS under gunicorn in a process group of its own."""

    def __init__(self, database_url: str, port: int) -> None:
        self.port = port
        self._command = [sys.executable, "-m", "tests.xapi.lrs.running", database_url, str(port)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, start_new_session=True)
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            with contextlib.suppress(OSError):
                if self.request("GET", "/healthz")[0] == 200:
                    return
            time.sleep(0.05)
        raise AssertionError("the LRS did not start")

    def kill(self) -> None:
        """As a power cut would end it: no process gets to do another thing."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """In an orderly way; its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=30)

    def request(
        self, method: str, path: str = "/xAPI/statements", body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            content = json.dumps(body) if body is not None else None
            connection.request(
                method, path, content, {**HEADERS, "Content-Type": "application/json", **headers}
            )
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or "null")
        finally:
            connection.close()


def all_ids(database_url: str) -> list[str]:
    """The ids of all statements in a database, in the order of storing, read past any server."""
    from sqlalchemy import create_engine, text

    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT received FROM statements ORDER BY stored")).scalars()
            return [json.loads(row)["id"] for row in rows]
    finally:
        engine.dispose()


if __name__ == "__main__":
    serve(LrsSettings(sys.argv[1], credentials=((USER, PASSWORD),)), port=int(sys.argv[2]), threads=4)
