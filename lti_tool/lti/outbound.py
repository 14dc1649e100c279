"""Outgoing requests to platforms: with time-outs, without redirects, of limited size, and to allowed addresses only.

Addresses in a registration are typed by people, and later sent by platforms. A request to them must not reach
services inside the institution's network, so in production names that lead to private or loopback addresses are
refused, unless the host is in ALONGSIDE_ALLOWED_HOSTS. The address that is connected to is the one that is checked:
a name that changes its answer between check and connection gains nothing.
"""

import ipaddress
import socket
import time
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from lti_tool.config import Settings

CONNECT_SECONDS = 5
READ_SECONDS = 10
# For the whole answer: a server that sends a byte now and then must not hold a request for ever.
TOTAL_SECONDS = 20
MOST_BYTES = 1_000_000


class AddressRefused(requests.RequestException):
    """The host leads to an address that this installation may not talk to."""


class _Inner(Exception):
    """As above, on its way through the libraries: they would wrap an error of their own kind."""


class AnswerTooLong(requests.RequestException):
    """The answer has more bytes, or took more time, than any good one would."""


class PlatformSession(requests.Session):
    """A session for everything that is asked of platforms; safe to hand to libraries that know nothing of limits."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        # Proxies of the environment would hide the address that is really connected to.
        self.trust_env = False
        self.headers["User-Agent"] = f"Alongside/{version('alongside')}"
        guard = _guarded_adapter(settings)
        self.mount("https://", guard)
        self.mount("http://", guard)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """As `requests.Session.request`; raises `requests.RequestException` for whatever goes wrong."""
        options["allow_redirects"] = False
        options["stream"] = True
        options.setdefault("timeout", (CONNECT_SECONDS, READ_SECONDS))
        deadline = time.monotonic() + TOTAL_SECONDS
        try:
            response = super().request(method, url, *args, **options)
        except _Inner as refused:
            raise AddressRefused(str(refused)) from None
        with response:
            _read_limited(response, deadline)
        return response


def _read_limited(response: requests.Response, deadline: float) -> None:
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) > MOST_BYTES or time.monotonic() > deadline:
            raise AnswerTooLong(f"more than {MOST_BYTES} bytes or {TOTAL_SECONDS} seconds")
    response._content = bytes(body)


def _guarded_adapter(settings: Settings) -> HTTPAdapter:
    class Guarded:
        """Checks what a name resolves to before the connection, and what was connected to after it."""

        host: str

        def _new_conn(self) -> socket.socket:
            port: int = self.port  # type: ignore[attr-defined]
            guarded = settings.is_production and self.host.lower() not in settings.allowed_hosts
            if guarded:
                for found in socket.getaddrinfo(self.host, port, type=socket.SOCK_STREAM):
                    _refuse_inner(str(found[4][0]), self.host)
            connected: socket.socket = super()._new_conn()  # type: ignore[misc]
            if guarded:
                try:
                    _refuse_inner(connected.getpeername()[0], self.host)
                except _Inner:
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

    adapter = HTTPAdapter(pool_connections=20, pool_maxsize=10, max_retries=0)
    adapter.poolmanager.pool_classes_by_scheme = {"http": HTTPPool, "https": HTTPSPool}
    return adapter


def _refuse_inner(address: str, host: str) -> None:
    if not is_public(address):
        raise _Inner(f"{host} leads to {address}, which is not a public address")


def is_public(address: str) -> bool:
    """Whether a literal address is one of the open internet's."""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None) or found
    return inner.is_global and not inner.is_multicast


def address_trouble(url: str, settings: Settings) -> str | None:
    """Why an address given for a platform cannot be used, in a few words; None where nothing speaks against it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not an address"
    if parts.scheme not in ("https", "http") or not host:
        return "is not an https address"
    if parts.username or parts.password:
        return "must not carry a password"
    if parts.fragment:
        return "must not carry a fragment (#…)"
    if not settings.is_production or host.lower() in settings.allowed_hosts:
        return None
    if parts.scheme != "https":
        return "must be https in production, or its host named in ALONGSIDE_ALLOWED_HOSTS"
    if _is_inner_host(host):
        return "is inside this network; name its host in ALONGSIDE_ALLOWED_HOSTS to allow it"
    return None


def _is_inner_host(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not is_public(host)
    except ValueError:
        return False
