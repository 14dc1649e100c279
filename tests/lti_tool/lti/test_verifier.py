"""Which tokens are believed, check by check; and that no token, however strange, is more than refused."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given as for_all
from hypothesis import settings as effort
from hypothesis import strategies as st

from lti_tool.lti.claims import CLAIM
from lti_tool.lti.messages import Message
from lti_tool.lti.queries import PlatformCard
from lti_tool.lti.verifier import MOST_CHARACTERS, Verified, verify
from lti_tool.problems import PROBLEMS, Problem
from tests.lti_tool.lti.platforms import JSON, KEY, signed

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
PLATFORM = PlatformCard(
    uuid4(), uuid4(), "LMS", None, "https://lms.example", "tool", "https://lms.example/auth", "", "", None
)


def claims(**changes: Any) -> dict[str, Any]:
    """A good launch, with claims changed by their short names; None takes one away."""
    whole: dict[str, Any] = {
        "iss": "https://lms.example",
        "aud": "tool",
        "sub": "4",
        "nonce": "once",
        "iat": AT,
        "exp": AT + 60,
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}message_type": "LtiResourceLinkRequest",
        f"{CLAIM}deployment_id": "1",
        f"{CLAIM}target_link_uri": "http://localhost:8000/lti/launch",
        f"{CLAIM}roles": [],
        f"{CLAIM}resource_link": {"id": "7"},
    }
    for name, value in changes.items():
        key = name if name in whole or name in ("azp", "nbf", "name", "email") else CLAIM + name
        whole[key] = value
        if value is None:
            del whole[key]
    return whole


def check(token: str) -> Verified:
    return verify(token, PLATFORM, "once", lambda platform, kid: KEY.public_key(), NOW)


def code_of(token: str) -> str:
    with pytest.raises(Problem) as refused:
        check(token)
    assert 400 <= refused.value.kind.status < 500
    return refused.value.code


def outcome(token: str) -> tuple[Problem | None, Message | None]:
    try:
        return None, check(token).message
    except Problem as refused:
        return refused, None


def test_a_good_token_is_believed() -> None:
    message = check(signed(claims(name="Maya", custom={"tz": 5, "group": None, "due": "$Due.date"}))).message

    assert (message.sub, message.link_id, message.name) == ("4", "7", "Maya")
    assert message.custom == {"tz": "5"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": AT - 31}, "id_token_expired"),
        ({"iat": AT + 31, "exp": AT + 90}, "issued_in_future"),
        ({"iat": AT - 3700}, "issued_long_ago"),
        ({"nbf": AT + 31}, "issued_in_future"),
        ({"exp": True}, "times_missing"),
        ({"exp": 10**400}, "times_missing"),
        ({"iat": None}, "times_missing"),
        ({"exp": None}, "times_missing"),
        ({"azp": "other"}, "authorized_party_wrong"),
        ({"aud": ["tool", "other"]}, "authorized_party_wrong"),
        ({"aud": ["tool", 5]}, "audience_wrong"),
        ({"aud": []}, "audience_wrong"),
        ({"iss": "https://lms.example/"}, "issuer_wrong"),
        ({"nonce": "öther"}, "nonce_wrong"),
        ({"sub": "4" * 256}, "claim_wrong"),
        ({"sub": "  "}, "claim_wrong"),
        ({"sub": "4\x00"}, "claim_wrong"),
        ({"roles": ["Learner"] * 201}, "claim_wrong"),
        ({"custom": {"deep": {"er": 1}}}, "claim_wrong"),
        ({"resource_link": {"id": "\ud800"}}, "claim_wrong"),
        ({"message_type": "LtiStartProctoring"}, "message_not_supported"),
    ],
)
def test_a_wrong_claim_is_refused_by_its_own_reason(changes: dict[str, Any], code: str) -> None:
    assert code_of(signed(claims(**changes))) == code


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": AT - 29},
        {"iat": AT + 29, "exp": AT + 89},
        {"iat": float(AT), "exp": AT + 60.5},
        {"aud": ["other", "tool"], "azp": "tool"},
        {"aud": ["tool"]},
        {"azp": "tool"},
    ],
)
def test_what_the_standard_allows_passes(changes: dict[str, Any]) -> None:
    assert check(signed(claims(**changes)))


def test_headers_that_ask_for_something_else_are_refused() -> None:
    assert code_of(signed(claims(), kid=None)) == "key_id_missing"
    assert code_of(signed(claims(), crit=["exp"])) == "algorithm_wrong"
    rs512 = jwt.encode(claims(), KEY, algorithm="RS512", headers={"kid": "one"})
    assert code_of(rs512) == "algorithm_wrong"


def test_a_token_of_another_key_or_an_altered_one_is_refused() -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert code_of(signed(claims(), key=other)) == "signature_wrong"
    header, _, signature = signed(claims()).split(".")
    altered = base64.urlsafe_b64encode(json.dumps(claims(sub="2")).encode()).decode().rstrip("=")
    assert code_of(f"{header}.{altered}.{signature}") == "signature_wrong"


def test_no_key_is_asked_for_a_token_that_is_wrong_without_one() -> None:
    def never(platform: PlatformCard, kid: str) -> Any:
        raise AssertionError("a key was asked for")

    for token in (signed(claims(nonce="other")), signed(claims(aud="other")), signed(claims(exp=1)), "a.b.c"):
        with pytest.raises(Problem):
            verify(token, PLATFORM, "once", never, NOW)


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b", "a.b.c", "é.é.é", "e30.e30.", "W10.W10.W10", "bnVsbA.bnVsbA.bnVsbA", "." * 50],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert code_of(token) in ("id_token_malformed", "nonce_wrong")


def test_an_endless_or_endlessly_nested_token_is_refused() -> None:
    assert code_of("a" * (MOST_CHARACTERS + 1)) == "id_token_too_long"
    nested = base64.urlsafe_b64encode(b"[" * 30_000).decode().rstrip("=")
    assert code_of(f"{nested}.{nested}.x") == "id_token_malformed"


CLAIM_NAMES = [name.removeprefix(CLAIM) for name in claims()] + [
    *("name", "email", "azp", "nbf", "custom", "context", "launch_presentation", "tool_platform", "lis"),
]


@effort(max_examples=400, deadline=None)
@for_all(st.dictionaries(st.sampled_from(CLAIM_NAMES), JSON, max_size=6))
def test_no_claim_of_any_type_is_more_than_refused(changes: dict[str, Any]) -> None:
    whole = claims(**changes)
    refused, message = outcome(signed(whole))
    if refused is not None:
        assert refused.code in PROBLEMS
        assert 400 <= refused.kind.status < 500
        assert refused.sentence
        return
    assert message
    # What is believed can be stored: no unprintable signs, no endless texts.
    for text in (message.sub, message.link_id, message.deployment_id, message.context_id, message.name or ""):
        assert len(text.encode()) <= 1020
        assert "\x00" not in text


@effort(max_examples=200, deadline=None)
@for_all(
    st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
)
def test_no_text_is_more_than_refused(text: str) -> None:
    for token in (text, f"{text}.{text}.{text}", signed(claims()).rpartition(".")[0] + "." + text):
        with pytest.raises(Problem):
            check(token)
