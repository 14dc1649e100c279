"""`alongside report network`: who answered, thanked, accepted and reviewed whom."""

import sqlite3
import tempfile
from datetime import datetime
from pathlib import Path

import click

from lti_tool.cli.lrs_access import access_of
from lti_tool.cli.parts import json_option
from lti_tool.cli.report.reading import TIME, lrs_options, out_option, progress, reader_of, utc, written
from xapi.reports.formats import FORMATS
from xapi.reports.network import Network
from xapi.reports.reading import ReadingFailed


@click.command()
@lrs_options
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="json",
    show_default=True,
    help="Of the list.",
)
@json_option
@click.option("--course", help="Only this course, by its activity id: …/xapi/courses/…")
@click.option("--since", type=TIME, help="Only what happened from then on (UTC).")
@click.option("--until", type=TIME, help="Only what happened before (UTC).")
@out_option
def network(
    endpoint: str,
    form: str,
    as_json: bool,
    course: str | None,
    since: datetime | None,
    until: datetime | None,
    out: Path | None,
    **signs_in: str | None,
) -> None:
    """List who answered, thanked, accepted and reviewed whom.

    Each is an edge from one person to another, with its kind, course and time, and the id of the statement that says
    so. What was taken back is left out. Replies to oneself are edges like any other, which "report course" does not
    count. People are written as homePage|name; an alias is a person of its own.
    """
    if as_json and form != "json":
        raise click.UsageError(f"--json and --format {form} do not go together.")
    try:
        with Network() as found, reader_of(endpoint, access_of(**signs_in)) as reader:
            with progress() as (told, waiting):
                reader.waiting = waiting
                found.gather(reader, course=course, since=utc(since), until=utc(until), told=told)
            if course and not found.statements_read:
                raise click.ClickException(
                    f"the LRS has nothing of the course {course}; without --course all courses are listed"
                )
            with written(out) as file:
                FORMATS[form](found.edges(), file)
            _sum_up(found, out)
    except ReadingFailed as failed:
        raise click.ClickException(str(failed)) from None
    except sqlite3.Error as error:
        raise click.ClickException(
            f"what was read cannot be kept in {tempfile.gettempdir()}: {error}"
        ) from None


def _sum_up(found: Network, out: Path | None) -> None:
    where = f" are in {out}" if out else ""
    click.echo(f"{len(found)} edges{where}, from {found.statements_read} statements.", err=True)
    if missing := found.unresolved:
        click.echo(
            f"{missing} more name a statement that the LRS does not show: voided, or not there.", err=True
        )
