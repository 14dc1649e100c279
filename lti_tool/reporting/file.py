"""A report as one HTML file that needs nothing else: no network, no scripts. What came out of statements is escaped."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TextIO

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from lti_tool.paths import templates_folder
from lti_tool.reporting import pictures
from lti_tool.reporting.short_names import short_names, shortened
from xapi.reports.cells import key_of
from xapi.reports.measures import HIDDEN, BehindRow, Measure
from xapi.reports.person import Moment

_PARTS = re.compile(r"(?<=[/.|?&=])(?=[^/])")
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
    behind: list[BehindRow]


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody in the file. ``number``: theirs in the picture, where they are in it. ``is_tools``: the account is the
    tool's own, and stands for an alias or a pseudonym."""

    short: str
    account: str
    number: int | None
    is_tools: bool


def write_course(
    measures: Iterable[tuple[Measure, list[BehindRow], dict[int, list[BehindRow]]]],
    out: TextIO,
    *,
    course: str,
    title: str | None,
    base: str,
    endpoint: str,
    as_of: datetime | None,
    names: Mapping[str, str],
) -> None:
    """``measures``: each with the newest statements behind it, and with those of its rows. ``title`` and ``names``:
    what the course and people are called where the LRS says so. ``base``: whose accounts are aliases and pseudonyms.
    """
    told = list(measures)
    shorts = short_names(people_in(measure for measure, *_ in told), names)
    sections = [_section(measure, behind, rows, shorts) for measure, behind, rows in told]
    _render(
        "report/course.html",
        out,
        sections=sections,
        course=course,
        title=title,
        people=_called([measure for measure, *_ in told], shorts, base),
        endpoint=endpoint,
        as_of=as_of,
        most_of_a_row=MOST_OF_A_ROW,
    )


def people_in(measures: Iterable[Measure]) -> set[str]:
    """Whom a report names: those who answer each other."""
    return {person for one in measures if one.key == "network" for row in one.rows for person in row[:2]}


def write_person(
    moments: Iterator[Moment],
    out: TextIO,
    *,
    person: str,
    name: str | None,
    course: str | None,
    title: str | None,
    endpoint: str,
    as_of: datetime | None,
) -> None:
    """``name``: what they are called, and ``title`` the course, where the LRS says so. ``course``: where the timeline
    is of one alone."""
    _render(
        "report/person.html",
        out,
        moments=moments,
        person=person,
        name=name,
        course=course,
        title=title,
        endpoint=endpoint,
        as_of=as_of,
    )


def _render(template: str, out: TextIO, **context: Any) -> None:
    environment = Environment(
        loader=FileSystemLoader(templates_folder()), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        cell=cell, moment=_moment, shortened=shortened, ending=ending, breakable=breakable
    )
    environment.tests["day"] = lambda value: isinstance(value, date)
    for part in environment.get_template(template).generate(**context):
        out.write(part)


def _section(
    measure: Measure, behind: list[BehindRow], listed: dict[int, list[BehindRow]], shorts: Mapping[str, str]
) -> Section:
    is_network = measure.key == "network"
    rows = [
        [shorts[value] if is_network and isinstance(value, str) else cell(value) for value in row]
        for row in measure.rows
    ]
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
        _picture(measure),
        behind,
    )


def _picture(measure: Measure) -> Markup:
    rows = measure.rows
    if measure.key == "network":
        return pictures.network(_pairs(rows)) if rows else Markup("")
    # What people completed, and of all else the first number of a row.
    column = 2 if measure.key == "results" else 1
    if all(row[column] is HIDDEN for row in rows):
        return Markup("")
    labels, values = [cell(row[0]) for row in rows], [row[column] for row in rows]
    if measure.key in ("participation", "reading", "reflections"):
        return pictures.columns(labels, values, measure.columns[column].lower())
    if measure.key in ("first_replies", "unanswered", "results"):
        return pictures.bars(labels, values, [cell(value) for value in values], measure.columns[column])
    return Markup("")


def _pairs(rows: Sequence[tuple[Any, ...]]) -> list[tuple[str, str, int]]:
    return [(row[0], row[1], sum(row[2:])) for row in rows]


def _called(measures: Sequence[Measure], shorts: Mapping[str, str], base: str) -> list[Called]:
    """Those in the picture first, by their numbers there."""
    drawn = [
        one
        for measure in measures
        if measure.key == "network"
        for one in pictures.drawn_people(_pairs(measure.rows))
    ]
    others = sorted(set(shorts) - set(drawn), key=lambda one: (shorts[one].casefold(), one))
    return [
        Called(shorts[one], one, number if number <= len(drawn) else None, one.startswith(f"{base}|"))
        for number, one in enumerate([*drawn, *others], start=1)
    ]


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
    return f"{round(value, 3):g}" if isinstance(value, float) else str(value)


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


def breakable(address: str) -> Markup:
    """An address that lines break after its parts, where there is no room for it, and not anywhere."""
    return Markup("<wbr>").join(_PARTS.split(address))


def ending(iri: str) -> str:
    """The last part of an address: what a verb is called there, or which of many entries it is."""
    return iri.rstrip("/").rpartition("/")[2] or iri


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
