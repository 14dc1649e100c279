"""`alongside operator`: who may sign in to the console at /admin."""

import sys
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.cli.parts import command_parts, json_option, print_json, print_table
from lti_tool.console import operators as them
from lti_tool.console.models import Operator
from social_layer.people.models import Tenant

password_option = click.option(
    "--password",
    "source",
    type=click.Choice(["-"]),
    help="- reads it from standard input. Without, you are asked for it.",
)


@click.group()
def operator() -> None:
    """Who may sign in to the console at /admin."""


@operator.command()
@click.argument("name")
@click.option("--tenant", help="Let them see this institution only.  [default: the whole installation]")
@password_option
@json_option
def add(name: str, tenant: str | None, source: str | None, as_json: bool) -> None:
    """Make an operator, who can then sign in with NAME and the password."""
    given = command_parts()
    password = _read_password(source)
    try:
        with given.database.write() as session:
            made = them.add_operator(session, given.clock, name, password, _tenant_id(session, tenant))
    except them.OperatorRefused as refused:
        raise click.ClickException(str(refused)) from None
    address = f"{given.settings.public_url}/admin"
    if as_json:
        print_json({"name": made.name, "tenant": tenant, "url": address})
    else:
        click.echo(f"{made.name} can sign in at {address}")


@operator.command("list")
@json_option
def list_(as_json: bool) -> None:
    """All operators."""
    with command_parts().database.read() as session:
        found = them.operators(session)
    if as_json:
        print_json(
            [
                {
                    "name": one.name,
                    "tenant": tenant,
                    "created_at": one.created_at,
                    "signed_in_at": one.signed_in_at,
                }
                for one, tenant in found
            ]
        )
        return
    print_table(
        ("Name", "Sees", "Made", "Signed in last"),
        [
            (
                one.name,
                tenant or "the whole installation",
                f"{one.created_at:%Y-%m-%d %H:%M} UTC",
                f"{one.signed_in_at:%Y-%m-%d %H:%M} UTC" if one.signed_in_at else None,
            )
            for one, tenant in found
        ],
        empty="No operator yet. Make one with: alongside operator add NAME",
    )


@operator.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """End an operator's sign-ins at once."""
    given = command_parts()
    with given.database.read() as session:
        found = _find(session, name)
    if not yes:
        click.confirm(f"{found.name} will not be able to sign in any more. Go on?", abort=True)
    with given.database.write() as session:
        them.remove_operator(session, _find(session, name))
    click.echo(f"Removed: {found.name}.")


@operator.command()
@click.argument("name")
@password_option
def password(name: str, source: str | None) -> None:
    """Give an operator a new password. Every sign-in of theirs ends."""
    given = command_parts()
    with given.database.read() as session:
        found = _find(session, name)
    wanted = _read_password(source)
    try:
        with given.database.write() as session:
            them.change_password(session, _find(session, name), wanted)
    except them.OperatorRefused as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"{found.name} has a new password; every sign-in has ended.")


def _find(session: Session, name: str) -> Operator:
    found = them.find_operator(session, name)
    if found is None:
        raise click.ClickException(f"there is no operator {name!r}; see: alongside operator list")
    return found


def _tenant_id(session: Session, tenant: str | None) -> UUID | None:
    if tenant is None:
        return None
    found = session.scalar(select(Tenant.id).where(Tenant.name == tenant))
    if found is None:
        raise click.ClickException(f"there is no institution {tenant!r}; see: alongside platform list")
    return found


def _read_password(source: str | None) -> str:
    """Never from the arguments: those stand in the list of processes and in the shell's history."""
    if source == "-":
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked
