"""Pseudonyms: keyed digests of people and registrations, which nobody can undo or join without the stored key.

They look like the accounts of aliases. The key is random and sealed, one for a tenant and, where it was asked for, one
for a single LRS, whose pseudonyms then cannot be joined with those elsewhere.
"""

import hmac
import secrets
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from social_layer.database import Database, upsert
from social_layer.sealing import SealBroken, Sealer
from xapi.models import Scope
from xapi.occurrences import Occurrence, Speaker
from xapi.scopes.models import PseudonymKey


@dataclass(frozen=True, slots=True)
class Mask:
    """Makes pseudonyms with one key; ``base``: of whom they are accounts."""

    key: bytes
    base: str

    def worn_by(self, speaker: Speaker) -> Speaker:
        """The registration is masked too: it stands in what was sent before under the person's own account."""
        if speaker.person_id is None:
            return speaker
        return replace(
            speaker,
            home_page=self.base,
            account=str(self._digest("person", speaker.person_id)),
            registration=self._digest("registration", speaker.registration),
        )

    def of_person(self, person_id: UUID) -> str:
        return f"{self.base}|{self._digest('person', person_id)}"

    def _digest(self, purpose: str, value: UUID) -> UUID:
        digest = hmac.digest(self.key, purpose.encode() + b"\n" + value.bytes, "sha256")
        return UUID(bytes=digest[:16], version=4)


def pseudonym_in(
    session: Session, sealer: Sealer, tenant_id: UUID, lrs_id: UUID, base: str, person_id: UUID
) -> str | None:
    """Under what an LRS knows somebody who is pseudonymous there, as ``homePage|name``; for their own eyes alone.

    None where nothing was sent under pseudonyms. Raises :class:`~social_layer.sealing.SealBroken`.
    """
    sealed = _find(session, tenant_id, lrs_id)
    if sealed is None:
        return None
    return Mask(bytes.fromhex(sealer.open(sealed)), base).of_person(person_id)


class Masks:
    """Finds the mask for an LRS; the tenant's key is made when it is first needed."""

    def __init__(self, database: Database, sealer: Sealer, base: str, *, for_looking: bool = False) -> None:
        """``for_looking``: writes nothing; where there is no key yet, nothing was sent under a pseudonym, and one that
        is thrown away shows how it would look."""
        self._for_looking = for_looking
        self._database = database
        self._sealer = sealer
        self._base = base

    def of(self, tenant_id: UUID, lrs_id: UUID) -> Mask:
        """Raises :class:`~social_layer.sealing.SealBroken`."""
        with self._database.read() as session:
            sealed = _find(session, tenant_id, lrs_id)
        if sealed is None and self._for_looking:
            return Mask(secrets.token_bytes(32), self._base)
        if sealed is None:
            with self._database.write() as session:
                make_key(session, self._sealer, tenant_id, tenant_id)
                sealed = _find(session, tenant_id, lrs_id)
            if sealed is None:
                raise RuntimeError("a key that was made cannot be found")
        return Mask(bytes.fromhex(self._sealer.open(sealed)), self._base)


def make_key(session: Session, sealer: Sealer, tenant_id: UUID, of: UUID) -> None:
    """A key for the tenant, or for one LRS; does nothing where there is one."""
    session.execute(
        upsert(session, PseudonymKey)
        .values(tenant_id=tenant_id, of=of, sealed=sealer.seal(secrets.token_hex(32)))
        .on_conflict_do_nothing()
    )


def reseal(session: Session, sealer: Sealer) -> tuple[int, int]:
    """Seals each key with the newest secret; answers how many, and how many could not be opened and are gone.

    Whoever had a key that is gone gets another one, and with it other pseudonyms.
    """
    sealed = lost = 0
    for row in session.scalars(select(PseudonymKey)).all():
        try:
            row.sealed = sealer.seal(sealer.open(row.sealed))
            sealed += 1
        except SealBroken:
            row.sealed = sealer.seal(secrets.token_hex(32))
            lost += 1
    session.flush()
    return sealed, lost


def as_known(occurrence: Occurrence, scope: Scope, mask: Mask | None) -> Occurrence:
    """The act as an LRS may know it under ``scope``; ``mask`` is needed for pseudonyms."""
    speaker = occurrence.speaker
    if scope is Scope.pseudonymous:
        speaker = _masked(speaker, mask)
    elif scope is Scope.named:
        speaker = replace(speaker, name=speaker.person_name)
    else:
        return occurrence
    return occurrence._replace(speaker=speaker)


def answered_as_known(occurrence: Occurrence, scope: Scope | None, mask: Mask | None) -> Speaker | None:
    """Whom the act answers, as an LRS may know them under ``scope``; without one, nobody."""
    if scope is None or occurrence.answered is None:
        return None
    return _masked(occurrence.answered, mask) if scope is Scope.pseudonymous else occurrence.answered


def _masked(speaker: Speaker, mask: Mask | None) -> Speaker:
    if mask is None:
        raise ValueError("pseudonyms need a mask")
    return mask.worn_by(speaker)


def _find(session: Session, tenant_id: UUID, lrs_id: UUID) -> str | None:
    return session.scalar(
        select(PseudonymKey.sealed)
        .where(PseudonymKey.tenant_id == tenant_id, PseudonymKey.of.in_([tenant_id, lrs_id]))
        .order_by(PseudonymKey.of == tenant_id)
        .limit(1)
    )
