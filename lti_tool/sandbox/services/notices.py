"""Platform Notification Service 1.0: tools say where notices go, and are told when a course was copied."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from flask import Blueprint, Response, jsonify, request

from lti_tool.sandbox.registrations import NOTICES, Registration
from lti_tool.sandbox.services.door import guarded
from lti_tool.sandbox.services.rules import ServiceRefusal
from lti_tool.sandbox.tokens import Draft
from lti_tool.sandbox.world import Course

if TYPE_CHECKING:
    from lti_tool.sandbox.platform import Sandbox

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
HELLO = "LtiHelloWorldNotice"
COPIED = "LtiContextCopyNotice"
TYPES = (HELLO, COPIED)
RULE = "/api/lti/notice-handlers/<deployment>"
TOKEN_LIFE = 3600
CONNECT_AND_READ = (3.0, 5.0)


@dataclass(frozen=True)
class Delivered:
    """One attempt; there is no second one. `status` 0 when nobody answered."""

    client_id: str
    notice_type: str
    handler: str
    token: str
    status: int


@dataclass
class Notices:
    sandbox: "Sandbox"
    handlers: dict[tuple[str, str], str] = field(default_factory=dict)
    """Address by client id and notice type."""
    sent: list[Delivered] = field(default_factory=list)

    def tell_copied(self, origin: Course, copy: Course) -> None:
        """LtiContextCopyNotice to every tool that asked for it."""
        shown = self.sandbox.profile.services.context_json(copy)
        claims = {f"{CLAIM}context": shown, f"{CLAIM}origin_contexts": [origin.id]}
        self._tell(COPIED, claims, self.sandbox.tools.values())

    def tell_hello(self, tool: Registration) -> None:
        self._tell(HELLO, {}, [tool])

    def again(self, delivered: Delivered) -> int:
        """The very same notice once more: tools must not mind."""
        return self._post(delivered.handler, delivered.token)

    def token(self, tool: Registration, notice_type: str, claims: dict[str, Any]) -> str:
        sandbox = self.sandbox
        now = sandbox.config.clock()
        issued = int(now.timestamp())
        usual = {
            "iss": sandbox.profile.issuer,
            "aud": tool.client_id,
            "azp": tool.client_id,
            "iat": issued,
            "exp": issued + TOKEN_LIFE,
            "jti": f"{sandbox.randomness.getrandbits(128):032x}",
            "nonce": f"{sandbox.randomness.getrandbits(128):032x}",
            f"{CLAIM}version": "1.3.0",
            f"{CLAIM}roles": ["http://purl.imsglobal.org/vocab/lis/v2/system/person#None"],
            f"{CLAIM}deployment_id": tool.deployment_id,
            f"{CLAIM}notice": {
                "id": f"{sandbox.randomness.getrandbits(128):032x}",
                "timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "type": notice_type,
            },
        }
        return sandbox.keys.sign(Draft(usual | claims, sandbox.keys.header()))

    def _tell(self, notice_type: str, claims: dict[str, Any], tools: Iterable[Registration]) -> None:
        for tool in list(tools):
            handler = self.handlers.get((tool.client_id, notice_type))
            if handler and tool.active:
                token = self.token(tool, notice_type, claims)
                status = self._post(handler, token)
                self.sent.append(Delivered(tool.client_id, notice_type, handler, token, status))

    def _post(self, handler: str, token: str) -> int:
        try:
            answer = self.sandbox.http.post(
                handler, json={"notices": [{"jwt": token}]}, timeout=CONNECT_AND_READ, allow_redirects=False
            )
        except requests.RequestException:
            return 0
        return answer.status_code


def blueprint(sandbox: "Sandbox") -> Blueprint:
    service = Blueprint("notices", __name__)

    def handlers_of(tool: Registration) -> Response:
        held = {
            kind: address
            for (client, kind), address in sandbox.notices.handlers.items()
            if client == tool.client_id
        }
        return jsonify(
            {
                "client_id": tool.client_id,
                "deployment_id": tool.deployment_id,
                "notice_handlers": [{"notice_type": kind, "handler": held.get(kind, "")} for kind in TYPES],
            }
        )

    def check(tool: Registration, deployment: str) -> None:
        if not sandbox.profile.services.notices_url(tool).endswith(f"/{deployment}"):
            raise ServiceRefusal(403, "This deployment is another tool's")

    @service.get(RULE)
    @guarded(sandbox, NOTICES)
    def shown(tool: Registration, deployment: str) -> Response:
        check(tool, deployment)
        return handlers_of(tool)

    @service.put(RULE)
    @guarded(sandbox, NOTICES, alone=False)
    def handled(tool: Registration, deployment: str) -> Response:
        check(tool, deployment)
        if request.mimetype != "application/json":
            raise ServiceRefusal(415, "The body must be application/json")
        try:
            given = json.loads(request.get_data())
        except ValueError:
            given = None
        kind = given.get("notice_type") if isinstance(given, dict) else None
        handler = given.get("handler") if isinstance(given, dict) else None
        if kind not in TYPES or not isinstance(handler, str):
            raise ServiceRefusal(400, "notice_type must be one that is supported, and handler an address")
        homes = {urlsplit(each).netloc for each in (*tool.launch_urls, tool.target_link_uri)}
        if handler and urlsplit(handler).netloc not in homes:
            raise ServiceRefusal(400, "handler must be an address of the tool")
        if handler:
            sandbox.notices.handlers[tool.client_id, kind] = handler
        else:
            sandbox.notices.handlers.pop((tool.client_id, kind), None)
        if handler and kind == HELLO:
            sandbox.notices.tell_hello(tool)
        return jsonify({"notice_type": kind, "handler": handler})

    return service
