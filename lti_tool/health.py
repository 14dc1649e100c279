"""Whether the tool lives, whether it can serve, and what it counts."""

from flask import Blueprint, Flask, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lti_tool import migrations
from lti_tool.metrics import exposition
from lti_tool.parts import parts

health = Blueprint("health", __name__)


def register_health(app: Flask) -> None:
    app.register_blueprint(health)


@health.get("/healthz")
def alive() -> Response:
    return jsonify(status="ok")


@health.get("/readyz")
def ready() -> tuple[Response, int]:
    """Ready means: the database answers, and its tables are those of this version."""
    database = parts().database
    try:
        with database.read() as session:
            session.execute(text("SELECT 1"))
        at_head = migrations.is_at_head(database.engine)
    except SQLAlchemyError:
        return jsonify(status="unavailable", database="does not answer"), 503
    if not at_head:
        return jsonify(status="unavailable", database="run: alongside db upgrade"), 503
    return jsonify(status="ok"), 200


@health.get("/metrics")
def metrics() -> Response:
    return Response(exposition(), content_type=CONTENT_TYPE_LATEST)
