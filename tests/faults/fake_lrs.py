"""An LRS that behaves as real ones do, and as badly as it is told to.

``manners`` are what differs between real LRSs, from the delivery table of our notes on them. ``plan`` holds what
happens to the next POSTs, one each; after that it behaves.
"""

import json
import socket
import threading
import time
from base64 import b64decode
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

Statement = dict[str, Any]


@dataclass
class Manners:
    """Defaults are the Learning Locker engine's."""

    repeated: int = 200
    repetition_loses_batch: bool = False
    stored: int = 200
    invalid: int = 400
    too_big: int = 413
    # Requests at once that share an id each find it missing, and each store it.
    copies_at_once: bool = False
    most_bytes: int = 30_000_000
    password: str = "secret"
    # Who is let in by what `Authorization` says, where that is no password.
    lets_in: Callable[[str], bool] | None = None


LEARNING_LOCKER = Manners()
ADL_LRS = Manners(
    repeated=409, repetition_loses_batch=True, copies_at_once=True, too_big=400, most_bytes=2_500_000
)
XAPI_LRS = Manners(most_bytes=50_000_000)
RALPH = Manners(repeated=204, stored=200, invalid=422)


@dataclass(frozen=True)
class Fails:
    """Answers with this status and stores nothing."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = "{}"


@dataclass(frozen=True)
class Hangs:
    """Says nothing for so long, then hangs up."""

    seconds: float
    stores: bool = False


@dataclass(frozen=True)
class CutsOff:
    """Stores everything, and hangs up in the middle of its answer."""


@dataclass(frozen=True)
class SaysSo:
    """Stores everything, and answers with this status: as a gateway does that has lost the LRS behind it."""

    status: int


@dataclass(frozen=True)
class Drips:
    """Stores nothing, and answers with these bytes and then one byte every tenth of a second."""

    first: bytes


@dataclass(frozen=True)
class Slow:
    """Behaves, but takes its time."""

    seconds: float


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Senders that hang up, or are killed, are what the tests are about."""


class FakeLrs:
    """Listens on a free port of 127.0.0.1 while it is open."""

    def __init__(self, manners: Manners = LEARNING_LOCKER) -> None:
        self.manners = replace(manners)
        self.plan: deque[Fails | Hangs | CutsOff | SaysSo | Drips | Slow] = deque()
        self.always: Fails | Hangs | Drips | Slow | None = None
        # What it finds wrong with a statement, if anything.
        self.refuses: Callable[[Statement], bool] = lambda statement: False
        self.poisoned: Callable[[Statement], bool] = lambda statement: False
        self.stored: dict[str, Statement] = {}
        self.voided: dict[str, Statement] = {}
        # How often each id was written: once, or somebody sent it while it was on its way already.
        self.copies: Counter[str] = Counter()
        self.posts: list[list[str]] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.sent_twice_at_once: set[str] = set()
        self._in_flight: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.closing = threading.Event()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/xAPI"

    @property
    def is_busy(self) -> bool:
        with self._lock:
            return any(self._in_flight.values())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def post(self, statements: list[Statement], size: int, takes: float = 0.0) -> tuple[int, Any]:
        """What a POST does when nothing is planned: all of it, or nothing.

        First it looks what is there already; so many seconds later it writes, as an LRS does that is at work.
        """
        ids = [statement["id"] for statement in statements]
        manners = self.manners
        if size > manners.most_bytes:
            return manners.too_big, {"error": "too big"}
        if any(self.poisoned(statement) for statement in statements):
            return 500, {"error": "internal error"}
        if any(self.refuses(statement) for statement in statements):
            return manners.invalid, {"error": "a statement is not valid"}
        with self._lock:
            known = [statement for statement in statements if statement["id"] in self.stored]
            if any(self.stored[statement["id"]] != statement for statement in known):
                return 409, {"error": "conflict"}
            if known and manners.repetition_loses_batch:
                return 409, {"error": "repeated"}
            if len(known) == len(statements):
                return manners.repeated, ids if manners.repeated == 200 else None
            new = [statement for statement in statements if statement["id"] not in self.stored]
        time.sleep(takes)
        with self._lock:
            for statement in new:
                if manners.copies_at_once or statement["id"] not in self.stored:
                    self.stored[statement["id"]] = statement
                    self.copies[statement["id"]] += 1
        return manners.stored, ids

    def find(self, query: dict[str, list[str]]) -> tuple[int, Any]:
        if "voidedStatementId" in query:
            found = self.voided.get(query["voidedStatementId"][0])
        else:
            found = self.stored.get(query.get("statementId", [""])[0])
        if found is None:
            return 404, {"error": "not found"}
        # As real LRSs do: something added, the time spelt otherwise, defaults left out.
        shown = {**found, "stored": "2026-03-02T09:00:00.000Z", "version": "1.0.0"}
        shown["authority"] = {"account": {"homePage": "http://lrs.example", "name": "authority"}}
        shown["timestamp"] = str(found["timestamp"]).replace("Z", "+00:00")
        shown["verb"] = {"id": found["verb"]["id"]}
        shown["object"] = {key: value for key, value in found["object"].items() if key != "definition"}
        return 200, shown

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        lrs = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def do_GET(self) -> None:
                lrs.requests.append(("GET", self.path, dict(self.headers)))
                parts = urlsplit(self.path)
                if parts.path == "/xAPI/about":
                    self.say(200, {"version": ["1.0.3"]})
                elif not self.is_known():
                    self.say(401, {"error": "who are you"})
                elif parts.path == "/xAPI/statements":
                    self.say(*lrs.find(parse_qs(parts.query)))
                else:
                    self.say(404, {"error": "no such resource"})

            def do_POST(self) -> None:
                lrs.requests.append(("POST", self.path, dict(self.headers)))
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not self.is_known():
                    self.say(401, {"error": "who are you"})
                    return
                if self.path != "/xAPI/statements":
                    self.say(404, {"error": "no such resource"})
                    return
                statements = json.loads(body)
                with lrs._lock:
                    ids = [statement["id"] for statement in statements]
                    lrs.posts.append(ids)
                    lrs.sent_twice_at_once.update(one for one in ids if lrs._in_flight[one])
                    lrs._in_flight.update(ids)
                    planned = lrs.plan.popleft() if lrs.plan else lrs.always
                try:
                    self.behave(planned, statements, len(body))
                finally:
                    with lrs._lock:
                        lrs._in_flight.subtract(ids)

            def behave(self, planned: object, statements: list[Statement], size: int) -> None:
                match planned:
                    case Fails(status, headers, text):
                        self.say(status, text, headers)
                    case Hangs(seconds, stores):
                        if stores:
                            lrs.post(statements, size)
                        lrs.closing.wait(seconds)
                        self.close_connection = True
                    case CutsOff():
                        lrs.post(statements, size)
                        self.send_response(200)
                        self.send_header("Content-Length", "100000")
                        self.end_headers()
                        self.wfile.write(b'["')
                        self.close_connection = True
                    case SaysSo(status):
                        lrs.post(statements, size)
                        self.say(status, {})
                    case Drips(first):
                        self.close_connection = True
                        self.wfile.write(first)
                        while not lrs.closing.wait(0.1):
                            self.wfile.write(b" ")
                    case Slow(seconds):
                        self.say(*lrs.post(statements, size, seconds))
                    case _:
                        self.say(*lrs.post(statements, size))

            def is_known(self) -> bool:
                shown = self.headers.get("Authorization", "")
                if lrs.manners.lets_in is not None:
                    return lrs.manners.lets_in(shown)
                given = shown.removeprefix("Basic ")
                return b64decode(given).decode() == f"key:{lrs.manners.password}"

            def say(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
                said = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("X-Experience-API-Version", "1.0.3")
                if status != 204:
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
