"""HTTP Basic credentials: pairs from the settings, and pairs kept as scrypt hashes in the database.

scrypt is slow on purpose (some 50 ms), so a password that was right is remembered as a keyed digest in this
process, and the row it was checked against is read again once a minute: a removed credential ends then.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from xapi.lrs.database import Database
from xapi.lrs.errors import Refused
from xapi.lrs.models import Credential

_N, _R, _P = 2**14, 8, 1
_REREAD_SECONDS = 60.0
_REMEMBERED = 1024


def hash_password(password: str) -> str:
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P)
    return f"scrypt${_N}${_R}${_P}${salt.hex()}${digest.hex()}"


def _matches(password: str, password_hash: str) -> bool:
    _, n, r, p, salt, digest = password_hash.split("$")
    found = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=int(n), r=int(r), p=int(p))
    return hmac.compare_digest(found, bytes.fromhex(digest))


def add_credential(database: Database, username: str, password: str) -> None:
    """Add a user, or give a known one another password."""
    with database.write() as connection:
        insert = sqlite_insert if database.on_sqlite else postgresql_insert
        statement = insert(Credential).values(username=username, password_hash=hash_password(password))
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[Credential.username],
                set_={"password_hash": statement.excluded.password_hash},
            )
        )


def remove_credential(database: Database, username: str) -> bool:
    with database.write() as connection:
        return connection.execute(delete(Credential).where(Credential.username == username)).rowcount > 0


class Authentication:
    def __init__(self, database: Database, credentials: Sequence[tuple[str, str]]) -> None:
        self._database = database
        self._key = secrets.token_bytes(32)
        self._from_settings = [(name.encode(), self._digest(password)) for name, password in credentials]
        self._hashes: dict[str, tuple[float, str | None]] = {}
        self._right: dict[str, tuple[str, bytes]] = {}
        self._one_at_a_time = threading.Lock()  # guessing must not take more than one core

    def user(self, header: str | None) -> str:
        """The user name of an Authorization header, or a 401."""
        if header is None:
            raise _unauthorized("Credentials are required: HTTP Basic.")
        scheme, _, encoded = header.partition(" ")
        if scheme.lower() != "basic":
            raise _unauthorized("Only HTTP Basic credentials are taken.")
        try:
            name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise _unauthorized("The Authorization header is malformed.") from None
        if (
            not colon
            or "\0" in name
            or not (self._in_settings(name, password) or self._in_table(name, password))
        ):
            raise _unauthorized("User name or password is wrong.")
        return name

    def _digest(self, password: str) -> bytes:
        return hmac.digest(self._key, password.encode(), "sha256")

    def _in_settings(self, name: str, password: str) -> bool:
        digest = self._digest(password)
        found = False
        for known, right in self._from_settings:  # all of them, whatever is found
            same_name = hmac.compare_digest(known, name.encode())
            found |= same_name & hmac.compare_digest(right, digest)
        return found

    def _in_table(self, name: str, password: str) -> bool:
        password_hash = self._hash_of(name)
        if password_hash is None:
            return False
        digest = self._digest(password)
        known = self._right.get(name)
        if known and known[0] == password_hash and hmac.compare_digest(known[1], digest):
            return True
        with self._one_at_a_time:
            right = _matches(password, password_hash)
        if right:
            _forget_some(self._right)
            self._right[name] = (password_hash, digest)
        return right

    def _hash_of(self, name: str) -> str | None:
        now = time.monotonic()
        known = self._hashes.get(name)
        if known and known[0] > now:
            return known[1]
        with self._database.read() as connection:
            found = connection.scalar(select(Credential.password_hash).where(Credential.username == name))
        _forget_some(self._hashes)
        self._hashes[name] = (now + _REREAD_SECONDS, found)
        return found


def _forget_some(cache: dict[str, tuple[float, str | None]] | dict[str, tuple[str, bytes]]) -> None:
    if len(cache) >= _REMEMBERED:
        cache.clear()


def _unauthorized(message: str) -> Refused:
    return Refused(
        401, "unauthorized", message, headers={"WWW-Authenticate": 'Basic realm="xAPI", charset="UTF-8"'}
    )
