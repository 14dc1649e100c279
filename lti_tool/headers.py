"""What every answer says to the browser: what may run in the page, and which LMS may frame it."""

from uuid import UUID

from flask import Flask, Response, g, request

from lti_tool.config import Settings
from lti_tool.parts import parts

# Said with every answer, unless the view said something else.
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
}
_WHERE_SECURE = {"Strict-Transport-Security": "max-age=31536000"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'"
)
# Data, text and pictures: whoever opens one by itself sees it, and nothing in it does anything.
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'"


def register_headers(app: Flask, settings: Settings) -> None:
    wanted = _ALWAYS | _WHERE_SECURE if settings.is_secure else _ALWAYS

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        # Looked through once: each question to `headers` reads all of them.
        said = {name.lower() for name, _ in headers}
        for name, value in wanted.items():
            if name.lower() not in said:
                headers.add(name, value)
        if "cache-control" not in said and request.endpoint != "static":
            headers.add("Cache-Control", "no-store")
        # A piece of a page brings its own; whose frames there are need not be read for it.
        if "content-security-policy" in said:
            return response
        if response.mimetype == "text/html":
            ancestors = _ancestors()
            # A page that answers a platform sends a form there: to where it may stand, and nowhere else.
            forms = ancestors if g.get("answers_platform") else "'self'"
            headers.add(
                "Content-Security-Policy", f"{_POLICY}; form-action {forms}; frame-ancestors {ancestors}"
            )
        elif request.endpoint != "static":
            headers.add("Content-Security-Policy", _NO_PAGE)
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
    from lti_tool.lti.frames import ancestors_of_page

    return " ".join(["'self'", *ancestors_of_page(parts().database, tenant_id)])
