"""Requests to an LRS: what goes over the wire, and how each way of not answering is told apart."""

import json
import random
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import uuid4

import pytest

from tests.faults.fake_lrs import CutsOff, Drips, Fails, FakeLrs, Hangs
from xapi.addresses import AddressRefused, refuse_private
from xapi.answers import pause_after
from xapi.comparison import same
from xapi.transport import Answer, HttpTransport, NoAnswer, TimedOut, Unreachable, json_of

BODY = json.dumps({"id": str(uuid4()), "verb": {"id": "x"}, "object": {"id": "y"}, "timestamp": "z"}).encode()


@pytest.fixture
def transport(fake_lrs: FakeLrs) -> Iterator[HttpTransport]:
    transport = HttpTransport(
        fake_lrs.endpoint + "/", "key", "secret", "1.0.3", connect_seconds=0.5, read_seconds=0.3
    )
    yield transport
    transport.close()


def test_statements_go_as_their_bytes_in_one_array(transport: HttpTransport, fake_lrs: FakeLrs) -> None:
    other = BODY.replace(b"x", "ü".encode())
    other = other.replace(BODY[8:44], str(uuid4()).encode())
    assert transport.post([BODY, other]).status == 200
    assert list(fake_lrs.stored.values()) == [json.loads(BODY), json.loads(other)]
    ((method, path, headers),) = fake_lrs.requests
    assert (method, path) == ("POST", "/xAPI/statements")
    assert headers["X-Experience-API-Version"] == "1.0.3"
    assert headers["Content-Type"] == "application/json"


def test_credentials_may_hold_any_letter(fake_lrs: FakeLrs) -> None:
    fake_lrs.manners.password = "pässwörd:✓"
    transport = HttpTransport(fake_lrs.endpoint, "key", "pässwörd:✓", "1.0.3")
    assert transport.post([BODY]).status == 200
    transport.close()


def test_connections_are_used_again(transport: HttpTransport, fake_lrs: FakeLrs) -> None:
    seen = set()
    accept = fake_lrs._server.get_request

    def noted() -> tuple[socket.socket, object]:
        request, address = accept()
        seen.add(address)
        return request, address

    fake_lrs._server.get_request = noted  # type: ignore[method-assign, assignment]
    for _ in range(5):
        transport.post([BODY])
    assert len(seen) == 1


def test_redirects_are_not_followed(transport: HttpTransport, fake_lrs: FakeLrs) -> None:
    fake_lrs.plan.append(Fails(307, {"Location": "http://127.0.0.1:9/elsewhere"}))
    answer = transport.post([BODY])
    assert answer.status == 307
    assert answer.location == "http://127.0.0.1:9/elsewhere"


def test_nobody_there_means_that_nothing_was_sent() -> None:
    with FakeLrs() as gone:
        endpoint = gone.endpoint
    transport = HttpTransport(endpoint, "key", "secret", "1.0.3")
    with pytest.raises(Unreachable, match="refused"):
        transport.post([BODY])
    transport.close()


def test_no_such_host_means_that_nothing_was_sent() -> None:
    transport = HttpTransport("http://lrs.invalid/xAPI", "key", "secret", "1.0.3")
    with pytest.raises(Unreachable):
        transport.post([BODY])
    transport.close()


def test_a_certificate_that_is_none_means_that_nothing_was_sent(fake_lrs: FakeLrs) -> None:
    transport = HttpTransport(
        fake_lrs.endpoint.replace("http:", "https:"), "key", "secret", "1.0.3", read_seconds=1
    )
    with pytest.raises(Unreachable, match="no secure connection"):
        transport.post([BODY])
    transport.close()


def test_silence_may_mean_that_it_is_still_at_it(transport: HttpTransport, fake_lrs: FakeLrs) -> None:
    fake_lrs.plan.append(Hangs(2))
    started = time.monotonic()
    with pytest.raises(TimedOut, match=r"0\.3 seconds"):
        transport.post([BODY])
    assert time.monotonic() - started < 2


def test_a_head_that_comes_drop_by_drop_is_not_waited_for(
    transport: HttpTransport, fake_lrs: FakeLrs
) -> None:
    fake_lrs.plan.append(Drips(b"HTTP/1.1 200 OK\r\nX-Slow: "))
    started = time.monotonic()
    with pytest.raises(TimedOut, match=r"0\.8 seconds"):
        transport.post([BODY])
    assert time.monotonic() - started < 5
    assert transport.post([BODY]).status == 200


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 500 Oh\r\nContent-Length: 100000\r\n\r\n",
        b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\n",
        b"HTTP/1.1 500 Oh\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\x03",
        b"HTTP/1.1 500 Oh\r\n\r\n",
    ],
    ids=["of a known length", "in chunks", "compressed", "without end"],
)
def test_a_body_that_comes_drop_by_drop_is_cut_off(
    transport: HttpTransport, fake_lrs: FakeLrs, head: bytes
) -> None:
    fake_lrs.plan.append(Drips(head))
    started = time.monotonic()
    answer = transport.post([BODY])
    assert time.monotonic() - started < 5
    assert (answer.status, answer.whole) == (500, False)
    assert transport.post([BODY]).status == 200


@pytest.mark.parametrize("planned", [CutsOff(), Hangs(0.05)])
def test_an_answer_that_breaks_off_may_have_been_a_yes(
    transport: HttpTransport, fake_lrs: FakeLrs, planned: CutsOff
) -> None:
    fake_lrs.plan.append(planned)
    with pytest.raises(NoAnswer) as raised:
        transport.post([BODY])
    assert not isinstance(raised.value, TimedOut)


def test_a_wait_is_asked_for_in_seconds_or_until_a_date(transport: HttpTransport, fake_lrs: FakeLrs) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    for value in ("30", soon, "soon"):
        fake_lrs.plan.append(Fails(429, {"Retry-After": value}))
    assert transport.post([BODY]).retry_after == 30
    asked = transport.post([BODY]).retry_after
    assert asked is not None
    assert 80 < asked <= 90
    assert transport.post([BODY]).retry_after is None


def test_a_long_refusal_is_read_and_not_all_of_it_kept(transport: HttpTransport, fake_lrs: FakeLrs) -> None:
    fake_lrs.plan.append(Fails(400, body="x" * 6_000_000))
    assert 4_000_000 < len(transport.post([BODY]).text) < 5_000_000


@pytest.mark.parametrize("text", ["", "<html>", "[" * 50_000, '{"a":' * 50_000, "[" * 50_000 + "]" * 50_000])
def test_what_is_no_json_is_none(text: str) -> None:
    assert json_of(Answer(200, text.encode())) is None


def test_a_statement_that_is_nested_without_end_is_not_ours() -> None:
    ours = json.loads(BODY)
    deep: dict[str, object] = {}
    for _ in range(20_000):
        deep = {"a": deep}
    assert not same(ours, {**ours, "object": {"id": "y", "definition": {"extensions": {"http://x": deep}}}})
    assert not same(ours, {**ours, "object": deep})


def test_pauses_grow_to_an_hour_and_differ() -> None:
    rng = random.Random(1)
    pauses = [pause_after(failures, rng) for failures in range(1, 40)]
    assert 0.5 <= pauses[0] <= 1
    assert 1800 <= pauses[-1] <= 3600
    assert len(set(pauses)) == len(pauses)
    assert 60 <= pause_after(1, rng, asked=60) <= 61


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.1.2.3", "192.168.0.9", "169.254.169.254", "[::1]"]
)
def test_in_production_private_addresses_are_refused_unless_named(host: str) -> None:
    with pytest.raises(AddressRefused, match="ALONGSIDE_ALLOWED_HOSTS"):
        refuse_private(frozenset())(f"http://{host}/xAPI")
    refuse_private(frozenset({host.strip("[]")}))(f"http://{host}/xAPI")


def test_a_refused_address_is_not_sent_to(fake_lrs: FakeLrs) -> None:
    transport = HttpTransport(fake_lrs.endpoint, "key", "secret", "1.0.3", guard=refuse_private(frozenset()))
    with pytest.raises(Unreachable, match="private address"):
        transport.post([BODY])
    assert fake_lrs.requests == []
    transport.close()


@pytest.mark.parametrize(
    "text", ['{"a": "\\ud800"}', '{"a": NaN}', '{"a": 1e999}', '{"a": 1, "a": 2}', '{"a": 2e70}']
)
def test_what_an_lrs_spells_oddly_is_read_as_json_reads_it(text: str) -> None:
    found, expected = json_of(Answer(200, text.encode())), json.loads(text)
    assert found == expected or (found["a"] != found["a"] and expected["a"] != expected["a"])  # not a number
