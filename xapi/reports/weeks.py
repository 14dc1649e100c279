"""What is counted week by week, and of which weeks it is hidden: each list of statements must know of the others."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta

from xapi.reports.acts import CONTRIBUTING, Told
from xapi.reports.hiding import hidden_among, is_small, told
from xapi.reports.measures import HIDDEN, Hidden, Row

_WEEK = timedelta(weeks=1)
# More weeks than these are not filled in where nothing happened.
_MOST_WEEKS = 520
REFLECTED = "kind = 'reflected'"


@dataclass(frozen=True, slots=True)
class Weekly:
    """``rows``: week, people, how often or how much. ``hidden``: the weeks of which something is not told."""

    people: int
    rows: tuple[Row, ...]
    hidden: frozenset[date]

    @property
    def n(self) -> int | Hidden:
        return told(self.people)

    @property
    def told(self) -> tuple[Row, ...]:
        return tuple(
            (week, HIDDEN, HIDDEN) if week in self.hidden else (week, *row) for week, *row in self.rows
        )

    @property
    def shown(self) -> list[date]:
        return [week for week, who, _ in self.rows if who and week not in self.hidden]


def weekly(
    course: Told,
    condition: str,
    *,
    rest: str = "false",
    also: Set[date] = frozenset(),
    amount: str = "count(*) FILTER ({0})",
) -> Weekly:
    """``rest``: what could be reckoned by taking this from another measure. ``also``: weeks that are hidden anyway.
    ``amount``: what is told beside how many people, of what fulfils the condition."""
    found = course.rows(
        f"SELECT week, count(DISTINCT person) FILTER ({condition}), {amount.format(condition)}, "
        f"count(DISTINCT person) FILTER ({rest}) FROM act WHERE {condition} OR {rest} GROUP BY week ORDER BY week"
    )
    people = course.number(f"SELECT count(DISTINCT person) FROM act WHERE {condition}")
    weeks = _filled({week: (who, number, others) for week, who, number, others in found if who})
    hidden = hidden_among(
        [min(who, others) if is_small(others) else who for _, (who, _, others) in weeks],
        {place for place, (week, _) in enumerate(weeks) if week in also},
    )
    if told(people) is HIDDEN:
        hidden = frozenset(range(len(weeks)))
    return Weekly(
        people,
        tuple((week, who, number) for week, (who, number, _) in weeks),
        frozenset(week for place, (week, numbers) in enumerate(weeks) if place in hidden and numbers[0]),
    )


def contributed(course: Told) -> Weekly:
    return weekly(course, f"kind IN {CONTRIBUTING}")


def reflected(course: Told) -> Weekly:
    """Hidden where contributions are: of a week with nothing else the one would tell the other. And where the rest of
    the contributions is of few: told of both, one would know it."""
    return weekly(
        course,
        REFLECTED,
        rest=f"kind IN {CONTRIBUTING} AND kind <> 'reflected'",
        also=contributed(course).hidden,
    )


def _filled(known: dict[date, tuple[int, int, int]]) -> list[tuple[date, tuple[int, int, int]]]:
    """With the weeks between in which nothing happened."""
    if not known:
        return []
    first, last = min(known), max(known)
    if (last - first) / _WEEK > _MOST_WEEKS:
        return sorted(known.items())
    weeks = [first + number * _WEEK for number in range(int((last - first) / _WEEK) + 1)]
    return [(week, known.get(week, (0, 0, 0))) for week in weeks]
