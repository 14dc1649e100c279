"""The door of every service: which tool asks, with which scope; and a record of each call for tests."""

from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Response, request

from lti_tool.sandbox.registrations import Registration
from lti_tool.sandbox.services.rules import ServiceRefusal

if TYPE_CHECKING:
    from lti_tool.sandbox.platform import Sandbox

KEPT = 5000


@dataclass(frozen=True)
class Call:
    """One service request as it came, and the status it was answered with."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    status: int
    client_id: str


@dataclass
class Door:
    """What happened at the services so far, and what tests make happen."""

    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=KEPT))
    weather: Callable[[str, str], int | None] | None = None
    """Given method and path, a status to answer with instead, such as 429 or 500; None to go on."""


Service = Callable[..., Response]


def guarded(sandbox: "Sandbox", *scopes: str, alone: bool = True) -> Callable[[Service], Service]:
    """The service is called with the asking tool first; any one of the scopes opens it.

    `alone`: nothing else changes the course meanwhile; not for services that call the tool themselves.
    """
    rules = sandbox.profile.services

    def wrap(service: Service) -> Service:
        @wraps(service)
        def answered(**values: Any) -> Response:
            client_id = ""
            request.get_data()  # read now: nobody should wait for a slow sender
            try:
                tool = _asking(sandbox, scopes)
                client_id = tool.client_id
                bad = sandbox.door.weather(request.method, request.path) if sandbox.door.weather else None
                if bad:
                    raise ServiceRefusal(bad, "Not now")
                with sandbox.lock if alone else nullcontext():
                    response = service(tool, **values)
            except ServiceRefusal as refusal:
                response = rules.refuse(refusal, request)
                if refusal.status == 429:
                    response.headers["Retry-After"] = "1"
            response.headers["Cache-Control"] = "no-store"
            sandbox.door.calls.append(
                Call(
                    request.method,
                    request.url,
                    dict(request.headers),
                    request.get_data(),
                    response.status_code,
                    client_id,
                )
            )
            return response

        return answered

    return wrap


def _asking(sandbox: "Sandbox", scopes: tuple[str, ...]) -> Registration:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = sandbox.grants.bearer_of(token.strip()) if kind.lower() == "bearer" else None
    if bearer is None or not bearer.registration.active:
        raise ServiceRefusal(401, "Unauthorized")
    # Both platforms answer 401, not 403, to a token that lacks the scope.
    if not bearer.scopes & set(scopes):
        raise ServiceRefusal(401, "Unauthorized")
    return bearer.registration
