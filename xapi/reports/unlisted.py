"""Which acts are listed where several tables tell of the same ones: none of a hidden row of any table, and none by
which the few whose acts are missing could be counted, since the sum of each row is told."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from xapi.reports.acts import CONTRIBUTING, EXCHANGING, Told
from xapi.reports.hiding import LEAST

_FEW = f"BETWEEN 1 AND {LEAST - 1}"
# Weeks count contributions alone: of what else is done they hide nothing.
_TYPES = {"week": "DATE[]"}


@dataclass(frozen=True, slots=True)
class Listed:
    """``where``: which acts are, a condition with its ``parameters``. ``of``: of each table the rows that have some."""

    where: str
    parameters: tuple[Any, ...]
    of: Mapping[str, Set[Any]]
    leaves_out: bool


def listed_of(everything: Told, doing: str, shown: Mapping[str, frozenset[Any]]) -> Listed:
    """``doing``: which acts there are. ``shown``: the expression by which a table has its rows → those that are told.

    Where few people's acts of a row are missing, all of the row is left out, until there is no such row.
    """
    found = _listed(shown, leaves_out=False)
    missing = f"{doing} AND NOT ({found.where})"
    while True:
        if not everything.number(f"SELECT count(*) FROM act WHERE {missing}", found.parameters):
            return found
        few = {of: _few(everything, of, doing, missing, found) for of in shown}
        found = _listed({of: rows - few[of] for of, rows in found.of.items()}, leaves_out=True)
        if not any(few.values()):
            return found


def are_few_at_home(everything: Told, doing: str, listed: Listed, home: str) -> bool:
    """Whether few people's acts are listed of a course and of one home of its people. ``home``: made of ``person``."""
    return bool(
        everything.rows(
            f"SELECT 1 FROM (SELECT DISTINCT course, person FROM act WHERE {doing} AND {listed.where}) "
            f"GROUP BY course, {home} HAVING count(*) {_FEW} LIMIT 1",
            listed.parameters,
        )
    )


def _few(everything: Told, of: str, doing: str, missing: str, found: Listed) -> frozenset[Any]:
    """Rows of which few people's acts are missing, of any kind that is counted."""
    kinds = (f"kind IN {CONTRIBUTING}",) if of == "week" else (doing, *_KINDS)
    having = " OR ".join(f"count(DISTINCT person) FILTER ({kind}) {_FEW}" for kind in kinds)
    rows = everything.rows(
        f"SELECT {of} AS place FROM act WHERE {missing} GROUP BY place HAVING {having}", found.parameters
    )
    return frozenset(place for (place,) in rows) & found.of[of]


_KINDS = (f"kind IN {CONTRIBUTING}", f"kind IN {EXCHANGING}")


def _listed(of: Mapping[str, Set[Any]], *, leaves_out: bool) -> Listed:
    conditions = []
    for one in of:
        condition = f"coalesce({one} IN (SELECT unnest(?::{_TYPES.get(one, 'VARCHAR[]')})), false)"
        conditions.append(f"(kind NOT IN {CONTRIBUTING} OR {condition})" if one == "week" else condition)
    return Listed(" AND ".join(conditions), tuple(sorted(rows) for rows in of.values()), of, leaves_out)
