"""Launches altered on purpose: the certification table row by row, and what careful tools also refuse.

A variation works on a draft (claims, header, signing choice, state) before it is signed, or on the parameters of
the login. `BAD_PAYLOADS` and `VALID_LAUNCHES` follow the 1EdTech certification guide for LTI 1.3, section 6;
`BEYOND` goes further.
"""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from lti_tool.sandbox.profiles import CLAIM, INSTITUTION, MEMBERSHIP
from lti_tool.sandbox.tokens import Answer, Draft, Signing

IDENTITY = ("name", "given_name", "family_name", "middle_name", "picture")
AN_HOUR = 3600


class NothingToReplay(Exception):
    """The variation needs an earlier unaltered launch, and there was none."""


def _unaltered(draft: Draft) -> None:
    pass


@dataclass(frozen=True)
class Variation:
    name: str
    title: str
    accepted: bool
    """What a careful tool does with it."""
    alter: Callable[[Draft], None] = _unaltered
    login: dict[str, str] = field(default_factory=dict)
    """Parameters of the login initiation that are replaced."""

    def apply(self, draft: Draft) -> Draft:
        """An altered copy. Raises NothingToReplay."""
        altered = copy.deepcopy(draft)
        self.alter(altered)
        return altered


# How single alterations are written below.


def without(*claims: str) -> Callable[[Draft], None]:
    def alter(draft: Draft) -> None:
        for claim in claims:
            draft.claims.pop(claim, None)

    return alter


def having(claim: str, value: Any) -> Callable[[Draft], None]:
    def alter(draft: Draft) -> None:
        draft.claims[claim] = value

    return alter


def inside(claim: str, key: str, value: Any) -> Callable[[Draft], None]:
    def alter(draft: Draft) -> None:
        draft.claims[claim] = draft.claims.get(claim, {}) | {key: value}

    return alter


def moved(seconds: int) -> Callable[[Draft], None]:
    def alter(draft: Draft) -> None:
        draft.claims["iat"] += seconds
        draft.claims["exp"] += seconds

    return alter


# Known bad payloads.


def _no_kid(draft: Draft) -> None:
    del draft.header["kid"]


def _wrong_kid(draft: Draft) -> None:
    draft.header["kid"] = "a-kid-nobody-published"


def _not_lti(draft: Draft) -> None:
    draft.claims = {"name": "badltilaunch"}


def _no_lti_claims(draft: Draft) -> None:
    draft.claims = {name: value for name, value in draft.claims.items() if not name.startswith(CLAIM)}


def _wrong_timestamps(draft: Draft) -> None:
    draft.claims |= {"exp": 22222, "iat": 11111}


def _no_link_id(draft: Draft) -> None:
    link = draft.claims[f"{CLAIM}resource_link"]
    draft.claims[f"{CLAIM}resource_link"] = {key: value for key, value in link.items() if key != "id"}


# Valid launches.


def _teaches(draft: Draft) -> bool:
    return f"{MEMBERSHIP}#Instructor" in draft.claims[f"{CLAIM}roles"]


def _multiple_roles(draft: Draft) -> None:
    if _teaches(draft):
        more = [f"{INSTITUTION}#Faculty", f"{MEMBERSHIP}#Instructor", f"{MEMBERSHIP}#ContentDeveloper"]
    else:
        more = [f"{INSTITUTION}#Student", f"{MEMBERSHIP}#Learner", f"{MEMBERSHIP}#Mentor"]
    draft.claims[f"{CLAIM}roles"] = more


def _short_role(draft: Draft) -> None:
    draft.claims[f"{CLAIM}roles"] = ["Instructor" if _teaches(draft) else "Learner"]


def _email_only(draft: Draft) -> None:
    without(*IDENTITY)(draft)


def _no_pii(draft: Draft) -> None:
    without(*IDENTITY, "email", f"{CLAIM}ext", f"{CLAIM}lis")(draft)


# Beyond the guide.


def _audience(*others: str, azp: str | None) -> Callable[[Draft], None]:
    """The true audience and others; `azp` `True one` stands for the client itself, None leaves it out."""

    def alter(draft: Draft) -> None:
        client = draft.claims["aud"]
        draft.claims["aud"] = [*others, client]
        draft.claims.pop("azp", None)
        if azp is not None:
            draft.claims["azp"] = client if azp == "self" else azp

    return alter


def _wrong_audience(draft: Draft) -> None:
    draft.claims["aud"] = "another-tool"
    if "azp" in draft.claims:
        draft.claims["azp"] = "another-tool"


def _sent_before(draft: Draft) -> Answer:
    if draft.earlier is None:
        raise NothingToReplay("Launch once unaltered as the same person first")
    return draft.earlier


def _replayed(draft: Draft) -> None:
    before = _sent_before(draft)
    draft.ready_made, draft.state = before.id_token, before.state


def _used_nonce(draft: Draft) -> None:
    before = _sent_before(draft)
    draft.claims["nonce"], draft.state = before.nonce, before.state


def _state_of_another_browser(draft: Draft) -> None:
    if draft.stranger is None:
        raise NothingToReplay("Let somebody else launch unaltered first")
    draft.state = draft.stranger.state


def _state_bound_to_another_nonce(draft: Draft) -> None:
    draft.claims["nonce"] = draft.claims["nonce"][::-1] + "x"


def _unsigned(draft: Draft) -> None:
    draft.header["alg"] = "none"
    draft.header.pop("kid", None)
    draft.signing = Signing.NONE


def _hs256(draft: Draft) -> None:
    draft.header["alg"] = "HS256"
    draft.signing = Signing.PUBLISHED_KEY_AS_HMAC


def _foreign_key(draft: Draft) -> None:
    draft.signing = Signing.FOREIGN_KEY


WRONG_TYPES: tuple[tuple[str, str, Any], ...] = (
    ("iss_a_list", "iss", ["https://lms.example"]),
    ("sub_a_number", "sub", 4),
    ("sub_null", "sub", None),
    ("aud_a_number", "aud", 7),
    ("aud_an_object", "aud", {"client": "id"}),
    ("nonce_a_list", "nonce", ["once"]),
    ("exp_a_word", "exp", "tomorrow"),
    ("iat_a_word", "iat", "now"),
    ("exp_null", "exp", None),
    ("roles_a_string", f"{CLAIM}roles", "Learner"),
    ("roles_of_numbers", f"{CLAIM}roles", [1, 2]),
    ("context_a_string", f"{CLAIM}context", "2"),
    ("context_a_list", f"{CLAIM}context", ["2"]),
    ("context_id_a_number", f"{CLAIM}context", {"id": 2, "title": "A course"}),
    ("resource_link_a_string", f"{CLAIM}resource_link", "1"),
    ("resource_link_a_list", f"{CLAIM}resource_link", [{"id": "1"}]),
    ("resource_link_id_a_number", f"{CLAIM}resource_link", {"id": 1}),
    ("deployment_id_a_number", f"{CLAIM}deployment_id", 1),
    ("message_type_a_list", f"{CLAIM}message_type", ["LtiResourceLinkRequest"]),
    ("version_a_number", f"{CLAIM}version", 1.3),
    ("target_link_uri_a_number", f"{CLAIM}target_link_uri", 8000),
    ("custom_a_string", f"{CLAIM}custom", "panel=1"),
    ("launch_presentation_a_string", f"{CLAIM}launch_presentation", "iframe"),
    ("tool_platform_a_string", f"{CLAIM}tool_platform", "moodle"),
    ("name_an_object", "name", {"full": "Maya Chen"}),
    ("email_a_list", "email", ["maya@example.org"]),
)


def _registry(variations: Iterable[Variation]) -> dict[str, Variation]:
    return {variation.name: variation for variation in variations}


def _bad(name: str, title: str, alter: Callable[[Draft], None], **login: str) -> Variation:
    return Variation(name, title, accepted=False, alter=alter, login=login)


def _good(name: str, title: str, alter: Callable[[Draft], None] = _unaltered) -> Variation:
    return Variation(name, title, accepted=True, alter=alter)


BAD_PAYLOADS = _registry(
    (
        _bad("no_kid", "No kid in the JWT header", _no_kid),
        _bad("wrong_kid", "Wrong kid in the JWT header", _wrong_kid),
        _bad("wrong_lti_version", "Wrong LTI version", having(f"{CLAIM}version", "11.3")),
        _bad("no_lti_version", "No LTI version", without(f"{CLAIM}version")),
        _bad("not_lti_message", "Not an LTI message", _not_lti),
        _bad("lti_claims_missing", "LTI claims missing", _no_lti_claims),
        _bad("wrong_timestamps", "Timestamps wrong", _wrong_timestamps),
        _bad("message_type_missing", "message_type missing", without(f"{CLAIM}message_type")),
        _bad("roles_missing", "roles missing", without(f"{CLAIM}roles")),
        _bad("deployment_id_missing", "deployment_id missing", without(f"{CLAIM}deployment_id")),
        _bad("resource_link_id_missing", "resource_link.id missing", _no_link_id),
        _bad("sub_missing", "sub missing", without("sub")),
    )
)

VALID_LAUNCHES = _registry(
    (
        _good("launch", "Launch"),
        _good("multiple_roles", "Multiple roles", _multiple_roles),
        _good("short_role", "Short role", _short_role),
        _good(
            "unknown_role",
            "Unknown role",
            having(f"{CLAIM}roles", ["http://purl.imsglobal.org/vocab/lis/v2/unknown/unknown#Helper"]),
        ),
        _good("no_role", "No role", having(f"{CLAIM}roles", [])),
        _good("email_only", "E-mail only", _email_only),
        _good("names_only", "Names only", without("email")),
        _good("no_pii", "No personal information", _no_pii),
        _good(
            "email_without_context",
            "E-mail without context",
            without(*IDENTITY, f"{CLAIM}context"),
        ),
    )
)

BEYOND = _registry(
    (
        _bad("wrong_aud", "Wrong aud", _wrong_audience),
        _bad("several_aud_wrong_azp", "Several aud, wrong azp", _audience("other", azp="other")),
        _bad("several_aud_missing_azp", "Several aud, no azp", _audience("other", azp=None)),
        _good("several_aud_right_azp", "Several aud, right azp", _audience("other", azp="self")),
        _bad("replayed_token", "The id_token of the last launch again", _replayed),
        _bad("used_nonce", "A second token with a used nonce", _used_nonce),
        _bad("state_of_another_browser", "state of another browser", _state_of_another_browser),
        _bad("state_bound_to_another_nonce", "state bound to another nonce", _state_bound_to_another_nonce),
        _bad("expired", "Expired an hour ago", moved(-2 * AN_HOUR)),
        _bad("future_iat", "Issued an hour in the future", moved(AN_HOUR)),
        _bad("exp_missing", "exp missing", without("exp")),
        _bad("iat_missing", "iat missing", without("iat")),
        _bad("nonce_missing", "nonce missing", without("nonce")),
        _bad("alg_none", "Not signed (alg none)", _unsigned),
        _bad("alg_hs256", "HS256 with the public key as the secret", _hs256),
        _bad("foreign_key", "Signed with another platform's key", _foreign_key),
        _bad(
            "unknown_issuer",
            "Unknown issuer",
            having("iss", "https://lms.example"),
            iss="https://lms.example",
        ),
        _bad("unknown_client", "Unknown client", _wrong_audience, client_id="another-tool"),
        _bad(
            "unknown_deployment",
            "A deployment never seen",
            having(f"{CLAIM}deployment_id", "never-seen"),
        ),
        *(
            _bad(f"wrong_type_{name}", f"Wrong type: {name.replace('_', ' ')}", having(claim, value))
            for name, claim, value in WRONG_TYPES
        ),
    )
)

EVERY = {**VALID_LAUNCHES, **BAD_PAYLOADS, **BEYOND}
"""All variations by name."""
