"""What was gathered from a tenant's LRSs, opened for a page. Nobody else's folder is ever named here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.config import Settings
from lti_tool.problems import Problem
from xapi.gathering.store import Gathered
from xapi.models import Lrs, Scope

# Each takes up to half a gigabyte; whoever comes meanwhile waits a little.
_AT_ONCE = BoundedSemaphore(2)
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Sources:
    """The folders that a report is made from, and what their LRSs are called."""

    folders: tuple[Path, ...]
    names: tuple[str, ...]


def folder_of(settings: Settings, tenant_id: UUID, lrs_id: UUID) -> Path:
    return settings.home / "gathered" / str(tenant_id) / str(lrs_id)


def sources_of(session: Session, settings: Settings, tenant_id: UUID) -> Sources:
    """LRSs that know people by their accounts, where there is one; else those that know them by pseudonyms.

    Never both: the same statement stands in either with the same id, and would tell who is behind a pseudonym.
    """
    found = session.execute(
        select(Lrs.id, Lrs.name, Lrs.scope).where(Lrs.tenant_id == tenant_id).order_by(Lrs.created_at, Lrs.id)
    ).all()
    known = [row for row in found if row.scope != Scope.pseudonymous] or found
    return Sources(
        tuple(folder_of(settings, tenant_id, row.id) for row in known), tuple(row.name for row in known)
    )


@contextmanager
def opened(sources: Sources) -> Iterator[Gathered]:
    """Raises ``reports_busy``."""
    if not _AT_ONCE.acquire(timeout=_PATIENCE):
        raise Problem("reports_busy")
    try:
        folders = [folder for folder in sources.folders if folder.is_dir()]
        with Gathered(folders, names=dict(zip(sources.folders, sources.names, strict=True))) as found:
            yield found
    finally:
        _AT_ONCE.release()
