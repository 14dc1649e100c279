"""Connections that lead only where the guard lets them, and answers that end at a deadline.

The address that is connected to is the one that is checked, before a byte is sent: a name that changes its answer
between check and connection (DNS rebinding) gains nothing.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from threading import Event, Timer
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from xapi.addresses import AddressRefused, Guard

_DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def answered_by(deadline: float) -> Iterator[None]:
    """Within it, the head of an answer must be there at ``deadline`` (of ``time.monotonic``), or the line is cut.

    The time-outs of sockets count anew with every byte, so that a server could send one now and then for ever.
    """
    token = _DEADLINE.set(deadline)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def body_by(deadline: float, response: requests.Response, most: int) -> tuple[bytes, bool]:
    """The body of an answer that was asked for with ``stream``, and whether it is whole.

    It is not where it has more than ``most`` bytes or is still coming at ``deadline`` (of ``time.monotonic``). What is
    there is taken as it comes, with a look at the clock: waiting for a whole piece would let every byte have its own
    time. Reading ends at the deadline even within one piece, such as the endless head of a compressed one.
    Raises :class:`requests.ConnectionError` where the body breaks off before.
    """
    body = bytearray()
    end = Timer(max(0.0, deadline - time.monotonic()), _hang_up, (response,))
    end.daemon = True
    end.start()
    try:
        while piece := response.raw.read1(65536, decode_content=True):
            body += piece
            if len(body) > most or time.monotonic() > deadline:
                return bytes(body), False
    except (HTTPError, OSError) as error:
        if time.monotonic() < deadline:
            raise requests.ConnectionError(str(error)) from error
    finally:
        end.cancel()
    return bytes(body), time.monotonic() < deadline


def _hang_up(response: requests.Response) -> None:
    # Where the last byte came at the same moment, there is no connection any more.
    with suppress(OSError, RuntimeError, ValueError):
        response.raw.shutdown()


class GuardedAdapter(HTTPAdapter):
    """For ``mount``: requests raise :class:`~xapi.addresses.AddressRefused`, which no library on the way wraps."""

    def __init__(self, guard: Guard, **options: Any) -> None:
        self._guard = guard
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._guard)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        if request.url and select_proxy(request.url, options.get("proxies")):
            # The proxy connects, by a look-up of its own and under the rules of whoever runs it; here we can but ask.
            self._guard(request.url)
        return super().send(request, *args, **options)


def _pools(guard: Guard) -> dict[str, type[HTTPConnectionPool]]:
    class Guarded:
        """Checks what a name resolves to before the connection, and what was connected to after it."""

        host: str
        port: int
        sock: socket.socket | None

        def getresponse(self) -> Any:
            deadline = _DEADLINE.get()
            if deadline is None:
                return super().getresponse()  # type: ignore[misc]
            cut = Event()
            timer = Timer(max(0.0, deadline - time.monotonic()), self._cut, (cut,))
            timer.daemon = True
            timer.start()
            try:
                found = super().getresponse()  # type: ignore[misc]
            finally:
                timer.cancel()
            if cut.is_set():
                # What came until then may pass for a whole head.
                found.close()
                raise TimeoutError("the head of the answer did not come in time")
            return found

        def _cut(self, cut: Event) -> None:
            cut.set()
            with suppress(OSError):
                if self.sock is not None:
                    self.sock.shutdown(socket.SHUT_RDWR)

        def _new_conn(self) -> socket.socket:
            guard.check_name(self.host, self.port)
            connected: socket.socket = super()._new_conn()  # type: ignore[misc]
            if guard.watches(self.host):
                try:
                    guard.check_address(self.host, str(connected.getpeername()[0]))
                except AddressRefused:
                    connected.close()
                    raise
            return connected

    class GuardedHTTP(Guarded, HTTPConnection):
        pass

    class GuardedHTTPS(Guarded, HTTPSConnection):
        pass

    class HTTPPool(HTTPConnectionPool):
        ConnectionCls = GuardedHTTP

    class HTTPSPool(HTTPSConnectionPool):
        ConnectionCls = GuardedHTTPS

    return {"http": HTTPPool, "https": HTTPSPool}
