"""Answers that the pages' scripts and the JSON API have in common."""

from flask import Response


def nothing() -> Response:
    """Done, or nothing new: there is nothing to show."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response
