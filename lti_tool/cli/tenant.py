"""`alongside tenant`: the institutions of an installation, the time zone of each, and who sees timelines there."""

from uuid import UUID

import click
from sqlalchemy import select

from lti_tool.cli.parts import command_parts, json_option, print_json, print_table
from lti_tool.moments import as_time_zone
from lti_tool.reporting.rules import say
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
        row = session.scalar(select(Tenant).where(Tenant.name == institution))
        if row is None:
            raise click.ClickException(
                f"no institution is called {institution!r}; see: alongside tenant list"
            )
        row.time_zone = found
    click.echo(f"{institution}: days end at midnight in {found}")


@tenant.command()
@click.argument("wish", type=click.Choice(["show", "hide"]))
@click.option("--tenant", "institution", default=DEFAULT_TENANT, show_default=True, help="The institution.")
@click.option("--course", type=click.UUID, help="Only this course, by its id; it then has a rule of its own.")
def timelines(wish: str, institution: str, course: UUID | None) -> None:
    """Let those who run a course look at the timelines of its people, or no longer.

    At first nobody but the person sees a timeline. Each person is told on their own page who can see it.
    """
    with command_parts().database.write() as session:
        row = session.scalar(select(Tenant).where(Tenant.name == institution))
        if row is None:
            raise click.ClickException(
                f"no institution is called {institution!r}; see: alongside tenant list"
            )
        if not say(session, row.id, course, may_look=wish == "show"):
            raise click.ClickException(f"{institution} has no course {course}")
    told = "those who run a course see the timelines of its people"
    if wish == "hide":
        told = "nobody but the person sees a timeline"
    click.echo(f"{institution}{f', course {course}' if course else ''}: {told}")
