"""Invites: an address that an administrator pastes into an LMS, good for one registration within some hours.

Only a digest of the secret is kept, so that whoever reads the database cannot register an LMS.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from lti_tool.lti.models import Invite, Platform
from lti_tool.problems import Problem
from social_layer.clock import Clock
from social_layer.people.actions import find_or_make_tenant
from social_layer.people.models import Tenant

LIFETIME = timedelta(hours=24)
ROWS = (
    select(Invite, Tenant.name, Platform.name)
    .join(Tenant, Tenant.id == Invite.tenant_id)
    .outerjoin(Platform, and_(Platform.tenant_id == Invite.tenant_id, Platform.id == Invite.platform_id))
    .order_by(Invite.created_at.desc(), Invite.id.desc())
)


@dataclass(frozen=True, slots=True)
class OpenInvite:
    """An invite that can be used now."""

    tenant_id: UUID
    id: UUID
    tenant: str
    name: str | None
    replaces: str | None


@dataclass(frozen=True, slots=True)
class InviteRow:
    """An invite as those see it who give it out. ``platform``: what came of it."""

    invite: Invite
    tenant: str
    platform: str | None

    def state(self, now: datetime) -> str:
        if self.invite.used_at:
            return "used"
        if self.invite.withdrawn_at:
            return "withdrawn"
        return "expired" if self.invite.expires_at <= now else "open"


def make_invite(
    session: Session,
    clock: Clock,
    tenant_name: str,
    *,
    name: str | None = None,
    replaces: str | None = None,
    lifetime: timedelta = LIFETIME,
) -> tuple[str, datetime]:
    """A new one: its secret, which is not kept, and when it expires. The tenant is made when it is new."""
    secret = secrets.token_urlsafe(32)
    now = clock()
    session.add(
        Invite(
            tenant_id=find_or_make_tenant(session, clock, tenant_name).id,
            digest=_digest(secret),
            name=name,
            replaces=replaces,
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    session.flush()
    return secret, now + lifetime


def all_invites(session: Session) -> list[InviteRow]:
    """The newest first."""
    return [InviteRow(*row) for row in session.execute(ROWS)]


def open_invite(session: Session, clock: Clock, secret: str) -> OpenInvite:
    """Raises ``invite_unknown``, ``invite_used``, ``invite_withdrawn`` and ``invite_expired``."""
    found = session.execute(
        select(Invite, Tenant.name)
        .join(Tenant, Tenant.id == Invite.tenant_id)
        .where(Invite.digest == _digest(secret))
    ).first()
    if found is None:
        raise Problem("invite_unknown")
    invite, tenant = found
    if invite.used_at is not None:
        raise Problem("invite_used")
    if invite.withdrawn_at is not None:
        raise Problem("invite_withdrawn")
    if invite.expires_at <= clock():
        raise Problem("invite_expired")
    return OpenInvite(invite.tenant_id, invite.id, tenant, invite.name, invite.replaces)


def use(session: Session, clock: Clock, invite: OpenInvite) -> None:
    """Raises ``invite_used`` where another registration was faster, and ``invite_withdrawn``."""
    taken = session.scalar(
        update(Invite)
        .where(_is(invite), Invite.used_at.is_(None), Invite.withdrawn_at.is_(None))
        .values(used_at=clock())
        .returning(Invite.id)
    )
    if taken is None:
        withdrawn = session.scalar(select(Invite.withdrawn_at).where(_is(invite)))
        raise Problem("invite_withdrawn" if withdrawn else "invite_used")


def withdraw(session: Session, clock: Clock, invite: Invite) -> bool:
    """Nobody can use its address any more; answers whether that made a difference. One that was used stays so."""
    taken = session.scalar(
        update(Invite)
        .where(
            Invite.tenant_id == invite.tenant_id,
            Invite.id == invite.id,
            Invite.used_at.is_(None),
            Invite.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=clock())
        .returning(Invite.id)
    )
    return taken is not None


def note_platform(session: Session, invite: OpenInvite, platform_id: UUID) -> None:
    session.execute(update(Invite).where(_is(invite)).values(platform_id=platform_id))


def address_of(public_url: str, secret: str) -> str:
    """What an administrator pastes into an LMS."""
    return f"{public_url}/lti/register?{urlencode({'invite': secret})}"


def _is(invite: OpenInvite) -> ColumnElement[bool]:
    return (Invite.tenant_id == invite.tenant_id) & (Invite.id == invite.id)


def _digest(secret: str) -> bytes:
    # What a query string cannot be decoded to arrives as it is: it is no secret of ours, and no error either.
    return hashlib.sha256(secret.encode(errors="replace")).digest()
