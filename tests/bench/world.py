"""A small installation to measure: tool in this process, sandbox LMS beside it, a course with people and entries."""

import json
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from lti_tool import migrations
from lti_tool.app import create_app
from lti_tool.config import read_settings
from lti_tool.logs import configure_logs
from lti_tool.lti.registrations import Registration, register
from lti_tool.parts import Parts
from lti_tool.sandbox import Sandbox, SandboxConfig, authorize
from lti_tool.sandbox import start as start_sandbox
from lti_tool.server import first_start

TOOL = "http://localhost:8000"
CLIENT_ID = "bench"
_CONFIG = re.compile(r'<script type="application/json" id="config">(.*?)</script>', re.DOTALL)


def pace() -> float:
    """CPU milliseconds of a piece of work that is always the same: how fast the machine is at this moment."""
    before = time.process_time()
    for number in range(4000):
        str(number)
    return (time.process_time() - before) * 1000


@dataclass
class Meter:
    """CPU time of this process and statements sent to the database, for one kind of request.

    A core that is shared with others runs at two thirds of its pace for seconds on end, which is nothing of ours: the
    figure is of the rounds during which it had most of its best one.
    """

    milliseconds: list[float] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)
    paces: list[float] = field(default_factory=list)

    @property
    def undisturbed(self) -> list[float]:
        slowest = min(self.paces) * 1.15
        return [took for took, pace in zip(self.milliseconds, self.paces, strict=True) if pace <= slowest]

    @property
    def cpu(self) -> float:
        """The median of the undisturbed rounds, in milliseconds."""
        return median(self.undisturbed)

    @property
    def spread(self) -> str:
        tenths = quantiles(self.milliseconds, n=10)
        return (
            f"{len(self.undisturbed)} of {len(self.milliseconds)} rounds at full pace; "
            f"of all: {median(self.milliseconds):.2f}, a tenth below {tenths[0]:.2f}, a tenth above {tenths[-1]:.2f}"
        )

    @property
    def usual_queries(self) -> float:
        """The median: now and then a request reads again what is kept in memory for some seconds."""
        return median(self.queries)


@dataclass
class Counted:
    """Around the tool's application: what a server would run, and nothing else.

    Counted is this process's CPU time, the kernel's for it included, from the moment the application is called until
    its answer is read and closed. The client that makes the request, and the sandbox LMS that answers between the
    requests of a launch and signs its token, run before and after; the sandbox's server is asked once, for its keys,
    before the measured rounds. The one thing counted that a server would not run is the counting of queries, some
    2 µs each.
    """

    app: WSGIApplication
    seconds: float = 0.0
    queries: int = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        before = time.process_time()
        answer = self.app(environ, start_response)
        body = b"".join(answer)
        if close := getattr(answer, "close", None):
            close()
        self.seconds += time.process_time() - before
        return [body]

    def query(self, *_: object) -> None:
        self.queries += 1


@dataclass
class World:
    given: Parts
    client: FlaskClient
    sandbox: Sandbox
    counted: Counted

    @contextmanager
    def measured(self, meter: Meter) -> Iterator[None]:
        self.counted.seconds = self.counted.queries = 0
        before = pace()
        yield
        meter.paces.append(max(before, pace()))
        meter.milliseconds.append(self.counted.seconds * 1000)
        meter.queries.append(self.counted.queries)

    def launch(self, person: str, link: str, meter: Meter | None = None) -> dict[str, Any]:
        """A whole launch; ``meter`` counts the tool's requests together, not the sandbox's work between them."""
        parts: Meter = Meter()

        def ask(method: str, url: str, data: dict[str, str] | None = None) -> TestResponse:
            with self.measured(parts):
                return self.client.open(url, method=method, data=data, base_url=TOOL)

        answer = ask("POST", "/lti/login", self.sandbox.login_params(person, link))
        while answer.status_code in (302, 303) and not answer.location.startswith(self.sandbox.config.base):
            answer = ask("GET", answer.location)
        _, fields = authorize(self.sandbox, dict(parse_qsl(urlsplit(answer.location).query)))
        answer = ask("POST", "/lti/launch", fields)
        found = _CONFIG.search(answer.text)
        if answer.status_code != 200 or not found:
            raise RuntimeError(f"the launch failed: {answer.status_code} {answer.text[:500]}")
        if meter is not None:
            meter.milliseconds.append(sum(parts.milliseconds))
            meter.paces.append(max(parts.paces))
            meter.queries.append(sum(parts.queries))
        config: dict[str, Any] = json.loads(found.group(1))
        return config


@contextmanager
def world(database_url: str | None = None) -> Iterator[World]:
    """On a fresh SQLite file, or on the empty database at ``database_url``."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = read_settings(
            {
                "ALONGSIDE_HOME": folder,
                "DATABASE_URL": database_url or f"sqlite:///{home / 'bench.db'}",
            }
        )
        configure_logs(settings, stream=home.joinpath("log").open("w"))
        given = Parts.of(settings)
        migrations.upgrade(given.database.engine)
        first_start(given)
        sandbox_config = SandboxConfig(
            public_url="http://127.0.0.1:0",
            tool_login_url=f"{TOOL}/lti/login",
            tool_launch_urls=(f"{TOOL}/lti/launch",),
            tool_jwks_url=f"{TOOL}/lti/jwks.json",
            client_id=CLIENT_ID,
        )
        with start_sandbox(sandbox_config) as running:
            sandbox = running.sandbox
            with given.database.write() as session:
                register(
                    session,
                    given.clock,
                    settings,
                    "default",
                    Registration(
                        issuer=sandbox.profile.issuer,
                        client_id=sandbox.registration.client_id,
                        auth_login_url=f"{running.url}/auth",
                        auth_token_url=sandbox.grants.token_url,
                        jwks_url=f"{running.url}/jwks",
                        deployment_ids=[sandbox.registration.deployment_id],
                    ),
                )
            app = create_app(given)
            counted = Counted(app.wsgi_app)
            app.wsgi_app = counted  # type: ignore[method-assign]
            event.listen(given.database.engine, "before_cursor_execute", counted.query)
            yield World(given, app.test_client(), sandbox, counted)
            given.database.close()
