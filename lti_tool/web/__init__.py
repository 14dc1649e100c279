"""The panels' pages: the page itself, and the fragments by which it grows and changes."""

from flask import Blueprint, Response
from marshmallow import ValidationError

from lti_tool.errors import answer
from lti_tool.problems import Problem

blueprint = Blueprint("web", __name__)


@blueprint.errorhandler(ValidationError)
def _of_form(error: ValidationError) -> Response:
    return answer(Problem("invalid"), {"errors": error.normalized_messages()})


from lti_tool.web import entries, grading, panels, people, reflections, settings  # noqa: E402, F401
