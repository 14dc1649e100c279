"""A folder of gathered statements, as a pull would have left it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from xapi.gathering.manifest import read_manifest
from xapi.gathering.parsing import rows_of
from xapi.gathering.segments import Draft

Json = dict[str, Any]


def written(
    folder: Path, statements: list[Json], *, as_of: datetime = datetime(2026, 3, 9, tzinfo=UTC)
) -> Path:
    """Adds a segment of these statements; answers the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with Draft(folder) as draft:
        draft.add(rows_of(statements, as_of))
        known = read_manifest(folder)
        draft.commit(known, replace(known, read_to=as_of, as_of=as_of))
    return folder
