"""A person's timeline: what they did with others beside what they formally reached, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from xapi import vocabulary as words
from xapi.reports.acts import CONTRIBUTING, KINDS, TAKEN_BACK, aware, naive
from xapi.reports.measures import Readable
from xapi.reports.tables import write_rows

PAGE = 50


@dataclass(frozen=True, slots=True)
class Moment:
    """``kind``: what was done; where ``is_formal`` what was reached, several things in one statement with a space
    between. ``whom``: the person for whom it was done. ``scaled``: the score, or how far somebody came."""

    id: str
    at: datetime
    is_formal: bool
    kind: str
    verb: str | None
    object: str
    name: str | None
    course: str | None
    panel: str | None
    whom: str | None
    scaled: float | None
    lrs: str | None


MOMENT_COLUMNS = tuple(field.name for field in fields(Moment))


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of it. ``next``: what to give as ``after`` for the one that follows."""

    moments: tuple[Moment, ...]
    next: tuple[datetime, str] | None
    as_of: datetime | None


# As in reports: an entry stands until it is deleted, by whomever, a thank or an acceptance until it is undone.
_BOTH = f"""
WITH mine AS MATERIALIZED (
  SELECT id, happened, person, verb, object, answers, course, panel, coalesce(detail, '') AS detail, lrs
  FROM statement WHERE ours AND list_contains($people::VARCHAR[], person){{course}}),
gone AS (SELECT DISTINCT object FROM statement WHERE ours AND list_contains($taking_away::VARCHAR[], verb){{course}}),
back AS (
  SELECT kind, object, person, detail, max(happened) AS last
  FROM mine JOIN (SELECT unnest($undoing::VARCHAR[]) AS verb, unnest($undone::VARCHAR[]) AS kind) AS named USING (verb)
  GROUP BY ALL)
SELECT id::VARCHAR AS id, happened, false AS is_formal, kind, verb, object, NULL AS name, course, panel,
       answers, NULL::DOUBLE AS scaled, lrs
FROM mine JOIN (SELECT unnest($verbs::VARCHAR[]) AS verb, unnest($kinds::VARCHAR[]) AS kind) AS named USING (verb)
LEFT JOIN back USING (kind, object, person, detail)
WHERE (back.last IS NULL OR back.last < happened)
  AND NOT (kind IN {CONTRIBUTING} AND object IN (SELECT object FROM gone))
UNION ALL
SELECT statement::VARCHAR, any_value(happened), true,
       coalesce(string_agg(outcome, ' ' ORDER BY outcome) FILTER (outcome <> 'scored'), 'scored'), NULL,
       any_value(activity), any_value(name), any_value(course), NULL, NULL,
       max(scaled) FILTER (outcome IN ('scored', 'progressed')), any_value(lrs)
FROM record WHERE list_contains($people::VARCHAR[], person){{course}} GROUP BY statement
"""


def timeline(
    readable: Readable,
    people: Sequence[str],
    *,
    course: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = PAGE,
) -> Timeline:
    """``people``: every identifier of the one person. ``course``: what happened there alone."""
    asked = _asked(people, course)
    page = ""
    if after is not None:
        page = "WHERE happened < $at OR (happened = $at AND id < $id)"
        asked |= {"at": naive(after[0]), "id": after[1]}
    found = readable.rows(
        f"WITH page AS (SELECT * FROM ({_both(course)}) AS both_kinds {page} "
        f"ORDER BY happened DESC, id DESC LIMIT {limit + 1:d}) {_WITH_WHOM}",
        asked,
    )
    moments = tuple(Moment(id_, aware(at), *rest) for id_, at, *rest in found[:limit])
    last = moments[-1] if len(found) > limit else None
    return Timeline(moments, (last.at, last.id) if last else None, readable.as_of)


def write_timeline(
    connection: duckdb.DuckDBPyConnection, people: Sequence[str], course: str | None, path: Path
) -> None:
    """All of it as Parquet."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE moment AS WITH page AS ({_both(course)}) {_WITH_WHOM}",
        _asked(people, course),
    )
    names = ", ".join(f"{old} AS {new}" for old, new in zip(_READ, MOMENT_COLUMNS, strict=True))
    write_rows(connection, f"SELECT {names} FROM moment", path)


_READ = (
    "id",
    "happened",
    "is_formal",
    "kind",
    "verb",
    "object",
    "name",
    "course",
    "panel",
    "whom",
    "scaled",
    "lrs",
)
_WITH_WHOM = (
    "SELECT page.id, page.happened, is_formal, kind, page.verb, page.object, page.name, page.course, page.panel, "
    "other.person AS whom, page.scaled, page.lrs FROM page LEFT JOIN statement AS other ON other.id = page.answers "
    "ORDER BY page.happened DESC, page.id DESC"
)


def _both(course: str | None) -> str:
    return _BOTH.format(course=" AND course = $course" if course is not None else "")


def _asked(people: Sequence[str], course: str | None) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "people": list(people),
        "taking_away": [verb.iri for verb in words.TAKING_AWAY],
        "undoing": list(TAKEN_BACK),
        "undone": list(TAKEN_BACK.values()),
        "verbs": list(KINDS),
        "kinds": list(KINDS.values()),
    }
    return asked if course is None else {**asked, "course": course}
