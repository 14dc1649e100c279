"""A sandbox with a clock that can be set, its test client, and a stand-in for the tool."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lti_tool.sandbox import KeyRing, Sandbox, SandboxConfig, create_sandbox, sandbox_of
from tests.lti_tool.sandbox import stand_in

LAUNCH_URL = "http://tool.test:8000/lti/launch"


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **spans: int) -> None:
        self.now += timedelta(**spans)


class Form(HTMLParser):
    """The first form of a page: where it goes, how, and its hidden fields."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.action = self.method = ""
        self.fields: dict[str, str] = {}
        self.feed(response.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action, self.method = given["action"], given["method"]
        if tag == "input" and given.get("type") == "hidden":
            self.fields[given["name"]] = given["value"]


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 21, 18, 0, tzinfo=UTC))


@pytest.fixture
def config(clock: Clock) -> SandboxConfig:
    return SandboxConfig(
        public_url="http://lms.test:8001",
        tool_login_url="http://tool.test:8000/lti/login",
        tool_launch_urls=(LAUNCH_URL,),
        tool_jwks_url="http://tool.test:8000/lti/jwks.json",
        clock=clock,
        seed=1,
    )


@dataclass
class Bench:
    """A sandbox and a browserless client of it."""

    sandbox: Sandbox
    client: FlaskClient

    def request(self, user: str = "maya", link: str = "food-web", **changes: str | None) -> dict[str, str]:
        """An authentication request as a correct tool makes it; a change to None leaves a parameter out."""
        login = self.sandbox.login_params(user, link)
        asked: dict[str, str | None] = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": login["client_id"],
            "redirect_uri": LAUNCH_URL,
            "state": "s1",
            "nonce": "n1",
            "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"],
        }
        return {name: value for name, value in (asked | changes).items() if value is not None}

    def service(self, method: str, url: str, *scopes: str, token: str = "", **more: Any) -> TestResponse:
        """A service call with a bearer of these scopes; `more` goes to the client."""
        sandbox = self.sandbox
        token = token or sandbox.grants.issue(sandbox.registration, scopes)
        headers = {"Authorization": f"Bearer {token}"} | more.pop("headers", {})
        return self.client.open(url.removeprefix(sandbox.config.base), method=method, headers=headers, **more)

    def claims(self, user: str, link: str, **options: Any) -> dict[str, Any]:
        """The claims of a launch, unverified."""
        token = self.sandbox.launch_token(user, link, "n1", **options)
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        return claims

    def auth(self, asked: dict[str, str]) -> TestResponse:
        return self.client.get("/auth", query_string=asked)


@pytest.fixture(scope="session")
def key_ring() -> KeyRing:
    return KeyRing()


@pytest.fixture
def bench_for(config: SandboxConfig, key_ring: KeyRing) -> Callable[..., Bench]:
    def bench(**changes: object) -> Bench:
        # With a state file the keys come from there, which is what such a test is about.
        keys = None if "state_file" in changes else KeyRing(list(key_ring.keys), key_ring.foreign)
        app = create_sandbox(replace(config, **changes), keys=keys)
        return Bench(sandbox_of(app), app.test_client())

    return bench


@pytest.fixture
def moodle(bench_for: Callable[..., Bench]) -> Bench:
    return bench_for()


@pytest.fixture
def canvas(bench_for: Callable[..., Bench]) -> Bench:
    return bench_for(profile="canvas")


@pytest.fixture
def site() -> Iterator[stand_in.Site]:
    """A web server whose answers the test decides."""
    with stand_in.site() as made:
        yield made


@pytest.fixture(scope="session")
def tool_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture
def tool_keys(site: stand_in.Site, tool_key: RSAPrivateKey) -> str:
    """The address of the tool's key set, with one key named `tool-key`."""
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(tool_key.public_key(), as_dict=True)
    key_set = {"keys": [jwk | {"kid": "tool-key", "alg": "RS256", "use": "sig"}]}
    site.answers["jwks"] = lambda: key_set
    return f"{site.address}/jwks"
