"""Whose pages may frame a tenant's panels: the issuers of its platforms, the origins that its launches come back to,
and what its administrator adds. Canvas's schools have addresses of their own, which are not the issuer.
"""

import re
import time
from urllib.parse import urlsplit
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Pool, select
from sqlalchemy.orm import Session

from lti_tool.lti.models import FrameAncestor, FrameSource, Platform
from social_layer.clock import Clock
from social_layer.database import Database

# Another process may have learned a new origin: not asked for longer than this.
KEPT_SECONDS = 20.0
MOST_LEARNED = 100
# Reading and writing sessions of one database share its connection pool.
_kept: WeakKeyDictionary[Pool, dict[UUID, tuple[float, list[str]]]] = WeakKeyDictionary()


def ancestors_of_page(database: Database, tenant_id: UUID) -> list[str]:
    """As :func:`frame_ancestors`, for each page: a session is opened only where nothing is kept."""
    kept = _kept_for(database.engine.pool, tenant_id)
    if kept is None:
        with database.read() as session:
            kept = frame_ancestors(session, tenant_id)
    return kept


def frame_ancestors(session: Session, tenant_id: UUID) -> list[str]:
    """Origins for the Content-Security-Policy's ``frame-ancestors``; kept in memory for some seconds."""
    pool = session.get_bind().engine.pool
    kept = _kept_for(pool, tenant_id)
    if kept is not None:
        return kept
    issuers = session.execute(
        select(Platform.issuer, Platform.auth_login_url).where(
            Platform.tenant_id == tenant_id, Platform.removed_at.is_(None)
        )
    )
    origins = {origin for row in issuers for origin in map(origin_of, row) if origin}
    origins.update(session.scalars(select(FrameAncestor.origin).where(FrameAncestor.tenant_id == tenant_id)))
    found = sorted(origins)
    _kept.setdefault(pool, {})[tenant_id] = (time.monotonic(), found)
    return found


def learn(session: Session, clock: Clock, tenant_id: UUID, return_url: str | None) -> bool:
    """Notes where a valid launch of a known platform returns to; answers whether that was new.

    The caller forgets the tenant's list once more after the commit: it may be read again before.
    """
    origin = origin_of(return_url or "")
    if origin is None or origin in frame_ancestors(session, tenant_id):
        return False
    known = list(session.scalars(select(FrameAncestor.origin).where(FrameAncestor.tenant_id == tenant_id)))
    if origin not in known and len(known) < MOST_LEARNED:
        add_frame(session, clock, tenant_id, origin, FrameSource.launch)
    return True


def add_frame(
    session: Session,
    clock: Clock,
    tenant_id: UUID,
    origin: str,
    source: FrameSource = FrameSource.administrator,
) -> FrameAncestor:
    made = FrameAncestor(tenant_id=tenant_id, origin=origin, source=source, created_at=clock())
    session.add(made)
    session.flush()
    forget(session, tenant_id)
    return made


def remove_frame(session: Session, known: FrameAncestor) -> None:
    session.delete(known)
    session.flush()
    forget(session, known.tenant_id)


def forget(session: Session, tenant_id: UUID) -> None:
    """Drops what this process remembers of the tenant's list."""
    _kept.get(session.get_bind().engine.pool, {}).pop(tenant_id, None)


def origin_of(address: str) -> str | None:
    """``https://host[:port]`` of an address; None where it has none that a policy could name."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or not host or not _is_plain(host):
        return None
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")
    return origin if len(origin) <= 512 else None


def is_address(text: str) -> bool:
    """Whether it could name an LMS: scheme, host, perhaps port and path, and nothing else.

    An issuer has neither query nor fragment (OpenID Connect Core, section 1.2).
    """
    is_plain = text.isascii() and text.isprintable() and _ADDRESS.fullmatch(text) is not None
    return is_plain and origin_of(text) is not None


# Nothing that begins another part of an address, or ends a policy's directive.
_ADDRESS = re.compile(r"""https?://[^/?#@;,\s]+(/[^?#;,<>"'\\\s]*)?""")


def _is_plain(host: str) -> bool:
    """Nothing in it could end the policy's list or begin another directive."""
    return host.isascii() and all(sign.isalnum() or sign in ".-:_" for sign in host)


def _kept_for(pool: Pool, tenant_id: UUID) -> list[str] | None:
    kept = _kept.get(pool, {}).get(tenant_id)
    return kept[1] if kept and time.monotonic() - kept[0] < KEPT_SECONDS else None
