"""What people did and reached, read once from the gathered statements into a few tables that all measures ask.

``act``: what stands of our own statements, each with its kind and its week. ``result``: formal results. ``thread``:
after how many seconds each thread was first answered, and by which statement. ``pair``: who did how much for whom.
They are made in the connection that reads, and spill to its temporary folder where they are large.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from xapi import vocabulary as words
from xapi.reports.measures import Behind, BehindRow, Cells, Readable, Window
from xapi.statements import timestamp

# What somebody does, by its verb. The rest, edits for instance, is counted nowhere.
KINDS = {
    words.CREATED.iri: "opened",
    words.ASKED.iri: "opened",
    words.SHARED.iri: "opened",
    words.SUBMITTED.iri: "reflected",
    words.REPLIED.iri: "answered",
    words.ANSWERED.iri: "answered",
    words.REVIEWED.iri: "reviewed",
    words.LIKED.iri: "thanked",
    words.APPLAUDED.iri: "thanked",
    words.ACCEPTED.iri: "accepted",
    words.VIEWED.iri: "read",
}
TAKEN_BACK = {words.UNLIKED.iri: "thanked", words.REJECTED.iri: "accepted"}
# Contributions can be read by others; exchanges are done for somebody.
CONTRIBUTING = "('opened', 'reflected', 'answered', 'reviewed')"
EXCHANGING = "('answered', 'reviewed', 'thanked', 'accepted')"

_NAMED = "(SELECT unnest(?::VARCHAR[]) AS verb, unnest(?::VARCHAR[]) AS kind)"
# An act stands unless it was taken back: an entry by its deletion, a thank or an acceptance by its opposite.
# What is told is read once for each of these, for to hold millions of rows takes longer than to read them again.
_ACTS = f"""
CREATE OR REPLACE TEMP TABLE act AS
WITH told AS NOT MATERIALIZED (
  SELECT id, happened, person, verb, object, course, lrs, coalesce(detail, '') AS detail, answers, around, duration
  FROM statement WHERE ours AND {{where}} AND happened >= ? AND happened < ?),
gone AS (SELECT DISTINCT object FROM told WHERE verb IN (SELECT unnest(?::VARCHAR[]))),
back AS (
  SELECT kind, object, person, detail, max(happened) AS last
  FROM told JOIN {_NAMED} AS undoing USING (verb) GROUP BY ALL)
SELECT {{columns}}, kind,
  date_trunc('week', (told.happened AT TIME ZONE 'UTC') AT TIME ZONE ?)::DATE AS week
FROM told JOIN {_NAMED} AS doing USING (verb)
LEFT JOIN back USING (kind, object, person, detail)
WHERE (back.last IS NULL OR back.last < told.happened)
  AND NOT (kind IN {CONTRIBUTING} AND told.object IN (SELECT object FROM gone))
"""
# What counting, listing, and the tables of a course are made from.
_COUNTED = "person, course"
_LISTED = f"{_COUNTED}, id, happened, verb, object, lrs"
_IN_COURSE = f"{_LISTED}, answers, around, duration"
_RESULTS = """
CREATE OR REPLACE TEMP TABLE result AS
SELECT statement AS id, happened, person, course, activity, name, outcome, lrs,
       CASE WHEN outcome = 'scored' THEN scaled END AS scaled
FROM record WHERE {where} AND happened >= ? AND happened < ?
"""
# A thread is what was opened or shared; its first answer is the first by somebody else, anywhere in it.
_THREADS = """
CREATE OR REPLACE TEMP TABLE thread AS
WITH opening AS (SELECT id, object, person, week, happened FROM act WHERE kind IN ('opened', 'reflected')),
answering AS (
  SELECT id, person, happened, unnest(around) AS object FROM act WHERE kind IN ('answered', 'reviewed'))
SELECT opening.id, any_value(opening.person) AS person, any_value(opening.week) AS week,
       arg_min(answering.id, (answering.happened, answering.id)) AS reply,
       epoch(min(answering.happened) - any_value(opening.happened)) AS seconds
FROM opening LEFT JOIN answering ON answering.object = opening.object AND answering.person <> opening.person
GROUP BY opening.id
"""
_PAIRS = f"""
CREATE OR REPLACE TEMP TABLE pair AS
SELECT act.person AS giving, other.person AS taking, count(*) FILTER (act.kind = 'answered') AS answered,
       count(*) FILTER (act.kind = 'thanked') AS thanked,
       count(*) FILTER (act.kind IN ('accepted', 'reviewed')) AS others, count(*) AS acts
FROM act JOIN act AS other ON other.id = act.answers
WHERE act.kind IN {EXCHANGING} AND act.person <> other.person
GROUP BY ALL
"""
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Own:
    """What is one institution's, where others send to the same LRS: the activity ids of its ``courses``, and formal
    results under accounts at its ``homes`` that are of no course of ours; those begin with ``prefix``."""

    courses: Sequence[str]
    homes: Sequence[str]
    prefix: str


@dataclass(frozen=True, slots=True)
class Told:
    """The tables, of one course or of everything, within a window."""

    readable: Readable
    window: Window

    @property
    def as_of(self) -> datetime | None:
        return self.readable.as_of

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.readable.rows(sql, parameters)

    def number(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        found: int = self.rows(sql, parameters)[0][0]
        return found


def tell(
    readable: Readable,
    window: Window,
    *,
    course: str | None = None,
    own: Own | None = None,
    lists: bool = True,
    only: str = "",
) -> Told:
    """Reads what happened in a course; or everywhere, with ``own`` nothing of other institutions, and without reading,
    threads and pairs, of which no table of an institution tells.

    ``lists``: whether statements are to be listed, too, and not only counted. ``only``: the table of which a list is
    to be made; what no list needs is left out then.
    """
    # DuckDB knows the IANA's zones, and not, say, ``localtime``.
    if not readable.rows("SELECT 1 FROM pg_timezone_names() WHERE name = ?", [window.zone]):
        window = replace(window, zone="UTC")
    kinds = {verb: kind for verb, kind in KINDS.items() if course is not None or kind != "read"}
    within = [naive(window.since or _EARLIEST), naive(window.until or _LATEST)]
    if only != "act":
        reaching, reached_in = _limited(course, own, formal=True)
        readable.rows(_RESULTS.format(where=reaching), [*reached_in, *within])
    if only != "result":
        doing, done_in = _limited(course, own)
        columns = _COUNTED if not lists else _LISTED if course is None else _IN_COURSE
        readable.rows(
            _ACTS.format(where=doing, columns=columns),
            [
                *done_in,
                *within,
                [verb.iri for verb in words.TAKING_AWAY],
                list(TAKEN_BACK),
                list(TAKEN_BACK.values()),
                window.zone,
                list(kinds),
                list(kinds.values()),
            ],
        )
        if course is not None:
            readable.rows(_THREADS)
    if course is not None and not only:
        readable.rows(_PAIRS)
    return Told(readable, window)


def _limited(course: str | None, own: Own | None, *, formal: bool = False) -> tuple[str, list[Any]]:
    """A condition on what is read, and its parameters."""
    conditions: list[str] = ["true"]
    asked: list[Any] = []
    if course is not None:
        conditions.append("course = ?")
        asked.append(course)
    if own is not None:
        theirs = "course IN (SELECT unnest(?::VARCHAR[]))"
        asked.append(list(own.courses))
        if formal:
            # As it was told: whom we know under other names may have results at other institutions.
            theirs = (
                f"({theirs} OR (rtrim(split_part(told_as, '|', 1), '/') IN (SELECT unnest(?::VARCHAR[])) "
                "AND NOT starts_with(coalesce(course, ''), ?)))"
            )
            asked += [[home.rstrip("/") for home in own.homes], own.prefix]
        conditions.append(theirs)
    return " AND ".join(conditions), asked


def acts_behind(condition: str, *parameters: Any) -> Behind:
    return listing("act", condition, parameters)


def results_behind(condition: str = "true", *parameters: Any) -> Behind:
    return listing("result", condition, parameters)


def listing(table: str, condition: str, parameters: tuple[Any, ...], row: str = "NULL") -> Behind:
    """Statements among ``act`` or ``result``. ``row``: what besides is asked of each, by the name of row."""
    if table == "act":
        return Behind(
            f"SELECT id, happened, person, verb, object, lrs, {row} AS row FROM act WHERE {condition}",
            parameters,
            table,
        )
    # A statement may say several things at once: that something was passed, and with which score.
    return Behind(
        "SELECT id, any_value(happened) AS happened, any_value(person) AS person, "
        "string_agg(outcome, ', ' ORDER BY outcome) AS verb, any_value(activity) AS object, "
        f"any_value(lrs) AS lrs, any_value({row}) AS row FROM result WHERE {condition} GROUP BY id",
        parameters,
        table,
    )


def whole(cells: Cells, *, leaves_out: bool = False) -> Behind:
    """What all cells of a table have."""
    behind = listing(cells.table, cells.where, cells.parameters)
    return replace(behind, leaves_out=leaves_out, untold=cells.untold)


def behind_page(
    readable: Readable, behind: Behind, *, after: tuple[datetime, str] | None = None, limit: int = 50
) -> list[BehindRow]:
    """The statements behind a measure, the newest first. ``after``: time and id of the last one before."""
    asked: list[Any] = list(behind.parameters)
    where = ""
    if after is not None:
        where = "WHERE happened < ? OR (happened = ? AND id::VARCHAR < ?)"
        asked += [naive(after[0]), naive(after[0]), after[1]]
    found = readable.rows(
        f"SELECT id::VARCHAR, happened, person, verb, object, lrs FROM ({behind.sql}) AS behind "
        f"{where} ORDER BY happened DESC, id::VARCHAR DESC LIMIT {limit:d}",
        asked,
    )
    return [BehindRow(id_, aware(at), *rest) for id_, at, *rest in found]


def naive(at: datetime) -> datetime:
    """As DuckDB keeps times: in UTC, without saying so."""
    return at.astimezone(UTC).replace(tzinfo=None)


def aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)


def as_gathered(
    readable: Readable, ids: Sequence[str], within: tuple[datetime, datetime] = (_EARLIEST, _LATEST)
) -> dict[str, dict[str, Any]]:
    """Statements by their ids, as the columns that were kept of them; what is not known is left out.

    ``within``: the times of the first and the last of them, for most files then need not be read.
    """
    names = [
        name
        for name, *_ in readable.rows("SELECT column_name FROM (DESCRIBE statement)")
        if name not in ("voids", "erased")
    ]
    found = readable.rows(
        "SELECT * FROM statement WHERE list_contains(?::UUID[], id) AND happened BETWEEN ? AND ?",
        [list(ids), *map(naive, within)],
    )
    return {
        str(row[names.index("id")]): {
            name: timestamp(aware(value)) if isinstance(value, datetime) else value
            for name, value in zip(names, row, strict=True)
            if value is not None
        }
        for row in found
    }
