"""A small web server whose answers a test decides, and the tool played by it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import escape
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        pass


class Site:
    """Answers are set by path; `address` is under `host`, so that a site may be another one than the sandbox."""

    def __init__(self, host: str) -> None:
        self.answers: dict[str, Callable[[], ResponseReturnValue]] = {}
        self.app = Flask("stand-in")
        self.app.add_url_rule("/<path:path>", view_func=self._answer, methods=["GET", "POST", "PUT"])
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True, request_handler=Quiet)
        self.address = f"http://{host}:{self.server.server_port}"

    def _answer(self, path: str) -> ResponseReturnValue:
        answer = self.answers.get(path)
        return answer() if answer else ("not here", 404)


@contextmanager
def site(host: str = "127.0.0.1") -> Iterator[Site]:
    made = Site(host)
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        thread.join()
        made.server.server_close()


def play_the_tool(tool: Site, authorization_url: Callable[[], str]) -> None:
    """Login and launch as a correct tool answers them; its page shows what it was sent."""

    def login() -> ResponseReturnValue:
        given = request.values
        asked = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": given["client_id"],
            "redirect_uri": f"{tool.address}/lti/launch",
            "state": "a-state",
            "nonce": "a-nonce",
            "login_hint": given["login_hint"],
            "lti_message_hint": given["lti_message_hint"],
        }
        return redirect(f"{authorization_url()}?{urlencode(asked)}")

    def launch() -> ResponseReturnValue:
        rows = "".join(f"<dt>{escape(k)}<dd id='{escape(k)}'>{escape(v)}" for k, v in request.form.items())
        return Response(f"<!doctype html><html lang=en><title>Tool</title><main><h1>Tool</h1><dl>{rows}</dl>")

    tool.answers |= {"lti/login": login, "lti/launch": launch}
