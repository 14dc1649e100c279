"""The tool's own front door: panels open from courses, and whoever comes here by hand is told so."""

from flask import Blueprint, render_template

front = Blueprint("front", __name__)


@front.get("/")
def door() -> str:
    return render_template("lti/front.html")
