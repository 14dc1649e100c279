"""Segments that cannot be read any more, as after a disk failed: found, let go of, and read anew by the next pull.

Nothing that stands in them is lost but one thing: who was erased. What is left of the erased stands in files of its
own, and only where one of these is lost may others' records of them come back.
"""

from contextlib import suppress
from pathlib import Path

import duckdb

from xapi.gathering.manifest import Manifest, Segment, read_manifest
from xapi.gathering.segments import ERASED, counted, exchange, listed, open_memory, spill_of

# Stands in a folder in which somebody could not read: whoever pulls next looks at all of it.
_DOUBT = ".doubted"
_READ_ANEW = "some of what was kept here could not be read any more: all was read anew"
_FORGOTTEN = (
    "who was erased was kept there, too: records of them that others wrote may be here again, "
    "until they are removed from the LRS"
)


class Unreadable(Exception):
    """What was gathered cannot be read just now; the next pull reads it anew."""


def broken(folder: Path, known: Manifest, *, wholly: bool) -> list[Segment]:
    """Those of which the end cannot be read, where their size and their columns stand; ``wholly``: or any row.

    Raises :class:`OSError` where the files may not be read, and what DuckDB raises where there is no memory for it.
    """
    with open_memory(spill_of(folder)) as memory:
        return [
            one for one in known.segments if not _is_readable(memory, folder / one.name, one.rows, wholly)
        ]


def doubt(folder: Path) -> None:
    """Has the next pull look at all of it."""
    with suppress(OSError):
        (folder / _DOUBT).touch()


def mend(folder: Path, *, wholly: bool = False) -> list[str]:
    """Lets go of what cannot be read, so that all is read anew; answers what to say about it. Hold
    :func:`~xapi.gathering.manifest.changing`."""
    known = read_manifest(folder)
    found = broken(folder, known, wholly=wholly or (folder / _DOUBT).exists())
    if found:
        rest = tuple(one for one in known.segments if one not in found)
        # A pull that is under way begins anew, too.
        exchange(folder, Manifest(rest, changes=known.changes + 1))
    (folder / _DOUBT).unlink(missing_ok=True)
    if not found:
        return []
    return [_READ_ANEW, *([_FORGOTTEN] if any(one.name.startswith(ERASED) for one in found) else [])]


def _is_readable(memory: duckdb.DuckDBPyConnection, path: Path, rows: int, wholly: bool) -> bool:
    try:
        with path.open("rb"):
            pass
    except FileNotFoundError:
        return False
    source = f"read_parquet({listed([path])})"
    try:
        if wholly:
            memory.execute(f"SELECT bit_xor(hash(kept)) FROM (SELECT * FROM {source}) AS kept")
        return counted(memory.execute(f"SELECT count(*) FROM {source}").fetchone()) == rows
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        return False
