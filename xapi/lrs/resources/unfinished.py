"""The resources of xAPI that this LRS does not offer yet: a plain 501, so that no sender takes them for stored."""

from __future__ import annotations

from flask import Blueprint, Response

from xapi.lrs.errors import Refused
from xapi.lrs.resources.service import Service

PATHS = ("/activities/state", "/activities/profile", "/agents/profile", "/activities", "/agents")


def unfinished_blueprint(service: Service) -> Blueprint:
    blueprint = Blueprint("unfinished", __name__)

    def answer() -> Response:
        service.known_call()
        raise Refused(501, "not_implemented", "This LRS does not offer this resource yet.")

    for path in PATHS:
        blueprint.add_url_rule(
            path, endpoint=path.replace("/", "_"), view_func=answer, methods=["GET", "PUT", "POST", "DELETE"]
        )
    return blueprint
