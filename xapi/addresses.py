"""Which hosts may be sent to: in production none inside our own network, unless the administrator named it.

The one home of these rules: for LRSs and, above us, for platforms. `xapi/guarded.py` holds every connection to them.
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

# Addresses of IPv4 behind a gateway (RFC 6052, section 2.1): what counts is where the gateway leads.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(Exception):
    """The address leads into a private network and was not allowed by name."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Called with a URL it raises :class:`AddressRefused` where its host is, or resolves to, a private address.

    ``allowed_hosts``: what the administrator named; None: everything may be sent to.
    """

    allowed_hosts: frozenset[str] | None

    def __call__(self, url: str) -> None:
        parts = urlsplit(url)
        self.check_name(parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443))

    def watches(self, host: str) -> bool:
        return self.allowed_hosts is not None and host.lower().strip("[]") not in self.allowed_hosts

    def check_name(self, host: str, port: int) -> None:
        """What the host leads to now; it may lead elsewhere a moment later."""
        if not self.watches(host):
            return
        try:
            found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return  # a name without an address: connecting will say so
        for *_, address in found:
            self.check_address(host, str(address[0]))

    def check_address(self, host: str, address: str) -> None:
        """The literal address that ``host`` leads to."""
        if self.watches(host) and not is_public(address):
            raise AddressRefused(
                f"{host} is a private address; name it in ALONGSIDE_ALLOWED_HOSTS if this is meant"
            )


# The guard of development and tests.
allow_all = Guard(None)


def refuse_private(allowed_hosts: frozenset[str]) -> Guard:
    """The guard of production; ``allowed_hosts`` in lower case."""
    return Guard(allowed_hosts)


def is_public(address: str) -> bool:
    """Whether a literal address is one of the open internet's. Raises ValueError where it is no address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if found.is_site_local:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved
