"""Reads each connected LRS back into ``ALONGSIDE_HOME/gathered``: what is due, or one that somebody asks for."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from lti_tool.bridging import guard_of
from lti_tool.config import Settings, make_private_folder
from lti_tool.logs import log
from lti_tool.parts import Parts
from social_layer.sealing import SealBroken
from xapi.gathering import schedule
from xapi.gathering.gatherer import Gathering, Stopped, gather
from xapi.gathering.manifest import FolderBusy, FolderWrong, read_manifest
from xapi.gathering.schedule import Lease
from xapi.models import Lrs
from xapi.reports.reading import MOST_BYTES, MOST_TRIES, Reader, ReadingFailed
from xapi.stores import open_transport
from xapi.transport import HttpTransport

_RENEWED_EVERY = timedelta(minutes=1)
# On its schedule it comes again by itself, and holds up no other LRS.
_TRIES = 3


class GatheringFailed(Exception):
    """Why an LRS could not be read back, in one line. It stands in its row too."""


def root_of(settings: Settings) -> Path:
    return settings.home / "gathered"


def folder_of(settings: Settings, tenant_id: UUID, lrs_id: UUID) -> Path:
    return root_of(settings) / str(tenant_id) / str(lrs_id)


def gather_due(given: Parts) -> int:
    """Reads what is due, one LRS after the other; answers how many were read."""
    with given.database.read() as session:
        found = schedule.due(session, given.clock())
    read = 0
    for tenant_id, lrs_id in found:
        try:
            done = gather_one(given, tenant_id, lrs_id, tries=_TRIES)
        except GatheringFailed as failed:
            log.warning("lrs not read back", lrs=str(lrs_id), trouble=str(failed))
            continue
        except Exception:
            # It stands in its own row; the others have nothing to do with it.
            log.exception("lrs not read back", lrs=str(lrs_id))
            continue
        if done is not None:
            log.info("lrs read back", lrs=str(lrs_id), read=done.read, new=done.new)
            for remark in done.remarks:
                log.warning("lrs read back oddly", lrs=str(lrs_id), remark=remark)
            read += 1
    _let_go_of_removed(given)
    return read


def gather_one(
    given: Parts,
    tenant_id: UUID,
    lrs_id: UUID,
    *,
    told: Callable[[int], None] = lambda read: None,
    waiting: Callable[[float, str], None] = lambda seconds, why: None,
    tries: int = MOST_TRIES,
) -> Gathering | None:
    """Reads one LRS, due or not; None where another process is at it, or it was taken over or removed meanwhile.

    Raises :class:`GatheringFailed`.
    """
    with given.database.write() as session:
        lease = schedule.take(session, given.clock(), tenant_id, lrs_id)
    if lease is None:
        return None
    try:
        with _opened(given, lease) as transport:
            reader = Reader(transport, tries=tries, waiting=waiting)
            done = _gather(given, lease, reader, told)
    except Stopped:
        with given.database.write() as session:
            schedule.leave(session, given.clock(), lease)
        return None
    except (ReadingFailed, SealBroken, FolderBusy, FolderWrong, OSError) as failed:
        is_refused = isinstance(failed, ReadingFailed) and failed.is_refused
        with given.database.write() as session:
            schedule.fail(session, given.clock(), lease, str(failed), is_refused=is_refused)
        raise GatheringFailed(str(failed)) from failed
    except Exception:
        with given.database.write() as session:
            schedule.fail(session, given.clock(), lease, "a mistake of the tool's own; see its log")
        raise
    rows = read_manifest(folder_of(given.settings, tenant_id, lrs_id)).rows
    every = timedelta(minutes=given.settings.gather_minutes or 60)
    remark = "; ".join(done.remarks) or None
    with given.database.write() as session:
        schedule.complete(session, given.clock(), lease, done.as_of, rows, every, remark=remark)
    return done


@contextmanager
def _opened(given: Parts, lease: Lease) -> Iterator[HttpTransport]:
    with given.database.read() as session:
        lrs = session.scalars(
            select(Lrs).where(Lrs.tenant_id == lease.tenant_id, Lrs.id == lease.lrs_id)
        ).one()
        transport = open_transport(given.sealer, lrs, guard_of(given.settings), most_read=MOST_BYTES)
    try:
        yield transport
    finally:
        transport.close()


def _gather(given: Parts, lease: Lease, reader: Reader, told: Callable[[int], None]) -> Gathering:
    hold = _Hold(given, lease)
    folder = folder_of(given.settings, lease.tenant_id, lease.lrs_id)
    make_private_folder(folder)
    return gather(reader, folder, given.clock, told=told, stopped=lambda: not hold.is_held())


class _Hold:
    """Renews the lease now and then."""

    def __init__(self, given: Parts, lease: Lease) -> None:
        self._given, self._lease = given, lease
        self._renewed_at: datetime = given.clock()

    def is_held(self) -> bool:
        now = self._given.clock()
        if now - self._renewed_at < _RENEWED_EVERY:
            return True
        self._renewed_at = now
        with self._given.database.write() as session:
            return schedule.renew(session, now, self._lease)


def _let_go_of_removed(given: Parts) -> None:
    """The folders of LRSs that are connected no more."""
    root = root_of(given.settings)
    if not root.is_dir():
        return
    with given.database.read() as session:
        known = {
            (str(tenant_id), str(lrs_id))
            for tenant_id, lrs_id in session.execute(select(Lrs.tenant_id, Lrs.id))
        }
    for folder in root.glob("*/*"):
        if (folder.parent.name, folder.name) not in known:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                folder.parent.rmdir()
