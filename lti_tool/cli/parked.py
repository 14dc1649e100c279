"""`alongside bridge parked` and `retry`: what LRSs refused for good, and sending it again once that is mended."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from lti_tool.cli.parts import command_parts, json_option, print_json
from xapi.models import Lrs
from xapi.parked import NEXT_STEPS, lrss_that_refused, parked_page
from xapi.parked import retry as retry_parked
from xapi.stores import StoreRefused, find_lrs, list_lrss

_AT_ONCE = 200
lrs_option = click.option("--lrs", "name", help="Of this LRS only.")
tenant_option = click.option("--tenant", help="Its institution, where several have an LRS of this name.")


@click.command()
@lrs_option
@tenant_option
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="So many of each LRS.")
@json_option
def parked(name: str | None, tenant: str | None, limit: int, as_json: bool) -> None:
    """List the statements that LRSs refused, each with the LRS's own answer and what to do."""
    told = [row for owner, lrs in _lrss(name, tenant) for row in _of(owner, lrs, limit)]
    if as_json:
        print_json(told)
        return
    if not told:
        click.echo("Nothing is parked.")
    for row in told:
        click.echo(f"{row['lrs']}  {row['statement']}  {row['type']}  {row['at']:%Y-%m-%d %H:%M} UTC")
        click.echo(f"    answer: {row['answer']}")
        click.echo(f"    next:   {row['next']}")
    if told:
        click.echo("Retry with: alongside bridge retry ID …, or alongside bridge retry --all --lrs NAME")


@click.command()
@click.argument("statements", nargs=-1, type=click.UUID, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All that is parked at the LRS of --lrs.")
@lrs_option
@tenant_option
@json_option
def retry(
    statements: tuple[UUID, ...], everything: bool, name: str | None, tenant: str | None, as_json: bool
) -> None:
    """Send again what LRSs refused, once the cause is mended: statements by their ID, or all of one LRS.

    They are built anew, so that a fix on this side counts too. IDs are those that `bridge parked` shows.
    """
    if everything == bool(statements) or (everything and name is None):
        raise click.UsageError("Give the IDs of statements, or --all with --lrs.")
    given = command_parts()
    again = 0
    if everything:
        [(_, lrs)] = _lrss(name, tenant)
        with given.database.write() as session:
            again = retry_parked(session, given.clock(), lrs.tenant_id, lrs.id)
    else:
        wanted = {(lrs.tenant_id, lrs.id) for _, lrs in _lrss(name, tenant)}
        with given.database.write() as session:
            found = lrss_that_refused(session, statements)
            if strange := [str(one) for one in statements if not wanted.intersection(found.get(one, ()))]:
                raise click.ClickException(f"not parked: {', '.join(strange)}; see: alongside bridge parked")
            for key in wanted:
                these = [one for one in statements if key in found[one]]
                again += retry_parked(session, given.clock(), *key, statements=these)
    if as_json:
        print_json({"unparked": again})
    else:
        click.echo(f"{again} {'statement is' if again == 1 else 'statements are'} on the way again.")


def _of(owner: str, lrs: Lrs, limit: int) -> Iterator[dict[str, Any]]:
    after: tuple[datetime, UUID] | None = None
    while limit > 0:
        asked = min(limit, _AT_ONCE)
        with command_parts().database.read() as session:
            page = parked_page(session, lrs.tenant_id, lrs.id, limit=asked, after=after)
        for one in page:
            yield {
                "tenant": owner,
                "lrs": lrs.name,
                "statement": str(one.statement_id),
                "event": str(one.event_id),
                "type": one.type,
                "at": one.at,
                "attempts": one.attempts,
                "answer": one.answer,
                "next": NEXT_STEPS[one.why],
            }
        if len(page) < asked:
            return
        limit -= asked
        after = (page[-1].due_at, page[-1].id)


def _lrss(name: str | None, tenant: str | None) -> list[tuple[str, Lrs]]:
    """(institution, LRS): the one of this name, or all."""
    with command_parts().database.read() as session:
        if name is None:
            return list_lrss(session, tenant)
        try:
            one = find_lrs(session, tenant, name)
        except StoreRefused as refused:
            raise click.ClickException(str(refused)) from None
        return [(owner, lrs) for owner, lrs in list_lrss(session) if lrs.id == one.id]
