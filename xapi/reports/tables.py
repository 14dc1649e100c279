"""Measures as JSON, CSV and Parquet. The last two have a line for each cell, so that all measures are one table."""

import csv
import errno
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import duckdb

from xapi.reports.measures import HIDDEN, BehindRow, Measure
from xapi.statements import timestamp

COLUMNS = (
    *("measure", "row", "column", "value", "text", "hidden"),
    *("n", "as_of", "since", "until", "time_zone", "definition"),
)
# What a measure says of itself.
_OF_ITSELF = COLUMNS[6:]
# Of the statements behind a measure so many are named, the newest first.
MOST_NAMED = 1000


def plain(value: Any) -> Any:
    """As JSON and tables have it: times as RFC 3339, spans in seconds, nothing for what is hidden."""
    if value is HIDDEN:
        return None
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return timestamp(value)
    return value.isoformat() if isinstance(value, date) else value


def write_json(
    measures: Iterable[tuple[Measure, list[BehindRow]]], told: dict[str, Any], out: TextIO
) -> None:
    """``told``: what stands above the measures. Each comes with the statements behind it."""
    found = [
        {
            "measure": one.key,
            "title": one.title,
            "definition": one.definition,
            "since": plain(one.window.since),
            "until": plain(one.window.until),
            "time_zone": one.window.zone,
            "n": plain(one.n),
            "n_of": one.n_of,
            "as_of": plain(one.as_of),
            "columns": one.columns,
            "rows": [[plain(cell) for cell in row] for row in one.rows],
            "hides": one.hides,
            "facts": {name: plain(value) for name, value in one.facts.items()},
            "note": one.note,
            "statements": [row.id for row in behind],
            "leaves_out": one.behind.leaves_out,
        }
        for one, behind in measures
    ]
    json.dump({**told, "measures": found}, out, ensure_ascii=False, indent=2)
    out.write("\n")


def write_csv(measures: Iterable[Measure], out: TextIO) -> None:
    """RFC 4180, with a row of names first."""
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for cell in _cells(measures):
        rows.writerow([guarded(value) for value in cell])


def write_parquet(measures: Iterable[Measure], path: Path) -> None:
    with duckdb.connect(":memory:") as memory:
        memory.execute(
            "CREATE TABLE cell (measure VARCHAR, row INTEGER, col VARCHAR, value DOUBLE, text VARCHAR, "
            "hidden BOOLEAN, n BIGINT, as_of VARCHAR, since VARCHAR, until VARCHAR, time_zone VARCHAR, "
            "definition VARCHAR)"
        )
        cells = list(_cells(measures))
        if cells:
            memory.executemany(f"INSERT INTO cell VALUES ({', '.join('?' * len(COLUMNS))})", cells)
        write_rows(memory, 'SELECT * RENAME (col AS "column") FROM cell', path)


def write_rows(memory: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """As Parquet. Raises :class:`OSError` where the file cannot be written."""
    escaped = str(path).replace("'", "''")
    try:
        memory.execute(f"COPY ({query}) TO '{escaped}' (FORMAT parquet, COMPRESSION zstd)")
    except duckdb.IOException as error:
        raise OSError(errno.EIO, str(error).splitlines()[0]) from error


def one_as_csv(measure: Measure, out: TextIO, who: Callable[[str], str] = str) -> None:
    """A measure by itself, as its table stands on the page, with what it says of itself in each line. ``who``: what
    people are called there."""
    rows = csv.writer(out)
    rows.writerow([*measure.columns, *_OF_ITSELF])
    of_itself = ["hidden" if measure.n is HIDDEN else measure.n, *_of_itself(measure)[1:]]
    for row in measure.rows:
        told = (who(row[0]), who(row[1]), *row[2:]) if measure.key == "network" else row
        rows.writerow([guarded("hidden" if cell is HIDDEN else plain(cell)) for cell in told] + of_itself)


def guarded(value: Any) -> Any:
    """What a spreadsheet would take for a formula is text (OWASP, CSV injection); some skip what is blank before it."""
    if isinstance(value, str) and (
        value[:1] in ("\t", "\r", "\n") or value.lstrip()[:1] in ("=", "+", "-", "@")
    ):
        return f"'{value}"
    return value


def _cells(measures: Iterable[Measure]) -> Iterator[tuple[Any, ...]]:
    for one in measures:
        of_itself = _of_itself(one)
        for number, row in enumerate(one.rows):
            for column, cell in zip(one.columns, row, strict=True):
                value, text = _value(cell)
                yield (one.key, number, column, value, text, cell is HIDDEN, *of_itself)
        for name, fact in one.facts.items():
            value, text = _value(fact)
            yield (one.key, None, name, value, text, fact is HIDDEN, *of_itself)


def _of_itself(one: Measure) -> tuple[Any, ...]:
    window = one.window
    told = (one.n, one.as_of, window.since, window.until, window.zone, one.definition)
    return tuple(plain(value) for value in told)


def _value(cell: Any) -> tuple[float | None, str | None]:
    found = plain(cell)
    return (None, found) if isinstance(found, str) else (None if found is None else float(found), None)
