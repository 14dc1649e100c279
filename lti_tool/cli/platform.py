"""`alongside platform`: the LMSs that may launch the tool."""

from typing import Any
from uuid import UUID

import click
from sqlalchemy.orm import Session

from lti_tool.cli.frames import checked_origin, frame, let_frame
from lti_tool.cli.invites import invite, invites_
from lti_tool.cli.parts import command_parts, json_option, print_json, print_table
from lti_tool.lti import frames, notice_handlers, registrations
from lti_tool.lti.models import NoticeService
from lti_tool.lti.platforms import family_of
from lti_tool.lti.queries import Registered, registered
from lti_tool.lti.registrations import Registration, RegistrationRefused
from social_layer.people.actions import DEFAULT_TENANT


@click.group()
def platform() -> None:
    """The LMSs that may launch the tool."""


platform.add_command(frame)
platform.add_command(invite)
platform.add_command(invites_)


@platform.command()
@click.option("--issuer", required=True, help="Who the LMS says it is, such as https://moodle.example.edu.")
@click.option("--client-id", required=True, help="The id that the LMS gave this tool.")
@click.option(
    "--deployment-id",
    "deployment_ids",
    multiple=True,
    help="A deployment of the tool in the LMS; again for more. Without any, the first valid launch fixes it.",
)
@click.option("--auth-login-url", required=True, help="The LMS's authentication request URL.")
@click.option("--auth-token-url", required=True, help="The LMS's access token URL.")
@click.option("--jwks-url", required=True, help="The LMS's public keyset URL.")
@click.option("--name", help="What to call it here.  [default: the issuer's host]")
@click.option("--audience", help="Whom our own tokens are for, where that is not the access token URL.")
@click.option(
    "--replaces",
    metavar="CLIENT_ID",
    help="The same LMS's registration before this one; its panels go on. With the same id: the LMS has moved.",
)
@click.option(
    "--frame", "frame_origins", multiple=True, help="Another address of the LMS whose pages hold panels."
)
@click.option(
    "--tenant", default=DEFAULT_TENANT, show_default=True, help="The institution; made when it is new."
)
@json_option
def add(tenant: str, frame_origins: tuple[str, ...], as_json: bool, **told: Any) -> None:
    """Register an LMS, or bring its registration up to date.

    Safe to run again: what is there is kept, and new deployments are added.
    """
    given = command_parts()
    origins = [checked_origin(address) for address in frame_origins]
    try:
        with given.database.write() as session:
            made, is_new = registrations.register(
                session, given.clock, given.settings, tenant, Registration(**told)
            )
            for origin in origins:
                let_frame(session, given.clock, made.tenant_id, origin)
            entry = _find(session, str(made.id))
    except RegistrationRefused as refused:
        raise click.ClickException(str(refused)) from None
    if as_json:
        print_json(_as_data(entry))
        return
    click.echo(
        f"{'Registered' if is_new else 'Brought up to date'}: {made.name} ({made.issuer}, {made.client_id})"
    )
    _tell_deployments(entry)


@platform.command("list")
@click.option("--tenant", help="Only this institution's.")
@json_option
def list_(tenant: str | None, as_json: bool) -> None:
    """All registered LMSs."""
    with command_parts().database.read() as session:
        entries = registered(session, tenant)
    if as_json:
        print_json([_as_data(entry) for entry in entries])
        return
    print_table(
        ("Name", "Tenant", "Issuer", "Client id", "Deployments"),
        [
            (
                entry.platform.name,
                entry.tenant,
                entry.platform.issuer,
                entry.platform.client_id,
                ", ".join(one.lti_deployment_id for one in entry.deployments) or "the first launch's",
            )
            for entry in entries
        ],
        empty="No LMS is registered yet. Register one with: alongside platform add --help",
    )


@platform.command()
@click.argument("reference")
@json_option
def show(reference: str, as_json: bool) -> None:
    """Everything about one LMS. REFERENCE: its name, client id or id."""
    with command_parts().database.read() as session:
        entry = _find(session, reference)
        origins = _origins(session, entry)
        notices = notice_handlers.services_of(
            session, entry.platform.tenant_id, [one.id for one in entry.deployments]
        )
    if as_json:
        print_json(_as_data(entry, notices) | {"frame_ancestors": origins})
        return
    found = entry.platform
    for label, value in (
        ("Name", found.name),
        ("Id", found.id),
        ("Tenant", entry.tenant),
        ("Kind", found.family or "not known before its first launch"),
        ("Issuer", found.issuer),
        ("Client id", found.client_id),
        ("Login URL", found.auth_login_url),
        ("Token URL", found.auth_token_url),
        ("Keys URL", found.jwks_url),
        ("Audience", found.audience or "the token URL"),
        ("Registered", f"{found.created_at:%Y-%m-%d %H:%M} UTC"),
        ("Frames", ", ".join(origins)),
    ):
        click.echo(f"{label + ':':<13}{value}")
    _tell_deployments(entry)
    for one in entry.deployments:
        click.echo(f"Notices:     {one.lti_deployment_id}: {_told_of_notices(notices.get(one.id))}")
    for line in family_of(found.family).advice:
        click.echo(f"Note: {line}")


@platform.command()
@click.argument("reference")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def remove(reference: str, yes: bool, as_json: bool) -> None:
    """End an LMS's launches. REFERENCE: its name, client id or id.

    Panels that are open end within four hours. Courses, people and panels stay, and are there again when it is
    registered again.
    """
    given = command_parts()
    with given.database.read() as session:
        found = _find(session, reference).platform
    if not yes:
        click.confirm(
            f"Nobody will be able to open panels from {found.name} ({found.issuer}). Go on?",
            abort=True,
            err=as_json,
        )
    with given.database.write() as session:
        registrations.remove(session, given.clock, _find(session, str(found.id)).platform)
    if as_json:
        print_json({"removed": found.name, "id": found.id, "client_id": found.client_id})
        return
    click.echo(f"Removed: {found.name}. Courses and panels are kept; registering it again brings them back.")


def _find(session: Session, reference: str) -> Registered:
    entries = registered(session)
    for attribute in ("id", "client_id", "name", "issuer"):
        found = [entry for entry in entries if str(getattr(entry.platform, attribute)) == reference]
        if len(found) == 1:
            return found[0]
        if found:
            raise click.ClickException(
                f"{reference!r} names {len(found)} LMSs; use the id of `platform list --json`"
            )
    raise click.ClickException(f"no LMS is registered as {reference!r}; see: alongside platform list")


def _origins(session: Session, entry: Registered) -> list[str]:
    return frames.frame_ancestors(session, entry.platform.tenant_id)


def _tell_deployments(entry: Registered) -> None:
    if entry.platform.deployments_open:
        click.echo("Deployment:  none yet; the first valid launch fixes it")
    for one in entry.deployments:
        how = "fixed by its first launch" if one.learned else "named at the registration"
        used = (
            f"first launch {one.first_launch_at:%Y-%m-%d %H:%M} UTC"
            if one.first_launch_at
            else "not launched yet"
        )
        click.echo(f"Deployment:  {one.lti_deployment_id} ({how}; {used})")


def _told_of_notices(service: NoticeService | None) -> str:
    """Whether the LMS will tell when a course was copied."""
    state = notice_handlers.state_of(service)
    if service is None or state is notice_handlers.Notices.not_offered:
        return "the LMS offers none (no launch has named the service)"
    if state is notice_handlers.Notices.not_allowed:
        return "off: the LMS's launches do not allow this tool to ask for them"
    if state is notice_handlers.Notices.on:
        return f"on, to {service.handler}"
    if state is notice_handlers.Notices.waiting:
        return "the worker will ask for them at its next turn"
    answer = f"{service.status or ''} {service.said or ''}".strip()
    return f"not yet: the LMS answered {answer!r}; tried again {service.due_at:%Y-%m-%d %H:%M} UTC"


def _as_data(entry: Registered, notices: dict[UUID, NoticeService] | None = None) -> dict[str, Any]:
    """``notices``: by deployment, where they are to be told."""
    found = entry.platform
    return {
        "id": found.id,
        "name": found.name,
        "tenant": entry.tenant,
        "family": found.family,
        "issuer": found.issuer,
        "client_id": found.client_id,
        "auth_login_url": found.auth_login_url,
        "auth_token_url": found.auth_token_url,
        "jwks_url": found.jwks_url,
        "audience": found.audience,
        "deployments_open": found.deployments_open,
        "deployments": [
            {
                "deployment_id": one.lti_deployment_id,
                "learned": one.learned,
                "first_launch_at": one.first_launch_at,
                **({} if notices is None else {"notices": notice_handlers.state_of(notices.get(one.id))}),
            }
            for one in entry.deployments
        ],
        "created_at": found.created_at,
    }
