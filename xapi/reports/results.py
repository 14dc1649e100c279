"""Formal results beside what people did together: completions, scores, and how both go along, told honestly."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from xapi.reports.acts import CONTRIBUTING, Told, whole
from xapi.reports.cells import PEOPLE
from xapi.reports.hiding import LEAST, hidden_of, is_small, part_told, told
from xapi.reports.measures import HIDDEN, N_, Cells, Column, Measure
from xapi.reports.statistics import Estimate, newcombe, spearman

# Fewer people than these say nothing about a relation.
LEAST_RELATED = 10
COMPLETING = "('completed', 'passed', 'satisfied', 'waived')"
NOT_A_CAUSE = N_(
    "This is not a cause. Who takes part more may have had more time, interest or previous knowledge to "
    "begin with, and who does well may take part more because of it. The interval says how little so few "
    "people can tell; it cannot say what would happen if somebody took part more."
)
# Accounts of the tool's own, as aliases and pseudonyms have them; courses stand below the same address.
_UNDER_OTHER_NAMES = (
    "SELECT count(*) FROM act WHERE kind <> 'read' "
    "AND starts_with(course, split_part(person, '|', 1) || '/xapi/courses/')"
)
NOT_KNOWN = N_(
    "Not told: some of what people did here stands under aliases or pseudonyms. They would count as people who did "
    "nothing, or less than they did, for nothing may join them to their results."
)
_MOST_ACTIVITIES = 200
# What each person reached in an activity, where everybody has one score at most; and how many reached what.
_BY_PERSON = (
    "SELECT course, activity, person, any_value(name) AS name, any_value(scaled) AS scaled, "
    f"bool_or(outcome IN {COMPLETING}) AS completed, bool_or(outcome = 'failed') AS failed "
    "FROM result GROUP BY course, activity, person"
)
_COUNTS = (
    "count(*) AS people, count(*) FILTER (completed), count(*) FILTER (failed), "
    "count(*) FILTER (completed OR failed), count(scaled)"
)


def results(course: Told) -> Measure:
    """Rows: activity, people, completed, failed, people with a score, quartiles of their scores."""
    found = course.rows(
        f"SELECT coalesce(any_value(name), activity), {_COUNTS}, quantile_cont(scaled, [0.25, 0.5, 0.75]), activity "
        f"FROM ({_BY_PERSON}) GROUP BY activity ORDER BY people DESC, activity LIMIT {_MOST_ACTIVITIES}"
    )
    people = course.number("SELECT count(DISTINCT person) FROM result")
    hidden = hidden_of([row[1] for row in found], people)
    few = told(people) is HIDDEN
    rows = tuple(_result(row, few or place in hidden) for place, row in enumerate(found))
    # What is behind a number tells the others of its line.
    keys = tuple(None if HIDDEN in told_row else row[-1] for row, told_row in zip(found, rows, strict=True))
    shown = [key for key in keys if key is not None]
    scored = Column("scaled IS NOT NULL", "")
    cells = Cells(
        "result",
        "list_contains(?::VARCHAR[], activity)",
        (shown,),
        "activity",
        keys,
        {
            1: Column(amount=PEOPLE),
            2: Column(f"outcome IN {COMPLETING}", PEOPLE),
            3: Column("outcome = 'failed'", PEOPLE),
            4: Column("scaled IS NOT NULL", PEOPLE),
            **dict.fromkeys((5, 6, 7), scored),
        },
    )
    return Measure(
        key="results",
        title=N_("Completions and scores"),
        definition=N_(
            "For each activity: people with any formal result there, of whom completed (or passed, "
            "satisfied, waived) and failed, and the quartiles of the scores (1 is the best that can be "
            "had). Where results of a person contradict each other, one of them holds by rule."
        ),
        window=course.window,
        n=told(people),
        n_of=N_("people"),
        as_of=course.as_of,
        columns=(
            N_("Activity"),
            N_("People"),
            N_("Completed"),
            N_("Failed"),
            N_("With a score"),
            N_("Lower quartile"),
            N_("Median"),
            N_("Upper quartile"),
        ),
        rows=rows,
        behind=whole(cells, leaves_out=len(shown) < len(rows)),
        cells=(cells,),
        note=N_(
            "A number is hidden, too, where it would tell about the few others in the activity, or outside it."
        )
        if any(HIDDEN in row for row in rows)
        else "",
    )


def told_activities(everything: Told, learners: Mapping[str, int]) -> dict[str, list[str]]:
    """Course → the activities of which its own report hides nothing. ``learners``: course → people with a result."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    # In the order of the course's own report: of activities that are alike in number the same ones are hidden.
    for course, *row in everything.rows(
        f"SELECT course, activity, {_COUNTS} FROM ({_BY_PERSON}) "
        "GROUP BY course, activity ORDER BY people DESC, activity"
    ):
        found.setdefault(course, []).append(tuple(row))
    told_there = {}
    for course, rows in found.items():
        rows = rows[:_MOST_ACTIVITIES]
        hidden = hidden_of([people for _, people, *_ in rows], learners.get(course, 0))
        told_there[course] = [
            activity
            for place, (activity, *numbers) in enumerate(rows)
            if place not in hidden and HIDDEN not in _told_numbers(*numbers)
        ]
    return told_there


def _result(row: tuple[Any, ...], hides: bool) -> tuple[Any, ...]:
    name, *numbers, quartiles, _activity = row
    if hides:
        return (name, *(HIDDEN,) * 7)
    scored = numbers[-1]
    scores = (
        (None,) * 3
        if not scored
        else (HIDDEN,) * 3
        if scored < LEAST
        else tuple(round(one, 3) for one in quartiles)
    )
    return (name, *_told_numbers(*numbers), *scores)


def _told_numbers(people: int, completed: int, failed: int, either: int, scored: int) -> tuple[Any, ...]:
    failing = HIDDEN if is_small(people - either) else part_told(failed, people)
    return (people, part_told(completed, people), failing, part_told(scored, people))


def relation(course: Told) -> Measure:
    """Rows: what is compared, people, effect, lower and upper end of its interval."""
    pairs = course.rows(
        "WITH doing AS ("
        f"  SELECT person, count(*) FILTER (kind IN {CONTRIBUTING}) AS contributions FROM act GROUP BY person), "
        "exchanging AS ("
        "  SELECT person, count(DISTINCT other) AS others FROM ("
        "    SELECT giving AS person, taking AS other FROM pair "
        "    UNION ALL SELECT taking, giving FROM pair) AS both_ways "
        "  GROUP BY person), "
        "reached AS ("
        f"  SELECT person, avg(scaled) AS score, bool_or(outcome IN {COMPLETING}) AS completed "
        "  FROM result GROUP BY person) "
        "SELECT coalesce(contributions, 0), coalesce(others, 0), score, completed, contributions IS NOT NULL "
        "FROM reached LEFT JOIN doing USING (person) LEFT JOIN exchanging USING (person)"
    )
    scored = [row for row in pairs if row[2] is not None]
    rows: tuple[tuple[Any, ...], ...] = (
        _ranked(N_("Contributions and mean score"), [(row[0], row[2]) for row in scored], len(pairs)),
        _ranked(
            N_("People exchanged with, and mean score"), [(row[1], row[2]) for row in scored], len(pairs)
        ),
        _difference(
            N_("Completed something: who contributed against who did not"),
            [row[3] for row in pairs if row[0] > 0],
            [row[3] for row in pairs if row[0] == 0],
        ),
    )
    is_known = course.number(_UNDER_OTHER_NAMES) == 0
    if not is_known:
        rows = tuple((name, people, None, None, None) for name, people, *_ in rows)
    reached = results(course)
    return Measure(
        key="relation",
        title=N_("Taking part and results"),
        definition=N_(
            "Of people with a formal result in the course. The first two lines: Spearman's rank "
            "correlation, from -1 to 1, 0 where neither goes with the other. The third: the difference of "
            "two shares, from -1 to 1. Each with its 95 % interval (Bonett and Wright; Newcombe). Told from"
            " ten people on, and the third only where at least five people are in each of its four cells."
        ),
        window=course.window,
        n=told(len(pairs)),
        n_of=N_("people with a formal result"),
        as_of=course.as_of,
        columns=(N_("What is compared"), N_("People"), N_("Effect"), N_("Lower end"), N_("Upper end")),
        rows=rows if pairs else (),
        behind=reached.behind,
        cells=_compared(reached.cells[0]) if pairs else (),
        note=NOT_A_CAUSE if is_known else NOT_KNOWN,
        facts={"joined": part_told(sum(row[4] for row in pairs), len(pairs))} if is_known else {},
    )


def _compared(reached: Cells) -> tuple[Cells, ...]:
    """Of each line the results that it is made from, as far as they are listed."""
    columns = {1: Column(amount=PEOPLE), **dict.fromkeys((2, 3, 4), Column(amount=""))}
    made_from = ("scaled IS NOT NULL", "scaled IS NOT NULL", "true")
    return tuple(
        replace(
            reached,
            where=f"{reached.where} AND {where}",
            row=f"'{place}'",
            keys=tuple(str(place) if place == one else None for one in range(len(made_from))),
            columns=columns,
        )
        for place, where in enumerate(made_from)
    )


def _ranked(name: str, pairs: list[tuple[float, float]], whole: int) -> tuple[Any, ...]:
    """``whole``: how many have a result at all. The width of an interval tells of how many it is."""
    people = part_told(len(pairs), whole)
    if people is HIDDEN or people < LEAST_RELATED:
        return (name, people, *(HIDDEN,) * 3)
    return (name, people, *_told(spearman(pairs)))


def _difference(name: str, ones: list[bool], others: list[bool]) -> tuple[Any, ...]:
    cells = [sum(ones), len(ones) - sum(ones), sum(others), len(others) - sum(others)]
    people = len(ones) + len(others)
    if min(cells) < LEAST or people < LEAST_RELATED:
        return (name, told(people), *(HIDDEN,) * 3)
    return (name, people, *_told(newcombe(cells[0], len(ones), cells[2], len(others))))


def _told(found: Estimate | None) -> tuple[Any, ...]:
    """None where everybody is alike: there is nothing to compare."""
    return (
        (None,) * 3 if found is None else (round(found.value, 2), round(found.low, 2), round(found.high, 2))
    )
