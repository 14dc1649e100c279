"""`alongside keys`: the keys that the tool signs with."""

from datetime import datetime, timedelta

import click

from lti_tool.cli.parts import command_parts, json_option, print_json, print_table
from lti_tool.lti import keys as tool_keys
from lti_tool.lti.models import ToolKey
from xapi.scopes.pseudonyms import reseal


@click.group()
def keys() -> None:
    """The keys that the tool signs with."""


@keys.command("list")
@json_option
def list_(as_json: bool) -> None:
    """The published keys, the signing one first."""
    given = command_parts()
    with given.database.read() as session:
        entries = tool_keys.published_rows(session, given.clock())
    if as_json:
        print_json(
            [
                {
                    "kid": entry.kid,
                    "signs": n == 0,
                    "created_at": entry.created_at,
                    "begins_at": entry.begins_at,
                    "retires_at": entry.retires_at,
                }
                for n, entry in enumerate(entries)
            ]
        )
        return
    print_table(
        ("Key id", "Made", "State"),
        [
            (
                entry.kid,
                f"{entry.created_at:%Y-%m-%d %H:%M} UTC",
                _state(n, entry, given.clock()),
            )
            for n, entry in enumerate(entries)
        ],
        empty="No key yet; the first start of `alongside serve` makes one.",
    )


def _state(number: int, entry: ToolKey, now: datetime) -> str:
    if entry.begins_at > now:
        return f"signs from {entry.begins_at:%Y-%m-%d %H:%M} UTC"
    until = f"published until {entry.retires_at:%Y-%m-%d %H:%M} UTC" if entry.retires_at else ""
    return ", ".join(filter(None, ["signs" if number == 0 else "", until]))


@keys.command()
@click.option(
    "--overlap-days",
    default=tool_keys.OVERLAP.days,
    show_default=True,
    type=click.IntRange(0, 365),
    help="How long the keys before stay published, for platforms that keep what they fetched.",
)
@json_option
def rotate(overlap_days: int, as_json: bool) -> None:
    """Make a new key. It signs from now on; the ones before stay published for a while.

    The keys of pseudonyms stay, and are sealed with the newest secret.
    """
    given = command_parts()
    with given.database.write() as session:
        made = tool_keys.rotate(session, given.clock, given.sealer, timedelta(days=overlap_days))
        sealed, lost = reseal(session, given.sealer)
    if as_json:
        print_json(
            {
                "kid": made.kid,
                "created_at": made.created_at,
                "pseudonym_keys": {"sealed": sealed, "replaced": lost},
            }
        )
    else:
        click.echo(f"{made.kid} signs from now on; the keys before stay published for {overlap_days} days.")
        if lost:
            click.echo(f"{lost} keys of pseudonyms could not be opened: those pseudonyms begin anew.")
