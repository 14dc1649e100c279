"""Our own signing keys: made on first start, sealed in the database, published at /lti/jwks.json.

The schedule makes a new key every few months, which is published for a day before it signs; the old one stays
published for a week after that, since platforms keep what they fetched. By hand, a new key signs at once. Parsed keys
are kept in memory: signing with a PEM text costs a hundred times as much as with a key object.
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.lti.models import ToolKey
from lti_tool.parts import Parts
from social_layer.clock import Clock
from social_layer.sealing import Sealer

KEY_BITS = 2048
OVERLAP = timedelta(days=7)
# How long a key of the schedule is published before it signs: longer than platforms keep a key set unasked.
LEAD = timedelta(days=1)
# How long a process goes on with the keys it has read: another one may have rotated them.
_KEPT = timedelta(seconds=60)


@dataclass(frozen=True)
class SigningKey:
    kid: str
    private: rsa.RSAPrivateKey
    created_at: datetime

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half, as it is published."""
        public = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": public["n"],
            "e": public["e"],
        }


@dataclass
class ToolKeys:
    """The keys of an installation as one process sees them."""

    parts: Parts
    _read_at: datetime | None = None
    _keys: list[SigningKey] = field(default_factory=list)

    def published(self) -> list[SigningKey]:
        """The one that signs first; made when there is none."""
        now = self.parts.clock()
        if self._read_at is None or not self._keys or now - self._read_at > _KEPT:
            with self.parts.database.read() as session:
                self._keys = load_keys(session, now, self.parts.sealer, self._keys)
            if not self._keys:
                with self.parts.database.write() as session:
                    ensure_tool_key(session, self.parts.clock, self.parts.sealer)
                    self._keys = load_keys(session, now, self.parts.sealer)
            self._read_at = now
        return self._keys

    def signing(self) -> SigningKey:
        return self.published()[0]

    def jwks(self) -> dict[str, Any]:
        return {"keys": [key.jwk for key in self.published()]}


def load_keys(
    session: Session, now: datetime, sealer: Sealer, known: Sequence[SigningKey] = ()
) -> list[SigningKey]:
    """Those still published, the one that signs first; raises :class:`~social_layer.sealing.SealBroken`.

    ``known``: what was parsed before, which takes a tenth of a second for each.
    """
    parsed = {key.kid: key for key in known}
    return [
        parsed.get(row.kid) or SigningKey(row.kid, _parsed(sealer.open(row.sealed_pem)), row.created_at)
        for row in published_rows(session, now)
    ]


def published_rows(session: Session, now: datetime) -> list[ToolKey]:
    """Those still published, sealed as they are; the one that signs first: the newest that has begun."""
    return list(
        session.scalars(
            select(ToolKey)
            .where(or_(ToolKey.retires_at.is_(None), ToolKey.retires_at > now))
            .order_by(
                ToolKey.begins_at > now,
                ToolKey.begins_at.desc(),
                ToolKey.retires_at.is_not(None),
                ToolKey.kid,
            )
        )
    )


def ensure_tool_key(session: Session, clock: Clock, sealer: Sealer) -> bool:
    """Makes the first key where none is in use; answers whether it had to."""
    if session.scalar(select(ToolKey.kid).where(ToolKey.retires_at.is_(None)).limit(1)):
        return False
    session.add(_new_key(sealer, clock(), clock()))
    session.flush()
    return True


def rotate(session: Session, clock: Clock, sealer: Sealer, overlap: timedelta = OVERLAP) -> ToolKey:
    """A new key that signs from now on; those before stay published for ``overlap``. Retired ones are deleted."""
    now = clock()
    _delete_retired(session, now)
    # One that has not begun was never used, and would take over from this one when it does.
    session.execute(delete(ToolKey).where(ToolKey.begins_at > now))
    ends = now + overlap
    # Those of an earlier rotation too: whoever fears that a secret has leaked wants every old key gone.
    lasting = or_(ToolKey.retires_at.is_(None), ToolKey.retires_at > ends)
    session.execute(update(ToolKey).where(lasting).values(retires_at=ends))
    key = _new_key(sealer, now, now)
    session.add(key)
    session.flush()
    return key


def keep_keys(session: Session, clock: Clock, sealer: Sealer, every: timedelta | None) -> ToolKey | None:
    """The schedule's part: deletes retired keys, and makes the next one where the present one is ``every`` old.

    The next one signs after ``LEAD``, and the one before retires ``OVERLAP`` after that. None where nothing was due.
    Called by the worker's schedule; several workers at once make one key.
    """
    now = clock()
    _delete_retired(session, now)
    if not every:
        return None
    begins = now + LEAD
    due = session.execute(
        update(ToolKey)
        .where(ToolKey.retires_at.is_(None), ToolKey.begins_at <= now - every)
        .values(retires_at=begins + OVERLAP)
        .returning(ToolKey.kid)
    ).all()
    if not due:
        return None
    key = _new_key(sealer, now, begins)
    session.add(key)
    session.flush()
    return key


def _delete_retired(session: Session, now: datetime) -> None:
    session.execute(delete(ToolKey).where(ToolKey.retires_at <= now))


def _new_key(sealer: Sealer, now: datetime, begins_at: datetime) -> ToolKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return ToolKey(
        kid=_thumbprint(private),
        sealed_pem=sealer.seal(pem),
        created_at=now,
        begins_at=begins_at,
        retires_at=None,
    )


def _parsed(pem: str) -> rsa.RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("a tool key must be an RSA key")
    return key


def _thumbprint(private: rsa.RSAPrivateKey) -> str:
    """RFC 7638: the key's id follows from the key, so that no two keys share one."""
    public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    canonical = json.dumps({"e": public["e"], "kty": "RSA", "n": public["n"]}, separators=(",", ":"))
    return urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()
