"""Access tokens for services: client_credentials with a private_key_jwt assertion, strictly (RFC 7523).

The services themselves join later; they ask `scopes_of` what a bearer may do.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import requests
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from lti_tool.sandbox.config import SandboxConfig
from lti_tool.sandbox.profiles import Registration

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPES = (
    f"{AGS}lineitem",
    f"{AGS}lineitem.readonly",
    f"{AGS}result.readonly",
    f"{AGS}score",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
)
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


@dataclass
class Grants:
    config: SandboxConfig
    registration: Registration
    http: requests.Session
    randomness: Random
    _issued: dict[str, tuple[frozenset[str], datetime]] = field(default_factory=dict)
    _seen: dict[str, float] = field(default_factory=dict)
    """jti → when it may be forgotten."""
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
        self._check(asked.get("client_assertion", ""))
        wanted = asked.get("scope", "").split()
        granted = [scope for scope in wanted if scope in SCOPES]
        if not granted:
            raise GrantRefused("invalid_scope", "none of the scopes asked for is open to this tool")
        now = self.config.clock()
        token = f"{self.randomness.getrandbits(128):032x}"
        with self._lock:
            self._issued = {t: grant for t, grant in self._issued.items() if grant[1] > now}
            self._issued[token] = (frozenset(granted), now + TOKEN_LIFE)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LIFE.total_seconds()),
            "scope": " ".join(granted),
        }

    def scopes_of(self, bearer: str) -> frozenset[str]:
        """What a bearer may do; nothing when it is unknown or over."""
        scopes, until = self._issued.get(bearer, (frozenset(), None))
        return scopes if until and until > self.config.clock() else frozenset()

    def _check(self, assertion: str) -> None:
        claims = self._verified(assertion)
        client = self.registration.client_id
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
            if jti in self._seen:
                raise GrantRefused("invalid_client", "this jti was used before")
            self._seen[jti] = exp + LEEWAY

    def _verified(self, assertion: str) -> dict[str, Any]:
        try:
            kid = jws.extract_compact(assertion.encode()).headers().get("kid")
            key = self._tool_key(kid)
            payload = jws.deserialize_compact(assertion, key, algorithms=["RS256"]).payload
            claims = _object(payload)
        except (JoseError, ValueError, TypeError) as error:
            raise GrantRefused("invalid_client", f"the assertion cannot be verified: {error}") from error
        return claims

    def _tool_key(self, kid: Any) -> RSAKey:
        try:
            answer = self.http.get(self.config.tool_jwks_url, timeout=CONNECT_AND_READ)
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
