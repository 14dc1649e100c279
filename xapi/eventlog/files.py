"""Where rows are written: to a stream, to a file of JSON Lines, or to a folder of Parquet parts.

A file and a folder keep a bookmark. What was written after it, when the export was killed, is cut off by the next one,
so that what is read after that has whole rows, each once.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import duckdb

from xapi.eventlog.bookmark import Bookmark, ExportRefused, private
from xapi.eventlog.columns import COLUMNS
from xapi.eventlog.rows import Portion, Row

# A part of so many rows has a few megabytes.
PART_ROWS = 200_000
_ROW_GROUP = 50_000
_MEMORY = "256MB"


class Target(Protocol):
    """``after``: up to which number it holds everything."""

    after: int
    rows: int

    def take(self, portion: Portion) -> None: ...

    def finish(self) -> None:
        """All was given that there is now."""


class Stream:
    """Whole lines to whoever reads them, who remembers the number of the last one."""

    def __init__(self, out: BinaryIO, after: int) -> None:
        self._out = out
        self.after = after
        self.rows = 0

    def take(self, portion: Portion) -> None:
        self._out.write(lines(portion.rows))
        self.rows += len(portion.rows)
        self.after = portion.up_to

    def finish(self) -> None:
        self._out.flush()


class Lines:
    """A file of JSON Lines, and ``<file>.cursor`` beside it."""

    def __init__(self, path: Path, asked: dict[str, Any], *, after: int = 0, anew: bool = False) -> None:
        """Raises :class:`ExportRefused`."""
        self._mark_path = path.with_name(f"{path.name}.cursor")
        self._mark = _mark(self._mark_path, asked, after, there=path.exists(), name=path, anew=anew)
        self.rows = self._mark.rows
        self.after = self._mark.after
        self._file = private(path, "r+b" if path.exists() else "w+b")
        if self._file.seek(0, os.SEEK_END) < self._mark.size:
            self._file.close()
            raise ExportRefused(f"{path} is shorter than it was; export anew with --anew")
        self._file.truncate(self._mark.size)
        self._file.seek(self._mark.size)
        self._mark.write(self._mark_path)

    def take(self, portion: Portion) -> None:
        self._file.write(lines(portion.rows))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._mark.after = self.after = portion.up_to
        self._mark.rows = self.rows = self.rows + len(portion.rows)
        self._mark.size = self._file.tell()
        self._mark.write(self._mark_path)

    def finish(self) -> None:
        self._file.close()


class Parts:
    """A folder of Parquet files, each whole, and ``cursor.json`` among them. DuckDB writes them, with little memory."""

    def __init__(
        self,
        folder: Path,
        asked: dict[str, Any],
        *,
        after: int = 0,
        anew: bool = False,
        part_rows: int = PART_ROWS,
    ) -> None:
        """Raises :class:`ExportRefused`."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._mark_path = folder / "cursor.json"
        strange = [one for one in folder.iterdir() if not _is_ours(one.name)]
        if strange:
            raise ExportRefused(
                f"{folder} holds other files, such as {strange[0].name}; choose another folder"
            )
        there = any(folder.glob("part-*.parquet"))
        self._mark = _mark(self._mark_path, asked, after, there=there, name=folder, anew=anew)
        for number, part in enumerate(sorted(folder.glob("part-*.parquet"))):
            if number >= self._mark.size:
                part.unlink()
        self.rows = self._mark.rows
        self.after = self._mark.after
        self._part_rows = part_rows
        self._draft = folder / ".rows.jsonl"
        self._file = private(self._draft)
        self._waiting = 0
        self._mark.write(self._mark_path)

    def take(self, portion: Portion) -> None:
        self._file.write(lines(portion.rows))
        self._waiting += len(portion.rows)
        self.rows += len(portion.rows)
        self.after = portion.up_to
        if self._waiting >= self._part_rows:
            self._close_part()

    def finish(self) -> None:
        self._close_part()
        self._file.close()
        self._draft.unlink()

    def _close_part(self) -> None:
        if self._waiting:
            self._file.flush()
            part = self._folder / f"part-{self._mark.size + 1:06}.parquet"
            new = part.with_name(f".{part.name}.new")
            write_parquet(self._draft, new)
            new.replace(part)
            self._mark.size += 1
            self._file.seek(0)
            self._file.truncate()
            self._waiting = 0
        self._mark.after, self._mark.rows = self.after, self.rows
        self._mark.write(self._mark_path)


def lines(rows: Iterable[Row]) -> bytes:
    return b"".join(
        json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode(errors="replace") + b"\n"
        for row in rows
    )


def write_parquet(rows: Path, out: Path) -> None:
    """From JSON Lines; each column in its own type."""
    types = ", ".join(f"{_quoted(column.name)}: {_quoted(column.type)}" for column in COLUMNS)
    names = ", ".join(column.name for column in COLUMNS)
    with duckdb.connect(
        config={
            "memory_limit": _MEMORY,
            "threads": 1,
            "autoinstall_known_extensions": False,
            "TimeZone": "UTC",
            "temp_directory": str(out.parent),
        }
    ) as store:
        store.execute(
            f"COPY (SELECT {names} FROM read_json({_quoted(str(rows))}, "  # noqa: S608
            f"format='newline_delimited', columns={{{types}}})) TO {_quoted(str(out))} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})"
        )
    out.chmod(0o600)


def _mark(path: Path, asked: dict[str, Any], after: int, *, there: bool, name: Path, anew: bool) -> Bookmark:
    found = None if anew else Bookmark.read(path, asked)
    if found is not None:
        if after not in (0, found.after):
            raise ExportRefused(
                f"{name} goes on after {found.after} by itself; leave --after out, or say --anew"
            )
        return found
    if there and not anew:
        raise ExportRefused(
            f"{name} is there already, and no cursor beside it; choose another, or say --anew"
        )
    return Bookmark(asked, after)


def _is_ours(name: str) -> bool:
    return (
        name in ("cursor.json", "cursor.json.new", ".rows.jsonl")
        or (name.startswith("part-") and name.endswith(".parquet"))
        or (name.startswith(".part-") and name.endswith(".parquet.new"))
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
