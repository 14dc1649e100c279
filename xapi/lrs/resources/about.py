"""The about resource (Communication 2.8): which versions are spoken. It needs neither user nor version header."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from xapi.lrs.resources.service import Service

VERSIONS = ("1.0.0", "1.0.1", "1.0.2", "1.0.3", "2.0.0")


def about_blueprint(service: Service) -> Blueprint:
    blueprint = Blueprint("about", __name__)

    @blueprint.route("/about", methods=["GET"])
    def about() -> Response:
        service.call().allow()
        return jsonify({"version": VERSIONS, "extensions": {}})

    return blueprint
