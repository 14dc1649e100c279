"""What was gathered from a tenant's LRSs, opened for a page. Nobody else's folder is ever named here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from lti_tool.config import Settings
from lti_tool.logs import log
from lti_tool.lti.models import Platform
from lti_tool.problems import Problem
from lti_tool.records.gathering import folder_of
from lti_tool.records.joining import courses_by_activity, known_as
from social_layer.people.models import Course
from xapi.gathering.manifest import FolderWrong
from xapi.gathering.mending import Unreadable
from xapi.gathering.models import LrsReading
from xapi.gathering.store import Gathered, TooMuch
from xapi.models import Lrs
from xapi.reports.acts import Own
from xapi.scopes.models import PseudonymKey
from xapi.vocabulary import Ids

# Each takes up to half a gigabyte; whoever comes meanwhile waits a little.
_AT_ONCE = BoundedSemaphore(2)
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Sources:
    """The folders that a report is made from, and what their LRSs are called. ``aliases``: who the people of others'
    records are here; ``courses``: to which course of ours an activity belongs. ``unread``: the LRSs of which nothing
    was read back yet."""

    folders: tuple[Path, ...]
    lrs_ids: tuple[UUID, ...]
    names: tuple[str, ...]
    aliases: dict[str, str]
    courses: dict[str, str]
    unread: tuple[str, ...]


def sources_of(session: Session, settings: Settings, tenant_id: UUID, base: str) -> Sources:
    """The LRSs to which the tenant's people are known alike, or the first one of those with pseudonyms of its own.

    One with pseudonyms of its own is never read with another: the same statement stands in both with the same id, and
    would tell which pseudonyms are one person's.
    """
    found = session.execute(
        select(Lrs.id, Lrs.name, PseudonymKey.of.label("own_key"), LrsReading.read_at)
        .outerjoin(PseudonymKey, and_(PseudonymKey.tenant_id == Lrs.tenant_id, PseudonymKey.of == Lrs.id))
        .outerjoin(LrsReading, and_(LrsReading.tenant_id == Lrs.tenant_id, LrsReading.lrs_id == Lrs.id))
        .where(Lrs.tenant_id == tenant_id)
        .order_by(Lrs.created_at, Lrs.id)
    ).all()
    alike = [row for row in found if row.own_key is None] or found[:1]
    return Sources(
        tuple(folder_of(settings, tenant_id, row.id) for row in alike),
        tuple(row.id for row in alike),
        tuple(row.name for row in alike),
        known_as(session, tenant_id),
        courses_by_activity(session, tenant_id, base),
        tuple(row.name for row in alike if row.read_at is None),
    )


def own_of(session: Session, tenant_id: UUID, base: str) -> Own:
    """What is the tenant's in an LRS that several use. An LMS of several tenants is nobody's own: Canvas calls itself
    the same everywhere."""
    ids = Ids(base)
    courses = session.scalars(select(Course.id).where(Course.tenant_id == tenant_id))
    others = select(Platform.issuer).where(Platform.tenant_id != tenant_id)
    homes = session.scalars(
        select(Platform.issuer)
        .where(Platform.tenant_id == tenant_id, Platform.issuer.not_in(others))
        .distinct()
    )
    return Own([ids.course(one) for one in courses], list(homes), ids.course_prefix)


@contextmanager
def said_if_unreadable() -> Iterator[None]:
    """Raises ``reports_unreadable`` where the files are why, and ``report_too_large`` where their number is."""
    try:
        yield
    except TooMuch as error:
        log.warning("report_too_large", why=str(error))
        raise Problem("report_too_large") from error
    except (Unreadable, FolderWrong, PermissionError) as error:
        log.error("reports_unreadable", why=str(error))
        raise Problem("reports_unreadable") from error


@contextmanager
def opened(sources: Sources) -> Iterator[Gathered]:
    """Raises ``reports_busy``, ``reports_unreadable`` and ``report_too_large``."""
    if not _AT_ONCE.acquire(timeout=_PATIENCE):
        raise Problem("reports_busy")
    try:
        folders = [folder for folder in sources.folders if folder.is_dir()]
        names = dict(zip(sources.folders, sources.names, strict=True))
        with (
            said_if_unreadable(),
            Gathered(folders, sources.aliases, sources.courses, names=names) as found,
        ):
            yield found
    finally:
        _AT_ONCE.release()
