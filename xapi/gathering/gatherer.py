"""Pulls what is new in an LRS into a folder of segments, by the standard API alone.

It asks for everything stored since the watermark, less an overlap: a statement may become visible after others that
were stored later, and a clock may jump. What comes twice is known by its id. Nothing is filtered by verb, so that
voiding statements come along. Each segment is committed with how far it reaches; whoever dies goes on from there.
"""

import gc
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from social_layer.clock import Clock
from xapi.gathering.manifest import FolderWrong, Manifest, changing, gathering, read_manifest
from xapi.gathering.mending import mend
from xapi.gathering.parsing import rows_of
from xapi.gathering.reach import Reach
from xapi.gathering.segments import Changed, Draft, compact
from xapi.gathering.taking_out import drop_voided
from xapi.reports.reading import Page, Reader, uncollected

# A segment is committed after so many statements.
ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Gathering:
    """What a pull did: statements read, of them new, and until when all is here that the LRS had. ``remarks``: what was
    odd about it, for who looks after the LRS."""

    read: int
    new: int
    as_of: datetime | None
    remarks: tuple[str, ...] = ()


class Stopped(Exception):
    """The pull was asked to end; what it committed stays."""


def gather(
    reader: Reader,
    folder: Path,
    clock: Clock,
    *,
    rows: int = ROWS,
    told: Callable[[int], None] = lambda read: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Gathering:
    """Pulls what is new. ``told``: after each page, how many statements were read. ``rows``: of a segment.

    Raises :class:`~xapi.reports.reading.ReadingFailed`, :class:`~xapi.gathering.manifest.FolderBusy`,
    :class:`~xapi.gathering.manifest.FolderWrong` and :class:`Stopped`.
    """
    with gathering(folder):
        mended = _mend(folder)
        pull = _Pull(reader, folder, clock, rows, told, stopped)
        while True:
            try:
                with uncollected:
                    pull.run()
                compact(folder)
                break
            except Changed:
                continue  # Somebody was erased meanwhile: what was read and not yet put in is read again.
            except duckdb.Error as error:
                # Once: a disk that spoils all that is written to it would be read for without end.
                if mended or not (mended := _mend(folder, wholly=True)):
                    _say_why(folder, error)
                    raise
        return Gathering(pull.read, pull.new, read_manifest(folder).as_of, (*mended, *pull.remarks))


def _mend(folder: Path, *, wholly: bool = False) -> list[str]:
    with changing(folder):
        return mend(folder, wholly=wholly)


def _say_why(folder: Path, error: duckdb.Error) -> None:
    if isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException):
        raise FolderWrong(f"{folder} cannot be written: {str(error).splitlines()[0]}") from error


class _Pull:
    def __init__(
        self,
        reader: Reader,
        folder: Path,
        clock: Clock,
        rows: int,
        told: Callable[[int], None],
        stopped: Callable[[], bool],
    ) -> None:
        self._reader, self._folder, self._clock, self._rows = reader, folder, clock, rows
        self._told, self._stopped = told, stopped
        self.read = self.new = 0
        self.remarks: list[str] = []

    def run(self) -> None:
        base = read_manifest(self._folder)
        reach = Reach(base, self._clock())
        self.remarks = reach.remarks
        draft = Draft(self._folder)
        with ThreadPoolExecutor(1, thread_name_prefix="gathering") as writing:
            # While a segment is written, which is none of Python's work, the next pages are read.
            written = writing.submit(lambda: None)
            try:
                with closing(_ahead(self._reader.whole_pages(**reach.since()))) as pages:
                    for page in pages:
                        if self._stopped():
                            raise Stopped
                        now = self._clock()
                        draft.add(rows_of(page.statements, now))
                        reach.note(page, now)
                        self.read += len(page.statements)
                        self._told(self.read)
                        if draft.rows >= self._rows and not page.is_last:
                            written.result()
                            gc.collect()
                            written = writing.submit(self._commit, draft, base, reach.manifest)
                            draft = Draft(self._folder)
                written.result()
                self._commit(draft, base, reach.manifest)
            finally:
                draft.discard()

    def _commit(self, draft: Draft, base: Manifest, reach: Manifest) -> None:
        with draft:
            self.new += draft.commit(base, reach)
        drop_voided(self._folder, draft.voids)


def _ahead(pages: Iterator[Page]) -> Generator[Page, None, None]:
    """Asks for a page while the one before is worked at."""
    with ThreadPoolExecutor(1, thread_name_prefix="gathering") as asking:
        coming = asking.submit(next, pages, None)
        while (page := coming.result()) is not None:
            coming = asking.submit(next, pages, None)
            yield page
