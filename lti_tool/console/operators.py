"""Operators: made, given passwords and removed by the command line; checked when they sign in."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lti_tool.console.models import NAME_LENGTH, Operator, OperatorSession
from social_layer.clock import Clock
from social_layer.people.models import Tenant

LEAST_PASSWORD, MOST_PASSWORD = 12, 256
# Argon2id with the library's own parameters, which follow RFC 9106; a later version may raise them.
_HASHER = PasswordHasher()


class OperatorRefused(Exception):
    """What cannot be done with an operator, in one line."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An operator as a page knows them. ``tenant_id``: None where they look after the whole installation."""

    id: UUID
    name: str
    tenant_id: UUID | None
    tenant: str | None


def add_operator(
    session: Session, clock: Clock, name: str, password: str, tenant_id: UUID | None = None
) -> Operator:
    """Raises :class:`OperatorRefused` for a name that is taken or none, and for a weak password."""
    known_as = as_name(name)
    if not known_as or len(known_as) > NAME_LENGTH or not known_as.isprintable():
        raise OperatorRefused(f"a name has 1 to {NAME_LENGTH} characters")
    if find_operator(session, known_as):
        raise OperatorRefused(f"there is an operator {known_as!r} already; see: alongside operator password")
    made = Operator(
        id=uuid4(),
        name=known_as,
        password_hash=_hashed(known_as, password),
        tenant_id=tenant_id,
        created_at=clock(),
        signed_in_at=None,
    )
    session.add(made)
    session.flush()
    return made


def change_password(session: Session, operator: Operator, password: str) -> None:
    """Ends every session of the operator. Raises :class:`OperatorRefused`."""
    operator.password_hash = _hashed(operator.name, password)
    session.execute(delete(OperatorSession).where(OperatorSession.operator_id == operator.id))
    session.flush()


def remove_operator(session: Session, operator: Operator) -> None:
    """Ends every session of theirs too."""
    session.execute(delete(OperatorSession).where(OperatorSession.operator_id == operator.id))
    session.delete(operator)
    session.flush()


def find_operator(session: Session, name: str) -> Operator | None:
    return session.scalar(select(Operator).where(Operator.name == as_name(name)))


def operators(session: Session) -> list[tuple[Operator, str | None]]:
    """All of them by name, with the tenant that each is restricted to."""
    found = session.execute(
        select(Operator, Tenant.name)
        .outerjoin(Tenant, Tenant.id == Operator.tenant_id)
        .order_by(Operator.name)
    )
    return [(operator, tenant) for operator, tenant in found]


def check_password(operator: Operator | None, password: str) -> bool:
    """Takes as long for a name that nobody has as for one with another password."""
    try:
        _HASHER.verify(operator.password_hash if operator else _nobodys(), password[:MOST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
    return operator is not None


def renew_hash(session: Session, operator: Operator, password: str) -> None:
    """Once the password is known to be right: a hash of weaker parameters than today's is replaced."""
    if _HASHER.check_needs_rehash(operator.password_hash):
        session.execute(
            update(Operator)
            .where(Operator.id == operator.id)
            .values(password_hash=_HASHER.hash(password[:MOST_PASSWORD]))
        )


def as_name(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().lower()


def _hashed(name: str, password: str) -> str:
    if len(password) < LEAST_PASSWORD:
        raise OperatorRefused(
            f"a password has at least {LEAST_PASSWORD} characters; a few words are a good one"
        )
    if len(password) > MOST_PASSWORD:
        raise OperatorRefused(f"a password has at most {MOST_PASSWORD} characters")
    if name in password.lower() and len(password) < LEAST_PASSWORD + len(name):
        raise OperatorRefused("the password is little more than the name")
    return _HASHER.hash(password)


@cache
def _nobodys() -> str:
    """The hash of a password that nobody has."""
    return _HASHER.hash(uuid4().hex)
