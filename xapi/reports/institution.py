"""An institution over its weeks, courses and platforms: how many take part when and where, and reach what."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from xapi.reports.acts import CONTRIBUTING, EXCHANGING, Told, whole
from xapi.reports.cells import PEOPLE
from xapi.reports.hiding import hidden_among, hidden_of, part_told, told
from xapi.reports.measures import HIDDEN, N_, Cells, Column, Measure, Row
from xapi.reports.results import COMPLETING, told_activities
from xapi.reports.taking_part import PARTICIPATION
from xapi.reports.unlisted import Listed, are_few_at_home, listed_of
from xapi.reports.weeks import contributed

MEASURES = ("participation", "courses", "platforms")
_MOST_COURSES = 500
_DOING = f"(kind IN {CONTRIBUTING} OR kind IN {EXCHANGING})"
_HOME = "split_part(person, '|', 1)"
_COUNTED = (
    N_("People who took part"),
    N_("Contributions"),
    N_("Exchanges"),
    N_("With a formal result"),
    N_("Completed"),
)


@dataclass(frozen=True, slots=True)
class _Places:
    """``rows``: what is told of each; ``shown``: those of which it is told what people did there. ``people``: how many
    did something anywhere."""

    people: int
    rows: tuple[Row, ...]
    shown: frozenset[str]
    learners: dict[str, int]


def institution_report(everything: Told, base: str) -> list[Measure]:
    """In the order of :data:`MEASURES`. ``base``: whose accounts are aliases and pseudonyms."""
    weeks = contributed(everything)
    people = everything.number(f"SELECT count(DISTINCT person) FROM act WHERE {_DOING}")
    by_course, by_home = _places(everything, "course", people), _places(everything, _HOME, people)
    listed = listed_of(
        everything, _DOING, {"week": frozenset(weeks.shown), "course": by_course.shown, _HOME: by_home.shown}
    )
    return [
        _participation(everything, weeks.told, weeks.n, listed),
        _courses(everything, by_course, listed),
        _platforms(everything, by_home, listed, base),
    ]


def _participation(everything: Told, rows: tuple[Row, ...], n: Any, listed: Listed) -> Measure:
    """Rows: week, people who contributed, contributions."""
    cells = Cells(
        "act",
        f"kind IN {CONTRIBUTING} AND {listed.where}",
        listed.parameters,
        "week::VARCHAR",
        tuple(_key(week) if week in listed.of["week"] else None for week, *_ in rows),
        {1: Column(amount=PEOPLE), 2: Column()},
    )
    return Measure(
        **PARTICIPATION,
        window=everything.window,
        n=n,
        n_of=N_("people"),
        as_of=everything.as_of,
        rows=rows,
        behind=whole(cells, leaves_out=listed.leaves_out),
        cells=(cells,),
    )


def _courses(everything: Told, places: _Places, listed: Listed) -> Measure:
    """Rows: course, people who took part, contributions, exchanges, people with a result, of whom completed."""
    reached = told_activities(everything, places.learners)
    results = Cells(
        "result",
        "list_contains(?::VARCHAR[], course || chr(10) || activity)",
        ([f"{course}\n{activity}" for course, all_ in reached.items() for activity in all_],),
        "course",
        tuple(row[0] if reached.get(row[0]) and HIDDEN not in row[4:] else None for row in places.rows),
        {4: Column(amount=PEOPLE), 5: Column(f"outcome IN {COMPLETING}", PEOPLE)},
    )
    did = _did(places, "course", listed)
    return _over(
        everything,
        places,
        listed,
        (did, results),
        key="courses",
        title=N_("Courses"),
        definition=N_(
            "For each course: people who contributed or did something for another, their contributions, "
            "what they did for each other (answers, thanks, acceptances, reviews), people with a formal "
            "result, and of these who completed something."
        ),
        column=N_("Course"),
    )


def _platforms(everything: Told, places: _Places, listed: Listed, base: str) -> Measure:
    """Rows as those of courses, by the LMS whose accounts people have.

    Their lists would say which statements are of aliases and pseudonyms, those of the other platforms taken from all,
    and, taken from a course's list, which are of its few people of one platform. Then no platform has one.
    """
    tells = base in {row[0] for row in places.rows} or are_few_at_home(everything, _DOING, listed, _HOME)
    return _over(
        everything,
        places,
        listed,
        () if tells else (_did(places, _HOME, listed),),
        key="platforms",
        title=N_("Platforms"),
        definition=N_(
            "As for courses, by the address of the accounts under which people are recorded: that of their "
            "LMS, or this tool's own for aliases and pseudonyms."
        ),
        column=N_("Platform"),
    )


def _did(places: _Places, of: str, listed: Listed) -> Cells:
    """What people did at each place."""
    return Cells(
        "act",
        f"{_DOING} AND {listed.where}",
        listed.parameters,
        of,
        tuple(row[0] if row[0] in listed.of[of] else None for row in places.rows),
        {
            1: Column(amount=PEOPLE),
            2: Column(f"kind IN {CONTRIBUTING}"),
            3: Column(f"kind IN {EXCHANGING}"),
        },
    )


def _over(
    everything: Told,
    places: _Places,
    listed: Listed,
    cells: tuple[Cells, ...],
    *,
    key: str,
    title: str,
    definition: str,
    column: str,
) -> Measure:
    return Measure(
        key=key,
        title=title,
        definition=definition,
        window=everything.window,
        n=told(places.people),
        n_of=N_("people"),
        as_of=everything.as_of,
        columns=(column, *_COUNTED),
        rows=places.rows,
        behind=whole(
            _did(places, "course" if key == "courses" else _HOME, listed), leaves_out=listed.leaves_out
        ),
        cells=cells,
    )


def _places(everything: Told, of: str, people: int) -> _Places:
    found = everything.rows(
        "WITH doing AS ("
        "  SELECT place, count(*) AS people, sum(contributions)::BIGINT AS contributions, "
        "    sum(exchanges)::BIGINT AS exchanges FROM ("
        f"      SELECT {of} AS place, person, count(*) FILTER (kind IN {CONTRIBUTING}) AS contributions, "
        f"        count(*) FILTER (kind IN {EXCHANGING}) AS exchanges FROM act WHERE {_DOING} GROUP BY ALL) "
        "  GROUP BY place), "
        "reached AS ("
        "  SELECT place, count(*) AS learners, count(*) FILTER (has_completed) AS completed FROM ("
        f"    SELECT {of} AS place, person, bool_or(outcome IN {COMPLETING}) AS has_completed "
        "    FROM result GROUP BY ALL) "
        "  GROUP BY place) "
        "SELECT place, coalesce(people, 0), coalesce(contributions, 0), coalesce(exchanges, 0), "
        "  coalesce(learners, 0), coalesce(completed, 0) "
        "FROM doing FULL JOIN reached USING (place) WHERE place IS NOT NULL "
        f"ORDER BY 2 DESC, place LIMIT {_MOST_COURSES}"
    )
    few = told(people) is HIDDEN
    hidden = hidden_of([row[1] for row in found], people)
    hidden_results = hidden_among([row[4] for row in found])
    rows, shown = [], set()
    for place, (name, who, contributions, exchanges, learners, completed) in enumerate(found):
        hides = few or place in hidden
        if not hides and who:
            shown.add(name)
        did = (HIDDEN,) * 3 if hides and who else (who, contributions, exchanges)
        reached = (
            (HIDDEN,) * 2
            if place in hidden_results and learners
            else (learners, part_told(completed, learners))
        )
        rows.append((name, *did, *reached))
    return _Places(people, tuple(rows), frozenset(shown), {row[0]: row[4] for row in found})


def _key(week: date) -> str:
    return week.isoformat()
