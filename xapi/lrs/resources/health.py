"""`/healthz`: can this LRS reach its database?"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import select

from xapi.lrs.models import Statement
from xapi.lrs.resources.service import Service


def health_blueprint(service: Service) -> Blueprint:
    blueprint = Blueprint("health", __name__)

    @blueprint.route("/healthz", methods=["GET"])
    def healthz() -> Response:
        with service.database.read() as connection:
            connection.execute(select(Statement.stored).limit(1)).all()
        return jsonify({"status": "ok"})

    return blueprint
