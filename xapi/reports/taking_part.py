"""How many take part: participation, reading and reflections by week."""

from datetime import date, timedelta

from xapi.reports.acts import CONTRIBUTING, Told, acts_behind
from xapi.reports.hiding import LEAST, hidden_among, is_small, told
from xapi.reports.measures import HIDDEN, N_, Behind, Measure

_WEEK = timedelta(weeks=1)
# More weeks than these are not filled in where nothing happened.
_MOST_WEEKS = 520


def participation(course: Told) -> Measure:
    """Rows: week, people who contributed, contributions."""
    return _by_week(
        course,
        key="participation",
        title=N_("Participation by week"),
        definition=N_(
            "People who opened a thread, answered, reviewed or shared a reflection in a week that begins on"
            " Monday, and how many such contributions there were. What was deleted is not counted. Whoever "
            "runs the course is counted too, for a statement does not tell roles."
        ),
        condition=f"kind IN {CONTRIBUTING}",
        columns=(N_("Week"), N_("People"), N_("Contributions")),
    )


def reading(course: Told) -> Measure:
    """Rows: week, people who read in a thread, minutes. Where hardly anybody's times are known: people who opened a
    panel, openings."""
    timed = "kind = 'read' AND duration IS NOT NULL"
    if course.number(f"SELECT count(DISTINCT person) FROM act WHERE {timed}") >= LEAST:
        return _by_week(
            course,
            key="reading",
            title=N_("Reading by week"),
            definition=N_(
                "People who read in a thread, and for how many minutes in all: while its entries were in sight, the "
                "page was shown and somebody was at it. Less than three seconds a day is not counted."
            ),
            condition=timed,
            amount="round(sum(duration) FILTER ({0}) / 60)::BIGINT",
            columns=(N_("Week"), N_("People"), N_("Minutes")),
        )
    return _by_week(
        course,
        key="reading",
        title=N_("Reading by week"),
        definition=N_(
            "People who opened a panel or read in a thread, and how often. An opening counts once in 30 "
            "minutes for each person and panel; it says that the page was shown, and not that it was read."
        ),
        condition="kind = 'read'",
        columns=(N_("Week"), N_("People"), N_("Openings")),
    )


def reflections(course: Told) -> Measure:
    """Rows: week, people who shared a reflection, reflections."""
    return _by_week(
        course,
        key="reflections",
        title=N_("Reflections by week"),
        definition=N_(
            "People who shared a reflection, and how many they shared. Private ones leave no statement."
        ),
        condition="kind = 'reflected'",
        columns=(N_("Week"), N_("People"), N_("Reflections")),
        # Told of both, one would know what the others contributed.
        rest=f"kind IN {CONTRIBUTING} AND kind <> 'reflected'",
    )


def _by_week(
    course: Told,
    *,
    key: str,
    title: str,
    definition: str,
    condition: str,
    columns: tuple[str, ...],
    rest: str = "false",
    amount: str = "count(*) FILTER ({0})",
) -> Measure:
    """``amount``: what is told beside how many people, of what fulfils the condition. ``rest``: what could be reckoned
    by taking this from another measure."""
    found = course.rows(
        f"SELECT week, count(DISTINCT person) FILTER ({condition}), {amount.format(condition)}, "
        f"count(DISTINCT person) FILTER ({rest}) FROM act WHERE {condition} OR {rest} GROUP BY week ORDER BY week"
    )
    people = course.number(f"SELECT count(DISTINCT person) FROM act WHERE {condition}")
    weeks = _filled({week: (who, number, others) for week, who, number, others in found if who})
    hidden = hidden_among([min(who, others) if is_small(others) else who for _, (who, _, others) in weeks])
    if told(people) is HIDDEN:
        hidden = frozenset(range(len(weeks)))
    shown = [week for place, (week, numbers) in enumerate(weeks) if place not in hidden and numbers[0]]
    return Measure(
        key=key,
        title=title,
        definition=definition,
        window=course.window,
        n=told(people),
        n_of=N_("people"),
        as_of=course.as_of,
        columns=columns,
        rows=tuple(
            (week, HIDDEN, HIDDEN) if place in hidden and numbers[0] else (week, *numbers[:2])
            for place, (week, numbers) in enumerate(weeks)
        ),
        behind=_of_weeks(condition, shown),
    )


def _of_weeks(condition: str, shown: list[date]) -> Behind:
    """Of the weeks that are told only: the times of statements would tell how many there are in the others."""
    return acts_behind(f"{condition} AND list_contains(?::DATE[], week)", shown)


def _filled(known: dict[date, tuple[int, int, int]]) -> list[tuple[date, tuple[int, int, int]]]:
    """With the weeks between in which nothing happened."""
    if not known:
        return []
    first, last = min(known), max(known)
    if (last - first) / _WEEK > _MOST_WEEKS:
        return sorted(known.items())
    weeks = [first + number * _WEEK for number in range(int((last - first) / _WEEK) + 1)]
    return [(week, known.get(week, (0, 0, 0))) for week in weeks]
