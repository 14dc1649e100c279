"""The statements behind one cell of a measure's table: a part of those behind the measure, and none where it is hidden.

What is hidden in a table must not be counted in its lists. So a measure says of each row whether its statements are
listed (:class:`~xapi.reports.measures.Cells`), and here is only chosen among them.
"""

from dataclasses import replace
from typing import Any

from xapi.reports.acts import aware, listing
from xapi.reports.measures import HIDDEN, Behind, BehindRow, Cells, Column, Measure, Readable

PEOPLE = "count(DISTINCT person)"


def key_of(measure: Measure, place: int, column: int) -> str | None:
    """What names the row of a cell that has a list of its own; None for any other."""
    found = _found(measure, place, column)
    return found[0].keys[place] if found else None


def table_of(measure: Measure, place: int, column: int) -> str:
    """From which the statements behind a cell are."""
    found = _found(measure, place, column)
    return found[0].table if found else measure.behind.table


def behind_cell(readable: Readable, measure: Measure, place: int, column: int) -> Behind | None:
    """``place``: of the row, ``column``: of the cell in it, from 0. None where nothing is there, or listed.

    It leaves some out where the statements listed do not make the number told.
    """
    found = _found(measure, place, column)
    if found is None:
        return None
    cells, asked = found
    behind = _of_row(cells, cells.keys[place], asked.where)
    alike = [
        (name, one.amount)
        for name, one in cells.columns.items()
        if one.amount and asked.where in ("true", one.where) and isinstance(measure.rows[place][name], int)
    ]
    if not alike:
        return behind
    amounts = ", ".join(f"{amount} FILTER ({cells.columns[name].where})" for name, amount in alike)
    counted = readable.rows(
        f"SELECT {amounts} FROM {cells.table} WHERE ({cells.where}) AND {cells.row} = ?",
        [*cells.parameters, cells.keys[place]],
    )[0]
    told = tuple(measure.rows[place][name] for name, _ in alike)
    return replace(behind, leaves_out=counted != told)


def newest_of_rows(
    readable: Readable, measure: Measure, *, each: int, most: int
) -> dict[int, list[BehindRow]]:
    """Of each row that has a list its newest statements, at most ``each``, and of all rows at most ``most``."""
    found: dict[int, list[BehindRow]] = {}
    for cells in measure.cells:
        places = {key: place for place, key in enumerate(cells.keys) if key is not None}
        behind = listing(cells.table, cells.where, cells.parameters, cells.row)
        rows = readable.rows(
            f"SELECT row, id::VARCHAR, happened, person, verb, object, lrs FROM ({behind.sql}) AS behind "
            "WHERE list_contains(?::VARCHAR[], row) "
            "QUALIFY row_number() OVER (PARTITION BY row ORDER BY happened DESC, id::VARCHAR DESC) <= ? "
            f"ORDER BY happened DESC, id::VARCHAR DESC LIMIT {most:d}",
            [*behind.parameters, list(places), each],
        )
        for key, id_, at, *rest in rows:
            found.setdefault(places[key], []).append(BehindRow(id_, aware(at), *rest))
    return found


def _found(measure: Measure, place: int, column: int) -> tuple[Cells, Column] | None:
    if not 0 <= place < len(measure.rows) or not 0 <= column < len(measure.columns):
        return None
    value: Any = measure.rows[place][column]
    if value is HIDDEN or value is None or (isinstance(value, int) and not value):
        return None
    for cells in measure.cells:
        if column in cells.columns and cells.keys[place] is not None:
            return cells, cells.columns[column]
    return None


def _of_row(cells: Cells, key: str | None, where: str) -> Behind:
    behind = listing(
        cells.table, f"({cells.where}) AND {cells.row} = ? AND {where}", (*cells.parameters, key)
    )
    return replace(behind, untold=cells.untold)
