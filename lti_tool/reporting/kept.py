"""Reports that were made before, told again while all that they are made from is the same: it is looked at each time.

A report says nothing of who looks at it: names, language and what its reader may see come after it.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from lti_tool.reporting.opening import Sources, opened, said_if_unreadable
from xapi.gathering.manifest import Manifest, read_manifest
from xapi.gathering.store import Gathered
from xapi.reports.measures import Measure

# Each takes up to half a megabyte.
_MOST = 32
_State = tuple[tuple[Manifest, ...], str]


@dataclass(frozen=True, slots=True)
class Report:
    measures: list[Measure]
    as_of: datetime | None

    def measure(self, key: str) -> Measure:
        return next(one for one in self.measures if one.key == key)


_kept: OrderedDict[tuple[tuple[Path, ...], Hashable], tuple[_State, Report]] = OrderedDict()
_lock = Lock()


def report_of(sources: Sources, asked: Hashable, make: Callable[[Gathered], list[Measure]]) -> Report:
    """``asked``: all besides the sources on which ``make`` depends. Raises ``reports_busy`` and
    ``reports_unreadable``."""
    state = _state_of(sources)
    if found := _find(sources, asked, state):
        return found
    with opened(sources) as gathered:
        return _made(sources, asked, state, make, gathered)


@contextmanager
def report_opened(
    sources: Sources,
    asked: Hashable,
    make: Callable[[Gathered], list[Measure]],
    tell: Callable[[Gathered, Report], None],
) -> Iterator[tuple[Gathered, Report]]:
    """As :func:`report_of`, while its statements can be asked for. ``make`` tells the tables of which they are; where
    the report is known, ``tell`` does so, of what is asked for alone."""
    with opened(sources) as gathered:
        state = _state_of(sources)
        found = _find(sources, asked, state)
        if found is not None:
            tell(gathered, found)
        # A list of another state than the report's would tell what that one hides.
        if found is None or not _reads(gathered, state):
            found = _made(sources, asked, state, make, gathered)
        yield gathered, found


def _find(sources: Sources, asked: Hashable, state: _State) -> Report | None:
    with _lock:
        # Of an older state nothing stays: somebody may have been erased from it.
        for key in [key for key, (old, _) in _kept.items() if key[0] == sources.folders and old != state]:
            del _kept[key]
        if found := _kept.get((sources.folders, asked)):
            _kept.move_to_end((sources.folders, asked))
            return found[1]
    return None


def _made(
    sources: Sources,
    asked: Hashable,
    state: _State,
    make: Callable[[Gathered], list[Measure]],
    gathered: Gathered,
) -> Report:
    # What is exchanged meanwhile may be read in part before, in part after.
    was_read = _reads(gathered, state)
    made = Report(make(gathered), gathered.as_of)
    if was_read and _reads(gathered, state) and _state_of(sources) == state:
        with _lock:
            _kept[sources.folders, asked] = (state, made)
            while len(_kept) > _MOST:
                _kept.popitem(last=False)
    return made


def _reads(gathered: Gathered, state: _State) -> bool:
    """Folders of which nothing was read yet are not opened."""
    return [one for one in gathered.manifests if one.segments] == [one for one in state[0] if one.segments]


def _state_of(sources: Sources) -> _State:
    ties = json.dumps([sorted(sources.aliases.items()), sorted(sources.courses.items()), sources.names])
    with said_if_unreadable():
        manifests = tuple(read_manifest(folder) for folder in sources.folders)
    return manifests, hashlib.sha256(ties.encode()).hexdigest()
