"""A little OAuth 2 server that gives tokens for client credentials, and an LRS's look at who shows one."""

import json
import threading
from base64 import b64decode
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote_plus


@dataclass
class TokenServer:
    """``plan``: (status, answer, headers) of the next requests; after that it behaves. ``good``: tokens in force."""

    client_id: str = "alongside"
    client_secret: str = "a secret: with % and +"
    expires_in: Any = 3600
    plan: deque[tuple[int, Any, dict[str, str]]] = field(default_factory=deque)
    good: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/oauth2/token"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def accepts(self, authorization: str) -> bool:
        """For an LRS that is shown a token."""
        return authorization.removeprefix("Bearer ") in self.good

    def _answer(self, path: str, authorization: str, form: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        self.asked.append(form)
        if self.plan:
            return self.plan.popleft()
        if path != "/oauth2/token":
            return 404, {}, {}
        pair = b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        if [unquote_plus(part) for part in pair] != [self.client_id, self.client_secret]:
            return 401, {"error": "invalid_client"}, {}
        if form.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type"}, {}
        token = f"token-{len(self.asked)}"
        self.good.add(token)
        answer = {"access_token": token, "token_type": "bearer"}
        return 200, answer | ({"expires_in": self.expires_in} if self.expires_in is not None else {}), {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                status, answer, headers = server._answer(
                    self.path, self.headers.get("Authorization", ""), form
                )
                said = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(said)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
