"""The JSON API, version 1, and its OpenAPI description."""

from flask import Flask

from lti_tool.api.description import API_PREFIX, DescribedApi


def register_api(app: Flask) -> None:
    """Adds ``/api/v1/…`` and ``/api/v1/openapi.json``."""
    from lti_tool.api import drafts, entries, panels, token

    api = DescribedApi(app)
    for part in (panels, entries, drafts, token):
        api.register_blueprint(part.blueprint, url_prefix=API_PREFIX)
