"""Somebody with the panel's page open: what their browser would send, and what they would see."""

import json
import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from lti_tool import bearer
from lti_tool.parts import Parts
from social_layer.viewer import Viewer
from tests.room import Room


@dataclass
class Reader:
    """Paths are below the panel's address."""

    app: Flask
    room: Room
    panel_id: UUID
    member: UUID
    token: str

    @classmethod
    def of(cls, app: Flask, given: Parts, room: Room, member: UUID, panel_id: UUID | None = None) -> "Reader":
        panel = panel_id or room.panel_id
        token, _ = bearer.issue(given, room.tenant_id, member, panel)
        return cls(app, room, panel, member, token)

    @property
    def viewer(self) -> Viewer:
        return self.room.look(self.member, self.panel_id)

    def send(self, method: str, path: str = "", **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        address = f"/panels/{self.panel_id}{path}"
        return self.app.test_client().open(address, method=method, headers=headers, **more)

    def send_api(self, method: str, path: str, json: object = None) -> TestResponse:
        """As the page's scripts do for what has no look of its own."""
        headers = {"Authorization": f"Bearer {self.token}"}
        address = f"/api/v1/panels/{self.panel_id}{path}"
        return self.app.test_client().open(address, method=method, headers=headers, json=json)

    def get(self, path: str = "", **more: Any) -> TestResponse:
        return self.send("GET", path, **more)

    def post(self, path: str, **form: Any) -> TestResponse:
        return self.send("POST", path, data=form)

    def write(self, body: str = "Some words", **form: Any) -> UUID:
        """Posts what is taken; the entry's id."""
        response = self.post("/entries", body=body, **form)
        assert response.status_code == 200, response.text
        return entry_ids(response.text)[0]

    def page(self) -> str:
        response = self.get()
        assert response.status_code == 200, response.text
        return response.text

    def config(self) -> dict[str, Any]:
        return config_of(self.page())

    def sees(self) -> str:
        """The words of the page, without its tags."""
        return words_of(self.page())


def config_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="config">(.*?)</script>', page, re.DOTALL)
    assert found, page[:500]
    config: dict[str, Any] = json.loads(found[1])
    return config


def entry_ids(html: str) -> list[UUID]:
    return [UUID(found) for found in re.findall(r'<article class="[^"]*" id="e-([^"]+)"', html)]


def words_of(html: str) -> str:
    html = re.sub(r"<(script|template|dialog)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
