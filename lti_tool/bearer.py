"""The bearer token of one tab: one membership looking at one panel, or placing panels. No cookie, no session (ADR 1).

The token says who asks; what they may do is read afresh with every request, so that rights can end at once.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Flask, g, request
from itsdangerous import BadSignature, Signer
from sqlalchemy.orm import Session

from lti_tool.moments import as_time_zone
from lti_tool.parts import Parts, parts
from lti_tool.problems import Problem
from social_layer.panels.queries import find_viewer
from social_layer.viewer import Viewer

LASTS = timedelta(hours=4)
# Renewed or not, a pass ends a day after its launch: the LMS is asked again then who somebody is.
LASTS_AT_MOST = timedelta(hours=24)
# Blueprints and endpoints that show nothing of anybody, or decide themselves who is asking.
# The operator's console has a sign-in of its own, see console/guard.py.
OPEN = frozenset(
    {
        *("static", "health", "front", "lti", "api-docs", "profile", "console"),
        *("web.download_contributions", "web.download_measure"),
    }
)
# A panel's address without a token is an empty shell, whose script brings the token.
OPEN_WITHOUT_TOKEN = frozenset({"web.panel", "web.placing"})


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a token says, and until when. ``panel_id`` is a placing's for who places panels: the one opens no other."""

    tenant_id: UUID
    membership_id: UUID
    panel_id: UUID
    launched_at: datetime
    expires_at: datetime


def register_bearer(app: Flask) -> None:
    """Asks for the token before anything else of a request is looked at, a body's mistakes included.

    An address is closed unless it stands in ``OPEN``: whoever adds one need not remember it.
    """

    @app.before_request
    def ask_who() -> None:
        endpoint = request.endpoint
        if endpoint is None or OPEN & {request.blueprint, endpoint}:
            return
        if endpoint in OPEN_WITHOUT_TOKEN and "Authorization" not in request.headers:
            return
        of_request((request.view_args or {}).get("panel_id"))


def issue(
    given: Parts, tenant_id: UUID, membership_id: UUID, panel_id: UUID, launched_at: datetime | None = None
) -> tuple[str, datetime]:
    """A token and the instant at which it ends (whole seconds).

    ``launched_at``: that of the token it renews; none at a launch.
    """
    now = given.clock()
    launched_at = launched_at or now
    expires_at = min(now + LASTS, launched_at + LASTS_AT_MOST).replace(microsecond=0)
    ids = tenant_id.bytes + membership_id.bytes + panel_id.bytes
    times = (int(instant.timestamp()).to_bytes(8) for instant in (launched_at, expires_at))
    return _signer(given).sign(urlsafe_b64encode(ids + b"".join(times))).decode(), expires_at


def read(given: Parts, token: str) -> Bearer:
    """Raises ``token_invalid`` and ``token_expired``."""
    try:
        raw = urlsafe_b64decode(_signer(given).unsign(token))
    except (BadSignature, ValueError):
        raise Problem("token_invalid", headers=_CHALLENGE) from None
    if len(raw) != 64:
        raise Problem("token_invalid", headers=_CHALLENGE)
    launched_at, expires_at = (
        datetime.fromtimestamp(int.from_bytes(raw[at : at + 8]), UTC) for at in (48, 56)
    )
    if expires_at <= given.clock():
        raise Problem("token_expired", headers=_CHALLENGE)
    tenant_id, membership_id, panel_id = (UUID(bytes=raw[at : at + 16]) for at in (0, 16, 32))
    return Bearer(tenant_id, membership_id, panel_id, launched_at, expires_at)


@contextmanager
def looking(panel_id: UUID | None = None) -> Iterator[tuple[Session, Viewer]]:
    """A session to read with, and who asks. ``panel_id``: the panel that the address names, where it names one."""
    bearer = of_request(panel_id)
    with parts().database.read() as session:
        yield session, _viewer(session, bearer)


@contextmanager
def changing(panel_id: UUID | None = None) -> Iterator[tuple[Session, Viewer]]:
    """As :func:`looking`, with a session whose changes commit together at the end of the block."""
    bearer = of_request(panel_id)
    with parts().database.write() as session:
        yield session, _viewer(session, bearer)


def of_request(panel_id: UUID | None) -> Bearer:
    """What the request's token says.

    Raises ``token_missing``, ``token_invalid``, ``token_expired`` and ``other_panel``.
    """
    bearer = _read_once()
    if panel_id not in (None, bearer.panel_id):
        raise Problem("other_panel")
    g.tenant_id = bearer.tenant_id
    return bearer


def genuine() -> Bearer | None:
    """What the request's token says, where it is one of ours and holds; None for anything else."""
    if "Authorization" not in request.headers:
        return None
    try:
        return _read_once()
    except Problem:
        return None


def _read_once() -> Bearer:
    bearer: Bearer | None = g.get("bearer")
    if bearer is None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Problem("token_missing", headers=_CHALLENGE)
        bearer = g.bearer = read(parts(), token.strip())
    return bearer


def _viewer(session: Session, bearer: Bearer) -> Viewer:
    viewer = find_viewer(session, bearer.tenant_id, bearer.membership_id, bearer.panel_id, parts().clock())
    if viewer is None:
        raise Problem("not_member")
    told = zone_of_device()
    if told is not None and not viewer.zone_is_own:
        viewer = replace(viewer, time_zone=told, zone_is_own=True)
    g.viewer = viewer
    return viewer


def zone_of_device() -> str | None:
    """The time zone of the browser, as the page's scripts tell it: many LMSs tell none of their people."""
    return as_time_zone(request.headers.get("Time-Zone"))


def _signer(given: Parts) -> Signer:
    # itsdangerous signs with the last key of a list and verifies with each.
    return Signer(
        given.sealer.keys_for("bearer")[::-1],
        salt="bearer",
        digest_method=hashlib.sha256,
        key_derivation="hmac",
    )


_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="alongside"'}
