"""Everything at once on one machine, to look at: tool, worker, sandbox LMS and LRS, with a believable course."""

import fcntl
import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from lti_tool import migrations
from lti_tool.config import DEMO_PORTS, Settings, make_private_folder, read_settings
from lti_tool.demo import outage, records
from lti_tool.demo.processes import DidNotStart, Processes, port_is_free
from lti_tool.demo.seed import LaunchFailed, seed
from lti_tool.lti.registrations import Registration, register
from lti_tool.parts import Parts
from lti_tool.records.joining import map_activity
from lti_tool.sandbox import Running, Sandbox, SandboxConfig
from lti_tool.sandbox import start as start_sandbox
from lti_tool.sandbox.content import ECOLOGY
from social_layer.people.actions import DEFAULT_TENANT
from social_layer.people.models import Course
from xapi.models import Lrs
from xapi.stores import connect, resume

CLIENT_ID = "alongside-demo"
DEPLOYMENT_ID = "1"
LRS_USER = "alongside"


class DemoRefused(Exception):
    """The demo cannot start or be cleared; the message says why and what to do."""


@dataclass(frozen=True)
class Ports:
    tool: int = 8000
    sandbox: int = 8001
    lrs: int = 8002


@dataclass(frozen=True)
class Demo:
    """Where the demo keeps its data, and where it is reached.

    The tool is reached as ``localhost`` and the sandbox as ``127.0.0.1``: two sites to a browser, so that frames and
    cookies behave as between a real LMS and a real tool.
    """

    home: Path
    ports: Ports = Ports()

    @property
    def tool_url(self) -> str:
        return f"http://localhost:{self.ports.tool}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.sandbox}"

    @property
    def lrs_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.lrs}/xAPI"

    def environ(self) -> dict[str, str]:
        """The settings of the demo's commands: its own data, whatever the shell says of another installation."""
        return {
            "ALONGSIDE_ENV": "development",
            "ALONGSIDE_HOME": str(self.home),
            "ALONGSIDE_PUBLIC_URL": self.tool_url,
            "DATABASE_URL": f"sqlite:///{self.home / 'alongside.db'}",
            "LRS_DATABASE_URL": f"sqlite:///{self.home / 'lrs.db'}",
            "BROKER_URL": "memory://",
            "ALONGSIDE_GATHER_MINUTES": "1",
        }

    def settings(self) -> Settings:
        return read_settings({**os.environ, "ALONGSIDE_SECRET_KEY": "", **self.environ()})

    def sandbox_config(self, lrs_password: str) -> SandboxConfig:
        return SandboxConfig(
            public_url=self.sandbox_url,
            tool_login_url=f"{self.tool_url}/lti/login",
            tool_launch_urls=(f"{self.tool_url}/lti/launch",),
            tool_jwks_url=f"{self.tool_url}/lti/jwks.json",
            client_id=CLIENT_ID,
            deployment_id=DEPLOYMENT_ID,
            lrs_endpoint=self.lrs_url,
            lrs_username=LRS_USER,
            lrs_password=lrs_password,
            state_file=self.home / "sandbox.json",
        )


def run(demo: Demo, told: Callable[[str], None]) -> None:
    """Starts everything, tells each step, and serves until SIGINT or SIGTERM. Raises :class:`DemoRefused`."""
    with _alone(demo):
        _check_ports(demo)
        processes = Processes(demo.home, {"ALONGSIDE_SECRET_KEY": "", **demo.environ()})
        running: Running | None = None
        try:
            with _interruptible():
                running = _start(demo, processes, told)
                _keep_ports(demo)
                told("ready")
                lrs = outage.Outage(demo.home, processes, lambda: _start_lrs_again(demo, processes), told)
                while True:
                    time.sleep(1)
                    lrs.look()
                    processes.check(but_for=outage.NAME)
        except KeyboardInterrupt:
            told("Stopping.")
        except (DidNotStart, LaunchFailed) as error:
            raise DemoRefused(str(error)) from None
        finally:
            processes.stop()
            if running:
                running.stop()


def wish_lrs(demo: Demo, *, running: bool) -> None:
    """Has the demo that runs there stop or start its LRS. Raises :class:`DemoRefused` where none runs."""
    if demo.home.exists():
        try:
            with _alone(demo):
                pass
        except DemoRefused:
            outage.wish(demo.home, running=running)
            return
    raise DemoRefused(f"no demo is running in {demo.home}; start it with: make demo")


def reset(demo: Demo) -> bool:
    """Clears the demo's data; False when there was none. Raises :class:`DemoRefused` while it runs."""
    if not demo.home.exists():
        return False
    with _alone(demo):
        shutil.rmtree(demo.home)
    return True


def _start(demo: Demo, processes: Processes, told: Callable[[str], None]) -> Running:
    told("Preparing the databases")
    given = Parts.of(demo.settings())
    if not migrations.is_at_head(given.database.engine):
        migrations.upgrade(given.database.engine)
    password = _lrs_password(demo)
    told("Starting the LRS")
    processes.environ["LRS_PASSWORD"] = password
    _start_lrs(demo, processes)
    told("Starting the sandbox LMS")
    running = start_sandbox(demo.sandbox_config(password), "127.0.0.1", demo.ports.sandbox)
    connect_parts(demo, given, password)
    told("Starting the tool")
    processes.start("tool", "serve", "--port", str(demo.ports.tool))
    processes.wait_for(f"{demo.tool_url}/readyz")
    processes.wait_for(f"http://127.0.0.1:{demo.ports.lrs}/healthz")
    seeded = demo.home / "seeded"
    if not seeded.exists():
        seed(given, running.sandbox, demo.tool_url, lambda title: told(f"People are talking: {title}"))
        told("Grades are entered in the LMS")
        records.write(running.sandbox, demo.lrs_url, LRS_USER, password, given.clock())
        _map_course(given, running.sandbox)
        seeded.touch()
    told("Starting the worker")
    processes.start("worker", "worker")
    return running


def _start_lrs(demo: Demo, processes: Processes) -> None:
    processes.start(outage.NAME, "lrs", "serve", "--port", str(demo.ports.lrs), "--username", LRS_USER)


def _start_lrs_again(demo: Demo, processes: Processes) -> None:
    """Nobody has to wait until the worker tries by itself."""
    _start_lrs(demo, processes)
    processes.wait_for(f"http://127.0.0.1:{demo.ports.lrs}/healthz")
    given = Parts.of(demo.settings())
    with given.database.write() as session:
        for lrs in session.scalars(select(Lrs).where(Lrs.endpoint == demo.lrs_url)).all():
            resume(session, lrs)
    given.database.close()


def _lrs_password(demo: Demo) -> str:
    """Made once for each demo folder, readable by its owner only."""
    path = demo.home / "lrs_password"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text()


def _check_ports(demo: Demo) -> None:
    ports = asdict(demo.ports)
    if len(set(ports.values())) < len(ports):
        raise DemoRefused("each part needs a port of its own")
    path = demo.home / DEMO_PORTS
    if path.exists() and (kept := json.loads(path.read_text())) != ports:
        options = " ".join(f"--{name}-port {port}" for name, port in kept.items())
        raise DemoRefused(
            f'the demo in {demo.home} was made with {options}; start it so (make demo ARGS="…"), '
            "or clear it with --reset"
        )
    for name, port in ports.items():
        if not port_is_free(port):
            raise DemoRefused(
                f"port {port}, for the {name}, is taken; stop what uses it, or choose another with "
                f'--{name}-port, as in: make demo ARGS="--{name}-port {port + 100}"'
            )


def _keep_ports(demo: Demo) -> None:
    """People and courses belong to the LMS's address, so a demo keeps the ports of its first start that went well."""
    (demo.home / DEMO_PORTS).write_text(json.dumps(asdict(demo.ports)))


@contextmanager
def _alone(demo: Demo) -> Iterator[None]:
    """One demo at a time in a folder; the lock goes with the process, however it ends."""
    make_private_folder(demo.home)
    demo.home.chmod(0o700)  # one of an earlier version may have been open to everybody on the machine
    with (demo.home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoRefused(
                f"the demo in {demo.home} is already running; stop it there with Ctrl-C"
            ) from None
        yield


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM does what Ctrl-C does, and both stop the parts in order, even where a shell had them ignored."""

    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def connect_parts(demo: Demo, given: Parts, lrs_password: str, lrs_url: str = "") -> None:
    """Registers the sandbox with the tool, and connects the LRS. Doing it again changes nothing."""
    with given.database.write() as session:
        platform, _ = register(
            session,
            given.clock,
            given.settings,
            DEFAULT_TENANT,
            Registration(
                issuer=demo.sandbox_url,
                client_id=CLIENT_ID,
                deployment_ids=[DEPLOYMENT_ID],
                auth_login_url=f"{demo.sandbox_url}/auth",
                auth_token_url=f"{demo.sandbox_url}/token",
                jwks_url=f"{demo.sandbox_url}/jwks",
                name="Sandbox LMS",
            ),
        )
        connect(
            session,
            given.clock,
            given.sealer,
            platform.tenant_id,
            name="demo",
            endpoint=lrs_url or demo.lrs_url,
            username=LRS_USER,
            password=lrs_password,
            # The story's entries are some days old, and belong in the record too.
            since=given.clock() - timedelta(days=30),
        )


def _map_course(given: Parts, sandbox: Sandbox) -> None:
    """Which course of the tool the grades are about, as an administrator says it: `alongside records map`."""
    with given.database.write() as session:
        course = session.scalars(
            select(Course).where(Course.title == sandbox.world.course(ECOLOGY).title)
        ).one()
        activity = records.course_activity(sandbox, sandbox.world.course(ECOLOGY))["id"]
        map_activity(session, given.clock(), course.tenant_id, activity, course.id)
