"""OAuth 2 for an LRS: one token for many requests, another one when it ends, and what is wrong told and sorted."""

import random
from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from tests.faults.fake_lrs import Fails, FakeLrs
from tests.faults.token_server import TokenServer
from tests.xapi.world import BASE, SEALER, TestClock, World
from xapi import oauth
from xapi.addresses import refuse_private
from xapi.audit.auditing import Audit
from xapi.audit.ledger import Ledger
from xapi.bridge import Bridge
from xapi.connection_test import try_connection
from xapi.models import DeliveryState, LrsState
from xapi.reports.reading import Reader
from xapi.statements import Builder
from xapi.stores import StoreRefused, checked_token_url, open_transport
from xapi.transport import HttpTransport


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Nothing of this differs between databases."""
    return sqlite_url


@pytest.fixture
def tokens(fake_lrs: FakeLrs) -> Iterator[TokenServer]:
    with TokenServer() as server:
        fake_lrs.manners.lets_in = server.accepts
        yield server


@pytest.fixture
def bridge(world: World, clock: TestClock) -> Iterator[Bridge]:
    bridge = Bridge(
        world.database, clock, SEALER, BASE, connect_seconds=1, read_seconds=0.5, rng=random.Random(1)
    )
    yield bridge
    bridge.close()


def connect(world: World, lrs: FakeLrs, tokens: TokenServer, **more: str) -> None:
    world.connect(
        lrs.endpoint,
        **{
            "username": tokens.client_id,
            "password": tokens.client_secret,
            "token_url": tokens.url,
            "oauth_scope": "statements/write statements/read",
            **more,
        },
    )


def run(bridge: Bridge) -> None:
    for key in bridge.sweep():
        bridge.deliver(key)


def states(world: World) -> list[str]:
    return [delivery.state for delivery in world.deliveries()]


def test_one_token_serves_many_requests_and_the_secret_rests_sealed(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, tokens: TokenServer
) -> None:
    connect(world, fake_lrs, tokens)
    for _ in range(3):
        world.post("maya")
        run(bridge)
    assert states(world) == [DeliveryState.delivered] * 3
    assert tokens.asked == [{"grant_type": "client_credentials", "scope": "statements/write statements/read"}]
    assert {headers["Authorization"] for _, _, headers in fake_lrs.requests} == {"Bearer token-1"}
    with world.database.read() as session:
        assert tokens.client_secret not in str(session.execute(text("SELECT * FROM lrs")).all())


def test_a_token_that_the_lrs_takes_no_more_is_fetched_anew_once(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, tokens: TokenServer
) -> None:
    connect(world, fake_lrs, tokens)
    world.post("maya")
    run(bridge)
    tokens.good.clear()
    world.post("maya")
    run(bridge)
    assert states(world) == [DeliveryState.delivered] * 2
    assert len(tokens.asked) == 2
    fake_lrs.manners.lets_in = lambda shown: False
    world.post("maya")
    run(bridge)
    assert len(tokens.asked) == 3
    assert world.lrs().state == LrsState.paused
    assert "refuses the token" in (world.lrs().trouble or "")


@pytest.mark.parametrize(
    ("expires_in", "later", "fetched"),
    [(3600, 3000, 1), (3600, 3541, 2), ("3600", 3000, 1), (None, 200, 1), (None, 241, 2), (10, 6, 2)],
)
def test_a_token_is_replaced_shortly_before_it_ends(
    fake_lrs: FakeLrs,
    tokens: TokenServer,
    monkeypatch: pytest.MonkeyPatch,
    expires_in: object,
    later: float,
    fetched: int,
) -> None:
    tokens.expires_in = expires_in
    ahead = 0.0
    monotonic = oauth.time.monotonic
    kept = oauth.Tokens(
        oauth.ClientCredentials(tokens.url, tokens.client_id, tokens.client_secret),
        oauth.requests.Session(),
        1,
        lambda: monotonic() + ahead,
    )
    with closing(kept):
        kept.shown(monotonic() + 5)
        ahead = later
        kept.shown(monotonic() + later + 5)
    assert len(tokens.asked) == fetched


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((401, {"error": "invalid_client"}, {}), "invalid_client (401)"),
        (
            (400, {"error": "invalid_scope", "error_description": "no such"}, {}),
            "gives no token: invalid_scope (400)",
        ),
        ((400, {"error": "no " + "x" * 300}, {}), "gives no token: (400)"),
        ((302, {}, {"Location": "http://127.0.0.1:9/"}), "(302)"),
        ((404, [], {}), "(404)"),
        ((200, {"access_token": "two words", "token_type": "Bearer"}, {}), "its answer holds none"),
        ((200, {"token_type": "Bearer"}, {}), "its answer holds none"),
        ((200, {"access_token": "x", "token_type": "mac"}, {}), "another kind"),
    ],
)
def test_what_only_the_administrator_can_mend_pauses_the_lrs(
    world: World,
    bridge: Bridge,
    fake_lrs: FakeLrs,
    tokens: TokenServer,
    answer: tuple[int, object, dict[str, str]],
    told: str,
) -> None:
    connect(world, fake_lrs, tokens)
    tokens.plan.append(answer)
    world.post("maya")
    run(bridge)
    assert fake_lrs.requests == []
    assert world.lrs().state == LrsState.paused
    assert told in (world.lrs().trouble or "")
    # The right credentials wake it.
    connect(world, fake_lrs, tokens)
    run(bridge)
    assert states(world) == [DeliveryState.delivered]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_token_server_that_cannot_now_is_waited_for(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, tokens: TokenServer, clock: TestClock, status: int
) -> None:
    connect(world, fake_lrs, tokens)
    tokens.plan.append((status, {}, {"Retry-After": "120"}))
    world.post("maya")
    run(bridge)
    assert world.lrs().state == LrsState.active
    assert "token server" in (world.lrs().trouble or "")
    clock.advance(100)
    run(bridge)
    assert len(tokens.asked) == 1
    clock.advance(30)
    run(bridge)
    assert states(world) == [DeliveryState.delivered]
    assert [one.attempts for one in world.deliveries()] == [1], "what was not sent was no attempt"


def test_a_token_server_that_is_gone_is_waited_for(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, tokens: TokenServer, clock: TestClock
) -> None:
    with TokenServer() as gone:
        url = gone.url
    connect(world, fake_lrs, tokens, token_url=url)
    world.post("maya")
    run(bridge)
    assert world.lrs().state == LrsState.active
    assert "cannot be reached" in (world.lrs().trouble or "")
    connect(world, fake_lrs, tokens)
    run(bridge)
    assert states(world) == [DeliveryState.delivered]


def test_in_production_no_token_is_fetched_inside_our_own_network(
    fake_lrs: FakeLrs, tokens: TokenServer
) -> None:
    transport = HttpTransport(
        fake_lrs.endpoint,
        "alongside",
        "secret",
        "1.0.3",
        token_url=tokens.url,
        guard=refuse_private(frozenset()),
    )
    with closing(transport):
        answer = transport.about()
    assert answer.reason is not None
    assert "ALONGSIDE_ALLOWED_HOSTS" in answer.reason
    assert tokens.asked == []


def test_connection_test_and_audit_go_the_same_way(
    world: World, bridge: Bridge, bundled: str, tokens: TokenServer, fake_lrs: FakeLrs, clock: TestClock
) -> None:
    connect(world, fake_lrs, tokens)
    with closing(open_transport(SEALER, world.lrs())) as transport:
        assert [step.name for step in try_connection(transport, BASE, clock)][-1] == "voided"
        fake_lrs.plan.append(Fails(401))
        assert transport.post([b'{"id": "1"}']).status == 200, "a refusal without a reason is tried once more"
        fake_lrs.find = lambda query: (200, {"statements": [], "more": ""})  # type: ignore[method-assign]
        with Ledger() as ledger:
            Audit(world.database, clock, Builder(BASE), world.lrs()).run(Reader(transport), ledger)
            assert ledger.counts().is_right


@pytest.mark.parametrize(
    "given",
    ["login.example.org", "ftp://login.example.org", "https://a:b@login.example.org/", "https://x/#f"],
)
def test_what_is_no_address_of_a_token_server_is_refused(given: str) -> None:
    with pytest.raises(StoreRefused):
        checked_token_url(given)
    assert checked_token_url("https://login.example.org/t?tenant=1") == "https://login.example.org/t?tenant=1"


@pytest.mark.parametrize("where", ["error", "error_description"])
def test_a_secret_that_the_token_server_repeats_is_neither_kept_nor_logged(
    world: World,
    bridge: Bridge,
    fake_lrs: FakeLrs,
    tokens: TokenServer,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    logged: list[object] = []
    monkeypatch.setattr("xapi.book.log", SimpleNamespace(error=lambda *a, **k: logged.append((a, k))))
    secret = "letters_only"
    connect(world, fake_lrs, tokens, password=secret)
    tokens.plan.append((400, {"error": "invalid_client", where: secret}, {}))
    world.post("maya")
    run(bridge)
    trouble = world.lrs().trouble
    assert trouble is not None
    assert "(400)" in trouble
    assert secret not in trouble
    assert logged
    assert secret not in repr(logged)
