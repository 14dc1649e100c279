"""`alongside tenant`: the institutions of an installation, the time zone of each, and who sees timelines there."""

from uuid import UUID

import click
from click.core import ParameterSource
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.cli.parts import command_parts, json_option, print_json, print_table
from lti_tool.moments import as_time_zone
from lti_tool.reporting.rules import rules, say
from social_layer.people.actions import DEFAULT_TENANT
from social_layer.people.models import Tenant


@click.group()
def tenant() -> None:
    """The institutions, their time zones, and who sees timelines."""


@tenant.command("list")
@json_option
def list_(as_json: bool) -> None:
    """All institutions."""
    with command_parts().database.read() as session:
        found = session.scalars(select(Tenant).order_by(Tenant.created_at, Tenant.id)).all()
    if as_json:
        print_json([{"name": one.name, "time_zone": one.time_zone} for one in found])
    else:
        print_table(("NAME", "TIME ZONE"), [(one.name, one.time_zone) for one in found])


@tenant.command()
@click.argument("name")
@click.option("--tenant", "institution", default=DEFAULT_TENANT, show_default=True, help="The institution.")
def zone(name: str, institution: str) -> None:
    """Set the time zone, such as Europe/Berlin, in which days end in courses that have none of their own.

    A course has its own as soon as somebody whose zone is known sets how a panel is graded there.
    """
    found = as_time_zone(name)
    if found is None:
        raise click.ClickException(f"{name!r} is no time zone of the IANA database, such as Europe/Berlin")
    with command_parts().database.write() as session:
        _found(session, institution).time_zone = found
    click.echo(f"{institution}: days end at midnight in {found}")


@tenant.group(invoke_without_command=True)
@click.option("--tenant", "institution", default=DEFAULT_TENANT, show_default=True, help="The institution.")
@json_option
@click.pass_context
def timelines(context: click.Context, institution: str, as_json: bool) -> None:
    """Show what holds: whether those who run a course may look at the timelines of its people.

    At first nobody but the person sees a timeline. Each person is told on their own page who can see it.
    """
    if context.invoked_subcommand is not None:
        if context.get_parameter_source("institution") is not ParameterSource.DEFAULT or as_json:
            raise click.UsageError(f"Say options after {context.invoked_subcommand}.")
        return
    with command_parts().database.read() as session:
        found = rules(session, _found(session, institution).id)
    if as_json:
        print_json(
            {
                "institution": found.pop(None, False),
                "courses": {str(course): may_look for course, may_look in found.items()},
            }
        )
        return
    click.echo(_told(institution, None, may_look=found.pop(None, False)))
    for course, may_look in found.items():
        click.echo(_told(institution, course, may_look=may_look))


_institution = click.option(
    "--tenant", "institution", default=DEFAULT_TENANT, show_default=True, help="The institution."
)
_course = click.option(
    "--course", type=click.UUID, help="Only this course, by its id; it then has a rule of its own."
)


@timelines.command()
@_institution
@_course
def allow(institution: str, course: UUID | None) -> None:
    """From now on those who run a course see the timelines of its people."""
    _say(institution, course, may_look=True)


@timelines.command()
@_institution
@_course
def deny(institution: str, course: UUID | None) -> None:
    """From now on nobody but the person sees a timeline."""
    _say(institution, course, may_look=False)


def _say(institution: str, course: UUID | None, *, may_look: bool) -> None:
    with command_parts().database.write() as session:
        row = _found(session, institution)
        if not say(session, row.id, course, may_look=may_look):
            raise click.ClickException(f"{institution} has no course {course}")
    click.echo(_told(institution, course, may_look=may_look))


def _told(institution: str, course: UUID | None, *, may_look: bool) -> str:
    told = "nobody but the person sees a timeline"
    if may_look:
        told = "those who run a course see the timelines of its people"
    return f"{institution}{f', course {course}' if course else ''}: {told}"


def _found(session: Session, institution: str) -> Tenant:
    row = session.scalar(select(Tenant).where(Tenant.name == institution))
    if row is None:
        raise click.ClickException(f"no institution is called {institution!r}; see: alongside tenant list")
    return row
