"""`alongside records`: LRSs read back, and what ties the formal records in them to people and courses."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.bridging import base_of
from lti_tool.cli.parts import command_parts, json_option, print_json, print_table
from lti_tool.logs import configure_logs
from lti_tool.records import importing, joining
from lti_tool.records.gathering import GatheringFailed, gather_due, gather_one
from lti_tool.records.importing import FileWrong, Preview, Verdict
from lti_tool.records.joining import MappingRefused
from lti_tool.records.status import readings
from social_layer.people.actions import DEFAULT_TENANT
from social_layer.people.models import Tenant
from xapi.stores import StoreRefused, find_lrs, list_lrss

tenant_option = click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="The institution.")
SHOWN = 20
_SAYS = {
    Verdict.unknown: "nobody here has this account",
    Verdict.wrong: "no identifier: use a mail address, its SHA-1, or homePage|name",
    Verdict.conflict: "somebody else is known by it already, here or in another line",
    Verdict.ours: "an account of this tool's own: aliases and pseudonyms are never joined to people",
}


@click.group()
def records() -> None:
    """Formal records in the LRSs: read back, and tied to people and courses."""


@records.command()
@click.option("--lrs", "name", help="Only this LRS.")
@click.option("--tenant", help="Its institution, where several have an LRS of this name.")
@click.option(
    "--due", "only_due", is_flag=True, help="Only what is due, with lines for the log: so the worker does."
)
@json_option
def gather(name: str | None, tenant: str | None, only_due: bool, as_json: bool) -> None:
    """Read back now what is new in the LRSs, as the worker does on its schedule."""
    given = command_parts()
    if only_due:
        if name or tenant or as_json:
            raise click.UsageError("--due goes alone.")
        configure_logs(given.settings)
        gather_due(given)
        return
    try:
        with given.database.read() as session:
            found = (
                [find_lrs(session, tenant, name)] if name else [one for _, one in list_lrss(session, tenant)]
            )
    except StoreRefused as refused:
        raise click.ClickException(str(refused)) from None
    done = []
    failed = False
    for lrs in found:
        try:
            with _progress(lrs.name) as (told, waiting):
                result = gather_one(given, lrs.tenant_id, lrs.id, told=told, waiting=waiting)
        except GatheringFailed as trouble:
            failed = True
            click.echo(f"{lrs.name}: {trouble}", err=True)
            continue
        if result is None:
            failed = True
            click.echo(f"{lrs.name}: another process reads it just now", err=True)
            continue
        for remark in result.remarks:
            click.echo(f"{lrs.name}: {remark}", err=True)
        done.append({"lrs": lrs.name, "read": result.read, "new": result.new, "as_of": result.as_of})
    if as_json:
        print_json(done)
    else:
        for one in done:
            click.echo(f"{one['lrs']}: {one['read']} statements read, {one['new']} of them new.")
        if not found:
            click.echo("No LRS is connected; add one: alongside lrs add")
    if failed:
        raise click.exceptions.Exit(1)


@records.command()
@click.option("--tenant", help="Of this institution only.")
@json_option
def status(tenant: str | None, as_json: bool) -> None:
    """Show how far each LRS was read back, and what keeps one from being read."""
    given = command_parts()
    with given.database.read() as session:
        found = readings(session, tenant)
    if as_json:
        print_json(
            [
                {
                    "tenant": one.tenant,
                    "lrs": one.name,
                    "statements": one.statements,
                    "as_of": one.as_of,
                    "read_at": one.read_at,
                    "may_read": not one.is_refused,
                    "trouble": one.trouble,
                }
                for one in found
            ]
        )
        return
    print_table(
        ("tenant", "lrs", "statements", "complete until", "trouble"),
        [
            (
                one.tenant,
                one.name,
                one.statements,
                one.as_of and f"{one.as_of:%Y-%m-%d %H:%M:%S}",
                one.trouble,
            )
            for one in found
        ],
        empty="No LRS is connected.",
    )


@records.command("map")
@click.option("--activity", required=True, help="The activity's id, as it stands in statements: an IRI.")
@click.option("--course", required=True, help="The course here: its id, label or title.")
@tenant_option
def map_(activity: str, course: str, tenant: str) -> None:
    """Say that an activity of the LMS, or of its content, belongs to a course.

    It holds for what is in the activity too. Courses of Moodle and Open edX are known by their launches.
    """
    given = command_parts()
    base = base_of(given)
    try:
        with given.database.write() as session:
            tenant_id = _tenant(session, tenant)
            course_id = joining.find_course(session, tenant_id, base, course)
            joining.map_activity(session, given.clock(), tenant_id, activity, course_id)
    except MappingRefused as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"{activity} belongs to the course {course_id}.")


@records.command()
@click.option("--activity", required=True, help="The activity's id.")
@tenant_option
def unmap(activity: str, tenant: str) -> None:
    """Take such a word back."""
    given = command_parts()
    try:
        with given.database.write() as session:
            joining.unmap_activity(session, _tenant(session, tenant), activity)
    except MappingRefused as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"{activity} is mapped no more.")


@records.command()
@tenant_option
@json_option
def maps(tenant: str, as_json: bool) -> None:
    """List which activities were said to belong to which courses."""
    given = command_parts()
    with given.database.read() as session:
        found = joining.list_maps(session, _tenant(session, tenant))
    if as_json:
        print_json([{"activity": one, "course": course, "title": title} for one, course, title in found])
    else:
        print_table(
            ("activity", "course", "title"), found, empty="None; courses that launches tell are not listed."
        )


@records.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--preview", "only_preview", is_flag=True, help="Write nothing; show what would come of it.")
@click.option(
    "--without-unknown",
    is_flag=True,
    help="Leave out lines about accounts that nobody here has, and write the others.",
)
@tenant_option
@json_option
def import_(file: Path, only_preview: bool, without_unknown: bool, tenant: str, as_json: bool) -> None:
    """Import by what else people are known, from a CSV file with the columns identifier and account.

    identifier: a mail address, its SHA-1, or homePage|name, as formal records have it. account: who that is in the LMS
    that launches this tool, as homePage|name, or what it sends as sub. All of it is written, or nothing: a line about
    nobody, or that contradicts another, stops it.
    """
    given = command_parts()
    base = base_of(given)
    try:
        with given.database.read() as session:
            tenant_id = _tenant(session, tenant)
        with file.open("rb") as opened:
            text = importing.read_file(opened)
        if only_preview:
            with given.database.read() as session:
                found = importing.preview(session, tenant_id, base, io.StringIO(text, newline=""))
            is_written = False
        else:
            found, is_written = importing.bring_in(
                given.database, given.clock(), tenant_id, base, text, without_unknown=without_unknown
            )
    except FileWrong as wrong:
        raise click.ClickException(f"{file}: {wrong}") from None
    _show(found, is_written, as_json)
    if not found.may_be_written(without_unknown=without_unknown):
        raise click.exceptions.Exit(1)


def _show(found: Preview, is_written: bool, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "written": is_written,
                **{verdict.value: found.count(verdict) for verdict in Verdict},
                "problems": [
                    {"line": one.number, "identifier": one.identifier, "account": one.account}
                    | {"verdict": one.verdict}
                    for one in found.problems
                ],
            }
        )
        return
    if found.problems:
        rows = [
            (one.number, one.identifier, one.account, _SAYS[one.verdict]) for one in found.problems[:SHOWN]
        ]
        print_table(("line", "identifier", "account", "what is wrong"), rows)
        if (more := len(found.problems) - SHOWN) > 0:
            click.echo(f"and {more} more (--json lists them)")
    said = f"{found.count(Verdict.new)} new, {found.count(Verdict.known)} known already"
    if is_written:
        left_out = f"; {len(found.problems)} left out" if found.problems else ""
        click.echo(f"Imported: {said}{left_out}.")
    else:
        click.echo(f"Nothing was written: {said}, {len(found.problems)} with problems.")


def _tenant(session: Session, name: str) -> UUID:
    found = session.scalar(select(Tenant.id).where(Tenant.name == name))
    if found is None:
        raise click.ClickException(f"no institution is called {name!r}; see: alongside tenant list")
    return found


@contextmanager
def _progress(name: str) -> Iterator[tuple[Callable[[int], None], Callable[[float, str], None]]]:
    """How far the reading is, on standard error where that is a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn(f"Reading {name}"),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def told(read: int) -> None:
            progress.update(task, description=f"{read} statements")

        def waiting(seconds: float, why: str) -> None:
            progress.update(task, description=f"waiting {seconds:.0f} s: {why}")

        yield told, waiting
