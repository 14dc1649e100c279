"""What a report is made of: a measure is a table of numbers that says of itself what it counts, when, of how many, and
which statements stand behind it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

Row = tuple[Any, ...]


class Hidden(Enum):
    """Stands where a number is not told, because it would be about fewer than five people."""

    hidden = "hidden"

    def __str__(self) -> str:
        return "hidden"


HIDDEN = Hidden.hidden


class Readable(Protocol):
    """Gathered statements, asked in SQL: the views ``statement`` and ``record``."""

    @property
    def as_of(self) -> datetime | None: ...

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]: ...


def N_(text: str) -> str:  # noqa: N802 (the name by which translators' tools find it)
    """Marks words that a page says in its reader's language."""
    return text


@dataclass(frozen=True, slots=True)
class Window:
    """What happened from ``since`` on and before ``until``; None: no limit. Weeks begin on Mondays in ``zone``."""

    since: datetime | None = None
    until: datetime | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Behind:
    """The statements behind a measure: a query for id, happened, person, verb, object, lrs.

    ``table``: ``act`` or ``result``, from which they are. ``leaves_out``: some are not listed, because few people are
    behind them. ``untold``: what of each is not shown, because it would tell a hidden number.
    """

    sql: str
    parameters: tuple[Any, ...]
    table: str
    leaves_out: bool = False
    untold: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Column:
    """Which of a row's statements a column counts, as a condition, and how many of what these are, as an aggregate:
    the number that stands there, unless some are not listed. Empty: it is no count."""

    where: str = "true"
    amount: str = "count(*)"


@dataclass(frozen=True, slots=True)
class Cells:
    """Which of the statements behind a measure belong to which cell of its table.

    ``table``: ``act`` or ``result``, of which ``where`` chooses. ``row``: an expression, the key of the row that each
    belongs to. ``keys``: of the rows of the table, in their order; None where nothing of a row is listed. ``columns``:
    place → what is counted there. ``untold``: as for :class:`Behind`.
    """

    table: str
    where: str
    parameters: tuple[Any, ...]
    row: str
    keys: tuple[str | None, ...]
    columns: Mapping[int, Column]
    untold: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Measure:
    """``n`` of what ``n_of`` says; ``n`` is hidden where it is of fewer than five people.

    ``columns``: names of what stands in ``rows``. ``note``: what a reader must be told besides.
    """

    key: str
    title: str
    definition: str
    window: Window
    n: int | Hidden
    n_of: str
    as_of: datetime | None
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    behind: Behind
    note: str = ""
    # What is told of a measure besides its table: name → value.
    facts: dict[str, Any] = field(default_factory=dict)
    # Of which columns the cells have lists of their own: parts of what is behind the measure.
    cells: tuple[Cells, ...] = ()

    @property
    def hides(self) -> bool:
        return any(cell is HIDDEN for row in self.rows for cell in row)


@dataclass(frozen=True, slots=True)
class BehindRow:
    """A statement behind a number, as it was gathered."""

    id: str
    happened: datetime
    person: str
    verb: str
    object: str | None
    lrs: str | None
