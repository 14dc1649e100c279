"""How each server that tests use is prepared, started, found ready and addressed."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from tests.services import find, ports


@dataclass(frozen=True)
class Part:
    """A kind of server: everything that `Instance` needs to run one of them in a folder, on a port."""

    command: Callable[[Path, int], list[str]]
    address: Callable[[int], dict[str, str]]
    prepare: Callable[[Path], None] = lambda folder: None
    ready: Callable[[int], bool] = ports.is_open
    environment: Callable[[Path, int], dict[str, str]] = lambda folder, port: {}
    stop_signal: int = signal.SIGTERM
    account: Callable[[], str | None] = lambda: None


def _postgres_account() -> str | None:
    """PostgreSQL refuses to run as root, so that its own user runs it then."""
    return "postgres" if os.geteuid() == 0 else None


def _prepare_postgres(folder: Path) -> None:
    account = _postgres_account()
    if account:
        shutil.chown(folder, account)
    initdb = Path(find.path_of(find.POSTGRESQL)).with_name("initdb")
    subprocess.run(
        [initdb, "--pgdata", folder / "data", "--username", "postgres", "--auth", "trust", "--no-sync"]
        + ["--encoding", "UTF8", "--locale", "C"],
        user=account,
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )


def _postgres_command(folder: Path, port: int) -> list[str]:
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": 200,
        # A commit must outlive a kill, as in life, but not a power cut: the data is thrown away.
        "fsync": "off",
        "full_page_writes": "off",
        "timezone": "UTC",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return [find.path_of(find.POSTGRESQL), "-D", str(folder / "data"), *options]


def _postgres_ready(port: int) -> bool:
    try:
        psycopg.connect(host="127.0.0.1", port=port, user="postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


POSTGRES = Part(
    prepare=_prepare_postgres,
    command=_postgres_command,
    ready=_postgres_ready,
    address=lambda port: {"url": f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"},
    stop_signal=signal.SIGINT,
    account=_postgres_account,
)

REDIS = Part(
    command=lambda folder, port: (
        [find.path_of(find.REDIS), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        + ["--save", "", "--appendonly", "no", "--databases", "64"]
    ),
    address=lambda port: {"url": f"redis://127.0.0.1:{port}/0"},
)

LEARNING_LOCKER = Part(
    # The engine listens on every interface by itself; loopback.cjs keeps it to 127.0.0.1.
    command=lambda folder, port: [
        find.node(),
        "--require",
        str(find.LRS_FOLDER / "loopback.cjs"),
        str(find.lrs_package("xapi-statements/dist/server.js")),
    ],
    environment=lambda folder, port: {
        "EXPRESS_PORT": str(port),
        "EXPRESS_MORGAN_DIRECTORY": str(folder),
        "EVENTS_REPO": "test",
        "AUTH_REPO": "test",
        "MODELS_REPO": "memory",
        "STORAGE_REPO": "memory",
        "SUB_LOCAL_STORAGE_DIR": str(folder / "storage"),
        "WINSTON_CONSOLE_LEVEL": "error",
    },
    # It takes any credentials.
    address=lambda port: {
        "endpoint": f"http://127.0.0.1:{port}/xAPI",
        "username": "key",
        "password": "secret",
    },
)

PARTS = {"postgres": POSTGRES, "redis": REDIS, "learning_locker": LEARNING_LOCKER}


@dataclass
class Instance:
    """One server of a kind: its folder and port stay the same when it is stopped and started again."""

    part: Part
    folder: Path
    port: int = field(default_factory=ports.free_port)
    process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        self.folder.mkdir(parents=True)
        self.part.prepare(self.folder)

    def start(self) -> None:
        """Starts the server and comes back when it answers; RuntimeError with its log where it does not."""
        log = self.folder.with_suffix(".log")
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self.part.command(self.folder, self.port),
                env={**os.environ, **self.part.environment(self.folder, self.port)},
                cwd=self.folder,
                user=self.part.account(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that Ctrl-C reaches pytest alone, which then ends this
            )
        give_up = time.monotonic() + 40
        while not self.part.ready(self.port):
            if self.process.poll() is not None or time.monotonic() > give_up:
                self.stop()
                raise RuntimeError(
                    f"{self.folder.name} did not start:\n" + log.read_text(errors="replace")[-2000:]
                )
            time.sleep(0.02)

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def stop(self, number: int | None = None) -> None:
        """Ends the server and all that it started; what does not listen is killed after five seconds."""
        if self.process is None:
            return
        family = _family(self.process.pid)
        self.signal(signal.SIGCONT)
        self.signal(number or self.part.stop_signal)
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.process.wait()
        _end(family)
        self.process = None


def _family(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _end(family: list[psutil.Process]) -> None:
    """Kills those still there and waits for it: PostgreSQL's parts are no members of its process group,
    and as long as one of them holds the shared memory the server does not start again."""
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    give_up = time.monotonic() + 10
    while any(map(_runs, family)) and time.monotonic() < give_up:
        time.sleep(0.01)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
