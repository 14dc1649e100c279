"""The operator's console at `/admin`: what the installation does, what fails, and why a panel did not open."""

from flask import Blueprint, Response, render_template
from marshmallow import ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from lti_tool import errors
from lti_tool.console.guard import OPEN, register_guard
from lti_tool.problems import Problem

blueprint = Blueprint("console", __name__, url_prefix="/admin")
register_guard(blueprint)


@blueprint.errorhandler(Problem)
def _of_problem(problem: Problem) -> Response:
    """As everywhere, but within the console; and who is not signed in meets the form for it."""
    response = errors.answer(problem)
    if response.mimetype == "text/html":
        if problem.code == "sign_in_first":
            response.set_data(signing_in.form(signing_in.way_back()))
        else:
            response.set_data(render_template("console/problem.html", problem=problem))
    return response


@blueprint.errorhandler(RequestEntityTooLarge)
def _of_size(_: RequestEntityTooLarge) -> Response:
    return _of_problem(Problem("too_large"))


@blueprint.errorhandler(ValidationError)
def _of_form(_: ValidationError) -> Response:
    return _of_problem(Problem("console_form_wrong"))


from lti_tool.console import (  # noqa: E402
    event_log,
    invites,
    launches,
    overview,
    people,
    platforms,
    records,
    reports,
    scopes,
    signing_in,
    stores,
)

__all__ = [
    "OPEN",
    "blueprint",
    "event_log",
    "invites",
    "launches",
    "overview",
    "people",
    "platforms",
    "records",
    "reports",
    "scopes",
    "signing_in",
    "stores",
]
