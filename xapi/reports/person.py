"""A person's timeline: what they did with others beside what they formally reached, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xapi.reports.acts import KINDS, aware, naive
from xapi.reports.measures import Readable

PAGE = 50


@dataclass(frozen=True, slots=True)
class Moment:
    """``kind``: what was done, or what was reached where ``is_formal``. ``whom``: the person that it was done for."""

    id: str
    at: datetime
    is_formal: bool
    kind: str
    verb: str
    object: str
    name: str | None
    course: str | None
    panel: str | None
    whom: str | None
    scaled: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of it. ``next``: what to give as ``after`` for the one that follows."""

    moments: tuple[Moment, ...]
    next: tuple[datetime, str] | None
    as_of: datetime | None


_BOTH = """
SELECT id::VARCHAR AS id, happened, false AS is_formal, kind, verb, object, NULL AS name, course, panel,
       answers, NULL::DOUBLE AS scaled, lrs AS source
FROM statement JOIN (SELECT unnest(?::VARCHAR[]) AS verb, unnest(?::VARCHAR[]) AS kind) AS named USING (verb)
WHERE ours AND list_contains(?::VARCHAR[], person){course}
UNION ALL
SELECT statement::VARCHAR, happened, true, outcome, outcome, activity, name, course, NULL, NULL, scaled, source
FROM record WHERE list_contains(?::VARCHAR[], person){course}
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
    where = " AND course = ?" if course is not None else ""
    within = [] if course is None else [course]
    asked: list[Any] = [list(KINDS), list(KINDS.values()), list(people), *within, list(people), *within]
    page = ""
    if after is not None:
        page = "WHERE happened < ? OR (happened = ? AND id < ?)"
        asked += [naive(after[0]), naive(after[0]), after[1]]
    found = readable.rows(
        f"WITH page AS (SELECT * FROM ({_BOTH.format(course=where)}) AS both_kinds {page} "
        f"ORDER BY happened DESC, id DESC LIMIT {limit + 1:d}) "
        "SELECT page.id, page.happened, is_formal, kind, page.verb, page.object, page.name, page.course, page.panel, "
        "other.person, page.scaled, page.source FROM page LEFT JOIN statement AS other ON other.id = page.answers "
        "ORDER BY page.happened DESC, page.id DESC",
        asked,
    )
    moments = tuple(Moment(id_, aware(at), *rest) for id_, at, *rest in found[:limit])
    last = moments[-1] if len(found) > limit else None
    return Timeline(moments, (last.at, last.id) if last else None, readable.as_of)
