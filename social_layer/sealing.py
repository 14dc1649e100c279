"""Secrets at rest: sealed with a key that has an id, so that keys can be changed while old seals still open."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class SealBroken(ValueError):
    """What should be opened was sealed with a key that is not known here, or was altered."""


class Sealer:
    """Seals and opens short secrets; derives further keys for one purpose each.

    ``secrets``: the installation's secret keys, the newest first; the first one seals, each of them opens.
    A sealed text reads ``<key id>.<Fernet token>``.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("at least one secret key is needed")
        self._secrets = [secret.encode() for secret in secrets]
        self._ciphers: dict[str, Fernet] = {}
        self._derived: dict[str, list[bytes]] = {}
        for secret in self._secrets:
            key = _derive(secret, "seal")
            self._ciphers.setdefault(hashlib.sha256(key).hexdigest()[:8], Fernet(urlsafe_b64encode(key)))
        self.key_id = next(iter(self._ciphers))

    def seal(self, plain: str) -> str:
        return f"{self.key_id}.{self._ciphers[self.key_id].encrypt(plain.encode()).decode()}"

    def open(self, sealed: str) -> str:
        """The secret in ``sealed``; raises :class:`SealBroken`."""
        key_id, _, token = sealed.partition(".")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealBroken(f"sealed with the unknown key {key_id!r}")
        try:
            return cipher.decrypt(token.encode()).decode()
        except InvalidToken as error:
            raise SealBroken("the sealed text was altered") from error

    def keys_for(self, purpose: str) -> list[bytes]:
        """32-byte keys for one purpose, the newest first (HKDF-SHA256, RFC 5869)."""
        if purpose not in self._derived:
            self._derived[purpose] = [_derive(secret, purpose) for secret in self._secrets]
        return self._derived[purpose]

    def blind(self, purpose: str, value: str) -> bytes:
        """A keyed digest by which a sealed value can be found without opening anything.

        Always of the oldest secret, so that a new one changes no digest. That one must therefore be kept at the end
        of the list for as long as digests are stored (docs/administrators/operations.md, Rotate the secret).
        """
        return hmac.digest(self.keys_for(purpose)[-1], value.encode(), "sha256")


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"alongside {purpose}".encode()).derive(secret)
