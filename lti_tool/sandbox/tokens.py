"""The platform's RS256 keys, and how an answer to the tool is signed: properly, or as an attacker would."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from joserfc import jws
from joserfc.jwk import RSAKey


class Signing(Enum):
    PLATFORM_KEY = "the platform's current key"
    FOREIGN_KEY = "a key the platform never published"
    PUBLISHED_KEY_AS_HMAC = "HS256 with the published key as the secret"
    NONE = "no signature"


@dataclass(frozen=True)
class Answer:
    """What was sent to a tool's launch URL once: the two fields of the form, and whom it was about."""

    id_token: str
    state: str
    nonce: str
    person: str


@dataclass
class Draft:
    """An answer before it is signed; payloads.py alters drafts."""

    claims: dict[str, Any]
    header: dict[str, Any]
    state: str = ""
    signing: Signing = Signing.PLATFORM_KEY
    ready_made: str = ""
    """A token sent before, to be sent again instead of a new one."""
    earlier: Answer | None = None
    """The last unaltered answer for the same person; what a replay would use."""
    stranger: Answer | None = None
    """The last unaltered answer for somebody else, in another browser."""


def new_key() -> RSAKey:
    key = RSAKey.generate_key(2048, private=True, auto_kid=False)
    # Twenty hexadecimal digits, as Moodle names its keys.
    kid = hashlib.sha256(key.thumbprint().encode()).hexdigest()[:20]
    return RSAKey.import_key(key.as_dict(private=True), {"kid": kid, "alg": "RS256", "use": "sig"})


@dataclass
class KeyRing:
    """The current key first, then those still published for tokens signed before a rotation."""

    keys: list[RSAKey] = field(default_factory=lambda: [new_key()])
    foreign: RSAKey | None = None

    @property
    def current(self) -> RSAKey:
        return self.keys[0]

    def rotate(self, keep_old: bool) -> None:
        self.keys = [new_key(), *(self.keys if keep_old else [])]

    def jwks(self) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in self.keys]}

    def header(self) -> dict[str, Any]:
        return {"typ": "JWT", "alg": "RS256", "kid": self.current.kid}

    def sign(self, draft: Draft) -> str:
        """The compact token of a draft, its header and claims taken as they are."""
        if draft.ready_made:
            return draft.ready_made
        payload = json.dumps(draft.claims, ensure_ascii=False, separators=(",", ":")).encode()
        if draft.signing is Signing.NONE:
            return _joined(draft.header, payload, b"")
        if draft.signing is Signing.PUBLISHED_KEY_AS_HMAC:
            signed = _joined(draft.header, payload, None)
            mac = hmac.new(self.current.as_pem(private=False), signed.encode(), hashlib.sha256)
            return f"{signed}.{_b64(mac.digest())}"
        key = self.current
        if draft.signing is Signing.FOREIGN_KEY:
            self.foreign = key = self.foreign or new_key()
        return jws.serialize_compact(draft.header, payload, key, algorithms=["RS256"])

    def to_state(self) -> list[dict[str, Any]]:
        return [dict(key.as_dict(private=True)) for key in self.keys]

    @classmethod
    def from_state(cls, stored: list[dict[str, Any]]) -> "KeyRing":
        return cls([RSAKey.import_key(key) for key in stored])


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _joined(header: Mapping[str, Any], payload: bytes, signature: bytes | None) -> str:
    # RFC 7515, section 3.1; joserfc rightly refuses to make tokens this bad, so they are put together here.
    parts = [_b64(json.dumps(header, separators=(",", ":")).encode()), _b64(payload)]
    if signature is not None:
        parts.append(_b64(signature))
    return ".".join(parts)
