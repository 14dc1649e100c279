"""A browser without a screen, a tool over a real database, and a sandbox LMS whose keys are served over HTTP."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import DeclarativeBase
from werkzeug.test import Client, TestResponse

from lti_tool.config import Settings, read_settings
from lti_tool.lti.models import Platform
from lti_tool.lti.registrations import Registration, register
from lti_tool.parts import Parts
from lti_tool.sandbox import Sandbox, authorize
from lti_tool.sandbox.launches import LaunchOptions
from tests.tables import make_tables

Row = TypeVar("Row", bound=DeclarativeBase)
TOOL = "http://localhost:8000"
LAUNCH_URL = f"{TOOL}/lti/launch"
FRAMED = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}


@dataclass
class Clock:
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **spans: float) -> None:
        self.now += timedelta(**spans)


def settings_for(database_url: str, folder: Path, **changes: Any) -> Settings:
    settings = read_settings(
        {"DATABASE_URL": database_url, "ALONGSIDE_HOME": str(folder), "ALONGSIDE_RATE_LIMITS": "off"}
    )
    return replace(settings, **{"public_url": TOOL, **changes})


@contextmanager
def parts_for(settings: Settings, clock: Callable[[], datetime]) -> Iterator[Parts]:
    given = Parts.of(settings, clock)
    make_tables(given.database)
    yield given
    given.database.close()


class Page(HTMLParser):
    """The first form of a page with its hidden fields, its links, and the data of its scripts."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.links: list[str] = []
        self.data: dict[str, Any] = {}
        self._script: str | None = None
        self.feed(response.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("type") == "hidden":
            self.fields[given["name"]] = given.get("value", "")
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag == "script":
            self._script = given.get("id") if given.get("type") == "application/json" else None

    def handle_data(self, data: str) -> None:
        if self._script:
            self.data[self._script] = json.loads(data)
            self._script = None


class Browser:
    """Keeps cookies as a browser does that allows them in frames."""

    def __init__(self, app: Flask, *, keeps_cookies: bool = True) -> None:
        self.client = Client(app, use_cookies=keeps_cookies, response_wrapper=TestResponse)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=TOOL, headers={**FRAMED, **headers})

    def post(self, path: str, form: dict[str, str], **headers: str) -> TestResponse:
        return self.client.post(path, base_url=TOOL, data=form, headers={**FRAMED, **headers})

    def log_in(self, params: dict[str, str]) -> TestResponse:
        """The login and its redirect to ourselves; the last answer is the platform's turn, or a page."""
        answer = self.post("/lti/login", params)
        while answer.status_code in (302, 303) and answer.location.startswith("/lti/"):
            answer = self.get(answer.location)
        return answer


def asked_of_platform(answer: TestResponse) -> dict[str, str]:
    """The parameters of the authentication request that the tool sends the browser away with."""
    assert answer.status_code == 302, answer.text
    return asked_in(answer.location)


def asked_in(location: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(location).query))


@dataclass
class Course:
    """A tool, a sandbox LMS registered with it, and browsers in between."""

    app: Flask
    given: Parts
    sandbox: Sandbox
    clock: Clock

    def browser(self, **options: Any) -> Browser:
        return Browser(self.app, **options)

    def ready(
        self,
        browser: Browser,
        user: str = "maya",
        link: str = "food-web",
        variation: str = "",
        **changes: Any,
    ) -> dict[str, str]:
        """Goes as far as the form that the LMS has the browser post to the tool."""
        _, params = self.sandbox.begin_launch(user, link, LaunchOptions(variation=variation, **changes))
        _, fields = authorize(self.sandbox, asked_of_platform(browser.log_in(params)))
        return fields

    def launch(
        self, user: str = "maya", link: str = "food-web", variation: str = "", browser: Browser | None = None
    ) -> TestResponse:
        browser = browser or self.browser()
        _, params = self.sandbox.begin_launch(user, link, LaunchOptions(variation=variation))
        answer = browser.log_in(params)
        if answer.status_code != 302:
            return answer
        _, fields = authorize(self.sandbox, asked_of_platform(answer))
        return browser.post("/lti/launch", fields)

    def rows(self, table: type[Row]) -> list[Row]:
        with self.given.database.read() as session:
            return list(session.scalars(select(table)))


def register_sandbox(given: Parts, sandbox: Sandbox, tenant: str = "default", **changes: Any) -> Platform:
    base = sandbox.config.base
    told: dict[str, Any] = {
        "issuer": sandbox.profile.issuer,
        "client_id": sandbox.registration.client_id,
        "auth_login_url": f"{base}/auth",
        "auth_token_url": f"{base}/token",
        "jwks_url": f"{base}/jwks",
        "deployment_ids": (sandbox.registration.deployment_id,),
    }
    with given.database.write() as session:
        return register(session, given.clock, given.settings, tenant, Registration(**told | changes))[0]


def config_of(answer: TestResponse) -> dict[str, Any]:
    """The data for the scripts of the page that a launch ends on."""
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = Page(answer).data["config"]
    return found


@contextmanager
def counted_statements(given: Parts) -> Iterator[list[str]]:
    """The statements sent to the database within the block."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(given.database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(given.database.engine, "before_cursor_execute", note)
