"""The sandbox LMS as a Flask app of its own, and how it is served. It is never part of the tool's app."""

import dataclasses
import threading
from collections.abc import Callable
from typing import Any

import requests
from flask import Flask, request
from flask.wrappers import Response
from flask_babel import Babel
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from lti_tool.paths import PACKAGE, templates_folder
from lti_tool.sandbox import administration, grading, oidc, pages, teaching
from lti_tool.sandbox.config import SandboxConfig
from lti_tool.sandbox.platform import Sandbox
from lti_tool.sandbox.services import groups, line_items, memberships, notices, scores
from lti_tool.sandbox.tokens import KeyRing

# Pages of ours run only scripts of ours; frames and forms go to the tool, wherever it is.
POLICY = "script-src 'self'; object-src 'none'; base-uri 'none'"


def create_sandbox(
    config: SandboxConfig, http: requests.Session | None = None, keys: KeyRing | None = None
) -> Flask:
    """The app; its platform is `sandbox_of(app)`.

    `http` reaches the LRS and the tool's key set. `keys` saves making new ones, which takes a while.
    """
    app = Flask("lti_tool.sandbox", template_folder=str(templates_folder()), static_folder=None)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(PACKAGE / "translations")
    Babel(app)
    sandbox = Sandbox(config, http, keys)
    app.extensions["sandbox"] = sandbox
    app.register_blueprint(oidc.blueprint(sandbox))
    for service in (memberships, line_items, scores, notices, groups):
        app.register_blueprint(service.blueprint(sandbox))
    app.register_blueprint(pages.blueprint(sandbox))
    app.register_blueprint(grading.blueprint(sandbox))
    app.register_blueprint(administration.blueprint(sandbox))
    app.register_blueprint(teaching.blueprint(sandbox))
    app.after_request(_guarded)

    @app.after_request
    def kept(response: Response) -> Response:
        if request.method not in ("GET", "HEAD") and response.status_code < 400:
            sandbox.save_soon()
        return response

    return app


def sandbox_of(app: Flask) -> Sandbox:
    sandbox: Sandbox = app.extensions["sandbox"]
    return sandbox


def _guarded(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


class _Quiet(WSGIRequestHandler):
    """No line per request: the poll for statements would bury everything else on the terminal."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class Running:
    """A sandbox that serves from a thread until stopped; a context manager."""

    def __init__(self, app: Flask, server: BaseWSGIServer) -> None:
        self.app = app
        self.sandbox = sandbox_of(app)
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, name="sandbox-lms", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return self.sandbox.config.base

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()
        self.sandbox.save()
        self.sandbox.http.close()

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()


def start(config: SandboxConfig, host: str = "127.0.0.1", port: int = 0) -> Running:
    """Serve in the background. Port 0 takes a free one, and puts it into the public URL."""
    app, server = _bound(config, host, port)
    return Running(app, server)


def serve(
    config: SandboxConfig,
    host: str = "127.0.0.1",
    port: int = 8001,
    ready: Callable[[Sandbox], None] | None = None,
) -> None:
    """Serve until interrupted. `ready` is called once the address answers."""
    app, server = _bound(config, host, port)
    if ready is not None:
        ready(sandbox_of(app))
    try:
        server.serve_forever()
    finally:
        server.server_close()
        sandbox_of(app).save()
        sandbox_of(app).http.close()


def _bound(config: SandboxConfig, host: str, port: int) -> tuple[Flask, BaseWSGIServer]:
    late = _LateApp()
    server = make_server(host, port, late, threaded=True, request_handler=_Quiet)
    if port == 0:
        config = dataclasses.replace(config, public_url=_with_port(config.public_url, server.server_port))
    late.app = create_sandbox(config)
    return late.app, server


class _LateApp:
    """The app needs its own address, which is known only once the server has its port."""

    app: Flask

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


def _with_port(url: str, port: int) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].partition(':')[0]}:{port}"
