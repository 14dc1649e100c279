"""Tool and sandbox LMS on two sites: the tool at ``localhost``, the course at ``127.0.0.1``, in threads."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Thread

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from lti_tool import migrations
from lti_tool.config import read_settings
from lti_tool.lti.registrations import Registration, register
from lti_tool.parts import Parts
from lti_tool.sandbox import Sandbox, SandboxConfig
from lti_tool.sandbox import start as start_sandbox
from lti_tool.server import first_start
from tests.apps import new_app

LINK = "Evenings on the river"


@dataclass
class House:
    """Where the tool and the LMS answer."""

    given: Parts
    app: Flask
    tool_url: str
    lms_url: str
    sandbox: Sandbox
    _numbers: Iterator[int] = field(default_factory=count)

    def new_course(self, **people: str) -> "Place":
        """A course with one panel. ``people``: key=role; known ones of the sandbox, or new ones named by their key."""
        key = f"course-{next(self._numbers)}"
        for person in people:
            if person not in self.sandbox.world.people:
                given, _, family = person.partition("_")
                self.sandbox.add_user(person, given.title(), family.title())
        self.sandbox.add_course(key, "River Studies", label="RIV1", members=people)
        self.sandbox.add_link(f"{key}-link", key, LINK)
        return Place(self, key, f"{key}-link")


@dataclass
class Place:
    """A course's panel."""

    house: House
    course: str
    link: str

    def address(self, person: str) -> str:
        """The course's page, as this person."""
        return f"{self.house.lms_url}/as/{person}/courses/{self.course}/all"


class _Quiet(WSGIRequestHandler):
    def log(self, *args: object) -> None:
        """Nobody reads it."""


@contextmanager
def open_house(profile: str = "moodle", changes: dict[str, str] | None = None) -> Iterator[House]:
    late = _Late()
    server = make_server("127.0.0.1", 0, late, threaded=True, request_handler=_Quiet)
    tool = f"http://localhost:{server.server_port}"
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings(
            {
                "ALONGSIDE_HOME": folder,
                "ALONGSIDE_PUBLIC_URL": tool,
                "ALONGSIDE_LOG_LEVEL": "ERROR",
                "DATABASE_URL": f"sqlite:///{Path(folder) / 'house.db'}",
                **(changes or {}),
            }
        )
        given = Parts.of(settings)
        migrations.upgrade(given.database.engine)
        first_start(given)
        config = SandboxConfig(
            public_url="http://127.0.0.1:0",
            tool_login_url=f"{tool}/lti/login",
            tool_launch_urls=(f"{tool}/lti/launch",),
            tool_jwks_url=f"{tool}/lti/jwks.json",
            profile=profile,  # type: ignore[arg-type]
        )
        late.app = new_app(given)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with start_sandbox(config) as running:
            _register(given, running.sandbox, running.url)
            yield House(given, late.app, tool, running.url, running.sandbox)
        server.shutdown()
        thread.join()
        server.server_close()
        given.database.close()


class _Late:
    """The address is known before the app that is told it."""

    app: Flask

    def __call__(self, environ, start_response):  # type: ignore[no-untyped-def]
        return self.app(environ, start_response)


def _register(given: Parts, sandbox: Sandbox, url: str) -> None:
    with given.database.write() as session:
        register(
            session,
            given.clock,
            given.settings,
            "default",
            Registration(
                issuer=sandbox.profile.issuer,
                client_id=sandbox.registration.client_id,
                auth_login_url=f"{url}/auth",
                auth_token_url=sandbox.grants.token_url,
                jwks_url=f"{url}/jwks",
                deployment_ids=[sandbox.registration.deployment_id],
            ),
        )
