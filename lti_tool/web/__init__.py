"""The panels' pages: the page itself, and the fragments by which it grows and changes."""

from flask import Blueprint, Response
from marshmallow import ValidationError

from lti_tool.errors import answer
from lti_tool.problems import Problem

blueprint = Blueprint("web", __name__)


@blueprint.errorhandler(ValidationError)
def _of_form(error: ValidationError) -> Response:
    return answer(Problem("invalid"), {"errors": error.normalized_messages()})


from lti_tool.web import (  # noqa: E402
    contributions,  # noqa: F401
    entries,  # noqa: F401
    grading,  # noqa: F401
    groups,  # noqa: F401
    panels,  # noqa: F401
    people,  # noqa: F401
    placing,  # noqa: F401
    records,  # noqa: F401
    reflections,  # noqa: F401
    reports,  # noqa: F401
    settings,  # noqa: F401
    terms,  # noqa: F401
)
