"""Who answers whom, and how soon: the network, first replies, and threads that nobody answered."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from xapi.reports.acts import EXCHANGING, Told, acts_behind, whole
from xapi.reports.hiding import LEAST, hidden_among, told
from xapi.reports.measures import HIDDEN, N_, Behind, Cells, Column, Measure
from xapi.reports.weeks import reflected

MOST_PAIRS = 500
_FOR_ANOTHER = (
    f"kind IN {EXCHANGING} AND "
    "EXISTS (SELECT 1 FROM act AS other WHERE other.id = act.answers AND other.person <> act.person)"
)
# Identifiers have no line ends.
_PAIR = "person || chr(10) || (SELECT any_value(other.person) FROM act AS other WHERE other.id = act.answers)"
# The last one has no end.
_STEPS = (
    (N_("within an hour"), 3600.0),
    (N_("within four hours"), 4 * 3600.0),
    (N_("within a day"), 86_400.0),
    (N_("within three days"), 3 * 86_400.0),
    (N_("within a week"), 7 * 86_400.0),
    (N_("later"), float("inf")),
)
_STEP = (
    f"CASE WHEN seconds IS NULL THEN {len(_STEPS)} "
    + " ".join(f"WHEN seconds <= {seconds} THEN {place}" for place, (_, seconds) in enumerate(_STEPS[:-1]))
    + f" ELSE {len(_STEPS) - 1} END"
)
# What of an answer says to which thread it belongs: by these one could count those that nobody answered.
IN_THREADS = frozenset({"answers", "around", "object_type"})


@dataclass(frozen=True, slots=True)
class Threads:
    """Whether something of threads is hidden: after which time they were answered, or how many they are at all."""

    are_some: bool
    are_all: bool


def threads_hidden(course: Told) -> Threads:
    threads, people = course.rows("SELECT count(*), count(DISTINCT person) FROM thread")[0]
    few = bool(threads) and people < LEAST
    return Threads(few or HIDDEN in _waits(course), few)


def network(course: Told) -> Measure:
    """Rows: who, whom, and how often they answered, thanked, and accepted or reviewed; the busiest first."""
    people = course.number(
        "SELECT count(*) FROM (SELECT giving FROM pair UNION SELECT taking FROM pair) AS exchanging"
    )
    pairs, acts = course.rows("SELECT count(*), coalesce(sum(acts), 0)::BIGINT FROM pair")[0]
    rows = course.rows(
        "SELECT giving, taking, answered, thanked, others FROM pair "
        f"ORDER BY acts DESC, giving, taking LIMIT {MOST_PAIRS}"
    )
    hides = told(people) is HIDDEN
    cells = Cells(
        "act",
        "false" if hides else _FOR_ANOTHER,
        (),
        _PAIR,
        tuple(f"{giving}\n{taking}" for giving, taking, *_ in rows),
        {
            2: Column("kind = 'answered'"),
            3: Column("kind = 'thanked'"),
            4: Column("kind IN ('accepted', 'reviewed')"),
        },
        IN_THREADS if threads_hidden(course).are_some else frozenset(),
    )
    return Measure(
        key="network",
        title=N_("Who answers whom"),
        definition=N_(
            "Each line is one person who answered, thanked, accepted or reviewed what another one wrote, "
            "and how often. What was taken back or deleted is not counted, nor is what people do for "
            "themselves. An alias is a person of its own."
        ),
        window=course.window,
        n=told(people),
        n_of=N_("people"),
        as_of=course.as_of,
        columns=(N_("Who"), N_("For whom"), N_("Answered"), N_("Thanked"), N_("Accepted or reviewed")),
        rows=() if hides else tuple(rows),
        behind=whole(cells, leaves_out=hides),
        cells=() if hides else (cells,),
        note=N_("Only the pairs with the most acts are listed.") if pairs > MOST_PAIRS and not hides else "",
        facts={} if hides else {"pairs": pairs, "acts": acts},
    )


def first_replies(course: Told) -> Measure:
    """Rows: how soon, threads. Facts: median and quartiles, as spans of time."""
    cells = _waits(course)
    threads, people, quartiles = course.rows(
        "SELECT count(*), count(DISTINCT person), quantile_cont(seconds, [0.25, 0.5, 0.75]) "
        "FROM thread WHERE seconds IS NOT NULL"
    )[0]
    hides = people < LEAST
    steps = [] if hides or cells[-1] is HIDDEN else _told_places(cells[:-1])
    return Measure(
        key="first_replies",
        title=N_("Time to the first reply"),
        definition=N_(
            "For each thread that was answered: how long it took until somebody else than its author first "
            "wrote in it. The quartiles are those of all these threads."
        ),
        window=course.window,
        n=HIDDEN if threads and (hides or cells[-1] is HIDDEN) else threads,
        n_of=N_("answered threads"),
        as_of=course.as_of,
        columns=(N_("How soon"), N_("Threads")),
        rows=tuple(
            (name, HIDDEN if hides and number else number)
            for (name, _), number in zip(_STEPS, cells[:-1], strict=True)
        )
        if threads
        else (),
        behind=_threads(course, steps, "[id, reply]", leaves_out=hides or HIDDEN in cells),
        facts={}
        if hides
        else {
            name: timedelta(seconds=round(seconds))
            for name, seconds in zip(("first_quartile", "median", "third_quartile"), quartiles, strict=True)
        },
        cells=(_thread_cells(course, steps, [[step] for step in range(len(_STEPS))]),),
    )


def unanswered(course: Told) -> Measure:
    """Rows: threads that were answered, and those that were not."""
    cells = _waits(course)
    waiting = cells[-1]
    threads, people = course.rows("SELECT count(*), count(DISTINCT person) FROM thread")[0]
    hides = people < LEAST or waiting is HIDDEN
    soon, never = list(range(len(_STEPS))), len(_STEPS)
    return Measure(
        key="unanswered",
        title=N_("Threads that nobody answered"),
        definition=N_(
            "Threads and shared reflections in which nobody but their author has written. A reaction is no "
            "answer."
        ),
        window=course.window,
        n=HIDDEN if people < LEAST and threads else threads,
        n_of=N_("threads"),
        as_of=course.as_of,
        columns=(N_("Threads"), N_("Number")),
        rows=(
            (N_("answered"), HIDDEN if hides else threads - waiting),
            (N_("not answered"), HIDDEN if hides else waiting),
        )
        if threads
        else (),
        behind=_threads(course, [] if hides else [never], "[id]", leaves_out=hides),
        # All that were answered would tell, beside those of the steps that are told, those of the others.
        cells=(
            _thread_cells(
                course, [] if hides else [never] if HIDDEN in cells else [*soon, never], [soon, [never]]
            ),
        ),
    )


def _waits(course: Told) -> list[Any]:
    """How many threads waited how long, the last those that wait still: parts of one whole, hidden as such."""
    found = course.rows(f"SELECT {_STEP} AS step, count(*), count(DISTINCT person) FROM thread GROUP BY step")
    by_step = {step: (number, people) for step, number, people in found}
    cells = [by_step.get(step, (0, 0)) for step in range(len(_STEPS) + 1)]
    hidden = hidden_among([people for _, people in cells])
    return [HIDDEN if place in hidden else number for place, (number, _) in enumerate(cells)]


def _told_places(cells: list[Any]) -> list[int]:
    return [place for place, number in enumerate(cells) if number is not HIDDEN]


def _threads(course: Told, steps: list[int], statements: str, *, leaves_out: bool) -> Behind:
    """Of the steps that are told only."""
    steps, weeks = _listed(course, steps)
    behind = acts_behind(
        f"id IN (SELECT unnest({statements}) FROM thread "
        f"WHERE list_contains(?::INTEGER[], {_STEP}) AND NOT list_contains(?::DATE[], week))",
        steps,
        weeks,
    )
    return replace(behind, leaves_out=leaves_out or bool(weeks))


def _thread_cells(course: Told, steps: list[int], rows: list[list[int]]) -> Cells:
    """The threads themselves. ``rows``: which steps make each."""
    steps, weeks = _listed(course, steps)
    row = " ".join(
        f"WHEN {_STEP} IN ({', '.join(map(str, of))}) THEN '{place}'" for place, of in enumerate(rows)
    )
    return Cells(
        "act",
        f"id IN (SELECT id FROM thread WHERE list_contains(?::INTEGER[], {_STEP}) "
        "AND NOT list_contains(?::DATE[], week))",
        (steps, weeks),
        f"(SELECT any_value(CASE {row} END) FROM thread WHERE thread.id = act.id)",
        tuple(str(place) if set(of) <= set(steps) else None for place, of in enumerate(rows)),
        {1: Column()},
    )


def _listed(course: Told, steps: list[int]) -> tuple[list[int], list[date]]:
    """Which steps are listed, and which weeks not. Threads of weeks whose reflections are hidden are left out, if what
    is missing then could be reflections or other threads; else all are."""
    weeks = sorted(reflected(course).hidden)
    others = course.number(
        "SELECT count(DISTINCT person) FROM act WHERE kind = 'opened' AND list_contains(?::DATE[], week)",
        [weeks],
    )
    return ([] if weeks and others < LEAST else steps), weeks
