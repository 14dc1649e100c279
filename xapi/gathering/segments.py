"""Segments: rows drafted as lines of JSON, written as Parquet, and merged when many are small.

Each change writes a new file beside the old ones, then the manifest that names it, then lets the old ones go. What is
left of the erased stands in files of its own: should another file become unreadable, it is still known what not to read
in again.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import duckdb
import msgspec

from xapi.gathering.columns import COLUMNS, DRAFTED, Row
from xapi.gathering.manifest import (
    DRAFT,
    Manifest,
    Segment,
    changing,
    make_durable,
    read_manifest,
    write_manifest,
)

# A segment with so many rows is left alone; more than this many smaller ones are merged.
FULL = 200_000
MOST_SMALL = 8
MEMORY = "384MB"
# What the name of a segment begins with that holds what is left of the erased.
ERASED = "erased-"

_READ = ", ".join(
    f"TRY_CAST({name} AS {kind}) AS {name}" if DRAFTED[name] != kind else name
    for name, kind in COLUMNS.items()
)
_AS_DRAFTED = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in DRAFTED.items()) + "}"
# A line for each of millions of rows: six times as fast as json.
_ENCODER = msgspec.json.Encoder()
_PARQUET = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000)"


class Changed(Exception):
    """Rows were taken out since this was read: it has to be read again."""


def open_memory(spill: Path, memory: str = MEMORY) -> duckdb.DuckDBPyConnection:
    """A database in memory that moves to the folder ``spill`` what does not fit, and loads nothing from elsewhere."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": memory,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    # It would be drawn on standard output.
    connection.execute("SET enable_progress_bar = false")
    return connection


def spill_of(folder: Path) -> Path:
    """Cleared away with other drafts, if its process dies."""
    return folder / f"{DRAFT}spill-{uuid4()}"


def listed(paths: Iterable[Path]) -> str:
    """As a list of SQL."""
    return "[" + ", ".join(quoted(str(path)) for path in paths) + "]"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Draft:
    """Rows on their way into one segment: on disk, not in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"{DRAFT}{uuid4()}.ndjson"
        self._file = self._path.open("wb")
        self._ids: set[str] = set()
        self.voids: set[str] = set()

    @property
    def rows(self) -> int:
        return len(self._ids)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def add(self, rows: Iterable[Row]) -> None:
        """What came before is passed over: an LRS may hold copies."""
        ids, lines = self._ids, []
        for row in rows:
            key = row["id"]
            if key in ids:
                continue
            ids.add(key)
            lines.append(_encode(row))
            if "voids" in row:
                self.voids.add(row["voids"])
        if lines:
            self._file.write(b"\n".join((*lines, b"")))

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def commit(self, base: Manifest, reach: Manifest) -> int:
        """Puts into the folder what is new, and how far ``reach`` says that goes; answers how many rows were new.

        Raises :class:`Changed` where people were taken out of the folder after ``base`` was read.
        """
        self._file.close()
        with changing(self._folder):
            known = read_manifest(self._folder)
            if known.changes != base.changes:
                raise Changed
            made = self._write(known) if self.rows else None
            segments = known.segments if made is None else (*known.segments, made)
            write_manifest(self._folder, replace(reach, segments=segments, changes=known.changes))
        return made.rows if made else 0

    def _write(self, known: Manifest) -> Segment | None:
        drafted = (
            f"SELECT {_READ} FROM read_json({quoted(str(self._path))}, "
            f"format='newline_delimited', columns={_AS_DRAFTED})"
        )
        with open_memory(spill_of(self._folder)) as memory:
            if known.segments:
                # Against all that is there: an LRS that was moved gives what it had with another `stored`, and some
                # give none. The ids of the draft are held in memory, and not those of the folder.
                memory.execute(
                    "CREATE TEMP TABLE known AS "
                    f"SELECT id FROM read_parquet({listed(known.paths(self._folder))}) AS kept "
                    "SEMI JOIN (SELECT CAST(unnest(string_split(?, ' ')) AS UUID) AS id) AS drafted USING (id)",
                    [" ".join(self._ids)],
                )
                drafted += " WHERE CAST(id AS UUID) NOT IN (SELECT id FROM known)"
            return written(memory, self._folder, drafted)


def compact(folder: Path) -> None:
    """Merges the small segments where they have become many."""
    with changing(folder):
        for kind in (ERASED, ""):
            known = read_manifest(folder)
            small = [
                one
                for one in known.segments
                if one.rows < FULL and one.name.startswith(ERASED) is (kind == ERASED)
            ]
            if len(small) <= MOST_SMALL:
                continue
            select = f"SELECT * FROM read_parquet({listed(folder / one.name for one in small)})"
            with open_memory(spill_of(folder)) as memory:
                made = written(memory, folder, select, kind)
            kept = tuple(one for one in known.segments if one not in small)
            exchange(folder, replace(known, segments=kept + ((made,) if made else ())))


def exchange(folder: Path, manifest: Manifest) -> None:
    """Makes it the folder's, and lets go of the segments that it does not name any more. Hold :func:`changing`."""
    before = read_manifest(folder)
    write_manifest(folder, manifest)
    for one in set(before.segments) - set(manifest.segments):
        (folder / one.name).unlink(missing_ok=True)


def written(memory: duckdb.DuckDBPyConnection, folder: Path, select: str, kind: str = "") -> Segment | None:
    """A new segment of what the SELECT finds, durable, which no manifest names yet; None where it finds nothing.

    ``kind``: what its name begins with.
    """
    key = uuid4()
    draft, path = folder / f"{DRAFT}{key}.parquet", folder / f"{kind}{key}.parquet"
    rows = counted(memory.execute(f"COPY ({select}) TO {quoted(str(draft))} {_PARQUET}").fetchone())
    if not rows:
        draft.unlink(missing_ok=True)
        return None
    make_durable(draft)
    draft.replace(path)
    make_durable(folder)
    return Segment(path.name, rows)


def counted(row: tuple[Any, ...] | None) -> int:
    return int(row[0]) if row else 0


def _encode(row: Row) -> bytes:
    try:
        return _ENCODER.encode(row)
    except UnicodeEncodeError:  # A lone surrogate, which no UTF-8 can hold, becomes a question mark.
        return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
