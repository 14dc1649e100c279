"""A report as one HTML file that needs nothing else: no network, no scripts. What came out of statements is escaped."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TextIO

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from lti_tool.paths import templates_folder
from lti_tool.reporting import pictures
from xapi.reports.cells import key_of
from xapi.reports.measures import HIDDEN, BehindRow, Measure
from xapi.reports.person import Moment

# Of a row so many statements are listed, the newest.
MOST_OF_A_ROW = 20


@dataclass(frozen=True, slots=True)
class Section:
    """A measure as the file shows it. ``listed``: place of a row → its newest statements; ``leads``: the numbers that
    lead to these."""

    measure: Measure
    rows: list[list[str]]
    leads: list[list[bool]]
    listed: dict[int, list[BehindRow]]
    facts: list[tuple[str, str]]
    picture: Markup
    people: list[str]
    behind: list[BehindRow]


def write_course(
    measures: Iterable[tuple[Measure, list[BehindRow], dict[int, list[BehindRow]]]],
    out: TextIO,
    *,
    course: str,
    endpoint: str,
    as_of: datetime | None,
    names: Mapping[str, str],
) -> None:
    """``measures``: each with the newest statements behind it, and with those of its rows. ``names``: what people are
    called where the LRS says so."""
    sections = [_section(measure, behind, rows, names) for measure, behind, rows in measures]
    _render(
        "report/course.html",
        out,
        sections=sections,
        course=course,
        endpoint=endpoint,
        as_of=as_of,
        most_of_a_row=MOST_OF_A_ROW,
    )


def write_person(
    moments: Iterator[Moment], out: TextIO, *, person: str, endpoint: str, as_of: datetime | None
) -> None:
    _render("report/person.html", out, moments=moments, person=person, endpoint=endpoint, as_of=as_of)


def _render(template: str, out: TextIO, **context: Any) -> None:
    environment = Environment(
        loader=FileSystemLoader(templates_folder()), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(cell=cell, moment=_moment, who=who)
    for part in environment.get_template(template).generate(**context):
        out.write(part)


def _section(
    measure: Measure, behind: list[BehindRow], listed: dict[int, list[BehindRow]], names: Mapping[str, str]
) -> Section:
    is_network = measure.key == "network"
    rows = [
        [_named(value, names) if is_network and isinstance(value, str) else cell(value) for value in row]
        for row in measure.rows
    ]
    drawn = _picture(measure)
    leads = [
        [place in listed and key_of(measure, place, column) is not None for column in range(len(row))]
        for place, row in enumerate(rows)
    ]
    return Section(
        measure,
        rows,
        leads,
        dict(sorted(listed.items())),
        [(name.replace("_", " "), cell(value)) for name, value in measure.facts.items()],
        drawn,
        _people(measure.rows, names) if is_network else [],
        behind,
    )


def _picture(measure: Measure) -> Markup:
    rows = measure.rows
    if not rows or all(row[1] is HIDDEN for row in rows):
        return Markup("")
    if measure.key == "network":
        return pictures.network([(row[0], row[1], sum(row[2:])) for row in rows])
    if measure.key in ("participation", "reading", "reflections", "first_replies", "unanswered"):
        return pictures.columns(
            [cell(row[0]) for row in rows], [row[1] for row in rows], measure.columns[1].lower()
        )
    if measure.key == "results":
        return pictures.columns(
            [str(place) for place in range(1, len(rows) + 1)], [row[2] for row in rows], "completed"
        )
    return Markup("")


def _people(rows: Sequence[tuple[Any, ...]], names: Mapping[str, str]) -> list[str]:
    return [
        _named(one, names) for one in pictures.drawn_people([(row[0], row[1], sum(row[2:])) for row in rows])
    ]


def _named(person: str, names: Mapping[str, str]) -> str:
    known = names.get(person)
    return f"{known} ({person})" if known else person


def cell(value: Any) -> str:
    if value is HIDDEN:
        return "hidden"
    if value is None:
        return "–"
    if isinstance(value, timedelta):
        return span(value)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:g}" if isinstance(value, float) else str(value)


def span(value: timedelta) -> str:
    """The two largest units, as 1 d 4 h."""
    seconds = int(value.total_seconds())
    parts = [
        f"{number} {unit}"
        for number, unit in (
            (seconds // 86_400, "d"),
            (seconds % 86_400 // 3600, "h"),
            (seconds % 3600 // 60, "min"),
            (seconds % 60, "s"),
        )
        if number
    ]
    return " ".join(parts[:2]) or "0 s"


def who(person: str) -> str:
    """The part of an identifier that tells people of one LMS apart."""
    return person.partition("|")[2] or person


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
