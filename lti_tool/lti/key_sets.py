"""The public keys of platforms: fetched once, kept in the database for all processes, and renewed when a token
names a key that is not among them.

A platform is asked at most three times in any minute, whoever asks and from how many processes, so that forged key
ids cannot make us flood it. When an attempt fails, the keys fetched before stay in use.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import ColumnElement, or_, select, update

from lti_tool.logs import log
from lti_tool.lti.models import PlatformKeySet
from lti_tool.lti.queries import PlatformCard
from lti_tool.problems import Problem
from social_layer.clock import Clock
from social_layer.database import Database, upsert

# A key that a platform has withdrawn stops being accepted after this time.
FRESH = timedelta(hours=1)
# A renewal that nothing hurries waits this long after the attempt before.
PATIENCE = timedelta(minutes=5)
ATTEMPTS_SPAN = timedelta(minutes=1)
_LONGEST_ATTEMPT = timedelta(seconds=25)
# How often, and how long in between, one looks whether another's attempt has come to its end.
_LOOKS, _LOOK_SECONDS = 30, 0.1
MOST_KEYS = 50
LEAST_KEY_BITS = 2048


@dataclass(frozen=True)
class KeySet:
    """A platform's usable keys by their ids, as of one fetch."""

    jwks_url: str
    fetched_at: datetime
    keys: Mapping[str, RSAPublicKey]


@dataclass(frozen=True)
class Stored:
    """What the database has of a platform: keys, and when the last attempt to fetch them began and ended."""

    key_set: KeySet | None
    tried_at: datetime | None
    ended_at: datetime | None

    @property
    def keys(self) -> Mapping[str, RSAPublicKey]:
        return self.key_set.keys if self.key_set else {}

    def has(self, kid: str) -> bool:
        return kid in self.keys

    def is_busy(self, now: datetime) -> bool:
        """Whether somebody is fetching just now, and has not died over it."""
        if self.tried_at is None or now - self.tried_at > _LONGEST_ATTEMPT:
            return False
        return self.ended_at is None or self.ended_at < self.tried_at


@dataclass
class KeySets:
    """Finds the key that a token names: in memory, in the database, at the platform, in this order."""

    database: Database
    clock: Clock
    session: requests.Session
    pause: Callable[[float], None] = time.sleep
    _memory: dict[UUID, KeySet] = field(default_factory=dict)

    def find(self, platform: PlatformCard, kid: str) -> RSAPublicKey:
        """Raises ``key_unknown`` and ``keys_unreachable``."""
        now = self.clock()
        known = self._memory.get(platform.id)
        if known and self._serves(known, platform, kid, now):
            return known.keys[kid]
        stored = self._stored(platform)
        if stored.key_set and self._serves(stored.key_set, platform, kid, now):
            return self._kept(platform, stored.key_set).keys[kid]
        if stored.has(kid) and stored.tried_at and now - stored.tried_at < PATIENCE:
            return stored.keys[kid]
        if stored.is_busy(now):
            stored = self._awaited(platform, kid)
            if stored.has(kid):
                return stored.keys[kid]
        return self._renewed(platform, kid, stored)

    def _serves(self, known: KeySet, platform: PlatformCard, kid: str, now: datetime) -> bool:
        return known.jwks_url == platform.jwks_url and kid in known.keys and now - known.fetched_at < FRESH

    def _kept(self, platform: PlatformCard, key_set: KeySet) -> KeySet:
        self._memory[platform.id] = key_set
        return key_set

    def _awaited(self, platform: PlatformCard, kid: str) -> "Stored":
        """What another thread or process is fetching just now: a class that arrives together needs one fetch."""
        stored = self._stored(platform)
        for _ in range(_LOOKS):
            if stored.has(kid) or not stored.is_busy(self.clock()):
                break
            self.pause(_LOOK_SECONDS)
            stored = self._stored(platform)
        return stored

    def _renewed(self, platform: PlatformCard, kid: str, stored: "Stored") -> RSAPublicKey:
        keys = stored.keys
        if not self._may_try(platform):
            log.warning(
                "platform keys not renewed", platform=str(platform.id), reason="three attempts in a minute"
            )
            if kid not in keys:
                keys = self._awaited(platform, kid).keys
        else:
            try:
                keys = self._kept(platform, self._fetch(platform)).keys
            except (requests.RequestException, ValueError, RecursionError) as error:
                log.warning("platform keys not fetched", platform=str(platform.id), reason=_reason(error))
                self._note_end(platform)
                if kid not in keys:
                    raise Problem("keys_unreachable") from error
        if kid not in keys:
            raise Problem("key_unknown")
        return keys[kid]

    def _stored(self, platform: PlatformCard) -> "Stored":
        with self.database.read() as session:
            row = session.scalar(select(PlatformKeySet).where(_of(platform)))
        if row is None:
            return Stored(None, None, None)
        if row.body is None or row.fetched_at is None or row.jwks_url != platform.jwks_url:
            return Stored(None, row.tried_at, row.ended_at)
        found = KeySet(row.jwks_url, row.fetched_at, _parse(json.loads(row.body)))
        return Stored(found, row.tried_at, row.ended_at)

    def _may_try(self, platform: PlatformCard) -> bool:
        """Notes the attempt, in one statement, unless three stand in the last minute."""
        now = self.clock()
        with self.database.write() as session:
            attempt = upsert(session, PlatformKeySet).values(
                tenant_id=platform.tenant_id,
                platform_id=platform.id,
                jwks_url=platform.jwks_url,
                tried_at=now,
            )
            noted = attempt.on_conflict_do_update(
                index_elements=["tenant_id", "platform_id"],
                set_={
                    "tried_at": now,
                    "tried_before_at": PlatformKeySet.tried_at,
                    "tried_first_at": PlatformKeySet.tried_before_at,
                },
                where=or_(
                    PlatformKeySet.tried_first_at.is_(None),
                    PlatformKeySet.tried_first_at <= now - ATTEMPTS_SPAN,
                ),
            )
            return session.scalar(noted.returning(PlatformKeySet.platform_id)) is not None

    def _fetch(self, platform: PlatformCard) -> KeySet:
        document, keys = ask_for_keys(self.session, platform.jwks_url)
        body = json.dumps({"keys": [key for key in document["keys"] if _kid(key) in keys]})
        fetched = KeySet(platform.jwks_url, self.clock(), keys)
        with self.database.write() as session:
            session.execute(
                update(PlatformKeySet)
                .where(_of(platform))
                .values(
                    body=body,
                    fetched_at=fetched.fetched_at,
                    ended_at=fetched.fetched_at,
                    jwks_url=platform.jwks_url,
                )
            )
        return fetched

    def _note_end(self, platform: PlatformCard) -> None:
        with self.database.write() as session:
            session.execute(update(PlatformKeySet).where(_of(platform)).values(ended_at=self.clock()))


def ask_for_keys(session: requests.Session, jwks_url: str) -> tuple[Any, dict[str, RSAPublicKey]]:
    """What a platform publishes, and the keys of it that may sign tokens.

    Raises `requests.RequestException`, and ValueError or RecursionError where the answer is no key set.
    """
    answer = session.get(jwks_url, headers={"Accept": "application/json"})
    if answer.status_code != 200:
        raise ValueError(f"status {answer.status_code}")
    document = json.loads(answer.content)
    keys = _parse(document)
    if not keys:
        raise ValueError("no usable key")
    return document, keys


def _of(platform: PlatformCard) -> ColumnElement[bool]:
    return (PlatformKeySet.tenant_id == platform.tenant_id) & (PlatformKeySet.platform_id == platform.id)


def _parse(document: Any) -> dict[str, RSAPublicKey]:
    """The keys that may sign tokens: RSA of 2048 bits and more, for signatures, with an id. Others are passed over."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("not a JSON Web Key Set")
    found: dict[str, RSAPublicKey] = {}
    for entry in entries[:MOST_KEYS]:
        kid = _kid(entry)
        if kid is None or entry.get("kty") != "RSA" or "d" in entry:
            continue
        if entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
            continue
        try:
            key = RSAAlgorithm.from_jwk(entry)
        except (jwt.InvalidKeyError, ValueError, TypeError):
            continue
        if isinstance(key, RSAPublicKey) and key.key_size >= LEAST_KEY_BITS:
            found[kid] = key
    return found


def _kid(entry: Any) -> str | None:
    kid = entry.get("kid") if isinstance(entry, dict) else None
    return kid if isinstance(kid, str) else None


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
