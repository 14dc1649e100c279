"""What is in a folder of gathered statements: its segments, and how far they reach.

The manifest is replaced by a rename, so that segments and watermark change together or not at all. A segment that no
manifest names is none: it was left by a process that died, or is about to be let go.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

_NAME = "manifest.json"
_VERSION = 1
# What begins so belongs to a pull under way, or to one that died.
DRAFT = ".draft-"


class FolderBusy(Exception):
    """Somebody else gathers into this folder just now."""


class FolderWrong(Exception):
    """What stands there was not written by this version, or nothing can be written there: told in one line."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A Parquet file of rows (:mod:`xapi.gathering.columns`), never changed once it is there."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """``read_to``: up to which ``stored`` all was read, and from where it is read on. ``as_of``: until when all is here
    that the LRS had. ``is_told``: it says how far it can be trusted. ``changes``: how often people were taken out; what
    was read before must not be put in after it."""

    segments: tuple[Segment, ...] = ()
    read_to: datetime | None = None
    as_of: datetime | None = None
    is_told: bool = False
    changes: int = 0

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.segments)

    def paths(self, folder: Path) -> list[Path]:
        return [folder / one.name for one in self.segments]


def read_manifest(folder: Path) -> Manifest:
    """An empty one where nothing was gathered yet. Raises :class:`FolderWrong`."""
    try:
        found: dict[str, Any] = json.loads((folder / _NAME).read_text("utf-8"))
    except FileNotFoundError:
        return Manifest()
    except ValueError:
        found = {}
    if found.get("version") != _VERSION:
        raise FolderWrong(f"{folder / _NAME} is of another version; delete the folder, and all is read again")
    return Manifest(
        tuple(Segment(one["name"], one["rows"]) for one in found["segments"]),
        _time(found["read_to"]),
        _time(found["as_of"]),
        found["is_told"],
        found["changes"],
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Durable before this returns. Hold :func:`changing`."""
    data = {
        "version": _VERSION,
        "segments": [{"name": one.name, "rows": one.rows} for one in manifest.segments],
        "read_to": manifest.read_to.isoformat() if manifest.read_to else None,
        "as_of": manifest.as_of.isoformat() if manifest.as_of else None,
        "is_told": manifest.is_told,
        "changes": manifest.changes,
    }
    draft = folder / f"{DRAFT}{uuid4()}.json"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / _NAME)
    make_durable(folder)


def make_durable(path: Path) -> None:
    """A file's content, or the names in a folder: what is not yet on the disk may be lost with the power."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """For the moment in which a manifest is read and replaced; others wait."""
    with _locked(folder, ".changing", wait=True):
        yield


@contextmanager
def gathering(folder: Path) -> Iterator[None]:
    """For a whole pull. Raises :class:`FolderBusy`. What a dead one left is cleared away first."""
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, ".gathering", wait=False):
        with changing(folder):
            named = {one.name for one in read_manifest(folder).segments}
            for path in folder.iterdir():
                if path.name.startswith(DRAFT) or (path.suffix == ".parquet" and path.name not in named):
                    _clear(path)
        yield


@contextmanager
def _locked(folder: Path, name: str, *, wait: bool) -> Iterator[None]:
    """A lock of the system's, which ends with the process."""
    with (folder / name).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise FolderBusy(f"{folder} is being filled by another process") from None
        yield


def _clear(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
