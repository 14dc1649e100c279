"""`alongside scope`: how much of what people do leaves for the LRSs."""

import sys
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.bridging import base_of
from lti_tool.cli.parts import command_parts, json_option, print_json, print_table
from lti_tool.erasing import whoever_runs_this
from lti_tool.lti.models import Platform
from social_layer.panels.models import Panel
from social_layer.people.actions import DEFAULT_TENANT
from social_layer.people.models import Course, Tenant
from xapi.models import Scope
from xapi.scopes.actions import set_rule
from xapi.scopes.models import Level
from xapi.scopes.queries import DEFAULT, standing_rules
from xapi.scopes.recalling import recall

SCOPES = [*(scope.value for scope in Scope), "inherit"]


@click.group()
def scope() -> None:
    """How much of what people do leaves for the LRSs."""


@scope.command("list")
@click.option("--tenant", help="Of this institution only.")
@json_option
def show_all(tenant: str | None, as_json: bool) -> None:
    """List the rules that hold now."""
    query = select(Tenant.name, Tenant.id).order_by(Tenant.name)
    if tenant is not None:
        query = query.where(Tenant.name == tenant)
    with command_parts().database.read() as session:
        found = [
            {
                "tenant": name,
                "level": rule.level,
                "target": rule.target,
                "scope": rule.scope,
                "may_choose": rule.may_choose,
                "text": rule.text,
                "since": rule.since,
                "set_by": rule.set_by,
            }
            for name, tenant_id in session.execute(query).all()
            for rule in standing_rules(session, tenant_id)
        ]
    if as_json:
        print_json({"default": DEFAULT.scope.value, "rules": found})
        return
    print_table(
        ("tenant", "level", "of", "scope", "text", "people may choose less", "since", "by"),
        [
            [one["tenant"], one["level"], one["target"] or None, one["scope"]]
            + ["yes" if one["text"] else "no"]
            + ["yes" if one["may_choose"] else "no", f"{one['since']:%Y-%m-%d %H:%M}", one["set_by"]]
            for one in found
        ],
        empty=f"No rule was set: people are {DEFAULT.scope.value}, and have no choice.",
    )


@scope.command("set")
@click.argument("value", metavar="SCOPE", type=click.Choice(SCOPES))
@click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="The institution.")
@click.option("--platform", help="Only for courses of this LMS, by its issuer.")
@click.option("--course", type=click.UUID, help="Only for this course, by its id.")
@click.option("--panel", type=click.UUID, help="Only for this panel, by its id.")
@click.option(
    "--may-choose/--no-choice", default=False, help="Whether each person may choose less.  [default: no]"
)
@click.option(
    "--text/--no-text", default=False, help="Whether what people write leaves with it.  [default: no]"
)
@json_option
def set_(
    value: str,
    tenant: str,
    platform: str | None,
    course: UUID | None,
    panel: UUID | None,
    may_choose: bool,
    text: bool,
    as_json: bool,
) -> None:
    """Say what leaves from now on: SCOPE is nothing, pseudonymous, identified, named or inherit.

    The nearest rule holds: a panel's before its course's, before its LMS's, before the institution's. "inherit" takes a
    rule back. It holds from this instant, also for what waits to be sent; what was sent stays in the LRS. What happened
    under less is never sent under more.
    """
    given = command_parts()
    named = [(Level.platform, platform), (Level.course, course), (Level.panel, panel)]
    places = [(level, str(target)) for level, target in named if target is not None]
    if len(places) > 1:
        raise click.UsageError("say one of --platform, --course and --panel")
    if text and value in (Scope.nothing.value, "inherit"):
        raise click.UsageError(f"--text does not go with {value}")
    level, target = places[0] if places else (Level.tenant, "")
    chosen = None if value == "inherit" else Scope(value)
    with given.database.write() as session:
        tenant_id = session.scalar(select(Tenant.id).where(Tenant.name == tenant))
        if tenant_id is None:
            raise click.ClickException(f"no institution is called {tenant!r}")
        _check(session, tenant_id, level, target)
        set_rule(
            session,
            given.clock,
            tenant_id,
            level,
            target,
            scope=chosen,
            may_choose=may_choose and chosen is not None,
            text=text,
            set_by=whoever_runs_this(),
        )
    if as_json:
        print_json(
            {
                "tenant": tenant,
                "level": level,
                "target": target,
                "scope": chosen,
                "may_choose": may_choose,
                "text": text,
            }
        )
        return
    what = f"the {level.value} {target}" if target else f"all of {tenant}"
    says = "the rule was taken back" if chosen is None else f"{chosen.value} from now on"
    click.echo(
        f"For {what}: {says}."
        + (" What people write leaves with it." if text else "")
        + (" People may choose less." if may_choose and chosen else "")
    )


@scope.command("recall")
@click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="The institution.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--count", "only_count", is_flag=True, help="Only count.")
@json_option
def recall_(tenant: str, yes: bool, only_count: bool, as_json: bool) -> None:
    """Void what was sent under more than the rules and people's choices allow now.

    Counts first, and asks. The worker then sends a voiding statement for each. It cannot be undone: a voided statement
    is hidden for good, and its act is not sent again.
    """
    given = command_parts()
    base = base_of(given)
    with given.database.read() as session:
        tenant_id = session.scalar(select(Tenant.id).where(Tenant.name == tenant))
    if tenant_id is None:
        raise click.ClickException(f"no institution is called {tenant!r}")
    found = recall(given.database, given.clock, base, tenant_id, only_count=True)
    if only_count:
        if as_json:
            print_json({"tenant": tenant, "to_void": found})
        else:
            click.echo(f"{found} statements were sent under more than holds now.")
        return
    if found and not yes:
        click.echo(f"{found} statements were sent under more than holds now.", err=True)
        if not sys.stdin.isatty():
            raise click.ClickException("voiding cannot be undone; say --yes if it is meant")
        if not click.confirm("Void them for good?", err=True):
            raise click.ClickException("nothing was voided")
    voided = recall(given.database, given.clock, base, tenant_id) if found else 0
    if as_json:
        print_json({"tenant": tenant, "voided": voided})
    elif voided:
        click.echo(f"{voided} statements will be voided by the worker's next turn.")
    else:
        click.echo("Nothing was sent under more than holds now.")


def _check(session: Session, tenant_id: UUID, level: Level, target: str) -> None:
    """A rule for what is not there would hold nothing back."""
    if level is Level.platform:
        known = session.scalar(
            select(Platform.id).where(Platform.tenant_id == tenant_id, Platform.issuer == target).limit(1)
        ) or session.scalar(
            select(Course.id).where(Course.tenant_id == tenant_id, Course.home_page == target).limit(1)
        )
    elif level is Level.course:
        known = session.scalar(
            select(Course.id).where(Course.tenant_id == tenant_id, Course.id == UUID(target))
        )
    elif level is Level.panel:
        known = session.scalar(select(Panel.id).where(Panel.tenant_id == tenant_id, Panel.id == UUID(target)))
    else:
        return
    if known is None:
        raise click.ClickException(f"the institution has no {level.value} {target!r}")
