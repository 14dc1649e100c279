"""Which hosts may be sent to: in production none inside our own network, unless the administrator named it."""

import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

Guard = Callable[[str], None]


class AddressRefused(Exception):
    """The address leads into a private network and was not allowed by name."""


def allow_all(url: str) -> None:
    """The guard of development and tests."""


def refuse_private(allowed_hosts: frozenset[str]) -> Guard:
    """A guard that raises :class:`AddressRefused` for a URL whose host is, or resolves to, a private address."""

    def guard(url: str) -> None:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if host in allowed_hosts:
            return
        try:
            found = socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
        except OSError:
            return  # a name without an address: connecting will say so
        for *_, address in found:
            if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global:
                raise AddressRefused(
                    f"{host} is a private address; name it in ALONGSIDE_ALLOWED_HOSTS if this is meant"
                )

    return guard
