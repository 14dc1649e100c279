"""Answers that are pieces of a page, for the page's own scripts."""

from flask import Response, render_template

# Nobody is to open a piece by itself; and as no frame holds one, nobody's list of frames need be read.
_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


def fragment(template: str, *, status: int = 200, **context: object) -> Response:
    """A piece of HTML."""
    return _closed(Response(render_template(template, **context), status=status, mimetype="text/html"))


def html_fragment(html: str) -> Response:
    """A piece of HTML that is rendered and safe already."""
    return _closed(Response(html, mimetype="text/html"))


def _closed(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    return response
