"""Every altered launch carries exactly the fault, or the freedom, that its name promises."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from joserfc.jwk import RSAKey

from lti_tool.sandbox import BAD_PAYLOADS, BEYOND, VALID_LAUNCHES, NothingToReplay
from lti_tool.sandbox.payloads import WRONG_TYPES
from tests.lti_tool.sandbox.conftest import Bench, Form

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"

Header = dict[str, Any]
Claims = dict[str, Any]


def read(token: str) -> tuple[Header, Claims]:
    """Header and claims without any check, so that the worst token can be looked at."""
    parts = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]
    return parts[0], parts[1]


def token_of(bench: Bench, variation: str, user: str = "maya") -> str:
    return bench.sandbox.launch_token(user, "food-web", "n1", variation)


def signed_by_platform(bench: Bench, token: str) -> bool:
    key = jwt.PyJWKSet.from_dict(bench.client.get("/jwks").json).keys[0].key
    try:
        jwt.decode(token, key, algorithms=["RS256"], options={"verify_signature": True, **UNCHECKED})
    except jwt.InvalidTokenError:
        return False
    return True


UNCHECKED = {f"verify_{claim}": False for claim in ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")}


def test_the_registries_hold_every_row_of_the_table() -> None:
    assert len(BAD_PAYLOADS) == 12
    assert len(VALID_LAUNCHES) == 9
    assert not any(each.accepted for each in BAD_PAYLOADS.values())
    assert all(each.accepted for each in VALID_LAUNCHES.values())
    assert [name for name, each in BEYOND.items() if each.accepted] == ["several_aud_right_azp"]


FAULTS: dict[str, Callable[[Header, Claims], bool]] = {
    "no_kid": lambda header, claims: "kid" not in header,
    "wrong_kid": lambda header, claims: header["kid"] == "a-kid-nobody-published",
    "wrong_lti_version": lambda header, claims: claims[f"{CLAIM}version"] == "11.3",
    "no_lti_version": lambda header, claims: f"{CLAIM}version" not in claims,
    "not_lti_message": lambda header, claims: claims == {"name": "badltilaunch"},
    "lti_claims_missing": lambda header, claims: (
        "sub" in claims and not any(name.startswith(CLAIM) for name in claims)
    ),
    "wrong_timestamps": lambda header, claims: (claims["exp"], claims["iat"]) == (22222, 11111),
    "message_type_missing": lambda header, claims: f"{CLAIM}message_type" not in claims,
    "roles_missing": lambda header, claims: f"{CLAIM}roles" not in claims,
    "deployment_id_missing": lambda header, claims: f"{CLAIM}deployment_id" not in claims,
    "resource_link_id_missing": lambda header, claims: (
        list(claims[f"{CLAIM}resource_link"])
        == [
            "title",
            "description",
        ]
    ),
    "sub_missing": lambda header, claims: "sub" not in claims,
}


@pytest.mark.parametrize("name", BAD_PAYLOADS)
def test_a_known_bad_payload_has_its_fault_and_no_other(moodle: Bench, name: str) -> None:
    header, claims = read(token_of(moodle, name))
    assert FAULTS[name](header, claims)
    _, usual = read(token_of(moodle, ""))
    if name != "not_lti_message":
        untouched = {key for key in usual if claims.get(key) == usual[key]}
        assert len(usual) - len(untouched) <= (2 if name != "lti_claims_missing" else 12)
    assert signed_by_platform(moodle, token_of(moodle, name))


ROLES: dict[str, dict[str, list[str]]] = {
    "short_role": {"maya": ["Learner"], "amara": ["Instructor"]},
    "no_role": {"maya": [], "amara": []},
    "unknown_role": {
        who: ["http://purl.imsglobal.org/vocab/lis/v2/unknown/unknown#Helper"] for who in ("maya", "amara")
    },
}


@pytest.mark.parametrize("user", ["amara", "maya"])
@pytest.mark.parametrize("name", VALID_LAUNCHES)
def test_a_valid_launch_is_signed_and_whole(moodle: Bench, name: str, user: str) -> None:
    token = token_of(moodle, name, user)
    _, claims = read(token)
    assert signed_by_platform(moodle, token)
    for needed in ("message_type", "version", "deployment_id", "target_link_uri", "resource_link", "roles"):
        assert f"{CLAIM}{needed}" in claims
    if name in ROLES:
        assert claims[f"{CLAIM}roles"] == ROLES[name][user]
    if name == "multiple_roles":
        assert len(claims[f"{CLAIM}roles"]) == 3
    assert ("name" in claims) == (name not in ("email_only", "no_pii", "email_without_context"))
    assert ("email" in claims) == (name not in ("names_only", "no_pii"))
    assert (f"{CLAIM}context" in claims) == (name != "email_without_context")


def test_no_personal_information_means_none_at_all(moodle: Bench) -> None:
    _, claims = read(token_of(moodle, "no_pii"))
    person = moodle.sandbox.world.person("maya")
    told = json.dumps(claims)
    assert not any(word in told for word in ("Maya", "Chen", person.email, person.sourced_id))


@pytest.mark.parametrize(("name", "claim", "value"), WRONG_TYPES)
def test_a_claim_has_the_wrong_type(moodle: Bench, name: str, claim: str, value: object) -> None:
    token = token_of(moodle, f"wrong_type_{name}")
    assert read(token)[1][claim] == value
    assert signed_by_platform(moodle, token)


@pytest.mark.parametrize("profile", ["moodle", "canvas"])
def test_audiences(profile: str, request: pytest.FixtureRequest) -> None:
    bench: Bench = request.getfixturevalue(profile)
    client = bench.sandbox.registration.client_id

    def audience(name: str) -> tuple[Any, Any]:
        claims = read(token_of(bench, name))[1]
        return claims["aud"], claims.get("azp")

    assert audience("wrong_aud")[0] == "another-tool"
    assert audience("several_aud_wrong_azp") == (["other", client], "other")
    assert audience("several_aud_missing_azp") == (["other", client], None)
    assert audience("several_aud_right_azp") == (["other", client], client)


def test_times(moodle: Bench) -> None:
    now = moodle.sandbox.config.clock().timestamp()
    assert read(token_of(moodle, "expired"))[1]["exp"] < now - 3600
    future = read(token_of(moodle, "future_iat"))[1]
    assert future["iat"] == now + 3600
    assert future["exp"] > future["iat"]
    for claim in ("exp", "iat", "nonce"):
        assert claim not in read(token_of(moodle, f"{claim}_missing"))[1]


def test_a_token_without_signature(moodle: Bench) -> None:
    token = token_of(moodle, "alg_none")
    assert read(token)[0]["alg"] == "none"
    assert token.endswith(".")
    assert token.count(".") == 2


def test_a_token_signed_with_the_public_key_as_a_secret(moodle: Bench) -> None:
    token = token_of(moodle, "alg_hs256")
    assert read(token)[0]["alg"] == "HS256"
    published = moodle.client.get("/jwks").json["keys"][0]
    pem = RSAKey.import_key(published).as_pem(private=False)
    signed, _, signature = token.rpartition(".")
    expected = hmac.new(pem, signed.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "==") == expected


def test_a_token_of_another_platforms_key_under_our_kid(moodle: Bench) -> None:
    token = token_of(moodle, "foreign_key")
    assert read(token)[0]["kid"] == moodle.client.get("/jwks").json["keys"][0]["kid"]
    assert not signed_by_platform(moodle, token)


def test_strangers(moodle: Bench) -> None:
    assert read(token_of(moodle, "unknown_issuer"))[1]["iss"] == "https://lms.example"
    assert read(token_of(moodle, "unknown_client"))[1]["aud"] == "another-tool"
    assert read(token_of(moodle, "unknown_deployment"))[1][f"{CLAIM}deployment_id"] == "never-seen"


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [("unknown_issuer", "iss", "https://lms.example"), ("unknown_client", "client_id", "another-tool")],
)
def test_an_unknown_issuer_or_client_shows_in_the_login_too(
    moodle: Bench, name: str, field: str, value: str
) -> None:
    response = moodle.client.get(f"/as/maya/launch/food-web?variation={name}")
    assert Form(response).fields[field] == value


def answered(bench: Bench, user: str, variation: str, nonce: str, state: str) -> dict[str, str]:
    """The form that a browser would post to the tool."""
    login = Form(bench.client.get(f"/as/{user}/launch/food-web?variation={variation}")).fields
    hints = {name: login[name] for name in ("login_hint", "lti_message_hint")}
    return Form(bench.auth(bench.request(user) | hints | {"nonce": nonce, "state": state})).fields


@pytest.mark.parametrize("name", ["replayed_token", "used_nonce", "state_of_another_browser"])
def test_a_replay_needs_something_to_replay(moodle: Bench, name: str) -> None:
    with pytest.raises(NothingToReplay):
        token_of(moodle, name)
    login = Form(moodle.client.get(f"/as/maya/launch/food-web?variation={name}")).fields
    hints = {key: login[key] for key in ("login_hint", "lti_message_hint")}
    response = moodle.auth(moodle.request() | hints)
    assert response.status_code == 409
    assert "first" in response.text


def test_a_replay_repeats_the_last_ordinary_answer_word_for_word(moodle: Bench) -> None:
    before = answered(moodle, "maya", "", "n-first", "s-first")
    answered(moodle, "maya", "no_kid", "n-bad", "s-bad")
    assert answered(moodle, "maya", "replayed_token", "n-new", "s-new") == before


def test_a_used_nonce_comes_in_a_new_token(moodle: Bench) -> None:
    before = answered(moodle, "maya", "", "n-first", "s-first")
    moodle.sandbox.config.clock.pass_by(seconds=1)  # type: ignore[attr-defined]
    again = answered(moodle, "maya", "used_nonce", "n-new", "s-new")
    assert read(again["id_token"])[1]["nonce"] == "n-first"
    assert again["id_token"] != before["id_token"]
    assert again["state"] == "s-first"


def test_the_state_of_somebody_elses_browser(moodle: Bench) -> None:
    answered(moodle, "lucas", "", "n-lucas", "s-lucas")
    answered(moodle, "maya", "", "n-maya", "s-maya")
    fields = answered(moodle, "maya", "state_of_another_browser", "n-new", "s-new")
    assert fields["state"] == "s-lucas"
    assert read(fields["id_token"])[1]["nonce"] == "n-new"


def test_a_state_bound_to_another_nonce(moodle: Bench) -> None:
    fields = answered(moodle, "maya", "state_bound_to_another_nonce", "n-new", "s-new")
    assert fields["state"] == "s-new"
    assert read(fields["id_token"])[1]["nonce"] != "n-new"


def test_altering_one_launch_leaves_the_next_alone(moodle: Bench) -> None:
    for name in (*BAD_PAYLOADS, *BEYOND):
        if name not in ("replayed_token", "used_nonce", "state_of_another_browser"):
            token_of(moodle, name)
    assert signed_by_platform(moodle, token_of(moodle, "launch"))
    assert read(token_of(moodle, "launch")) == read(token_of(moodle, ""))


def test_a_misspelt_variation_is_an_error_and_not_an_ordinary_launch(moodle: Bench) -> None:
    with pytest.raises(LookupError, match="No variation 'no_kiddo'"):
        token_of(moodle, "no_kiddo")
