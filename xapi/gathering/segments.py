"""Segments: rows drafted as lines of JSON, written as Parquet, merged when many are small, and freed of rows.

Each change writes a new file beside the old ones, then the manifest that names it, then lets the old ones go.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import duckdb
import msgspec

from xapi.gathering.columns import COLUMNS, DRAFTED, Row
from xapi.gathering.identifiers import FOLDED, spellings
from xapi.gathering.manifest import DRAFT, Manifest, Segment, changing, read_manifest, write_manifest

# A segment with so many rows is left alone; more than this many smaller ones are merged.
FULL = 200_000
MOST_SMALL = 8
MEMORY = "384MB"

_READ = ", ".join(
    f"TRY_CAST({name} AS {kind}) AS {name}" if DRAFTED[name] != kind else name
    for name, kind in COLUMNS.items()
)
_AS_DRAFTED = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in DRAFTED.items()) + "}"
_KEPT_OF_ERASED = ("id", "stored", "happened")
_ERASED = ", ".join(
    name
    if name in _KEPT_OF_ERASED
    else f"true AS {name}"
    if name == "erased"
    else f"CAST(NULL AS {kind}) AS {name}"
    for name, kind in COLUMNS.items()
)
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


def _spill(folder: Path) -> Path:
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
        with open_memory(_spill(self._folder)) as memory:
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
            return _written(memory, self._folder, drafted)


def compact(folder: Path) -> None:
    """Merges the small segments where they have become many."""
    with changing(folder):
        known = read_manifest(folder)
        small = [one for one in known.segments if one.rows < FULL]
        if len(small) <= MOST_SMALL:
            return
        with open_memory(_spill(folder)) as memory:
            made = _written(
                memory, folder, f"SELECT * FROM read_parquet({listed(folder / one.name for one in small)})"
            )
        kept = tuple(one for one in known.segments if one not in small)
        _exchange(folder, replace(known, segments=kept + ((made,) if made else ())))


def drop_voided(folder: Path, voids: Iterable[str]) -> None:
    """Takes out what was voided; that it was voided stays."""
    ids = sorted(voids)
    if ids:
        with changing(folder):
            known, _ = _rewritten(
                folder, "voids IS NULL AND id IN (SELECT CAST(value AS UUID) FROM chosen)", ids, and_then=""
            )
            _exchange(folder, known)


def forget(folder: Path, identifiers: Iterable[str], statements: Iterable[str] = ()) -> int:
    """Takes out what these people did, and these statements, but for ids and times; answers how many there were.

    What a pull under way has read by now, and not yet put in, is read again.
    """
    if not folder.is_dir():
        return 0
    names = sorted({spelt for one in identifiers for spelt in spellings(one)})
    with changing(folder):
        known, taken = _rewritten(
            folder,
            "erased IS NULL AND (folded(person) IN (SELECT value FROM chosen)"
            " OR CAST(id AS VARCHAR) IN (SELECT value FROM chosen))",
            [*names, *statements],
            and_then=f"UNION ALL SELECT {_ERASED} FROM {{found}} WHERE {{gone}}",
        )
        _exchange(folder, replace(known, changes=known.changes + 1))
    return taken


def _rewritten(folder: Path, gone: str, chosen: Sequence[str], *, and_then: str) -> tuple[Manifest, int]:
    """Each segment that has rows of which ``gone`` is true is written anew without them, ``and_then`` with what is left
    of them. Answers a manifest that nobody sees yet, and how many rows there were."""
    known = read_manifest(folder)
    segments: list[Segment] = []
    taken = 0
    with open_memory(_spill(folder)) as memory:
        memory.execute(FOLDED)
        memory.execute(
            "CREATE TEMP TABLE chosen AS SELECT unnest(CAST(? AS VARCHAR[])) AS value", [list(chosen)]
        )
        for one in known.segments:
            found = f"read_parquet({listed([folder / one.name])})"
            count = _one(memory.execute(f"SELECT count(*) FROM {found} WHERE {gone}").fetchone())
            if not count:
                segments.append(one)
                continue
            taken += count
            rest = (
                f"SELECT * FROM {found} WHERE ({gone}) IS NOT TRUE {and_then.format(found=found, gone=gone)}"
            )
            made = _written(memory, folder, rest)
            segments += [made] if made else []
    return replace(known, segments=tuple(segments)), taken


def _exchange(folder: Path, manifest: Manifest) -> None:
    """Makes it the folder's, and lets go of the segments that it does not name any more."""
    before = read_manifest(folder)
    write_manifest(folder, manifest)
    for one in set(before.segments) - set(manifest.segments):
        (folder / one.name).unlink(missing_ok=True)


def _written(memory: duckdb.DuckDBPyConnection, folder: Path, select: str) -> Segment | None:
    """A new segment of what the SELECT finds, which no manifest names yet; None where it finds nothing."""
    key = uuid4()
    draft, path = folder / f"{DRAFT}{key}.parquet", folder / f"{key}.parquet"
    rows = _one(memory.execute(f"COPY ({select}) TO {quoted(str(draft))} {_PARQUET}").fetchone())
    if not rows:
        draft.unlink(missing_ok=True)
        return None
    draft.replace(path)
    return Segment(path.name, rows)


def _one(row: tuple[Any, ...] | None) -> int:
    return int(row[0]) if row else 0


def _encode(row: Row) -> bytes:
    try:
        return _ENCODER.encode(row)
    except UnicodeEncodeError:  # A lone surrogate, which no UTF-8 can hold, becomes a question mark.
        return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
