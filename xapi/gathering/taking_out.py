"""Rows taken out of segments: what was voided, and what people did who were erased."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from xapi.gathering.columns import COLUMNS
from xapi.gathering.identifiers import FOLDED, spellings
from xapi.gathering.manifest import Manifest, Segment, changing, read_manifest
from xapi.gathering.mending import mend
from xapi.gathering.segments import ERASED, counted, exchange, listed, open_memory, spill_of, written

_KEPT_OF_ERASED = ("id", "stored", "happened")
_ERASED = ", ".join(
    name
    if name in _KEPT_OF_ERASED
    else f"true AS {name}"
    if name == "erased"
    else f"CAST(NULL AS {kind}) AS {name}"
    for name, kind in COLUMNS.items()
)


def drop_voided(folder: Path, voids: Iterable[str]) -> None:
    """Takes out what was voided; that it was voided stays."""
    ids = sorted(voids)
    if not ids:
        return
    with changing(folder), _choosing(folder, ids) as memory:
        known = read_manifest(folder)
        rest, _ = _without(
            memory, folder, known, "voids IS NULL AND id IN (SELECT CAST(value AS UUID) FROM chosen)"
        )
        exchange(folder, replace(known, segments=rest))


def forget(folder: Path, identifiers: Iterable[str], statements: Iterable[str] = ()) -> int:
    """Takes out what these people did, and these statements, but for ids and times; answers how many there were.

    What a pull under way has read by now, and not yet put in, is read again. Segments that cannot be read any more are
    let go of, and read anew with the next pull.
    """
    if not folder.is_dir():
        return 0
    chosen = [*sorted({spelt for one in identifiers for spelt in spellings(one)}), *statements]
    with changing(folder):
        try:
            return _forget(folder, chosen)
        except duckdb.Error:
            if not mend(folder, wholly=True):
                raise
            return _forget(folder, chosen)


def _forget(folder: Path, chosen: Sequence[str]) -> int:
    known = read_manifest(folder)
    gone = (
        "erased IS NULL AND (folded(person) IN (SELECT value FROM chosen)"
        " OR CAST(id AS VARCHAR) IN (SELECT value FROM chosen))"
    )
    with _choosing(folder, chosen) as memory:
        left = None
        if known.segments:
            found = f"read_parquet({listed(known.paths(folder))})"
            left = written(memory, folder, f"SELECT {_ERASED} FROM {found} WHERE {gone}", ERASED)
        rest, taken = _without(memory, folder, known, gone) if left else (known.segments, 0)
    exchange(folder, replace(known, segments=(*rest, *([left] if left else [])), changes=known.changes + 1))
    return taken


def _choosing(folder: Path, chosen: Sequence[str]) -> duckdb.DuckDBPyConnection:
    memory = open_memory(spill_of(folder))
    memory.execute(FOLDED)
    memory.execute("CREATE TEMP TABLE chosen AS SELECT unnest(CAST(? AS VARCHAR[])) AS value", [list(chosen)])
    return memory


def _without(
    memory: duckdb.DuckDBPyConnection, folder: Path, known: Manifest, gone: str
) -> tuple[tuple[Segment, ...], int]:
    """Each segment that has rows of which ``gone`` is true is written anew without them. Answers segments that nobody
    sees yet, and how many rows there were."""
    segments: list[Segment] = []
    taken = 0
    for one in known.segments:
        found = f"read_parquet({listed([folder / one.name])})"
        count = counted(memory.execute(f"SELECT count(*) FROM {found} WHERE {gone}").fetchone())
        if not count:
            segments.append(one)
            continue
        taken += count
        kind = ERASED if one.name.startswith(ERASED) else ""
        made = written(memory, folder, f"SELECT * FROM {found} WHERE ({gone}) IS NOT TRUE", kind)
        segments += [made] if made else []
    return tuple(segments), taken
