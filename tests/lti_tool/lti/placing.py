"""An instructor who goes from the LMS to the page on which panels are chosen, and back with what they chose."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from flask import Flask
from werkzeug.test import TestResponse

from lti_tool.sandbox import Sandbox, authorize
from lti_tool.sandbox.deep_linking import Placed
from tests.lti_tool.lti.launching import TOOL, Course, asked_of_platform, config_of

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
PANEL = {"kind": "discussion", "title": "Week 1", "purpose": "See what others see", "prompt": "What *is* it?"}


class _KeysOfApp:
    """What the sandbox needs of an HTTP session: the tool's keys, without a server in between."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def get(self, *_: Any, **__: Any) -> "_KeysOfApp":
        # Wherever the LMS believes them to be.
        self._answer = self._app.test_client().get("/lti/jwks.json")
        return self

    def raise_for_status(self) -> None:
        assert self._answer.status_code == 200

    def json(self) -> Any:
        return self._answer.get_json()


@contextmanager
def reached_by(sandbox: Sandbox, app: Flask) -> Iterator[None]:
    """Meanwhile the sandbox finds the tool's keys in ``app``."""
    before, sandbox.http = sandbox.http, _KeysOfApp(app)  # type: ignore[assignment]
    try:
        yield
    finally:
        sandbox.http = before


class Chooser:
    """Somebody at the page; ``settings``: changes of what the platform says of itself."""

    def __init__(
        self,
        course: Course,
        user: str = "amara",
        where: str = "ecology",
        placement: str = "",
        **settings: Any,
    ) -> None:
        self.course = course
        self.page = self._launch(user, where, placement, settings)

    def _launch(self, user: str, where: str, placement: str, changes: dict[str, Any]) -> TestResponse:
        sandbox = self.course.sandbox
        person = sandbox.world.person(user)
        # Whether somebody may add activities is the platform's to say; here the tool is asked by anybody.
        editor = "amara"
        launch, _ = sandbox.deep_links.begin(editor, where, placement=placement)
        settings = {**(launch.settings or {}), **changes}
        self.settings = {name: value for name, value in settings.items() if value is not ...}
        launch, params = sandbox.begin_launch(
            person,
            launch.link,
            message=launch.message,
            target_link_uri=launch.target_link_uri,
            settings=self.settings,
        )
        browser = self.course.browser()
        _, fields = authorize(sandbox, asked_of_platform(browser.log_in(params)))
        self.fields = fields
        return browser.post("/lti/launch", fields)

    @property
    def config(self) -> dict[str, Any]:
        return config_of(self.page)

    def ask(self, path: str = "", json: Any = None, token: str | None = None) -> TestResponse:
        """With the page's pass, or another one; a POST where there is ``json``."""
        headers = {"Authorization": f"Bearer {token or self.config['token']}"}
        client = self.course.app.test_client()
        method = "GET" if json is None else "POST"
        return client.open(
            self.config["placing"] + path, method=method, json=json, headers=headers, base_url=TOOL
        )

    def place(self, *panels: dict[str, Any]) -> TestResponse:
        return self.ask("/answer", {"panels": list(panels)})

    def hand_over(self, answer: TestResponse) -> Placed:
        """As the browser does with the form that came."""
        assert answer.status_code == 200, answer.text
        url, token = form_of(answer)
        sesskey = parse_qs(urlsplit(url).query)["sesskey"][0]
        with reached_by(self.course.sandbox, self.course.app):
            return self.course.sandbox.deep_links.accept(sesskey, token)


def form_of(answer: TestResponse) -> tuple[str, str]:
    """Where the form of the answer goes, and its token."""
    action = re.search(r'<form method="post" action="([^"]*)"', answer.text)
    token = re.search(r'name="JWT" value="([^"]*)"', answer.text)
    assert action is not None
    assert token is not None
    return unescape(action[1]), token[1]


def claims_of(answer: TestResponse) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(form_of(answer)[1], options={"verify_signature": False})
    return found


def items_of(answer: TestResponse) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = claims_of(answer)[f"{DL}content_items"]
    return found
