"""`alongside report`: what an LRS says about learning together. Needs neither the tool's database nor its settings."""

import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from lti_tool.cli.lrs_access import access_of, access_options
from lti_tool.cli.parts import json_option
from xapi.reports.formats import FORMATS
from xapi.reports.network import Network
from xapi.reports.reading import MOST_BYTES, Reader, ReadingFailed
from xapi.stores import StoreRefused, checked_endpoint, checked_token_url
from xapi.transport import HttpTransport

_time = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])


@click.group()
def report() -> None:
    """What an LRS says about learning together, from the LRS alone."""


@report.command()
@click.option(
    "--lrs", "endpoint", required=True, help="Its address, without /statements: https://lrs.example.org/xAPI"
)
@access_options
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
@click.option("--since", type=_time, help="Only what happened from then on (UTC).")
@click.option("--until", type=_time, help="Only what happened before (UTC).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
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
    so. What was taken back is left out. People are written as homePage|name; an alias is a person of its own.
    """
    if as_json and form != "json":
        raise click.UsageError(f"--json and --format {form} do not go together.")
    access = access_of(**signs_in)
    try:
        transport = HttpTransport(
            checked_endpoint(endpoint),
            access.username,
            access.password,
            "1.0.3",
            token_url=access.token_url and checked_token_url(access.token_url),
            oauth_scope=access.oauth_scope,
            most_read=MOST_BYTES,
        )
    except StoreRefused as refused:
        raise click.ClickException(str(refused)) from None
    try:
        with Network() as found:
            with _progress() as (told, waiting):
                reader = Reader(transport, waiting=waiting)
                found.gather(reader, course=course, since=_utc(since), until=_utc(until), told=told)
            with _written(out) as file:
                FORMATS[form](found.edges(), file)
            _sum_up(found, out)
    except ReadingFailed as failed:
        raise click.ClickException(str(failed)) from None
    except sqlite3.Error as error:
        raise click.ClickException(
            f"what was read cannot be kept in {tempfile.gettempdir()}: {error}"
        ) from None
    finally:
        transport.close()


def _sum_up(found: Network, out: Path | None) -> None:
    where = f" are in {out}" if out else ""
    click.echo(f"{len(found)} edges{where}, from {found.statements_read} statements.", err=True)
    if missing := found.unresolved:
        click.echo(
            f"{missing} more name a statement that the LRS does not show: voided, or not there.", err=True
        )


def _utc(given: datetime | None) -> datetime | None:
    return None if given is None else given.replace(tzinfo=UTC)


Told = Callable[[int, int, int], None]
Waiting = Callable[[float, str], None]


@contextmanager
def _progress() -> Iterator[tuple[Told, Waiting]]:
    """How far the reading is, on standard error where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("Reading"), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def told(step: int, steps: int, statements: int) -> None:
            progress.update(task, completed=step, total=steps, description=f"{statements} statements")

        def waiting(seconds: float, why: str) -> None:
            progress.update(task, description=f"waiting {seconds:.0f} s: {why}")

        yield told, waiting


@contextmanager
def _written(out: Path | None) -> Iterator[TextIO]:
    """Standard output, or the file: there whole or not at all."""
    if out is None:
        yield sys.stdout
        return
    try:
        handle, draft = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.", text=True)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        Path(draft).chmod(0o666 & ~_umask())
        Path(draft).replace(out)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
    finally:
        Path(draft).unlink(missing_ok=True)


def _umask() -> int:
    """It can only be read by being set."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
