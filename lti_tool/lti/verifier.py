"""Decides whether an id_token is what it says: one function a check, each with a reason of its own.

This is the only place where tokens of platforms are verified, once each. What can be checked without the platform's
key comes first, so that nobody without a login under way makes us fetch anything.
(OpenID Connect Core, section 3.1.3.7; 1EdTech security framework, section 5.1.3.)
"""

import json
import math
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, NoReturn

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from marshmallow import ValidationError

from lti_tool.lti.claims import CLAIM, DEEP_LINKING_CLAIM, MESSAGES, launch_message, message_type, notice_in
from lti_tool.lti.messages import Message, Notice
from lti_tool.lti.queries import PlatformCard
from lti_tool.problems import Problem

ALGORITHM = "RS256"
# Between the platform's clock and ours.
LEEWAY = timedelta(seconds=30)
# Moodle's tokens live a minute, Canvas's an hour; an older one was kept by somebody.
OLDEST = timedelta(hours=1)
# Moodle's are 4 to 5 KB; more custom parameters than this would hold are no launch.
MOST_CHARACTERS = 100_000
_RS256 = RSAAlgorithm(RSAAlgorithm.SHA256)
# RFC 7515, section 2: no padding, and nothing that a lenient decoder would pass over.
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")

FindKey = Callable[[PlatformCard, str], RSAPublicKey]


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token taken apart, nothing of it believed yet."""

    token: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verified:
    """A token whose every check has passed, but whose nonce is still to be used up."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    message: Message


def verify(token: str, platform: PlatformCard, nonce: str, find_key: FindKey, now: datetime) -> Verified:
    """The message in a token that ``platform`` sent for the login with ``nonce``.

    Raises :class:`~lti_tool.problems.Problem`; every code used here answers with a status of 4xx.
    """
    found = take_apart(token)
    _check_nonce(found, nonce)
    _check_sender(found, platform, find_key, now)
    return Verified(found.header, found.claims, _checked_message(found))


def verify_notice(token: str, platform: PlatformCard, find_key: FindKey, now: datetime) -> Notice:
    """The notice in a token of ``platform``, which nobody's login led to: by all checks but that of a nonce.

    (Platform Notification Service, section 4.) What comes of a notice must not depend on how often it comes.
    """
    found = take_apart(token)
    _check_sender(found, platform, find_key, now)
    try:
        return notice_in(found.claims)
    except ValidationError as error:
        _refuse(error)


def _check_sender(found: Unverified, platform: PlatformCard, find_key: FindKey, now: datetime) -> None:
    _check_issuer(found, platform)
    _check_audience(found, platform)
    _check_times(found, now)
    kid = _checked_key_id(found)
    _check_signature(found, find_key(platform, kid))


def take_apart(token: str) -> Unverified:
    if len(token) > MOST_CHARACTERS:
        raise Problem("id_token_too_long")
    segments = token.split(".")
    if len(segments) != 3:
        raise Problem("id_token_malformed")
    return Unverified(token, _json_object(segments[0]), _json_object(segments[1]))


def _json_object(segment: str) -> Mapping[str, Any]:
    try:
        found = json.loads(_decoded(segment))
    except (ValueError, RecursionError):
        raise Problem("id_token_malformed") from None
    if not isinstance(found, dict):
        raise Problem("id_token_malformed")
    return found


def _decoded(segment: str) -> bytes:
    if not _SEGMENT.fullmatch(segment):
        raise Problem("id_token_malformed")
    try:
        return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise Problem("id_token_malformed") from None


def _check_nonce(found: Unverified, nonce: str) -> None:
    told = found.claims.get("nonce")
    if not isinstance(told, str) or not told.isascii() or not compare_digest(told, nonce):
        raise Problem("nonce_wrong")


def _check_issuer(found: Unverified, platform: PlatformCard) -> None:
    if found.claims.get("iss") != platform.issuer:
        raise Problem("issuer_wrong")


def _check_audience(found: Unverified, platform: PlatformCard) -> None:
    """We must be among all the audiences; with several, or where it is given, ``azp`` must name us."""
    told = found.claims.get("aud")
    audiences = [told] if isinstance(told, str) else told
    if not isinstance(audiences, list) or not all(isinstance(one, str) for one in audiences):
        raise Problem("audience_wrong")
    if platform.client_id not in audiences:
        raise Problem("audience_wrong")
    azp = found.claims.get("azp")
    if azp != platform.client_id and (azp is not None or len(audiences) > 1):
        raise Problem("authorized_party_wrong")


def _check_times(found: Unverified, now: datetime) -> None:
    issued, expires = _seconds(found, "iat"), _seconds(found, "exp")
    at = now.timestamp()
    if expires <= at - LEEWAY.total_seconds():
        raise Problem("id_token_expired")
    if issued > at + LEEWAY.total_seconds():
        raise Problem("issued_in_future")
    if issued < at - (OLDEST + LEEWAY).total_seconds():
        raise Problem("issued_long_ago")
    if "nbf" in found.claims and _seconds(found, "nbf") > at + LEEWAY.total_seconds():
        raise Problem("issued_in_future")


def _seconds(found: Unverified, name: str) -> float:
    told = found.claims.get(name)
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise Problem("times_missing")
    try:
        seconds = float(told)
    except OverflowError:
        raise Problem("times_missing") from None
    if not math.isfinite(seconds):
        raise Problem("times_missing")
    return seconds


def _checked_key_id(found: Unverified) -> str:
    # "crit" names extensions that must be understood (RFC 7515, section 4.1.11); we know none.
    if found.header.get("alg") != ALGORITHM or "crit" in found.header:
        raise Problem("algorithm_wrong")
    kid = found.header.get("kid")
    if not isinstance(kid, str) or not kid or len(kid) > 255:
        raise Problem("key_id_missing")
    return kid


def _check_signature(found: Unverified, key: RSAPublicKey) -> None:
    signed, _, signature = found.token.rpartition(".")
    if not _RS256.verify(signed.encode(), key, _decoded(signature)):
        raise Problem("signature_wrong")


def _checked_message(found: Unverified) -> Message:
    try:
        if _is_of_another_type(found):
            raise Problem("message_not_supported")
        return launch_message(found.claims)
    except ValidationError as error:
        _refuse(error)


def _is_of_another_type(found: Unverified) -> bool:
    """Of a type that LTI knows or may know, but not ours to answer; a missing or wrong one is the schema's to find."""
    told = found.claims.get(f"{CLAIM}message_type")
    return told not in MESSAGES and told is not None and bool(message_type(found.claims))


def _refuse(error: ValidationError) -> NoReturn:
    name, missing = _first_wrong(error.messages)
    if name == CLAIM + "version" and not missing:
        raise Problem("lti_version_wrong") from error
    short = name.removeprefix(CLAIM).removeprefix(DEEP_LINKING_CLAIM)
    raise Problem("claim_missing" if missing else "claim_wrong", claim=short) from error


def _first_wrong(messages: Any) -> tuple[str, bool]:
    """The path of the first wrong claim, such as ``resource_link.id``, and whether it is only missing."""
    path: list[str] = []
    while isinstance(messages, dict) and messages:
        key, messages = next(iter(messages.items()))
        path.append(str(key)[:100])
    missing = isinstance(messages, list) and messages[:1] == ["Missing data for required field."]
    return ".".join(path), missing
