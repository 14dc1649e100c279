"""What every report from an LRS alone needs: who may read where, how far it is, and files that are whole."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, TypeVar, cast

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from lti_tool.cli.lrs_access import Access, access_options
from xapi.reports.reading import MOST_BYTES, Reader
from xapi.stores import StoreRefused, checked_endpoint, checked_token_url
from xapi.transport import HttpTransport

TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
Command = TypeVar("Command", bound=Callable[..., object])


def lrs_options(command: Command) -> Command:
    """Which LRS, and how one signs in there."""
    address = click.option(
        "--lrs",
        "endpoint",
        required=True,
        help="Its address, without /statements: https://lrs.example.org/xAPI",
    )
    return cast(Command, address(access_options(command)))


def out_option(command: Command) -> Command:
    """Where the report goes. That it cannot go there is said before all is read, and not after."""
    return click.option(
        "--out",
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_checked,
        help="Write to this file.",
    )(command)


def cache_option(command: Command) -> Command:
    return click.option(
        "--cache",
        type=click.Path(file_okay=False, path_type=Path),
        help="Keep what was read in this folder, so that the next run reads only what is new.",
    )(command)


def _checked(context: click.Context, parameter: click.Parameter, out: Path | None) -> Path | None:
    if out is not None and (why := _unfit(out)):
        raise click.ClickException(f"{out} cannot be written: {why}")
    return out


def _unfit(out: Path) -> str:
    folder = out.resolve().parent
    if not folder.is_dir():
        return "its folder is not there"
    if not os.access(folder, os.W_OK | os.X_OK):
        return "you may not write into its folder"
    # What is written takes the place of what was there: of a device it must not.
    return "it is no file" if out.exists() and not out.is_file() else ""


@contextmanager
def reader_of(endpoint: str, access: Access) -> Iterator[Reader]:
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
        yield Reader(transport)
    finally:
        transport.close()


def utc(given: datetime | None) -> datetime | None:
    return None if given is None else given.replace(tzinfo=UTC)


Told = Callable[[int, int, int], None]
Waiting = Callable[[float, str], None]


@contextmanager
def progress() -> Iterator[tuple[Told, Waiting]]:
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
def written(out: Path | None) -> Iterator[TextIO]:
    """Standard output, or the file: there whole or not at all."""
    if out is None:
        try:
            yield sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:  # Whoever reads it has enough: click ends without a word.
            raise
        except OSError as error:
            if error.filename is not None:  # a file that was read for it
                raise
            raise click.ClickException(f"standard output cannot be written: {error.strerror}") from None
        return
    with written_at(out) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def written_at(out: Path) -> Iterator[Path]:
    """Where to write what becomes the file once it is whole. It tells of people: a new one is its owner's alone."""
    # Of a link what it leads to.
    place = out.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        os.close(handle)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
    draft = Path(name)
    try:
        yield draft
        if place.exists():
            draft.chmod(place.stat().st_mode & 0o777)
        draft.replace(place)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)
