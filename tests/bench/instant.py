"""An LRS that answers at once, in a process of its own, so that what is measured is the sender.

It keeps statements as they came, in a file, and gives them back page by page: enough for an audit.
"""

import json
import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from threading import Lock, Thread
from typing import IO
from urllib.parse import parse_qs, urlsplit

# Where one of our statements begins.
_BEGINS = re.compile(rb'\{"id":"([0-9a-f-]{36})","actor"')


@contextmanager
def instant_lrs(port: int = 0) -> Iterator[str]:
    """Its address."""
    listening = socket.create_server(("127.0.0.1", port))
    process = get_context("spawn").Process(target=_serve, args=(listening,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/xAPI"
    finally:
        process.terminate()
        process.join()
        listening.close()


def _serve(listening: socket.socket) -> None:
    with tempfile.TemporaryFile() as file:
        kept = _Kept(file)
        while True:
            connection, _ = listening.accept()
            Thread(target=_answer, args=(connection, kept), daemon=True).start()


class _Kept:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lock = Lock()
        self._places: list[tuple[int, int]] = []
        self._by_id: dict[bytes, int] = {}

    def add(self, body: bytes) -> None:
        """An array of statements, as the courier sends it; one that is there already is not kept twice."""
        begins = [(found.start(), found[1]) for found in _BEGINS.finditer(body)]
        ends = [at - 1 for at, _ in begins[1:]] + [len(body) - 1]
        with self._lock:
            start = self._file.seek(0, 2)
            self._file.write(body)
            for (at, key), end in zip(begins, ends, strict=True):
                if key not in self._by_id:
                    self._by_id[key] = len(self._places)
                    self._places.append((start + at, end - at))

    def page(self, first: int, limit: int) -> bytes:
        with self._lock:
            texts = [self._read(number) for number in range(first, min(first + limit, len(self._places)))]
            more = f"/xAPI/statements?first={first + limit}&limit={limit}"
            last = first + limit >= len(self._places)
        return b'{"statements":[%s],"more":%s}' % (
            b",".join(texts),
            json.dumps("" if last else more).encode(),
        )

    def one(self, key: bytes) -> bytes | None:
        with self._lock:
            return self._read(self._by_id[key]) if key in self._by_id else None

    def _read(self, number: int) -> bytes:
        at, length = self._places[number]
        self._file.seek(at)
        return self._file.read(length)


def _answer(connection: socket.socket, kept: _Kept) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    read = bytearray()
    while piece := connection.recv(1 << 18):
        read += piece
        head_ends = read.find(b"\r\n\r\n")
        if head_ends < 0:
            continue
        head = bytes(read[:head_ends])
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(read) < head_ends + 4 + length:
            continue
        body = bytes(read[head_ends + 4 :])
        read.clear()
        if head.startswith(b"POST"):
            connection.sendall(_http(200, b"[]"))
            kept.add(body)
            continue
        asked = parse_qs(urlsplit(head.split(b" ", 2)[1].decode()).query)
        if "statementId" in asked or "voidedStatementId" in asked:
            found = kept.one(asked.get("statementId", [""])[0].encode())
            connection.sendall(_http(404, b"{}") if found is None else _http(200, found))
        else:
            page = kept.page(int(asked.get("first", ["0"])[0]), int(asked["limit"][0]))
            connection.sendall(_http(200, page))


def _http(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        status,
        len(body),
        body,
    )
