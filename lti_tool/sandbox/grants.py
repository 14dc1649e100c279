"""Access tokens for services: client_credentials with a private_key_jwt assertion, strictly (RFC 7523).

The services ask `bearer_of` which tool a bearer is of and what it may do.
"""

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import requests
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from lti_tool.sandbox.config import SandboxConfig
from lti_tool.sandbox.registrations import Registration

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

TOKEN_LIFE = timedelta(hours=1)
LEEWAY = 5
"""Seconds that the two clocks may differ."""
LONGEST_ASSERTION = 3600
CONNECT_AND_READ = (3.0, 5.0)


@dataclass(eq=False)
class GrantRefused(Exception):
    """The error of RFC 6749, section 5.2."""

    error: str
    description: str


@dataclass(frozen=True)
class Bearer:
    """What an access token stands for."""

    registration: Registration
    scopes: frozenset[str]
    until: datetime


@dataclass
class Grants:
    config: SandboxConfig
    tools: Mapping[str, Registration]
    """By client id."""
    http: requests.Session
    randomness: Random
    granted: int = 0
    """How many tokens were ever issued: tests ask whether a tool keeps the ones it has."""
    _issued: dict[str, Bearer] = field(default_factory=dict)
    _seen: dict[tuple[str, str], float] = field(default_factory=dict)
    """Client id and jti → when they may be forgotten."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def token_url(self) -> str:
        return f"{self.config.base}/token"

    def grant(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """The answer of the token endpoint. Raises GrantRefused."""
        if asked.get("grant_type") != "client_credentials":
            raise GrantRefused("unsupported_grant_type", "grant_type must be client_credentials")
        if asked.get("client_assertion_type") != ASSERTION_TYPE:
            raise GrantRefused("invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}")
        tool = self._check(asked.get("client_assertion", ""))
        wanted = asked.get("scope", "").split()
        granted = [scope for scope in wanted if scope in tool.scopes]
        if not granted:
            raise GrantRefused("invalid_scope", "none of the scopes asked for is open to this tool")
        token = self.issue(tool, granted)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LIFE.total_seconds()),
            "scope": " ".join(granted),
        }

    def issue(self, tool: Registration, scopes: Iterable[str]) -> str:
        """A new access token, without asking for an assertion."""
        now = self.config.clock()
        token = f"{self.randomness.getrandbits(128):032x}"
        with self._lock:
            self._issued = {t: bearer for t, bearer in self._issued.items() if bearer.until > now}
            self._issued[token] = Bearer(tool, frozenset(scopes), now + TOKEN_LIFE)
            self.granted += 1
        return token

    def bearer_of(self, token: str) -> Bearer | None:
        """None when the token is unknown or over, or its tool was removed."""
        bearer = self._issued.get(token)
        if bearer is None or bearer.until <= self.config.clock():
            return None
        return bearer if bearer.registration.client_id in self.tools else None

    def scopes_of(self, token: str) -> frozenset[str]:
        """What a bearer may do; nothing when it is unknown or over."""
        bearer = self.bearer_of(token)
        return bearer.scopes if bearer else frozenset()

    def revoke_all(self) -> None:
        """Every token issued so far is no good any more, as after a restart of the LMS's cache."""
        with self._lock:
            self._issued.clear()

    def _check(self, assertion: str) -> Registration:
        tool = self._claimed_tool(assertion)
        claims = verified_by_tool(assertion, tool, self.http)
        client = tool.client_id
        if claims.get("iss") != client or claims.get("sub") != client:
            raise GrantRefused("invalid_client", "iss and sub must both be the client id")
        audience = claims.get("aud")
        if self.token_url not in (audience if isinstance(audience, list) else [audience]):
            raise GrantRefused("invalid_client", f"aud must be {self.token_url}")
        now = self.config.clock().timestamp()
        exp, iat = claims.get("exp"), claims.get("iat")
        if not isinstance(exp, int) or not isinstance(iat, int):
            raise GrantRefused("invalid_client", "exp and iat must be whole seconds")
        if exp < now - LEEWAY:
            raise GrantRefused("invalid_client", "the assertion is over")
        if iat > now + LEEWAY or exp - iat > LONGEST_ASSERTION:
            raise GrantRefused("invalid_client", "the assertion is from the future, or lives over an hour")
        jti = claims.get("jti")
        if not isinstance(jti, str) or not jti:
            raise GrantRefused("invalid_client", "jti is missing")
        with self._lock:
            self._seen = {seen: until for seen, until in self._seen.items() if until >= now}
            if (client, jti) in self._seen:
                raise GrantRefused("invalid_client", "this jti was used before")
            self._seen[client, jti] = exp + LEEWAY
        return tool

    def _claimed_tool(self, assertion: str) -> Registration:
        """The tool an assertion says it is from; nothing of it is believed yet."""
        try:
            claims = _object(jws.extract_compact(assertion.encode()).payload)
        except (JoseError, ValueError, TypeError) as error:
            raise GrantRefused("invalid_client", f"the assertion cannot be read: {error}") from error
        tool = self.tools.get(str(claims.get("iss")))
        if tool is None or not tool.active:
            raise GrantRefused("invalid_client", "iss and sub must both be the client id of an active tool")
        return tool


def verified_by_tool(token: str, tool: Registration, http: requests.Session) -> dict[str, Any]:
    """The claims of a JWT that the tool signed with a key of its published set. Raises GrantRefused."""
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
        key = _tool_key(tool, http, kid)
        return _object(jws.deserialize_compact(token, key, algorithms=["RS256"]).payload)
    except (JoseError, ValueError, TypeError) as error:
        raise GrantRefused("invalid_client", f"the token cannot be verified: {error}") from error


def _tool_key(tool: Registration, http: requests.Session, kid: Any) -> RSAKey:
    try:
        answer = http.get(tool.jwks_url, timeout=CONNECT_AND_READ)
        answer.raise_for_status()
        keys = KeySet.import_key_set(answer.json())
    except requests.RequestException as error:
        raise GrantRefused("invalid_client", "the tool's key set cannot be fetched") from error
    for key in keys.keys:
        if isinstance(key, RSAKey) and key.kid == kid:
            return key
    raise ValueError(f"the tool publishes no RSA key {kid!r}")


def _object(payload: bytes) -> dict[str, Any]:
    claims = json.loads(payload)
    if not isinstance(claims, dict):
        raise ValueError("claims are not an object")
    return claims
