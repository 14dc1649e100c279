"""Who may look at the console: asked before every one of its addresses, whatever else the request carries.

A page is for operators unless it stands in ``OPEN``; a change moreover comes from a form of the console's own.
"""

from hmac import compare_digest
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, request

from lti_tool.console import sessions
from lti_tool.console.operators import SignedIn
from lti_tool.own_page import is_from_own_page
from lti_tool.parts import parts
from lti_tool.problems import Problem

# `__Host-`: no other host of the site can set it. Strict: no other site's page can make use of it.
COOKIE_NAME = "__Host-operator"
COOKIE: dict[str, Any] = {"path": "/", "secure": True, "httponly": True, "samesite": "Strict"}
LOOKS_BY_ITSELF = "X-Looks-By-Itself"
OPEN = frozenset({"console.sign_in_form", "console.sign_in"})
# What carries a file: of somebody who is signed in, and of nobody else, that much is read. The file itself may be
# smaller; so it can be said on a page of ours.
_CARRIES_FILE = frozenset({"console.preview_records", "console.import_records"})
_MOST_BYTES = 16_000_000
_CHALLENGE = {"WWW-Authenticate": 'Form realm="console"'}


def register_guard(blueprint: Blueprint) -> None:
    blueprint.before_request(ask_who)
    blueprint.after_request(add_headers)
    blueprint.app_context_processor(lambda: {"form_token": form_token, "operator": g.get("operator")})


def ask_who() -> None:
    """Raises ``sign_in_first`` and ``form_elsewhere``."""
    changes = request.method not in ("GET", "HEAD", "OPTIONS")
    if changes and not is_from_own_page():
        raise Problem("form_elsewhere")
    if request.endpoint in OPEN:
        return
    given = parts()
    with given.database.read() as session:
        found = sessions.find(session, given.clock, request.cookies.get(COOKIE_NAME, ""))
    if found is None:
        raise Problem("sign_in_first", headers=_CHALLENGE)
    g.operator, g.operator_session = found.operator, found
    if request.endpoint in _CARRIES_FILE:
        request.max_content_length = request.max_form_memory_size = _MOST_BYTES
    if changes and not compare_digest(
        found.form_token.encode(), request.form.get("form_token", "").encode(errors="replace")
    ):
        raise Problem("form_elsewhere")
    # A page that looks by itself how things are is not somebody who is there.
    if not found.is_noted and LOOKS_BY_ITSELF not in request.headers:
        with given.database.write() as session:
            sessions.note_presence(session, given.clock, found)


def me() -> SignedIn:
    operator: SignedIn = g.operator
    return operator


def scope() -> UUID | None:
    """The tenant that the operator is restricted to."""
    return me().tenant_id


def form_token() -> str:
    """What every form of the console carries."""
    found: sessions.OpenSession | None = g.get("operator_session")
    return found.form_token if found else ""


def add_headers(response: Response) -> Response:
    response.headers["X-Frame-Options"] = "DENY"
    # So that older browsers say where a form comes from; nothing of the address goes to other sites.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response
