"""`alongside lrs`: the Learning Record Stores that statements go to, and the bundled one."""

import sys
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.bridging import base_of, guard_of
from lti_tool.cli.lrs_access import Access, access_of, access_options
from lti_tool.cli.parts import command_parts, json_option, password_of, print_json, print_table
from lti_tool.cli.progress import counting
from lti_tool.lti.models import Platform
from social_layer.events.models import Event
from social_layer.people.actions import DEFAULT_TENANT, find_or_make_tenant
from social_layer.people.models import Course
from xapi.addresses import AddressRefused
from xapi.connection_test import ConnectionFailed, check_version, try_connection, versions
from xapi.dispatch import replay
from xapi.models import Lrs
from xapi.platforms import limit_to, platforms_of
from xapi.stores import (
    VERSIONS,
    StoreRefused,
    checked_endpoint,
    checked_token_url,
    connect,
    disconnect,
    find_lrs,
    list_lrss,
    note_trouble,
    open_transport,
    resume,
)
from xapi.transport import HttpTransport

FIRST_OF_ALL = datetime(1970, 1, 1, tzinfo=UTC)
platform_option = click.option(
    "--platform",
    "platforms",
    multiple=True,
    help="Only what happens on this LMS, by its name or issuer; again for another one.  [default: all]",
)
tenant_option = click.option("--tenant", help="The institution, where several have an LRS of this name.")


@click.group()
def lrs() -> None:
    """The Learning Record Stores that statements go to."""


@lrs.command()
@click.option("--name", required=True, help="What you call it.")
@click.option(
    "--endpoint", required=True, help="Its address, without /statements: https://lrs.example.org/xAPI"
)
@access_options
@click.option(
    "--tenant", default=DEFAULT_TENANT, show_default=True, help="The institution whose events it gets."
)
@click.option(
    "--version", default=VERSIONS[0], show_default=True, type=click.Choice(VERSIONS), help="Of xAPI."
)
@platform_option
@click.option(
    "--own-pseudonyms",
    is_flag=True,
    help="Make pseudonyms with a key of its own: other ones than in other LRSs.",
)
@click.option("--replay", "everything", is_flag=True, help="Send also all that happened before.")
@click.option("--from", "since", type=click.DateTime(), help="Send also what happened from then on (UTC).")
@json_option
def add(
    name: str,
    endpoint: str,
    tenant: str,
    version: str,
    platforms: tuple[str, ...],
    own_pseudonyms: bool,
    everything: bool,
    since: datetime | None,
    as_json: bool,
    **signs_in: str | None,
) -> None:
    """Connect an LRS. It gets what happens from now on, unless you choose otherwise.

    The same name and address again replaces the credentials.
    """
    given = command_parts()
    access = access_of(**signs_in)
    try:
        address = checked_endpoint(endpoint)
        _check_address(address, "credentials and what people do")
        if access.token_url is not None:
            _check_address(checked_token_url(access.token_url), "a client's secret")
        _check_version(address, access, version)
        from_when = _from_when(everything, since, interactive=not (as_json or access.was_typed))
        with given.database.write() as session:
            owner = find_or_make_tenant(session, given.clock, tenant)
            added = connect(
                session,
                given.clock,
                given.sealer,
                owner.id,
                name=name,
                endpoint=endpoint,
                username=access.username,
                password=access.password,
                version=version,
                since=from_when,
                own_pseudonyms=own_pseudonyms,
                token_url=access.token_url,
                oauth_scope=access.oauth_scope,
            )
            if platforms:
                limit_to(session, added, _home_pages(session, owner.id, platforms))
            shown = _shown(tenant, added, platforms_of(session, added.id))
    except (StoreRefused, AddressRefused) as refused:
        raise click.ClickException(str(refused)) from None
    base_of(given)
    replayed = 0
    if from_when:
        with counting("Events looked at") as told:
            replayed = replay(given.database, added.tenant_id, added.id, from_when, told=told)
    if as_json:
        print_json({**shown, "replayed": replayed})
        return
    before = f", and {replayed} earlier events" if replayed else ""
    click.echo(f"{name} is connected. It gets what happens from {added.since:%Y-%m-%d %H:%M} UTC on{before}.")
    click.echo(f"Try it with: alongside lrs test {name}")


@lrs.command("list")
@tenant_option
@json_option
def show_all(tenant: str | None, as_json: bool) -> None:
    """List the LRSs that are connected."""
    with command_parts().database.read() as session:
        platforms = platforms_of(session)
        rows = [_shown(of, one, platforms) for of, one in list_lrss(session, tenant)]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("tenant", "name", "endpoint", "signs in as", "xAPI", "LMSs", "since", "state", "trouble"),
        [
            [row["tenant"], row["name"], row["endpoint"], row["username"], row["version"]]
            + [", ".join(row["platforms"]) if row["platforms"] else "all"]
            + [f"{row['since']:%Y-%m-%d %H:%M}", row["state"], row["trouble"]]
            for row in rows
        ],
        empty="No LRS is connected. See: alongside lrs add --help",
    )


@lrs.command("platforms")
@click.argument("name")
@tenant_option
@platform_option
@click.option("--all", "everything", is_flag=True, help="All LMSs of the institution again.")
@json_option
def platforms_(
    name: str, tenant: str | None, platforms: tuple[str, ...], everything: bool, as_json: bool
) -> None:
    """Say from which LMSs an LRS gets what happens; with no option, show it.

    It holds from now on. What was sent stays in the LRS; what waited to be sent of an LMS that is left out is not sent
    any more. What happened before on one that is new to it comes with: alongside bridge replay --lrs NAME.
    """
    if everything and platforms:
        raise click.UsageError("Say --platform or --all.")
    given = command_parts()
    found = _found(name, tenant)
    gone = 0
    with given.database.write() as session:
        if everything or platforms:
            gone = limit_to(session, found, _home_pages(session, found.tenant_id, platforms))
        now = sorted(platforms_of(session, found.id).get(found.id, ()))
    if as_json:
        print_json({"name": name, "platforms": now or None, "not_sent": gone})
        return
    click.echo(f"{name} gets what happens on {', '.join(now) if now else 'all LMSs of its institution'}.")
    if gone:
        click.echo(f"{gone} statements from elsewhere were on their way to it, and are not sent.")


@lrs.command()
@click.argument("name")
@tenant_option
@json_option
def test(name: str, tenant: str | None, as_json: bool) -> None:
    """Send a statement, read it back, and void it. An LRS that was paused is sent to again if this goes well."""
    given = command_parts()
    found = _found(name, tenant)
    steps = []
    transport = open_transport(given.sealer, found, guard_of(given.settings), read_seconds=20)
    try:
        for step in try_connection(transport, base_of(given), given.clock):
            steps.append({"step": step.name, "found": step.found})
            if not as_json:
                click.echo(f"{click.style('✓', fg='green')} {step.name}: {step.found}")
    except ConnectionFailed as failed:
        with given.database.write() as session:
            note_trouble(session, found, str(failed))
        if as_json:
            print_json({"ok": False, "steps": steps, "failed": str(failed)})
        raise click.ClickException(f"{name}: {failed}") from None
    finally:
        transport.close()
    with given.database.write() as session:
        resume(session, found)
    if as_json:
        print_json({"ok": True, "steps": steps})


@lrs.command()
@click.argument("name")
@tenant_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def remove(name: str, tenant: str | None, yes: bool, as_json: bool) -> None:
    """Disconnect an LRS. What it holds it keeps; what it has not got yet will not be sent."""
    given = command_parts()
    found = _found(name, tenant)
    if not yes and sys.stdin.isatty():
        click.confirm(f"Disconnect {name} at {found.endpoint}?", abort=True, err=as_json)
    with given.database.write() as session:
        disconnect(session, found)
    if as_json:
        print_json({"removed": name, "endpoint": found.endpoint})
        return
    click.echo(f"{name} is disconnected.")


@lrs.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8002, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--username", default="alongside", show_default=True, help="The user name that may read and write."
)
@click.option(
    "--password", envvar="LRS_PASSWORD", required=True, help="Its password; - reads it from standard input."
)
@click.option(
    "--home-page",
    help="The address that its statements' authority names; keep it the same for ever.  [default: where it listens]",
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option(
    "--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="Threads a process."
)
def serve(
    host: str, port: int, username: str, password: str, home_page: str | None, workers: int, threads: int
) -> None:
    """Run the bundled LRS, at /xAPI, on the database of LRS_DATABASE_URL.

    The password may stand in the environment, as LRS_PASSWORD.
    """
    from lti_tool.config import read_settings
    from xapi.lrs import LrsSettings
    from xapi.lrs import serve as serve_lrs

    settings = read_settings()
    if ":" in username:
        raise click.UsageError("--username must not hold a colon: there the password begins.")
    if settings.lrs_database_url.startswith("sqlite"):
        settings.make_home()
    click.echo(f"The LRS listens at http://{host}:{port}/xAPI (user name {username}).")
    serve_lrs(
        LrsSettings(
            settings.lrs_database_url,
            credentials=((username, password_of(password)),),
            home_page=home_page or f"http://{host}:{port}/xAPI",
        ),
        host,
        port,
        workers=workers,
        threads=threads,
    )


def _from_when(everything: bool, since: datetime | None, *, interactive: bool) -> datetime | None:
    """From when on events are sent; None: from now on. In a terminal it is asked, if something happened before."""
    if everything:
        return FIRST_OF_ALL
    if since is not None:
        return since.replace(tzinfo=UTC)
    if interactive and sys.stdin.isatty() and sys.stdout.isatty():
        with command_parts().database.read() as session:
            before = session.scalar(select(func.count()).select_from(Event))
        if before and click.confirm(f"{before} events happened before now. Send them too?", default=False):
            return FIRST_OF_ALL
    return None


def _found(name: str, tenant: str | None) -> Lrs:
    try:
        with command_parts().database.read() as session:
            return find_lrs(session, tenant, name)
    except StoreRefused as refused:
        raise click.ClickException(str(refused)) from None


def _home_pages(session: Session, tenant_id: UUID, references: Collection[str]) -> list[str]:
    """Of LMSs named by id, name, issuer or client id. Raises :class:`click.ClickException`."""
    known = session.execute(
        select(Platform.id, Platform.name, Platform.issuer, Platform.client_id).where(
            Platform.tenant_id == tenant_id
        )
    ).all()
    homes = set(session.scalars(select(Course.home_page).where(Course.tenant_id == tenant_id).distinct()))
    found: list[str] = []
    for one in references:
        issuers = {row.issuer for row in known if one in (str(row.id), row.name, row.issuer, row.client_id)}
        issuers |= homes & {one}
        if len(issuers) != 1:
            what = "several LMSs are" if issuers else "no LMS of the institution is"
            raise click.ClickException(f"{what} called {one!r}; see: alongside platform list")
        found += issuers
    return found


def _check_address(address: str, what: str) -> None:
    """Raises :class:`~xapi.addresses.AddressRefused` and :class:`~xapi.stores.StoreRefused`."""
    settings = command_parts().settings
    guard_of(settings)(address)
    parts = urlsplit(address)
    # Over TLS (for tokens: RFC 6749, 3.2), but for a host of our own that the administrator named.
    if settings.is_production and parts.scheme != "https" and parts.hostname not in settings.allowed_hosts:
        raise StoreRefused(f"{address} is not https: nobody should send {what} there")


def _check_version(endpoint: str, access: Access, version: str) -> None:
    """Raises :class:`~xapi.stores.StoreRefused` where the LRS says that it does not speak this version. It need not
    answer now: trying the connection tells."""
    guard = guard_of(command_parts().settings)
    transport = HttpTransport(
        endpoint,
        access.username,
        access.password,
        version,
        token_url=access.token_url,
        oauth_scope=access.oauth_scope,
        guard=guard,
        connect_seconds=3,
        read_seconds=5,
    )
    try:
        named = versions(transport)
    except ConnectionFailed:
        return
    finally:
        transport.close()
    try:
        check_version(version, named)
    except ConnectionFailed as failed:
        raise StoreRefused(str(failed)) from None


def _shown(tenant: str, one: Lrs, platforms: dict[UUID, set[str]]) -> dict[str, Any]:
    names = ("name", "endpoint", "username", "token_url", "oauth_scope", "version", "scope", "since")
    return {
        "tenant": tenant,
        **{name: getattr(one, name) for name in (*names, "state", "trouble", "resting_until")},
        "platforms": sorted(platforms[one.id]) if one.id in platforms else None,
    }
