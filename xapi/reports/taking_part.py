"""How many take part: participation, reading and reflections by week."""

from datetime import date
from typing import TypedDict

from xapi.reports.acts import CONTRIBUTING, Told, whole
from xapi.reports.answering import IN_THREADS, threads_hidden
from xapi.reports.cells import PEOPLE
from xapi.reports.hiding import LEAST
from xapi.reports.measures import N_, Cells, Column, Measure
from xapi.reports.weeks import REFLECTED, Weekly, contributed, reflected, weekly


class Titled(TypedDict):
    """What a measure is called, and what it counts."""

    key: str
    title: str
    definition: str
    columns: tuple[str, ...]


PARTICIPATION: Titled = {
    "key": "participation",
    "title": N_("Participation by week"),
    "definition": N_(
        "People who opened a thread, answered, reviewed or shared a reflection in a week that begins on"
        " Monday, and how many such contributions there were. What was deleted is not counted. Whoever "
        "runs the course is counted too, for a statement does not tell roles."
    ),
    "columns": (N_("Week"), N_("People"), N_("Contributions")),
}


def participation(course: Told) -> Measure:
    """Rows: week, people who contributed, contributions.

    Its list is without what could be counted there though it is hidden elsewhere. What is missing could be counted,
    too, for the sum is told: so all of a week is left out where its reflections are hidden, or its threads where no
    other sum tells how many they are.
    """
    found = contributed(course)
    without = found.hidden | reflected(course).hidden
    threads = threads_hidden(course)
    if threads.are_all:
        opened = course.rows("SELECT DISTINCT week FROM act WHERE kind IN ('opened', 'reflected')")
        without |= {week for (week,) in opened}
    weeks = [week for week in found.shown if week not in without]
    listed = "kind IN ('answered', 'reviewed')" if threads.are_some else f"kind IN {CONTRIBUTING}"
    return _by_week(
        course,
        found,
        _of_weeks(listed, found, weeks, untold=IN_THREADS if threads.are_some else frozenset()),
        leaves_out=threads.are_some or bool(found.hidden) or len(weeks) < len(found.shown),
        **PARTICIPATION,
    )


def reading(course: Told) -> Measure:
    """Rows: week, people who read in a thread, minutes. Where hardly anybody's times are known: people who opened a
    panel, openings."""
    timed = "kind = 'read' AND duration IS NOT NULL"
    if course.number(f"SELECT count(DISTINCT person) FROM act WHERE {timed}") >= LEAST:
        found = weekly(course, timed, amount="round(sum(duration) FILTER ({0}) / 60)::BIGINT")
        return _by_week(
            course,
            found,
            _of_weeks(timed, found, found.shown, amount=""),
            leaves_out=bool(found.hidden),
            key="reading",
            title=N_("Reading by week"),
            definition=N_(
                "People who read in a thread, and for how many minutes in all: while its entries were in sight, the "
                "page was shown and somebody was at it. Less than three seconds a day is not counted."
            ),
            columns=(N_("Week"), N_("People"), N_("Minutes")),
        )
    found = weekly(course, "kind = 'read'")
    return _by_week(
        course,
        found,
        _of_weeks("kind = 'read'", found, found.shown),
        leaves_out=bool(found.hidden),
        key="reading",
        title=N_("Reading by week"),
        definition=N_(
            "People who opened a panel or read in a thread, and how often. An opening counts once in 30 "
            "minutes for each person and panel; it says that the page was shown, and not that it was read."
        ),
        columns=(N_("Week"), N_("People"), N_("Openings")),
    )


def reflections(course: Told) -> Measure:
    """Rows: week, people who shared a reflection, reflections."""
    found = reflected(course)
    return _by_week(
        course,
        found,
        _of_weeks(REFLECTED, found, found.shown),
        leaves_out=bool(found.hidden),
        key="reflections",
        title=N_("Reflections by week"),
        definition=N_(
            "People who shared a reflection, and how many they shared. Private ones leave no statement."
        ),
        columns=(N_("Week"), N_("People"), N_("Reflections")),
    )


def _by_week(
    course: Told,
    found: Weekly,
    cells: Cells,
    *,
    leaves_out: bool,
    key: str,
    title: str,
    definition: str,
    columns: tuple[str, ...],
) -> Measure:
    return Measure(
        key=key,
        title=title,
        definition=definition,
        window=course.window,
        n=found.n,
        n_of=N_("people"),
        as_of=course.as_of,
        columns=columns,
        rows=found.told,
        behind=whole(cells, leaves_out=leaves_out),
        cells=(cells,),
    )


def _of_weeks(
    condition: str,
    found: Weekly,
    shown: list[date],
    *,
    amount: str = "count(*)",
    untold: frozenset[str] = frozenset(),
) -> Cells:
    """Of the weeks that are told only: the times of statements would tell how many there are in the others."""
    return Cells(
        "act",
        f"{condition} AND list_contains(?::DATE[], week)",
        (shown,),
        "week::VARCHAR",
        tuple(week.isoformat() if week in shown else None for week, *_ in found.rows),
        {1: Column(amount=PEOPLE), 2: Column(amount=amount)},
        untold,
    )
