"""Whether a form was sent by one of our own pages: what browsers say of it, and other sites cannot."""

from flask import request

from lti_tool.parts import parts


def is_from_own_page() -> bool:
    """By Fetch Metadata; older browsers say ``Origin``, which a page of ours must not withhold (Referrer-Policy)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == parts().settings.public_url
