"""What every answer says to the browser: what may run in the page, and which LMS may frame it."""

from uuid import UUID

from flask import Flask, Response, g, request

from lti_tool.parts import parts

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'"
)


def register_headers(app: Flask) -> None:
    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()"
        )
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
        if parts().settings.is_secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.endpoint != "static":
            headers.setdefault("Cache-Control", "no-store")
        # A piece of a page brings its own; whose frames there are need not be read for it.
        if response.mimetype == "text/html" and "Content-Security-Policy" not in headers:
            ancestors = _ancestors()
            # A page that answers a platform sends a form there: to where it may stand, and nowhere else.
            forms = ancestors if g.get("answers_platform") else "'self'"
            headers.setdefault(
                "Content-Security-Policy", f"{_POLICY}; form-action {forms}; frame-ancestors {ancestors}"
            )
        return response


def _ancestors() -> str:
    """The tenant's own list, once it is known whose page this is; nobody's frame otherwise.

    A login's pages come before that is known. They show nothing of anybody, and must be seen where they stand.
    """
    if g.get("in_any_frame"):
        return "*"
    tenant_id: UUID | None = g.get("tenant_id")
    if tenant_id is None:
        return "'none'"
    from lti_tool.lti.frames import frame_ancestors

    with parts().database.read() as session:
        return " ".join(["'self'", *frame_ancestors(session, tenant_id)])
