"""The protocol's addresses: a login begins, the browser is found to keep our secret, the platform answers.

Whether the browser keeps the secret is known before the platform's one-time hint is spent, by one redirect to
ourselves. Where it does not, the platform's own storage keeps it, or the panel opens in a tab of its own.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, jsonify, make_response, redirect, render_template, request, url_for
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lti_tool import bearer
from lti_tool.logs import log
from lti_tool.lti import arrival, frames, launch_log, logins, placings, queries
from lti_tool.lti.adapter import PlatformLogin, PlatformRegistration, VerifiedLaunch
from lti_tool.lti.messages import Message
from lti_tool.lti.parameters import LoginParameters, read_login
from lti_tool.lti.protocol import protocol
from lti_tool.lti.queries import LoginCard, PlatformCard
from lti_tool.lti.verifier import verify
from lti_tool.own_page import is_from_own_page
from lti_tool.parts import Parts, parts
from lti_tool.problems import Problem
from lti_tool.web.panel_page import render_panel
from lti_tool.web.placing_page import render_placing

blueprint = Blueprint("lti", __name__, url_prefix="/lti")
blueprint.after_request(launch_log.note_after)

# Two launches of one new course or person at the same moment: the later one finds what the other made.
_ATTEMPTS = 3
_Arrived = TypeVar("_Arrived", arrival.Arrived, placings.Begun)


@blueprint.before_request
def may_stand_in_any_frame() -> None:
    """Pages of a login show nothing of anybody, and come before it is known whose frame they are in."""
    g.in_any_frame = True


@blueprint.route("/login", methods=["GET", "POST"])
def begin_login() -> Response:
    given = parts()
    sent = request.form if request.method == "POST" else request.args
    asked = read_login(sent, given.settings.public_url)
    secret = logins.new_secret()
    with given.database.write() as session:
        platform = _platform_of(session, asked)
        launch_log.begun_at(platform)
        registration = PlatformRegistration(platform, protocol().tool_keys)
        begun = PlatformLogin(asked.passed_on, registration, given.settings.is_secure).begin(
            launch_url(given)
        )
        logins.store(session, given.clock, platform, begun, secret, asked.lti_storage_target)
    return _with_secret(redirect(url_for("lti.go_on", state=begun.state), 303), begun.state, secret)


@blueprint.get("/login/continue")
def go_on() -> Response:
    """The browser is back: with the secret it goes to the platform, without it another way is found."""
    given = parts()
    state = request.args.get("state", "")
    with given.database.read() as session:
        login = logins.open_login(session, given.clock, state)
    launch_log.begun_at(login.platform)
    if logins.is_bound(login, request.cookies.get(logins.cookie_name(state))):
        return make_response(redirect(login.authorization_url, 302))
    in_own_tab = "tab" in request.args
    log.info(
        "no cookie kept",
        platform=str(login.platform.id),
        own_tab=in_own_tab,
        storage=bool(login.storage_target),
    )
    if login.storage_target and not in_own_tab:
        return _storage_page(given, login)
    if in_own_tab or request.headers.get("Sec-Fetch-Dest") == "document":
        raise Problem("cookies_blocked", host=urlsplit(given.settings.public_url).hostname)
    return make_response(render_template("lti/own_tab.html", state=state))


@blueprint.post("/login/tab")
def go_on_in_own_tab() -> Response:
    """The same login, its hint unspent, in a tab where our cookie is not a third party's.

    A page in between, not a redirect: browsers hold each redirect of a form against `form-action`, and the next ones
    lead to the platform.
    """
    given = parts()
    with given.database.write() as session:
        login, secret = logins.renew(session, given.clock, request.form.get("state", ""))
    page = render_template("lti/go_on.html", next=url_for("lti.go_on", state=login.state, tab=1))
    return _with_secret(page, login.state, secret)


@blueprint.post("/launch")
def launch() -> Response:
    given = parts()
    state = request.form.get("state", "")
    if "error" in request.form:
        _refuse_for_platform(request.form["error"])
    with given.database.read() as session:
        login = logins.open_login(session, given.clock, state)
    platform = login.platform
    g.tenant_id = platform.tenant_id
    launch_log.begun_at(platform)
    id_token = request.form.get("id_token", "")
    if not id_token:
        raise Problem("id_token_missing")
    if not _is_same_browser(login):
        if login.storage_target and "binding" not in request.form:
            return _proof_page(login, id_token)
        raise Problem("browser_wrong")
    verified = verify(id_token, platform, login.nonce, protocol().key_sets.find, given.clock())
    registration = PlatformRegistration(platform, protocol().tool_keys)
    message = VerifiedLaunch(verified, registration, protocol().session).message
    g.language = message.language
    launch_log.is_from(given, message)
    show = _show_placing if message.deep_linking else _show_panel
    response = make_response(show(given, login, message))
    g.in_any_frame = False
    g.launched = True
    response.delete_cookie(logins.cookie_name(state), **_COOKIE)
    return response


@blueprint.get("/jwks.json")
def tool_jwks() -> Response:
    response = jsonify(protocol().tool_keys.jwks())
    # Short, so that a rotated key is met soon; platforms that know better ask again for a key they do not know.
    response.headers["Cache-Control"] = "public, max-age=600"
    return response


def launch_url(given: Parts) -> str:
    """The one redirect URI: platforms compare it to the letter, so it never carries anything more."""
    return f"{given.settings.public_url}/lti/launch"


def _platform_of(session: Session, asked: LoginParameters) -> PlatformCard:
    """By issuer and client id; by the issuer alone where only one registration has it."""
    found = queries.platforms_of(session, asked.iss, asked.client_id)
    if not found:
        raise Problem("platform_unknown", issuer=asked.iss, client_id=asked.client_id)
    if len(found) > 1:
        raise Problem("login_incomplete", parameter="client_id")
    return found[0]


# Chromium takes `__Host-` and `Secure` on http://localhost too. Deleting takes the same attributes as setting.
_COOKIE: Mapping[str, Any] = {
    "path": "/",
    "secure": True,
    "httponly": True,
    "samesite": "None",
    "partitioned": True,
}


def _with_secret(answer: Any, state: str, secret: str) -> Response:
    response = make_response(answer)
    lasts = int(logins.LIFETIME.total_seconds())
    response.set_cookie(logins.cookie_name(state), secret, max_age=lasts, **_COOKIE)
    return response


def _is_same_browser(login: LoginCard) -> bool:
    """By the cookie, or by what the page of `_proof_page` got back from the platform's storage."""
    if logins.is_bound(login, request.cookies.get(logins.cookie_name(login.state))):
        return True
    return (
        login.storage_target is not None
        # From another's page the secret proves nothing: it may be that page's own.
        and is_from_own_page()
        and logins.is_bound(login, request.form.get("binding"))
        and request.form.get("nonce") == login.nonce
    )


def _storage_page(given: Parts, login: LoginCard) -> Response:
    """The page that puts the secret into the platform's storage, and then goes to the platform."""
    with given.database.write() as session:
        login, secret = logins.renew(session, given.clock, login.state)
    config = _storage_config(login) | {
        "put": {f"state_{login.state}": secret, f"nonce_{login.nonce}": login.nonce},
        "next": login.authorization_url,
    }
    return make_response(render_template("lti/store.html", config=config, state=login.state))


def _proof_page(login: LoginCard, id_token: str) -> Response:
    """The page that gets the secret back from the platform's storage, and posts the same token with it."""
    config = _storage_config(login) | {
        "get": {"binding": f"state_{login.state}", "nonce": f"nonce_{login.nonce}"}
    }
    page = render_template("lti/prove.html", config=config, state=login.state, id_token=id_token)
    response = make_response(page)
    # So that older browsers, which know no Sec-Fetch-Site, say where its form comes from.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _storage_config(login: LoginCard) -> dict[str, Any]:
    # Data is posted to this origin only (LTI client-side postMessages, section on target origins).
    return {"target": login.storage_target, "origin": frames.origin_of(login.platform.auth_login_url)}


def _refuse_for_platform(error: str) -> None:
    """The platform answers with an error instead of a token (OpenID Connect Core, section 3.1.2.6)."""
    log.warning("platform refused the login", error="".join(filter(str.isprintable, error))[:64])
    if error in ("login_required", "interaction_required"):
        raise Problem("platform_wants_login")
    raise Problem("platform_refused")


def _show_panel(given: Parts, login: LoginCard, message: Message) -> str:
    arrived = _arrive(given, login, lambda session: arrival.receive(session, given.clock, login, message))
    viewer, opening = arrived.viewer, _opening(arrived)
    token, expires_at = bearer.issue(given, viewer.tenant_id, viewer.membership_id, viewer.panel.id)
    with given.database.read() as session:
        return render_panel(session, viewer, token, expires_at, opening=opening)


def _show_placing(given: Parts, login: LoginCard, message: Message) -> str:
    """A deep linking request: the page on which panels are chosen."""
    begun = _arrive(
        given, login, lambda session: placings.begin(session, given.clock, given.settings, login, message)
    )
    tenant_id = login.platform.tenant_id
    token, expires_at = bearer.issue(given, tenant_id, begun.membership_id, begun.placing_id)
    with given.database.read() as session:
        placer = placings.find_placer(session, tenant_id, begun.membership_id, begun.placing_id)
        return render_placing(session, placer, token, expires_at)


def _opening(arrived: arrival.Arrived) -> str:
    """Where the page is to begin: a submission review shows one person's work, or one's own."""
    viewer, reviewed = arrived.viewer, arrived.reviewed
    if reviewed is None:
        return ""
    if viewer.is_staff:
        return f"/grading/learners/{reviewed}"
    if reviewed != viewer.membership_id:
        raise Problem("not_grader")
    return "/participation"


def _arrive(given: Parts, login: LoginCard, work: Callable[[Session], _Arrived]) -> _Arrived:
    for left in reversed(range(_ATTEMPTS)):
        try:
            with given.database.write() as session:
                arrived = work(session)
                launch_log.note_success(session, given.clock)
            break
        except IntegrityError:
            if not left:
                raise
    if arrived.new_origin:
        with given.database.read() as session:
            frames.forget(session, login.platform.tenant_id)
    return arrived
