"""`alongside bridge`: how far the statements have come, and sending again what was left out."""

from dataclasses import asdict
from datetime import UTC, datetime

import click

from lti_tool.cli.audit import audit
from lti_tool.cli.parked import parked, retry
from lti_tool.cli.parts import command_parts, json_option, print_json, print_table
from lti_tool.cli.progress import counting
from xapi.dispatch import replay as replay_to
from xapi.parked import retry as retry_parked
from xapi.status import LrsStatus, bridge_status
from xapi.stores import StoreRefused, find_lrs


@click.group()
def bridge() -> None:
    """How far the statements have come."""


for command in (audit, parked, retry):
    bridge.add_command(command)


@bridge.command()
@click.option(
    "--withheld",
    "with_withheld",
    is_flag=True,
    help="Count, too, what may not leave; that goes through all deliveries and takes its time with millions.",
)
@json_option
def status(with_withheld: bool, as_json: bool) -> None:
    """Show for each LRS what is pending, delivered and parked, and the age of the oldest that is pending.

    Delivered: how often it took a statement since it was connected.
    """
    given = command_parts()
    now = given.clock()
    with given.database.read() as session:
        found = bridge_status(session, with_withheld=with_withheld)
    if as_json:
        print_json(
            {
                "undispatched": found.undispatched,
                "oldest_undispatched_seconds": _seconds(found.undispatched_since, now),
                "lrs": [
                    {
                        **{
                            key: value
                            for key, value in asdict(one).items()
                            if key != "oldest_at" and (with_withheld or key != "withheld")
                        },
                        "oldest_pending_seconds": _seconds(one.oldest_at, now),
                    }
                    for one in found.lrss
                ],
            }
        )
        return
    withheld = ("withheld",) if with_withheld else ()
    print_table(
        ("tenant", "LRS", "pending", "delivered", "parked", *withheld, "oldest", "state"),
        [
            [
                one.tenant,
                one.name,
                one.pending,
                one.delivered,
                one.parked,
                *([one.withheld] if with_withheld else []),
                _age(one.oldest_at, now),
                _state(one, now),
            ]
            for one in found.lrss
        ],
        empty="No LRS is connected. See: alongside lrs add --help",
    )
    if found.undispatched:
        age = _age(found.undispatched_since, now)
        click.echo(f"{found.undispatched} events wait for a worker, the oldest for {age}. Is one running?")
    for one in found.lrss:
        for refused in one.refused:
            click.echo(f"{one.name} refused statement {refused.statement_id}: {refused.answer}")


@bridge.command()
@click.option("--lrs", "name", required=True, help="The LRS to send to.")
@click.option("--tenant", help="Its institution, where several have an LRS of this name.")
@click.option(
    "--since", type=click.DateTime(), help="Only what happened from then on (UTC).  [default: everything]"
)
@click.option("--parked", "only_parked", is_flag=True, help="Only what the LRS refused before.")
@json_option
def replay(name: str, tenant: str | None, since: datetime | None, only_parked: bool, as_json: bool) -> None:
    """Send what an LRS has not got: what happened before it was connected, and what it refused.

    What was delivered is not sent again.
    """
    given = command_parts()
    start = (since or datetime(1970, 1, 1)).replace(tzinfo=UTC)  # noqa: DTZ001
    try:
        with given.database.read() as session:
            lrs = find_lrs(session, tenant, name)
    except StoreRefused as refused:
        raise click.ClickException(str(refused)) from None
    with given.database.write() as session:
        again = retry_parked(session, given.clock(), lrs.tenant_id, lrs.id, since=start)
    made = 0
    if not only_parked:
        with counting("Events looked at") as told:
            made = replay_to(given.database, lrs.tenant_id, lrs.id, start, told=told)
    if as_json:
        print_json({"lrs": name, "new": made, "unparked": again})
    else:
        click.echo(f"{made} events and {again} refused statements are on their way to {name}.")


def _state(one: LrsStatus, now: datetime) -> str:
    if one.resting_until is not None and one.resting_until > now:
        return f"resting {_age(now, one.resting_until)}: {one.trouble}"
    return f"{one.state}: {one.trouble}" if one.trouble else one.state


def _seconds(then: datetime | None, now: datetime) -> float | None:
    return None if then is None else round((now - then).total_seconds(), 1)


def _age(then: datetime | None, now: datetime) -> str | None:
    seconds = _seconds(then, now)
    if seconds is None:
        return None
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
