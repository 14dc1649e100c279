"""Access tokens for a platform's services: asked for with a signed assertion, kept sealed until they end.

One row for each platform and set of scopes is what all threads and processes share. Whoever finds no token takes the
row's lease, asks the platform with nothing locked, and writes what came of it; the others look again until then, and
take the token or the failure. (1EdTech security framework 1.1, section 4; RFC 7523.)
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

import jwt
import requests
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.models import ServiceToken
from lti_tool.lti.queries import PlatformCard
from lti_tool.lti.service_answers import FailureKind, ServiceFailure, failure_of, host_of
from lti_tool.parts import Parts
from social_layer.clock import Clock
from social_layer.database import run, upsert
from social_layer.sealing import SealBroken

# Moodle compares to the second and forgives nothing: a clock that is a little ahead of its must do no harm.
_BACKDATED = timedelta(seconds=10)
_ASSERTION_LASTS = timedelta(minutes=2)
# Where the platform does not say how long a token lasts: the hour that the security framework recommends.
_USUAL_LIFE = 3600.0
_LONGEST_LIFE = 86_400.0
# A token is not used in its last minute: it must last for the request.
_MARGIN = 60.0
_MOST_CHARACTERS = 16_000
# Longer than the longest request; whoever holds it longer has died.
LEASE = timedelta(seconds=30)
_LOOKS, _LOOK_SECONDS = 320, 0.1
_KEPT_AFTER_END = timedelta(days=1)


class Ask(Protocol):
    """Sends a request; raises :class:`ServiceFailure` where no answer comes."""

    def __call__(self, method: str, url: str, **options: Any) -> requests.Response: ...


@dataclass(frozen=True, slots=True)
class Token:
    """``sealed``: by what it is found again where it has to be forgotten."""

    key: bytes
    text: str = field(repr=False)
    sealed: str = field(repr=False)
    usable_until: datetime


@dataclass
class ServiceTokens:
    """Those of one platform. Keeps in memory what it has read, for its own short life."""

    given: Parts
    platform: PlatformCard
    keys: ToolKeys
    ask: Ask
    pause: Callable[[float], None] = time.sleep
    _memory: dict[bytes, Token] = field(default_factory=dict, repr=False)

    def find(self, scopes: Sequence[str]) -> Token:
        """One that is good for all of ``scopes``; raises :class:`ServiceFailure`."""
        asked = sorted(set(scopes))
        key = _key(self.platform, asked)
        began = self.given.clock()
        known = self._memory.get(key)
        if known and began < known.usable_until:
            return known
        for _ in range(_LOOKS):
            row = self._row(key)
            if token := self._usable(row):
                self._memory[key] = token
                return token
            if row and row.failed_at and row.failed_at > began:
                raise _failure_in(row, self.platform)
            if lease := self._take_lease(key, asked, row.sealed if row else None):
                self._memory[key] = token = self._fetch(key, asked, lease)
                return token
            self.pause(_LOOK_SECONDS)
        raise ServiceFailure(
            FailureKind.later, None, "Another process is still asking for a token.", self._host
        )

    def forget(self, token: Token) -> None:
        """This one, and not the one that another process may have fetched in its place."""
        self._memory.pop(token.key, None)
        with self.given.database.write() as session:
            session.execute(
                update(ServiceToken)
                .where(*self._is(token.key), ServiceToken.sealed == token.sealed)
                .values(sealed=None, usable_until=None)
            )

    @property
    def _host(self) -> str:
        return host_of(self.platform.auth_token_url)

    def _is(self, key: bytes) -> tuple[Any, ...]:
        return (
            ServiceToken.tenant_id == self.platform.tenant_id,
            ServiceToken.platform_id == self.platform.id,
            ServiceToken.key == key,
        )

    def _row(self, key: bytes) -> ServiceToken | None:
        with self.given.database.read() as session:
            return session.scalar(select(ServiceToken).where(*self._is(key)))

    def _usable(self, row: ServiceToken | None) -> Token | None:
        if row is None or row.sealed is None or row.usable_until is None:
            return None
        if row.usable_until <= self.given.clock():
            return None
        try:
            return Token(row.key, self.given.sealer.open(row.sealed), row.sealed, row.usable_until)
        except SealBroken:  # of a secret that is not in use any more
            return None

    def _take_lease(self, key: bytes, scopes: list[str], seen: str | None) -> UUID | None:
        """None where another has it, or has given it back with another token than the one that was ``seen``."""
        now, lease = self.given.clock(), uuid4()
        whose = {"tenant_id": self.platform.tenant_id, "platform_id": self.platform.id, "key": key}
        with self.given.database.write() as session:
            made = upsert(session, ServiceToken).on_conflict_do_nothing()
            run(session, made, {**whose, "scopes": " ".join(scopes)})
            taken = session.scalar(
                update(ServiceToken)
                .where(
                    *self._is(key),
                    or_(ServiceToken.leased_until.is_(None), ServiceToken.leased_until <= now),
                    ServiceToken.sealed.is_not_distinct_from(seen),
                )
                .values(leased_by=lease, leased_until=now + LEASE)
                .returning(ServiceToken.leased_by)
            )
        return lease if taken else None

    def _fetch(self, key: bytes, scopes: list[str], lease: UUID) -> Token:
        try:
            text, life = self._granted(scopes)
        except ServiceFailure as failure:
            self._give_back(
                key,
                lease,
                failed_at=self.given.clock(),
                failure=failure.kind,
                status=failure.status,
                said=failure.said,
            )
            raise
        except BaseException:
            self._give_back(key, lease)
            raise
        sealed = self.given.sealer.seal(text)
        usable_until = self.given.clock() + timedelta(seconds=life - min(_MARGIN, life / 4))
        self._give_back(
            key,
            lease,
            sealed=sealed,
            usable_until=usable_until,
            failed_at=None,
            failure=None,
            status=None,
            said=None,
        )
        return Token(key, text, sealed, usable_until)

    def _give_back(self, key: bytes, lease: UUID, **outcome: Any) -> None:
        with self.given.database.write() as session:
            session.execute(
                update(ServiceToken)
                .where(*self._is(key), ServiceToken.leased_by == lease)
                .values(leased_by=None, leased_until=None, **outcome)
            )

    def _granted(self, scopes: list[str]) -> tuple[str, float]:
        """The platform's token, and for how many seconds it is good (RFC 6749, section 4.4)."""
        url = self.platform.auth_token_url
        assertion = self._assertion()
        asked = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
            "scope": " ".join(scopes),
        }
        answer = self.ask("POST", url, data=asked, headers={"Accept": "application/json"})
        if failure := failure_of(answer, url, self.given.clock, assertion):
            # A token address that is not there is a registration to mend, not a course that is gone.
            kind = FailureKind.refused if failure.kind is FailureKind.gone else failure.kind
            raise ServiceFailure(kind, failure.status, failure.said, failure.host, failure.retry_after)
        # Moodle calls it text/html: what counts is what it is.
        try:
            found = json.loads(answer.content)
        except (ValueError, RecursionError):
            found = None
        text = found.get("access_token") if isinstance(found, dict) else None
        if not isinstance(text, str) or not 0 < len(text) <= _MOST_CHARACTERS or not _is_token(text):
            raise ServiceFailure(
                FailureKind.refused, answer.status_code, "The answer holds no access token.", self._host
            )
        return text, _life(found.get("expires_in"))

    def _assertion(self) -> str:
        """RFC 7523, section 3: we say who we are with the key that the platform finds at our JWKS address."""
        now = self.given.clock()
        signing = self.keys.signing()
        claims = {
            "iss": self.platform.client_id,
            "sub": self.platform.client_id,
            "aud": self.platform.audience or self.platform.auth_token_url,
            "iat": int((now - _BACKDATED).timestamp()),
            "exp": int((now + _ASSERTION_LASTS).timestamp()),
            "jti": str(uuid4()),
        }
        return jwt.encode(claims, signing.private, algorithm="RS256", headers={"kid": signing.kid})


def sweep_tokens(session: Session, clock: Clock) -> None:
    """Deletes those that ended a day ago: of scopes, client ids and platforms that nobody asks with any more."""
    session.execute(delete(ServiceToken).where(ServiceToken.usable_until < clock() - _KEPT_AFTER_END))


def _key(platform: PlatformCard, scopes: list[str]) -> bytes:
    whole = json.dumps([platform.client_id, platform.auth_token_url, platform.audience, scopes])
    return hashlib.sha256(whole.encode()).digest()


def _is_token(text: str) -> bool:
    """What may stand in an Authorization header."""
    return text.isascii() and text.isprintable() and " " not in text


def _life(told: Any) -> float:
    """Seconds; some platforms send them as a text, and some not at all."""
    try:
        seconds = float(told)
    except (TypeError, ValueError, OverflowError):
        return _USUAL_LIFE
    return min(seconds, _LONGEST_LIFE) if seconds > 0 else _USUAL_LIFE


def _failure_in(row: ServiceToken, platform: PlatformCard) -> ServiceFailure:
    return ServiceFailure(
        FailureKind(row.failure or FailureKind.later),
        row.status,
        row.said or "-",
        host_of(platform.auth_token_url),
    )
