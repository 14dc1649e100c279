"""Where operators are signed in: a secret in a cookie, its digest in the database, and ends that are certain."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.console.models import Operator, OperatorSession
from lti_tool.console.operators import SignedIn
from social_layer.clock import Clock
from social_layer.people.models import Tenant

LASTS = timedelta(hours=12)
IDLE = timedelta(hours=1)
# Being there is noted to the minute, so that looking around writes little.
_GRAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that holds, and who it belongs to."""

    digest: bytes
    operator: SignedIn
    form_token: str
    is_noted: bool


def begin(session: Session, clock: Clock, operator_id: UUID) -> str:
    """A new session; its secret, which is not kept. Whatever the browser brought before is never taken over."""
    secret = secrets.token_urlsafe(32)
    now = clock()
    session.add(
        OperatorSession(
            digest=_digest(secret),
            operator_id=operator_id,
            form_token=secrets.token_urlsafe(32),
            created_at=now,
            seen_at=now,
        )
    )
    session.execute(update(Operator).where(Operator.id == operator_id).values(signed_in_at=now))
    session.flush()
    return secret


def find(session: Session, clock: Clock, secret: str) -> OpenSession | None:
    """None for one that ended, was idle for too long, or never was."""
    now = clock()
    found = session.execute(
        select(OperatorSession, Operator, Tenant.name)
        .join(Operator, Operator.id == OperatorSession.operator_id)
        .outerjoin(Tenant, Tenant.id == Operator.tenant_id)
        .where(
            OperatorSession.digest == _digest(secret),
            OperatorSession.created_at > now - LASTS,
            OperatorSession.seen_at > now - IDLE,
        )
    ).first()
    if found is None:
        return None
    row, operator, tenant = found
    return OpenSession(
        row.digest,
        SignedIn(operator.id, operator.name, operator.tenant_id, tenant),
        row.form_token,
        now - row.seen_at < _GRAIN,
    )


def note_presence(session: Session, clock: Clock, open_session: OpenSession) -> None:
    session.execute(
        update(OperatorSession).where(OperatorSession.digest == open_session.digest).values(seen_at=clock())
    )


def end(session: Session, secret: str) -> None:
    session.execute(delete(OperatorSession).where(OperatorSession.digest == _digest(secret)))


def sweep_sessions(session: Session, clock: Clock) -> int:
    """Deletes those that ended, and answers how many. Called by the worker's schedule."""
    now = clock()
    gone = session.execute(
        delete(OperatorSession)
        .where(or_(OperatorSession.created_at <= now - LASTS, OperatorSession.seen_at <= now - IDLE))
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
