"""Somebody who uses the API."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from lti_tool import bearer
from lti_tool.parts import Parts
from tests.room import Room


@dataclass
class Speaker:
    """Sends requests with their token. Paths are below ``/api/v1``; ``{panel}`` stands for their panel."""

    app: Flask
    panel_id: UUID
    member: UUID
    token: str
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.token}"}

    @classmethod
    def of(
        cls, app: Flask, given: Parts, room: Room, member: UUID, panel_id: UUID | None = None
    ) -> "Speaker":
        panel = panel_id or room.panel_id
        token, _ = bearer.issue(given, room.tenant_id, member, panel)
        return cls(app, panel, member, token)

    def send(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> TestResponse:
        return self.app.test_client().open(
            "/api/v1" + path.replace("{panel}", f"/panels/{self.panel_id}"),
            method=method,
            headers={**self.headers, **(headers or {})},
            **more,
        )

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.send("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.send("POST", path, json=json, **more)

    def put(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.send("PUT", path, json=json, **more)

    def patch(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.send("PATCH", path, json=json, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        return self.send("DELETE", path, **more)

    def write(self, body: str = "Some words", **more: Any) -> dict[str, Any]:
        """Posts an entry that is taken."""
        response = self.post("{panel}/entries", {"body": body, **more})
        assert response.status_code == 201, response.text
        return dict(response.json)
