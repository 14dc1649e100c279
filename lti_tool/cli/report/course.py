"""`alongside report course`: a course's report from an LRS alone."""

from datetime import datetime
from pathlib import Path

import click

from lti_tool.cli.lrs_access import access_of
from lti_tool.cli.parts import json_option
from lti_tool.cli.report.pulling import pulled, title_of
from lti_tool.cli.report.reading import TIME, cache_option, lrs_options, out_option, utc, written, written_at
from lti_tool.cli.report.tying import aliases_of, courses_of, tool_of, tying_options
from lti_tool.moments import as_time_zone
from xapi.gathering.store import Gathered
from xapi.reports.acts import behind_page
from xapi.reports.cells import newest_of_rows
from xapi.reports.course import course_report, courses_there
from xapi.reports.measures import BehindRow, Measure, Window
from xapi.reports.names import told_names
from xapi.reports.tables import MOST_NAMED, plain, write_csv, write_json, write_parquet

FORMATS = ("html", "csv", "json", "parquet")
# Of a measure so many statements are listed, the newest.
_IN_FILE = 500
_NAMED = 10


@click.command()
@lrs_options
@click.option("--course", required=True, help="The course, by its activity id: …/xapi/courses/…")
@tying_options
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="By default that of --out's name, else html."
)
@json_option
@click.option("--since", type=TIME, help="Only what happened from then on (UTC).")
@click.option("--until", type=TIME, help="Only what happened before (UTC).")
@click.option("--time-zone", "zone", default="UTC", show_default=True, help="In which weeks begin.")
@out_option
@cache_option
def course(
    endpoint: str,
    course: str,
    also: tuple[str, ...],
    identifiers: Path | None,
    form: str | None,
    as_json: bool,
    since: datetime | None,
    until: datetime | None,
    zone: str,
    out: Path | None,
    cache: Path | None,
    **signs_in: str | None,
) -> None:
    """How a course learns together, beside its completions and scores.

    Everything that would be about fewer than five people is hidden. The HTML file needs no network and no scripts.
    """
    form = format_of(form, out, as_json)
    if as_time_zone(zone) is None:
        raise click.UsageError(f"--time-zone {zone}: no such time zone; one is Europe/Berlin")
    window = Window(utc(since), utc(until), zone)
    courses, aliases = courses_of(also, course), aliases_of(identifiers, course)
    access = access_of(**signs_in)
    with pulled(endpoint, access, cache, aliases=aliases, courses=courses) as found:
        _check_course(found, course, bool(also))
        measures = course_report(found, course, window)
        most = _IN_FILE if form == "html" else MOST_NAMED
        behind = [behind_page(found, one.behind, limit=most) for one in measures]
        title = title_of(endpoint, access, course) if form == "html" else None
        _write(form, measures, behind, found, endpoint, course, title, out)


def format_of(form: str | None, out: Path | None, as_json: bool) -> str:
    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json and --format {form} do not go together.")
    told = out.suffix.removeprefix(".").lower() if out else ""
    if told and told not in FORMATS and not (form or as_json):
        raise click.UsageError(f"--out {out}: end its name in one of .{', .'.join(FORMATS)}, or say --format")
    form = "json" if as_json else form or told or "html"
    if form == "parquet" and out is None:
        raise click.UsageError("--format parquet needs --out, for it is no text.")
    return form


def _check_course(found: Gathered, course: str, is_tied: bool) -> None:
    there = courses_there(found)
    others = ", ".join([one for one in there if one != course][:_NAMED])
    if course not in there:
        known = f"; there are: {others}" if others else ""
        raise click.ClickException(f"the LRS has nothing of the course {course}{known}")
    if others and not is_tied:
        click.echo(
            f"There are other courses too: {others}. If one is the LMS's own name for this course, add it with --also.",
            err=True,
        )


def _write(
    form: str,
    measures: list[Measure],
    behind: list[list[BehindRow]],
    found: Gathered,
    endpoint: str,
    course: str,
    title: str | None,
    out: Path | None,
) -> None:
    if form == "parquet" and out is not None:
        with written_at(out) as path:
            write_parquet(measures, path)
        return
    pairs = list(zip(measures, behind, strict=True))
    with written(out) as file:
        if form == "json":
            write_json(pairs, {"course": course, "lrs": endpoint, "as_of": plain(found.as_of)}, file)
        elif form == "csv":
            write_csv(measures, file)
        else:
            from lti_tool.reporting.file import MOST_OF_A_ROW, people_in, write_course

            of_rows = [newest_of_rows(found, one, each=MOST_OF_A_ROW, most=_IN_FILE) for one in measures]
            write_course(
                zip(measures, behind, of_rows, strict=True),
                file,
                course=course,
                title=title,
                base=tool_of(course),
                endpoint=endpoint,
                as_of=found.as_of,
                names=told_names(found, people_in(measures)),
            )
