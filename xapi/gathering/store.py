"""Gathered statements, opened to be asked in SQL: read only, in memory and a temporary folder, without locks.

Whoever gathers may merge, rewrite and let go of segments meanwhile. Then what was opened is opened anew, and asked
again.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from xapi.gathering.identifiers import FOLDED, spellings
from xapi.gathering.manifest import Manifest, read_manifest
from xapi.gathering.mending import Unreadable, broken, doubt
from xapi.gathering.segments import open_memory
from xapi.gathering.views import RECORD, STATEMENT, VALID, gathered

# Of all reports of a process together it is little; what is more goes to the temporary folder.
MEMORY = "512MB"
_TRIES = 5


class TooMuch(Exception):
    """A query took more memory than it may, and could not move enough of it to disk."""


class Gathered:
    """The views ``statement`` and ``record`` over folders of gathered statements.

    ``aliases``: who an identifier in a formal result is, as ``homePage|name``. ``courses``: which course of ours an
    activity of the LMS belongs to. ``names``: what the LRS of each folder is called, else as the folder is.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        aliases: Mapping[str, str] | None = None,
        courses: Mapping[str, str] | None = None,
        *,
        names: Mapping[Path, str] | None = None,
        memory: str = MEMORY,
    ) -> None:
        self._folders = list(folders)
        self._names = names or {}
        self._spill = Path(tempfile.mkdtemp(prefix="alongside-report-"))
        self._manifests: list[Manifest] = []
        self.connection = open_memory(self._spill, memory)
        known = {one: person for told, person in (aliases or {}).items() for one in spellings(told)}
        self._fill("alias", ("told", "known"), known)
        self._fill("mapped", ("activity", "course"), courses or {})
        self.connection.execute(FOLDED)
        try:
            self.open_anew()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    @property
    def as_of(self) -> datetime | None:
        """Until when all is here that the LRSs had that were read; of several the earliest."""
        return min((one.as_of for one in self._manifests if one.as_of is not None), default=None)

    @property
    def manifests(self) -> Sequence[Manifest]:
        """What is read now."""
        return self._manifests

    @property
    def kept(self) -> int:
        """How many rows there are, those included that count for nothing."""
        return sum(one.rows for one in self._manifests)

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """What a query finds. Times are naive UTC, for a zone would need a library more.

        Raises :class:`~xapi.gathering.mending.Unreadable` and :class:`TooMuch`.
        """
        left = _TRIES
        while True:
            try:
                return self.connection.execute(sql, parameters).fetchall()
            except duckdb.OutOfMemoryException as error:
                raise TooMuch(str(error)) from error
            except duckdb.Error as error:
                left -= 1
                # A segment was let go between opening and asking. If that is not why, it happens again.
                if not (left and isinstance(error, duckdb.IOException)):
                    self._look_for_broken(error)
                    raise
                self.open_anew()

    def open_anew(self) -> None:
        """Sees what is there now. Raises :class:`~xapi.gathering.mending.Unreadable`."""
        for left in reversed(range(_TRIES)):
            self._manifests = [read_manifest(folder) for folder in self._folders]
            seen = [
                (self._names.get(folder, folder.name), manifest.paths(folder))
                for folder, manifest in zip(self._folders, self._manifests, strict=True)
            ]
            try:
                for view in (*gathered(seen), VALID, STATEMENT, RECORD):
                    self.connection.execute(view)
                return
            except duckdb.Error as error:
                if not (left and isinstance(error, duckdb.IOException)):
                    self._look_for_broken(error)
                    raise

    def _look_for_broken(self, error: duckdb.Error) -> None:
        """Raises :class:`~xapi.gathering.mending.Unreadable` where a segment is why, and has it read anew."""
        found = [folder for folder in self._folders if broken(folder, read_manifest(folder), wholly=True)]
        for folder in found:
            doubt(folder)
        if found:
            raise Unreadable(", ".join(str(folder) for folder in found)) from error

    def _fill(self, table: str, columns: tuple[str, str], values: Mapping[str, str]) -> None:
        first, second = columns
        self.connection.execute(f"CREATE TEMP TABLE {table} ({first} VARCHAR PRIMARY KEY, {second} VARCHAR)")
        if values:
            self.connection.execute(
                f"INSERT INTO {table} SELECT unnest(CAST(? AS VARCHAR[])), unnest(CAST(? AS VARCHAR[]))",
                [list(values), list(values.values())],
            )
