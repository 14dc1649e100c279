"""The numbers of a table that lead to statements of their own, and how an address names them.

A list of what somebody did for a pseudonym or an alias would say of which of them each statement is, or whose: its
object stands in the panel with a name. So on a page pairs with one have none, nor has anybody who did something for
one: theirs, taken from all that they did, would be left.
"""

import hashlib
from dataclasses import dataclass
from urllib.parse import urlencode

from lti_tool.problems import Problem
from xapi.reports.cells import behind_cell, key_of, table_of
from xapi.reports.measures import Behind, Measure, Readable


@dataclass(frozen=True, slots=True)
class Cell:
    """``place`` of its row and ``column``, from 0. ``query``: as addresses name it."""

    place: int
    column: int
    query: dict[str, str]


def leads(measure: Measure, base: str = "") -> list[list[str]]:
    """What each cell adds to the address of the measure's list; empty where it has no list of its own.

    ``base``: whose accounts are pseudonyms and aliases.
    """
    known = {(cell.place, cell.column): urlencode(cell.query) for cell in _cells(measure, base)}
    return [
        [known.get((place, column), "") for column in range(len(measure.columns))]
        for place in range(len(measure.rows))
    ]


def find_cell(measure: Measure, row: str, column: int | None, base: str = "") -> Cell:
    """Raises ``not_found``, for one that is hidden or not there any more, too."""
    for cell in _cells(measure, base):
        if cell.column == column and cell.query["row"] == row:
            return cell
    raise Problem("not_found")


def behind_found(readable: Readable, measure: Measure, cell: Cell) -> Behind:
    """Raises ``not_found``."""
    behind = behind_cell(readable, measure, cell.place, cell.column)
    if behind is None:
        raise Problem("not_found")
    return behind


def table_behind(measure: Measure, cell: Cell | None) -> str:
    """Which table is told of where the statements behind a cell are listed, or all behind the measure."""
    return table_of(measure, cell.place, cell.column) if cell else measure.behind.table


def _cells(measure: Measure, base: str) -> list[Cell]:
    masked = _masked(measure, base)
    return [
        Cell(place, column, {"row": _named(key), "column": str(column)})
        for place in range(len(measure.rows))
        if place not in masked
        for column in range(len(measure.columns))
        if (key := key_of(measure, place, column)) is not None
    ]


def _masked(measure: Measure, base: str) -> frozenset[int]:
    if measure.key != "network" or not base:
        return frozenset()
    own = f"{base}|"
    givers = {giving for giving, taking, *_ in measure.rows if taking.startswith(own)}
    return frozenset(
        place
        for place, (giving, taking, *_) in enumerate(measure.rows)
        if giving in givers or giving.startswith(own) or taking.startswith(own)
    )


def _named(key: str) -> str:
    """Addresses stand in logs, and a key may be two people."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]
