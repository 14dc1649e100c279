"""Where an export stopped, kept beside what it wrote, so that it goes on there: after a kill, or for what is new."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from xapi.eventlog.columns import LAYOUT

# In what was asked for, where accounts are told: the number of changes of scopes until then.
SCOPES = "scopes"
SCOPES_CHANGED = (
    "scopes or choices have changed since this export was begun: what follows could show whose account a pseudonym is;"
    " export anew with --anew"
)


class ExportRefused(Exception):
    """Why nothing is exported, and what to do, in one line."""


@dataclass(slots=True)
class Bookmark:
    """``asked``: what the export is of; another one must not go on here. ``after``: all up to this number is written.

    ``size``: of the file in bytes, or the number of parts; what stands beyond was being written when it was killed.
    """

    asked: dict[str, Any]
    after: int = 0
    rows: int = 0
    size: int = 0
    layout: int = field(default=LAYOUT)

    @classmethod
    def read(cls, path: Path, asked: dict[str, Any]) -> Self | None:
        """None where there is none yet. Raises :class:`ExportRefused`."""
        try:
            found = cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            raise ExportRefused(f"{path} cannot be read; export anew with --anew") from None
        if found.asked != asked and {**found.asked, SCOPES: None} == {**asked, SCOPES: None}:
            raise ExportRefused(SCOPES_CHANGED)
        if found.asked != asked or found.layout != LAYOUT:
            raise ExportRefused(
                f"{path} is of another export; ask for the same, choose another file, or say --anew"
            )
        return found

    def write(self, path: Path) -> None:
        """There whole, or as it was before."""
        draft = path.with_name(f"{path.name}.new")
        with private(draft) as file:
            file.write(json.dumps(asdict(self)).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def private(path: Path, mode: str = "wb") -> Any:
    """A file that nobody else of this machine reads."""
    return open(path, mode, opener=lambda name, flags: os.open(name, flags, 0o600))
