"""`alongside db`: the tables of the tool."""

import click

from lti_tool import migrations
from lti_tool.cli.parts import command_parts


@click.group()
def db() -> None:
    """Bring the database's tables up to date."""


@db.command()
@click.option("--revision", default="head", show_default=True, help="The revision to go to.")
def upgrade(revision: str) -> None:
    """Migrate the tables. Safe to run again: what is done is not done twice."""
    given = command_parts()
    try:
        migrations.upgrade(given.database.engine, revision)
    except migrations.RevisionUnknown as unknown:
        raise click.ClickException(
            f"{unknown}; the newest that this version knows is {migrations.head()}. Leave --revision out, and where the"
            " tables are of a newer version, install that one"
        ) from None
    click.echo(f"The tables are at {migrations.head() if revision == 'head' else revision}.")
