"""What an LRS holds, pulled into a folder and opened: a temporary folder, or one that a second run goes on from."""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

from lti_tool.cli.lrs_access import Access
from lti_tool.cli.report.reading import progress, reader_of
from social_layer.clock import system_clock
from xapi.gathering.gatherer import gather
from xapi.gathering.manifest import FolderBusy, FolderWrong
from xapi.gathering.mending import Unreadable
from xapi.gathering.store import Gathered, TooMuch
from xapi.reports.names import told_title
from xapi.reports.reading import ReadingFailed

_OF = "read-from"


@contextmanager
def pulled(
    endpoint: str,
    access: Access,
    cache: Path | None,
    *,
    aliases: Mapping[str, str] | None = None,
    courses: Mapping[str, str] | None = None,
) -> Iterator[Gathered]:
    """All that the LRS shows to this user, to be asked. ``cache``: only what is new is read into it.

    ``aliases``, ``courses``: what ties formal results to people and courses, as :class:`Gathered` takes them.
    """
    try:
        with reader_of(endpoint, access) as reader:
            place = nullcontext(cache) if cache else tempfile.TemporaryDirectory(prefix="alongside-report-")
            with place as folder:
                path = Path(str(folder))
                _check(path, endpoint, access.username)
                with progress() as (told, waiting):
                    reader.waiting = waiting
                    done = gather(reader, path, system_clock, told=lambda read: told(0, 1, read))
                click.echo(f"{done.read} statements read, {done.new} of them new.", err=True)
                for remark in done.remarks:
                    click.echo(f"The LRS: {remark}.", err=True)
                with Gathered([path], aliases, courses, names={path: endpoint}) as found:
                    yield found
    except ReadingFailed as failed:
        raise click.ClickException(str(failed)) from None
    except TooMuch as error:
        raise click.ClickException(f"the report needs more memory than it may take: {error}") from None
    except BrokenPipeError:  # Of standard output: nothing is wrong with the folder.
        raise
    except RuntimeError as error:
        # So DuckDB says that somebody pressed Ctrl-C while it was at work.
        if str(error) != "Query interrupted":
            raise
        raise click.Abort from None
    except (FolderBusy, FolderWrong, Unreadable, OSError) as error:
        raise click.ClickException(f"the folder {cache or tempfile.gettempdir()}: {error}") from None


def title_of(endpoint: str, access: Access, course: str) -> str | None:
    """What the LRS calls a course; a report is no worse for want of it."""
    try:
        with reader_of(endpoint, access) as reader:
            # Nobody waits for it: the report is there.
            reader.tries = 1
            return told_title(reader, course)
    except ReadingFailed:
        return None


def _check(folder: Path, endpoint: str, username: str) -> None:
    """A folder holds what one user may read in one LRS, and stays so."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    of = hashlib.sha256(f"{endpoint.rstrip('/')}\n{username}".encode()).hexdigest()
    note = folder / _OF
    if note.exists():
        if note.read_text("utf-8", "replace").strip() != of:
            raise click.ClickException(
                f"{folder} holds what was read from another LRS, or by another user; give another folder"
            )
    elif any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty; give a folder of its own")
    else:
        note.write_text(f"{of}\n", "utf-8")
