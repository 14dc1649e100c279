"""`alongside events`: the event log, for those who analyse it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import duckdb
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.bridging import base_of
from lti_tool.cli.parts import as_json_text, command_parts, json_option
from social_layer.people.actions import DEFAULT_TENANT
from social_layer.people.models import Course, Tenant
from social_layer.sealing import SealBroken
from xapi.eventlog.bookmark import SCOPES, ExportRefused
from xapi.eventlog.exporting import Told, check_after, export
from xapi.eventlog.files import Lines, Parts, Stream, Target
from xapi.eventlog.rows import EventLog, Wanted
from xapi.models import Scope
from xapi.scopes.pseudonyms import Masks
from xapi.scopes.queries import KNOWN, changes_of, general_rule

_time = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
PEOPLE = (Scope.pseudonymous.value, Scope.identified.value)


@click.group()
def events() -> None:
    """The log of what happened: no texts, no names."""


@events.command("export")
@click.option("--out", required=True, help="The file; for Parquet the folder; - for standard output.")
@click.option("--format", "form", type=click.Choice(["jsonl", "parquet"]), default="jsonl", show_default=True)
@click.option(
    "--people",
    type=click.Choice(PEOPLE),
    default=PEOPLE[0],
    show_default=True,
    help="How they are told; identified: by the account of the LMS, where the institution's scope is no less.",
)
@click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="The institution.")
@click.option("--course", type=click.UUID, help="Only this course, by its id.")
@click.option("--since", type=_time, help="Only what happened from then on (UTC).")
@click.option("--until", type=_time, help="Only what happened before (UTC).")
@click.option(
    "--after", type=click.IntRange(0), default=0, help="Only what comes after the row with this number."
)
@click.option("--anew", is_flag=True, help="Write over what was exported there before.")
@json_option
def export_events(
    out: str,
    form: str,
    people: str,
    tenant: str,
    course: UUID | None,
    since: datetime | None,
    until: datetime | None,
    after: int,
    anew: bool,
    as_json: bool,
) -> None:
    """Write the event log, a row for each event, in an order that never changes.

    The same command again goes on where it stopped: after it was killed, or for what is new. What the scopes let nobody
    have is left out. --json prints a summary, with --out - on standard error.
    """
    if form == "parquet" and out == "-":
        raise click.UsageError("Parquet goes into a folder: --out FOLDER")
    given = command_parts()
    with given.database.read() as session:
        wanted = Wanted(
            of := _tenant(session, tenant),
            Scope(people),
            course,
            since and _utc(since),
            until and _utc(until),
            changes_of(session, of) if people in KNOWN else None,
        )
        _check(session, wanted)
    base = base_of(given)
    log = EventLog(given.database, given.clock, Masks(given.database, given.sealer, base), base, wanted)
    try:
        if after:
            check_after(after, log.number())
        target = _target(out, form, _asked(wanted, form), after, anew)
        with _progress() as told:
            summary = export(log, target, told)
    except ExportRefused as refused:
        raise click.ClickException(str(refused)) from None
    except SealBroken as broken:
        raise click.ClickException(f"the key of pseudonyms cannot be opened: {broken}") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
    except duckdb.Error as error:
        raise click.ClickException(f"{out} cannot be written: {str(error).splitlines()[0]}") from None
    if as_json:
        click.echo(
            as_json_text({"out": out, "format": form, "people": people, **asdict(summary)}), err=out == "-"
        )
        return
    where = "" if out == "-" else f" {out} has {summary.rows}."
    click.echo(
        f"{summary.new} rows were written.{where} The next export goes on with --after {summary.after}"
        + (".", " by itself.")[out != "-"],
        err=True,
    )


def _target(out: str, form: str, asked: dict[str, Any], after: int, anew: bool) -> Target:
    if out == "-":
        return Stream(sys.stdout.buffer, after)
    if form == "parquet":
        return Parts(Path(out), asked, after=after, anew=anew)
    return Lines(Path(out), asked, after=after, anew=anew)


def _asked(wanted: Wanted, form: str) -> dict[str, Any]:
    return {
        "format": form,
        "tenant": str(wanted.tenant_id),
        "people": wanted.most.value,
        "course": wanted.course_id and str(wanted.course_id),
        "since": wanted.since and wanted.since.isoformat(),
        "until": wanted.until and wanted.until.isoformat(),
        **({} if wanted.as_of is None else {SCOPES: wanted.as_of}),
    }


def _tenant(session: Session, name: str) -> UUID:
    found = session.scalar(select(Tenant.id).where(Tenant.name == name))
    if found is None:
        raise click.ClickException(f"no institution is called {name!r}")
    return found


def _check(session: Session, wanted: Wanted) -> None:
    """Whoever asks for accounts where the institution gives out less is told so, and not handed pseudonyms."""
    home_page = None
    if wanted.course_id is not None:
        home_page = session.scalar(
            select(Course.home_page).where(
                Course.tenant_id == wanted.tenant_id, Course.id == wanted.course_id
            )
        )
        if home_page is None:
            raise click.ClickException(f"the institution has no course {str(wanted.course_id)!r}")
    rule = general_rule(session, wanted.tenant_id, home_page, wanted.course_id)
    if wanted.most in KNOWN and rule.scope not in KNOWN:
        raise click.ClickException(
            f"the institution's scope is {rule.scope.value}: no accounts leave; export with --people pseudonymous"
        )


def _utc(given: datetime) -> datetime:
    return given.replace(tzinfo=UTC)


@contextmanager
def _progress() -> Iterator[Told]:
    """How far it is, on standard error where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("Events"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def told(done: int, of: int) -> None:
            progress.update(task, completed=done, total=of)

        yield told
