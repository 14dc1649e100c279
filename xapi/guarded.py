"""Connections that lead only where the guard lets them.

The address that is connected to is the one that is checked, before a byte is sent: a name that changes its answer
between check and connection (DNS rebinding) gains nothing.
"""

import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from xapi.addresses import AddressRefused, Guard


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
