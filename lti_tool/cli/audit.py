"""`alongside bridge audit`: proves that an LRS holds what is due there."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lti_tool.bridging import bridge_of, builder_of, guard_of
from lti_tool.cli.parts import command_parts, json_option, print_json, print_table
from social_layer.sealing import SealBroken
from xapi.audit.auditing import Audit, Told
from xapi.audit.ledger import Counts, Kind, Ledger
from xapi.models import Lrs
from xapi.reports.reading import Reader, ReadingFailed
from xapi.stores import StoreRefused, find_lrs, open_transport

# So many statements are asked for at once, and of each kind so many are shown.
PAGE = 250
SHOWN = 20
LISTED = 10_000
_DOING = {"expected": "What is due", "read": "Reading", "missing": "Looking for missing ones"}
_SAYS = {
    Kind.missing: "due, and not there",
    Kind.differing: "there, with another content",
    Kind.twice: "there more than once",
    Kind.voided: "there, and voided",
    Kind.unvoided: "taken back, and what voids it is not there",
    Kind.readable: "voided, and shown all the same: tell the LRS's operator",
    Kind.unexpected: "there under our profile, and none of ours",
}


@click.command()
@click.option("--lrs", "name", help="The LRS to read back, where there are several.")
@click.option("--tenant", help="Its institution, where several have an LRS of this name.")
@click.option("--repair", "to_repair", is_flag=True, help="Send what is missing.")
@json_option
def audit(name: str | None, tenant: str | None, to_repair: bool, as_json: bool) -> None:
    """Read an LRS back, and prove that each event due there is there exactly once, as it was sent.

    Each statement is compared by the digest of its bytes, or by the standard's rules for the same statement. Ends with
    1 when something is missing, differs, is there twice or was not expected, or when what was taken back can be read.
    """
    given = command_parts()
    try:
        with given.database.read() as session:
            lrs = find_lrs(session, tenant, name)
    except StoreRefused as refused:
        raise click.ClickException(str(refused)) from None
    try:
        with Ledger() as ledger:
            before, sent = _audit(lrs, ledger, to_repair)
            right = before.is_right
            if sent is not None:
                with Ledger() as again:
                    after, _ = _audit(lrs, again, to_repair=False)
                right = after.is_right
            _show(lrs.name, ledger, before, sent, as_json, right)
    except (ReadingFailed, SealBroken) as failed:
        raise click.ClickException(f"{lrs.name}: {failed}") from None
    except sqlite3.Error as error:
        raise click.ClickException(
            f"what was read cannot be kept in {tempfile.gettempdir()}: {error}"
        ) from None
    if not right:
        raise click.exceptions.Exit(1)


def _audit(lrs: Lrs, ledger: Ledger, to_repair: bool) -> tuple[Counts, int | None]:
    """What was found, and how many of the missing were sent; None where nothing was to be repaired."""
    given = command_parts()
    transport = open_transport(given.sealer, lrs, guard_of(given.settings))
    try:
        with _progress() as told:
            auditing = Audit(given.database, given.clock, builder_of(given), lrs, told)
            auditing.run(Reader(transport, page=PAGE), ledger)
    finally:
        transport.close()
    counts = ledger.counts()
    if not (to_repair and (counts.missing or counts.unvoided)):
        return counts, None
    due_again = auditing.repair(ledger)
    bridge = bridge_of(given)
    try:
        bridge.deliver((lrs.tenant_id, lrs.id))
    finally:
        bridge.close()
    return counts, due_again


def _show(name: str, ledger: Ledger, counts: Counts, sent: int | None, as_json: bool, right: bool) -> None:
    if as_json:
        listed = {
            kind.value: [
                {"statement": str(one.statement_id), "event": one.event_id and str(one.event_id)}
                for one in islice(ledger.findings(kind), LISTED)
            ]
            for kind in Kind
        }
        print_json({"lrs": name, "ok": right, "repaired": sent, "counts": asdict(counts), **listed})
        return
    there = counts.same + counts.equal
    click.echo(
        f"{there} of {counts.due} due statements are in {name} as they were sent: {counts.same} by the digest of their "
        f"bytes, {counts.equal} by content. {counts.waiting} wait to be sent, {counts.parked} are parked."
    )
    rows = [
        (_SAYS[kind], one.statement_id, one.event_id)
        for kind in Kind
        for one in islice(ledger.findings(kind), SHOWN)
    ]
    if rows:
        print_table(("found", "statement", "event"), rows)
    for kind in Kind:
        if (more := getattr(counts, kind.value) - SHOWN) > 0:
            click.echo(f"and {more} more: {_SAYS[kind]} (--json lists them)")
    if sent is not None:
        click.echo(f"{sent} were sent again. " + ("All is there now." if right else "Not all is right yet."))


@contextmanager
def _progress() -> Iterator[Told]:
    """How far it is, on standard error where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def told(doing: str, done: int, of: int) -> None:
            progress.update(task, description=_DOING[doing], completed=done, total=of or None)

        yield told
