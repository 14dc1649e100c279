"""Outgoing requests to platforms: with time-outs, without redirects, of limited size, and to allowed addresses only.

Addresses in a registration are typed by people, and later sent by platforms. A request to them must not reach
services inside the institution's network, so in production names that lead to private or loopback addresses are
refused, unless the host is in ALONGSIDE_ALLOWED_HOSTS. The rules and the guarded connections are those of LRSs too.
"""

import time
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import requests

from lti_tool.bridging import guard_of
from lti_tool.config import Settings
from xapi import addresses
from xapi.addresses import is_public
from xapi.guarded import GuardedAdapter, answered_by, body_by

CONNECT_SECONDS = 5
READ_SECONDS = 10
# For the whole answer: a server that sends a byte now and then must not hold a request for ever.
TOTAL_SECONDS = 20
MOST_BYTES = 1_000_000


class AddressRefused(requests.RequestException):
    """The host leads to an address that this installation may not talk to."""


class AnswerTooLong(requests.RequestException):
    """The answer has more bytes, or took more time, than any good one would."""


class PlatformSession(requests.Session):
    """A session for everything that is asked of platforms; safe to hand to libraries that know nothing of limits."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        # Proxies of the environment would hide the address that is really connected to.
        self.trust_env = False
        self.headers["User-Agent"] = f"Alongside/{version('alongside')}"
        guarded = GuardedAdapter(guard_of(settings), pool_connections=20, pool_maxsize=10, max_retries=0)
        self.mount("https://", guarded)
        self.mount("http://", guarded)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """As `requests.Session.request`; raises `requests.RequestException` for whatever goes wrong.

        ``most_bytes``: of the answer, where it may be longer than usual.
        """
        options["allow_redirects"] = False
        options["stream"] = True
        options.setdefault("timeout", (CONNECT_SECONDS, READ_SECONDS))
        most_bytes = options.pop("most_bytes", MOST_BYTES)
        deadline = time.monotonic() + TOTAL_SECONDS
        try:
            with answered_by(deadline):
                response = super().request(method, url, *args, **options)
        except addresses.AddressRefused as refused:
            raise AddressRefused(str(refused)) from None
        with response:
            body, whole = body_by(deadline, response, most_bytes)
            if not whole:
                raise AnswerTooLong(f"more than {most_bytes} bytes or {TOTAL_SECONDS} seconds")
            response._content = body
        return response


def words_of(answer: requests.Response, most: int) -> str:
    """What a platform says in its answer, on one line; `-` where it is no plain text: no page is shown within ours."""
    text = answer.content[:2_000].decode("utf-8", "replace")
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return plain[:most] if plain and "<" not in plain else "-"


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
