"""Signing in and out, and a new password."""

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lti_tool.console import blueprint, operators, sessions
from lti_tool.console.forms import NewPassword, SignIn, from_form
from lti_tool.console.guard import COOKIE, COOKIE_NAME, me
from lti_tool.console.models import Operator
from lti_tool.limits import address, limited
from lti_tool.logs import log
from lti_tool.parts import parts

FAILURES_BY_NAME_AND_ADDRESS = "5 per minute"
FAILURES_BY_ADDRESS = "30 per 15 minutes"
# Generous, since whoever knows a name can use it up for the one who bears it.
FAILURES_BY_NAME = "60 per hour"


def _failed(response: Response) -> bool:
    return response.status_code != 303


def _name() -> str:
    return "name " + operators.as_name(request.form.get("name", ""))[:64]


def form(way: str, *, failed: bool = False, name: str = "") -> str:
    return render_template("console/sign_in.html", way=way, failed=failed, name=name)


def way_back() -> str:
    """The page that was asked for, to be shown after signing in."""
    return request.full_path.rstrip("?") if request.method == "GET" else ""


@blueprint.get("/sign-in")
def sign_in_form() -> str:
    return form("")


@blueprint.post("/sign-in")
@limited(FAILURES_BY_ADDRESS, by=address, only=_failed)
@limited(FAILURES_BY_NAME, by=_name, only=_failed)
@limited(FAILURES_BY_NAME_AND_ADDRESS, by=lambda: f"{_name()} {address()}", only=_failed)
def sign_in() -> Response:
    given = parts()
    sent = from_form(SignIn)
    with given.database.read() as session:
        operator = operators.find_operator(session, sent["name"])
    if not operators.check_password(operator, sent["password"]) or operator is None:
        log.warning("operator not signed in", known=operator is not None)
        return make_response(form(sent["next"], failed=True, name=sent["name"]), 403)
    with given.database.write() as session:
        # Removed, or given another password, in between: then nobody signs in with what was checked before.
        still = session.get(Operator, operator.id)
        if still is None or still.password_hash != operator.password_hash:
            return make_response(form(sent["next"], failed=True, name=sent["name"]), 403)
        operators.renew_hash(session, operator, sent["password"])
        sessions.end(session, request.cookies.get(COOKIE_NAME, ""))
        secret = sessions.begin(session, given.clock, operator.id)
    log.info("operator signed in", operator=operator.name)
    return _with_secret(redirect(_own(sent["next"]), 303), secret)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    with parts().database.write() as session:
        sessions.end(session, request.cookies.get(COOKIE_NAME, ""))
    log.info("operator signed out", operator=me().name)
    response = make_response(redirect(url_for("console.sign_in_form"), 303))
    response.delete_cookie(COOKIE_NAME, **COOKIE)
    return response


@blueprint.get("/password")
def password_form() -> str:
    return render_template("console/password.html", wrong="")


@blueprint.post("/password")
@limited(FAILURES_BY_ADDRESS, by=address, only=_failed)
def change_password() -> Response:
    """Ends every session of the operator but this one, which goes on under a new secret."""
    given = parts()
    sent = from_form(NewPassword)
    with given.database.write() as session:
        operator = session.get_one(Operator, me().id)
        wrong = _wrong(operator, sent)
        if not wrong:
            try:
                operators.change_password(session, operator, sent["password"])
            except operators.OperatorRefused as refused:
                wrong = str(refused)
            else:
                secret = sessions.begin(session, given.clock, operator.id)
    if wrong:
        return make_response(render_template("console/password.html", wrong=wrong), 403)
    log.info("operator changed password", operator=me().name)
    return _with_secret(redirect(url_for("console.overview", done="password"), 303), secret)


def _wrong(operator: Operator, sent: dict[str, Any]) -> str:
    if not operators.check_password(operator, sent["present"]):
        return _("The present password is another one.")
    if sent["password"] != sent["again"]:
        return _("The two new passwords differ.")
    return ""


def _with_secret(answer: Any, secret: str) -> Response:
    response = make_response(answer)
    response.set_cookie(COOKIE_NAME, secret, **COOKIE)
    return response


def _own(way: str) -> str:
    """Only pages of the console: nobody is sent elsewhere by a link to the sign-in."""
    home = url_for("console.overview")
    is_own = way == home or way.startswith((f"{home}/", f"{home}?"))
    return way if is_own and way.isprintable() and "\\" not in way and "//" not in way else home
