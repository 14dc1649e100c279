"""The bundled LRS as a Flask app of its own."""

from __future__ import annotations

from flask import Flask, Response, g

from xapi.lrs.authentication import Authentication
from xapi.lrs.call import VERSION
from xapi.lrs.database import Database
from xapi.lrs.errors import register_errors
from xapi.lrs.migrations import upgrade
from xapi.lrs.resources.about import about_blueprint
from xapi.lrs.resources.health import health_blueprint
from xapi.lrs.resources.service import Service
from xapi.lrs.resources.statements import statements_blueprint
from xapi.lrs.resources.unfinished import unfinished_blueprint
from xapi.lrs.settings import LrsSettings


def create_lrs(settings: LrsSettings) -> Flask:
    """Brings the database to the newest shape first; raises `Unavailable` where it cannot be reached."""
    upgrade(settings.database_url)
    database = Database(settings)
    database.consistent_through()
    service = Service(settings, database, Authentication(database, settings.credentials))
    app = Flask(__name__, static_folder=None)
    app.extensions["lrs"] = service
    for blueprint in (statements_blueprint, about_blueprint, unfinished_blueprint):
        app.register_blueprint(blueprint(service), url_prefix="/xAPI")
    app.register_blueprint(health_blueprint(service))
    register_errors(app, settings.retry_after_seconds)

    @app.after_request
    def say_version(response: Response) -> Response:
        response.headers["X-Experience-API-Version"] = g.get("version", VERSION)
        return response

    return app
