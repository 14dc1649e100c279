"""The token endpoint: a grant for a correct assertion, a reason for every other one."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from werkzeug.test import TestResponse

from tests.lti_tool.sandbox.conftest import Bench, Clock
from tests.lti_tool.sandbox.stand_in import Site

NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
TOKEN_URL = "http://lms.test:8001/token"


class Asker:
    """A tool that asks for access tokens, correctly unless told otherwise."""

    def __init__(self, bench: Bench, key: RSAPrivateKey) -> None:
        self.bench, self.key = bench, key

    def ask(
        self,
        claims: dict[str, Any] | None = None,
        form: dict[str, Any] | None = None,
        header: dict[str, Any] | None = None,
        key: Any = None,
    ) -> TestResponse:
        now = int(self.bench.sandbox.config.clock().timestamp())
        client = self.bench.sandbox.registration.client_id
        usual = {"iss": client, "sub": client, "aud": TOKEN_URL, "iat": now, "exp": now + 60, "jti": "j1"}
        given = {name: value for name, value in (usual | (claims or {})).items() if value is not None}
        header = {"kid": "tool-key"} | (header or {})
        algorithm = header.pop("alg", "RS256")
        assertion = jwt.encode(given, key or self.key, algorithm, header)
        fields = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
            "scope": f"{NRPS} {SCORE}",
        }
        return self.bench.client.post("/token", data=fields | (form or {}))


@pytest.fixture
def asker(bench_for: Callable[..., Bench], tool_keys: str, tool_key: RSAPrivateKey) -> Asker:
    return Asker(bench_for(tool_jwks_url=tool_keys), tool_key)


def test_a_correct_assertion_gets_a_bearer_for_the_scopes_it_asked_for(asker: Asker, clock: Clock) -> None:
    response = asker.ask()
    granted = response.get_json(force=True)
    assert response.status_code == 200
    assert response.mimetype == "text/html"  # as Moodle serves it
    assert granted["token_type"] == "Bearer"
    assert granted["expires_in"] == 3600
    assert granted["scope"] == f"{NRPS} {SCORE}"
    scopes_of = asker.bench.sandbox.grants.scopes_of
    assert scopes_of(granted["access_token"]) == {NRPS, SCORE}
    assert scopes_of("guessed") == frozenset()
    clock.pass_by(hours=1)
    assert scopes_of(granted["access_token"]) == frozenset()


def test_an_audience_among_several_is_enough(asker: Asker) -> None:
    assert asker.ask({"aud": ["https://elsewhere.example", TOKEN_URL]}).status_code == 200


def test_unknown_scopes_are_left_out(asker: Asker) -> None:
    granted = asker.ask(form={"scope": f"{SCORE} https://scope.example/own"}).get_json(force=True)
    assert granted["scope"] == SCORE


def test_an_assertion_works_once(asker: Asker) -> None:
    assert asker.ask().status_code == 200
    again = asker.ask()
    assert again.status_code == 400
    assert "used before" in again.get_json(force=True)["error_description"]
    assert asker.ask({"jti": "j2"}).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "another"},
        {"sub": "another"},
        {"aud": "http://lms.test:8001"},
        {"aud": f"{TOKEN_URL}/"},
        {"aud": None},
        {"jti": None},
        {"exp": None},
        {"iat": None},
        {"exp": 1},
        {"iat": 4102444800, "exp": 4102444860},
        {"exp": 4102444800},
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(asker: Asker, claims: dict[str, Any]) -> None:
    response = asker.ask(claims)
    assert response.status_code == 400
    assert response.get_json(force=True)["error"] == "invalid_client"


def test_an_assertion_of_another_key_is_refused(asker: Asker) -> None:
    stranger = generate_private_key(65537, 2048)
    assert asker.ask(key=stranger).get_json(force=True)["error"] == "invalid_client"
    assert asker.ask(header={"kid": "unknown"}).get_json(force=True)["error"] == "invalid_client"
    hmac = asker.ask(header={"alg": "HS256"}, key="a secret that is long enough for the purpose")
    assert hmac.get_json(force=True)["error"] == "invalid_client"


@pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "....", "e30.e30.e30"])
def test_what_is_no_assertion_is_refused(asker: Asker, assertion: str) -> None:
    response = asker.ask(form={"client_assertion": assertion})
    assert (response.status_code, response.get_json(force=True)["error"]) == (400, "invalid_client")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": "none"}, "invalid_request"),
        ({"scope": "https://scope.example/own"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_a_wrong_request_has_its_own_error(asker: Asker, form: dict[str, str], error: str) -> None:
    response = asker.ask(form=form)
    assert (response.status_code, response.get_json(force=True)["error"]) == (400, error)


def test_a_key_set_that_cannot_be_had_is_said(asker: Asker, site: Site) -> None:
    site.answers["jwks"] = lambda: ("out of order", 503)
    assert "key set" in asker.ask().get_json(force=True)["error_description"]
    site.answers["jwks"] = lambda: "no json"
    assert asker.ask().get_json(force=True)["error"] == "invalid_client"
