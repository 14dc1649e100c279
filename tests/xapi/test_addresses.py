"""Which addresses may be sent to, and that no answer of a name server leads elsewhere."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.faults.fake_lrs import FakeLrs
from xapi.addresses import AddressRefused, is_public, refuse_private
from xapi.transport import HttpTransport, Unreachable

BODY = json.dumps({"id": str(uuid4()), "verb": {"id": "x"}, "object": {"id": "y"}, "timestamp": "z"}).encode()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("192.168.1.1", False),
        ("172.16.5.5", False),
        ("100.64.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("224.0.0.1", False),
        ("::", False),
        ("::7f00:1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("240.0.0.1", False),
        ("2002:a00:1::", False),
        ("2002:5db8:d822::", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d822", True),
    ],
)
def test_what_counts_as_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "224.0.0.1", "2002:7f00:1::", "::ffff:10.0.0.1", "64:ff9b::7f00:1"]
)
def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    answering(monkeypatch, address)
    with pytest.raises(AddressRefused, match="ALONGSIDE_ALLOWED_HOSTS"):
        refuse_private(frozenset())("https://lrs.example/xAPI")
    refuse_private(frozenset({"lrs.example"}))("https://LRS.example/xAPI")


def test_a_name_that_changes_its_answer_gets_no_credentials(
    monkeypatch: pytest.MonkeyPatch, fake_lrs: FakeLrs
) -> None:
    """The first answer is public, the one that is connected to is not."""
    answering(monkeypatch, "93.184.216.34", "127.0.0.1")
    transport = transport_to("lrs.example", fake_lrs, refuse_private(frozenset()))
    with pytest.raises(Unreachable, match="private address"):
        transport.post([BODY])
    assert fake_lrs.requests == []
    transport.close()


def test_a_name_that_is_not_known_yet_is_checked_when_it_is(
    monkeypatch: pytest.MonkeyPatch, fake_lrs: FakeLrs
) -> None:
    """No answer to the check, and a private one to the connection."""
    answering(monkeypatch, None, "127.0.0.1")
    transport = transport_to("lrs.example", fake_lrs, refuse_private(frozenset()))
    with pytest.raises(Unreachable, match="private address"):
        transport.post([BODY])
    assert fake_lrs.requests == []
    transport.close()


def test_a_host_that_is_allowed_by_name_is_sent_to(
    monkeypatch: pytest.MonkeyPatch, fake_lrs: FakeLrs
) -> None:
    answering(monkeypatch, "127.0.0.1")
    transport = transport_to("lrs.example", fake_lrs, refuse_private(frozenset({"lrs.example"})))
    assert transport.post([BODY]).status == 200
    transport.close()


def test_through_a_proxy_too_no_private_address_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, fake_lrs: FakeLrs
) -> None:
    """A proxy has an address of its own, mostly a private one; what it is asked for is checked."""
    monkeypatch.setenv("http_proxy", fake_lrs.endpoint.removesuffix("/xAPI"))
    monkeypatch.setenv("no_proxy", "")
    transport = HttpTransport(
        "http://10.1.2.3/xAPI", "key", "secret", "1.0.3", guard=refuse_private(frozenset())
    )
    with pytest.raises(Unreachable, match="private address"):
        transport.post([BODY])
    assert fake_lrs.requests == []
    transport.close()


def answering(monkeypatch: pytest.MonkeyPatch, *addresses: str | None) -> None:
    """Look-ups are answered so, one after the other; the last answer stays. None: no such name."""
    left: Iterator[str | None] = iter(addresses)

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        address = next(left, addresses[-1])
        if address is None:
            raise socket.gaierror("no such name")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def transport_to(host: str, lrs: FakeLrs, guard: Any) -> HttpTransport:
    port = urlsplit(lrs.endpoint).port
    return HttpTransport(f"http://{host}:{port}/xAPI", "key", "secret", "1.0.3", guard=guard)
