"""`alongside platform invite` and `invites`: addresses by which LMSs register themselves."""

from datetime import datetime, timedelta
from typing import Any

import click

from lti_tool.cli.parts import command_parts, json_option, print_json, print_table, tenant_option
from lti_tool.lti import invites

# What `platform invites` shows of an id, and needs to find it.
_LEAST_REFERENCE = 4


@click.command()
@click.option("--name", help="What to call the LMS here.  [default: the issuer's host]")
@tenant_option
@click.option(
    "--hours",
    type=click.IntRange(1, 24 * 30),
    default=24,
    show_default=True,
    help="How long the address can be used.",
)
@click.option(
    "--replaces",
    metavar="CLIENT_ID",
    help="The same LMS's registration before this one, where its issuer does not tell.",
)
@json_option
def invite(name: str | None, tenant: str, hours: int, replaces: str | None, as_json: bool) -> None:
    """Print a one-time address by which an LMS registers itself.

    An administrator of the LMS pastes it where a tool's registration (or "tool") URL is asked for.
    """
    given = command_parts()
    with given.database.write() as session:
        secret, expires_at = invites.make_invite(
            session, given.clock, tenant, name=name, replaces=replaces, lifetime=timedelta(hours=hours)
        )
    url = invites.address_of(given.settings.public_url, secret)
    if as_json:
        print_json({"url": url, "expires_at": expires_at})
        return
    click.echo(url)
    click.echo(
        f"It registers one LMS, until {expires_at:%Y-%m-%d %H:%M} UTC. Keep it to yourself: whoever has it can.",
        err=True,
    )


@click.group("invites", invoke_without_command=True)
@json_option
@click.pass_context
def invites_(context: click.Context, as_json: bool) -> None:
    """The addresses that were given out; without a command, all of them."""
    if context.invoked_subcommand is None:
        context.invoke(invites_list, as_json=as_json)
    elif as_json:
        raise click.UsageError("--json stands behind the command: alongside platform invites list --json")


@invites_.command("list")
@json_option
def invites_list(as_json: bool) -> None:
    """All invites, the newest first. Their addresses are not kept, and cannot be shown again."""
    given = command_parts()
    now = given.clock()
    with given.database.read() as session:
        found = invites.all_invites(session)
    if as_json:
        print_json([_invite_as_data(one, now) for one in found])
        return
    print_table(
        ("Id", "For", "Tenant", "Good until", "State"),
        [
            (
                str(one.invite.id)[:8],
                one.invite.name,
                one.tenant,
                f"{one.invite.expires_at:%Y-%m-%d %H:%M} UTC",
                f"used: {one.platform}" if one.platform else one.state(now),
            )
            for one in found
        ],
        empty="No invite yet. Make one with: alongside platform invite",
    )


@invites_.command("withdraw")
@click.argument("reference")
def invites_withdraw(reference: str) -> None:
    """Take an address back before it is used. REFERENCE: the invite's id, or how it begins."""
    given = command_parts()
    with given.database.write() as session:
        found = [one for one in invites.all_invites(session) if str(one.invite.id).startswith(reference)]
        if len(found) != 1 or len(reference) < _LEAST_REFERENCE:
            raise click.ClickException(
                f"{reference!r} names {len(found) or 'no'} invite{'s' if len(found) > 1 else ''};"
                " see: alongside platform invites list"
            )
        state = found[0].state(given.clock())
        if not invites.withdraw(session, given.clock, found[0].invite):
            raise click.ClickException(f"it cannot be used any more: {state}")
    click.echo("Taken back: nobody can use that address any more.")


def _invite_as_data(one: invites.InviteRow, now: datetime) -> dict[str, Any]:
    return {
        "id": one.invite.id,
        "name": one.invite.name,
        "tenant": one.tenant,
        "replaces": one.invite.replaces,
        "created_at": one.invite.created_at,
        "expires_at": one.invite.expires_at,
        "state": one.state(now),
        "platform": one.platform,
    }
