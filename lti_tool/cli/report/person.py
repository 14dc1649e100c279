"""`alongside report person`: a person's timeline from an LRS alone."""

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lti_tool.cli.lrs_access import access_of
from lti_tool.cli.parts import json_option
from lti_tool.cli.report.course import FORMATS, format_of
from lti_tool.cli.report.pulling import pulled, title_of
from lti_tool.cli.report.reading import cache_option, lrs_options, out_option, written, written_at
from lti_tool.cli.report.tying import aliases_of, courses_of, known_as, tying_options
from xapi.gathering.store import Gathered
from xapi.reports.names import told_names
from xapi.reports.person import MOMENT_COLUMNS, Moment, timeline, write_timeline
from xapi.reports.tables import guarded, plain

_AT_ONCE = 1000


@click.command()
@lrs_options
@click.option("--person", required=True, help="Their account, as 'homePage|name', or their mbox.")
@click.option("--course", help="Only this course, by its activity id.")
@tying_options
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="By default that of --out's name, else html."
)
@json_option
@out_option
@cache_option
def person(
    endpoint: str,
    person: str,
    course: str | None,
    also: tuple[str, ...],
    identifiers: Path | None,
    form: str | None,
    as_json: bool,
    out: Path | None,
    cache: Path | None,
    **signs_in: str | None,
) -> None:
    """What somebody did with others, beside what they formally reached, the newest first.

    What they did under an alias or a pseudonym is not in it: nothing joins it to them.
    """
    form = format_of(form, out, as_json)
    courses, aliases = courses_of(also, course), aliases_of(identifiers, course)
    people = known_as(person, aliases)
    access = access_of(**signs_in)
    with pulled(endpoint, access, cache, aliases=aliases, courses=courses) as found:
        if not timeline(found, people, course=course, limit=1).moments:
            raise click.ClickException(f"the LRS has nothing of {person}{_others(found)}")
        if form == "parquet" and out is not None:
            with written_at(out) as path:
                write_timeline(found.connection, people, course, path)
            return
        moments = _all(found, people, course)
        with written(out) as file:
            if form == "json":
                before = "[\n"
                for one in moments:
                    file.write(f"{before}  {json.dumps(_plain(one), ensure_ascii=False)}")
                    before = ",\n"
                file.write("\n]\n")
            elif form == "csv":
                rows = csv.writer(file)
                rows.writerow(MOMENT_COLUMNS)
                rows.writerows([guarded(value) for value in _plain(one).values()] for one in moments)
            else:
                from lti_tool.reporting.file import write_person

                write_person(
                    moments,
                    file,
                    person=person,
                    name=next(iter(told_names(found, people).values()), None),
                    course=course,
                    title=title_of(endpoint, access, course) if course else None,
                    endpoint=endpoint,
                    as_of=found.as_of,
                )


def _others(found: Gathered) -> str:
    some = [row[0] for row in found.rows("SELECT DISTINCT person FROM statement ORDER BY person LIMIT 3")]
    return f"; people are written as {', '.join(some)}" if some else ""


def _all(found: Gathered, people: list[str], course: str | None) -> Iterator[Moment]:
    after = None
    while True:
        page = timeline(found, people, course=course, after=after, limit=_AT_ONCE)
        yield from page.moments
        if page.next is None:
            return
        after = page.next


def _plain(one: Moment) -> dict[str, Any]:
    return {name: plain(value) for name, value in asdict(one).items()}
