"""What a test says to the broker, and the servers that it gets from there."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.services.find import Missing


class Owner:
    """The broker's process, in the process that runs all tests: ends with it, or with `close`."""

    def __init__(self) -> None:
        # Not below pytest's own folder, into which the postgres user may not go.
        self.folder = Path(tempfile.mkdtemp(prefix="alongside-tests-"))
        self.folder.chmod(0o711)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.services.broker", str(self.folder)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)


class Servers:
    """Starts and stops real servers. Each verb answers with what the server's address is made of."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "broker.sock"

    def ask(self, verb: str, name: str) -> dict[str, Any]:
        with self._connection() as connection, connection.makefile("rw") as conversation:
            conversation.write(json.dumps({"verb": verb, "name": name}) + "\n")
            conversation.flush()
            answer: dict[str, Any] = json.loads(conversation.readline())
        if "missing" in answer:
            raise Missing(answer["missing"])
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def _connection(self) -> socket.socket:
        give_up = time.monotonic() + 15
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self._socket))
                return connection
            except (FileNotFoundError, ConnectionRefusedError):
                connection.close()
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.02)

    def share(self, part: str) -> dict[str, Any]:
        """The server of this kind that all tests of the run share; it is started for the first one."""
        return self.ask("share", part)

    @contextmanager
    def own(self, part: str) -> Iterator["OwnServer"]:
        """A server for one test alone, which may stop it, kill it or make it hang."""
        server = OwnServer(self, **self.ask("own", part))
        try:
            yield server
        finally:
            server.stop()


class OwnServer:
    """A server that belongs to one test. Its port stays the same over `stop` and `start`."""

    def __init__(self, servers: Servers, name: str, pid: int, port: int, **address: str) -> None:
        self._servers = servers
        self._name = name
        self.pid = pid
        self.port = port
        self.address = address

    def start(self) -> None:
        self.pid = self._servers.ask("start", self._name)["pid"]

    def stop(self) -> None:
        """Ends it in an orderly way; what it keeps on disk is there again after `start`."""
        self._servers.ask("stop", self._name)

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._servers.ask("kill", self._name)

    def pause(self) -> None:
        """Makes it hang: connections are taken and nothing answers, until `resume`."""
        self._servers.ask("pause", self._name)

    def resume(self) -> None:
        self._servers.ask("resume", self._name)


@dataclass(frozen=True)
class LearningLocker:
    """Where the Learning Locker engine answers. It is shared: ask it for your own statements only."""

    endpoint: str
    username: str
    password: str


class PostgresServer:
    """Makes and drops databases on the run's shared PostgreSQL."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """The URL of a fresh database, empty or a copy of the one whose URL is given; dropped afterwards."""
        name = f"test_{os.getpid()}_{uuid.uuid4().hex[:12]}"
        source = template.rsplit("/", 1)[1] if template else "template1"
        self._connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source))
        )
        try:
            yield f"{self._url.rsplit('/', 1)[0]}/{name}"
        finally:
            self._connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def close(self) -> None:
        self._connection.close()
