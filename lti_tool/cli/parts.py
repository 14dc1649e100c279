"""What every command needs: the parts of the installation, and data printed for people or as JSON."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from lti_tool.config import read_settings
from lti_tool.parts import Parts
from social_layer.people.actions import DEFAULT_TENANT

tenant_option = click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="The institution.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the data as JSON.")


# In the place of a secret: it comes by standard input, and stays out of the shell's history.
STDIN = "-"


def command_parts() -> Parts:
    """The installation's parts, made once a command. Makes the home folder where SQLite files would stand."""
    context = click.get_current_context().find_root()
    if not isinstance(context.obj, Parts):
        settings = read_settings()
        if settings.database_url.startswith("sqlite"):
            settings.make_home()
        context.obj = Parts.of(settings)
    given: Parts = context.obj
    return given


def password_of(given: str) -> str:
    """What ``--password`` says, or the line on standard input where it says ``-``."""
    secret = sys.stdin.readline().rstrip("\r\n") if given == STDIN else given
    if not secret:
        raise click.ClickException("the password is empty")
    return secret


def print_json(data: object) -> None:
    click.echo(as_json_text(data))


def as_json_text(data: object) -> str:
    return json.dumps(data, indent=2, default=_plain, ensure_ascii=False)


def _plain(value: object) -> str:
    """What JSON has no word for. Times are written as RFC 3339 has them."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], empty: str = "Nothing yet.") -> None:
    """A table that wraps in a terminal and stays whole in a pipe; ``empty`` when there is no row."""
    if not rows:
        click.echo(empty)
        return
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("–" if cell is None else str(cell) for cell in row))
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(table)
