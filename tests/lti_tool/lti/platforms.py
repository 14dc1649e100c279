"""A platform of the test's own: its key set on a loopback server that can fail, and tokens signed as the test likes."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

# Anything that a claim could be, and texts that databases and pages have trouble with.
HOSTILE = st.sampled_from(
    ["\x00", "\ud800", "\u202e", "</script>", "%s", "{{ 7*7 }}", "' OR 1=1 --", "x" * 10_000, "🦊" * 300]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=400) | HOSTILE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(key: rsa.RSAPrivateKey, kid: str, **changes: Any) -> dict[str, Any]:
    return {
        **RSAAlgorithm.to_jwk(key.public_key(), as_dict=True),
        "kid": kid,
        "alg": "RS256",
        "use": "sig",
        **changes,
    }


@dataclass
class KeyServer:
    """What it answers next, and how often it was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None
    posted: tuple[int, bytes] = (405, b"")
    """What it says to whoever posts."""
    sent: bytes = b""
    """What was posted last."""

    def publish(self, *keys: dict[str, Any]) -> None:
        self.status, self.body = 200, json.dumps({"keys": list(keys)}).encode()


@contextmanager
def serving_keys() -> Iterator[KeyServer]:
    state = KeyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked += 1
            if state.answer is not None:
                state.answer(self)
                return
            self.send_response(state.status)
            for name, value in {"Content-Length": str(len(state.body)), **state.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(state.body)

        def do_POST(self) -> None:
            state.sent = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(state.posted[0])
            self.send_header("Content-Length", str(len(state.posted[1])))
            self.end_headers()
            self.wfile.write(state.posted[1])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/jwks"
    state.publish(jwk(KEY, "one"))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def signed(
    claims: dict[str, Any], kid: str | None = "one", key: rsa.RSAPrivateKey = KEY, **header: Any
) -> str:
    """As they are: `jwt.encode` would refuse to sign what is wrong on purpose."""
    payload = json.dumps(claims).encode()
    return jwt.PyJWS().encode(
        payload, key, algorithm="RS256", headers={"kid": kid, **header} if kid else header
    )
