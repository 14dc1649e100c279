"""The public keys of platforms: fetched once, kept in the database for all processes, and renewed when a token
names a key that is not among them.

A platform is asked at most three times in any minute, whoever asks and from how many processes, so that forged key
ids cannot make us flood it. When an attempt fails, the keys fetched before stay in use.
"""

import json
from collections.abc import Mapping
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
MOST_KEYS = 50
LEAST_KEY_BITS = 2048


@dataclass(frozen=True)
class KeySet:
    """A platform's usable keys by their ids, as of one fetch."""

    jwks_url: str
    fetched_at: datetime
    keys: Mapping[str, RSAPublicKey]


@dataclass
class KeySets:
    """Finds the key that a token names: in memory, in the database, at the platform, in this order."""

    database: Database
    clock: Clock
    session: requests.Session
    _memory: dict[UUID, KeySet] = field(default_factory=dict)

    def find(self, platform: PlatformCard, kid: str) -> RSAPublicKey:
        """Raises ``key_unknown`` and ``keys_unreachable``."""
        now = self.clock()
        known = self._memory.get(platform.id)
        if known and self._serves(known, platform, kid, now):
            return known.keys[kid]
        known, tried_at = self._stored(platform)
        if known and self._serves(known, platform, kid, now):
            self._memory[platform.id] = known
            return known.keys[kid]
        if known and kid in known.keys and tried_at and now - tried_at < PATIENCE:
            return known.keys[kid]
        return self._renewed(platform, kid, known)

    def _serves(self, known: KeySet, platform: PlatformCard, kid: str, now: datetime) -> bool:
        return known.jwks_url == platform.jwks_url and kid in known.keys and now - known.fetched_at < FRESH

    def _renewed(self, platform: PlatformCard, kid: str, known: KeySet | None) -> RSAPublicKey:
        if not self._may_try(platform):
            log.warning(
                "platform keys not renewed", platform=str(platform.id), reason="three attempts in a minute"
            )
        else:
            try:
                fetched = self._fetch(platform)
            except (requests.RequestException, ValueError, RecursionError) as error:
                log.warning("platform keys not fetched", platform=str(platform.id), reason=_reason(error))
                if known is None or kid not in known.keys:
                    raise Problem("keys_unreachable") from error
            else:
                known = self._memory[platform.id] = fetched
        if known is None or kid not in known.keys:
            raise Problem("key_unknown")
        return known.keys[kid]

    def _stored(self, platform: PlatformCard) -> tuple[KeySet | None, datetime | None]:
        with self.database.read() as session:
            row = session.scalar(select(PlatformKeySet).where(_of(platform)))
        if row is None:
            return None, None
        if row.body is None or row.fetched_at is None or row.jwks_url != platform.jwks_url:
            return None, row.tried_at
        return KeySet(row.jwks_url, row.fetched_at, _parse(json.loads(row.body))), row.tried_at

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
        """Raises `requests.RequestException`, and ValueError where the answer is no key set."""
        answer = self.session.get(platform.jwks_url, headers={"Accept": "application/json"})
        if answer.status_code != 200:
            raise ValueError(f"status {answer.status_code}")
        document = json.loads(answer.content)
        keys = _parse(document)
        if not keys:
            raise ValueError("no usable key")
        body = json.dumps({"keys": [key for key in document["keys"] if _kid(key) in keys]})
        fetched = KeySet(platform.jwks_url, self.clock(), keys)
        with self.database.write() as session:
            session.execute(
                update(PlatformKeySet)
                .where(_of(platform))
                .values(body=body, fetched_at=fetched.fetched_at, jwks_url=platform.jwks_url)
            )
        return fetched


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
