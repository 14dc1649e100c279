"""An institution over its courses and platforms: how many take part where, and reach what."""

from collections.abc import Callable
from dataclasses import replace

from xapi.reports.acts import CONTRIBUTING, EXCHANGING, Told, acts_behind
from xapi.reports.hiding import hidden_among, hidden_of, part_told, told
from xapi.reports.measures import HIDDEN, N_, Measure
from xapi.reports.results import COMPLETING

_MOST_COURSES = 500
_DOING = f"(kind IN {CONTRIBUTING} OR kind IN {EXCHANGING})"


def courses(everything: Told) -> Measure:
    """Rows: course, people who took part, contributions, exchanges, people with a result, of whom completed."""
    return _over(
        everything,
        by="course",
        key="courses",
        title=N_("Courses"),
        definition=N_(
            "For each course: people who contributed or did something for another, their contributions, "
            "what they did for each other (answers, thanks, acceptances, reviews), people with a formal "
            "result, and of these who completed something."
        ),
        column=N_("Course"),
    )


def platforms(everything: Told) -> Measure:
    """Rows as those of :func:`courses`, by the LMS whose accounts people have."""
    return _over(
        everything,
        by="home",
        key="platforms",
        title=N_("Platforms"),
        definition=N_(
            "As for courses, by the address of the accounts under which people are recorded: that of their "
            "LMS, or this tool's own for aliases and pseudonyms."
        ),
        column=N_("Platform"),
    )


def _over(everything: Told, *, by: str, key: str, title: str, definition: str, column: str) -> Measure:
    of = "course" if by == "course" else "split_part(person, '|', 1)"
    found = everything.rows(
        "WITH doing AS ("
        f"  SELECT {of} AS place, count(DISTINCT person) FILTER ({_DOING}) AS people, "
        f"    count(*) FILTER (kind IN {CONTRIBUTING}) AS contributions, "
        f"    count(*) FILTER (kind IN {EXCHANGING}) AS exchanges FROM act GROUP BY place), "
        "reached AS ("
        f"  SELECT {of} AS place, count(DISTINCT person) AS learners, "
        f"    count(DISTINCT person) FILTER (outcome IN {COMPLETING}) AS completed FROM result GROUP BY place) "
        "SELECT place, coalesce(people, 0), coalesce(contributions, 0), coalesce(exchanges, 0), "
        "  coalesce(learners, 0), coalesce(completed, 0) "
        "FROM doing FULL JOIN reached USING (place) WHERE place IS NOT NULL "
        f"ORDER BY 2 DESC, place LIMIT {_MOST_COURSES}"
    )
    people = everything.number(f"SELECT count(DISTINCT person) FROM act WHERE {_DOING}")
    few = told(people) is HIDDEN
    hidden = hidden_of([row[1] for row in found], people)
    hidden_results = hidden_among([row[4] for row in found])
    rows, shown = [], []
    for place, (name, who, contributions, exchanges, learners, completed) in enumerate(found):
        hides = few or place in hidden
        if not hides and who:
            shown.append(name)
        did = (HIDDEN,) * 3 if hides and who else (who, contributions, exchanges)
        reached = (
            (HIDDEN,) * 2
            if place in hidden_results and learners
            else (learners, part_told(completed, learners))
        )
        rows.append((name, *did, *reached))
    return Measure(
        key=key,
        title=title,
        definition=definition,
        window=everything.window,
        n=told(people),
        n_of=N_("people"),
        as_of=everything.as_of,
        columns=(
            column,
            N_("People who took part"),
            N_("Contributions"),
            N_("Exchanges"),
            N_("With a formal result"),
            N_("Completed"),
        ),
        rows=tuple(rows),
        behind=replace(
            acts_behind(f"{_DOING} AND list_contains(?::VARCHAR[], {of})", shown),
            leaves_out=len(shown) < sum(1 for row in found if row[1]),
        ),
    )


MEASURES: dict[str, Callable[[Told], Measure]] = {"courses": courses, "platforms": platforms}
