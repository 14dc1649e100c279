"""Long lists in pieces: a database takes only so many values in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

_T = TypeVar("_T")
MOST = 5000


def chunked(values: Iterable[_T], most: int = MOST) -> Iterator[list[_T]]:
    iterator = iter(values)
    while piece := list(islice(iterator, most)):
        yield piece
