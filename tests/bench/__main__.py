"""`python -m tests.bench [TABLE …]`: prints the tables, and as JSON with --json."""

import importlib
import json
import os
import platform
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from tests.bench import Row

TABLES = {
    "requests": "CPU and queries of single requests",
    "launches": "A class of 300 arrives",
    "latency": "A reply while the LRS is well, dead, and slow",
    "roster": "A course's 10,000 members read from the LMS",
    "grades": "2,000 scores sent through bad weather",
    "reports": "A course's report over what was read back",
    "gathering": "Statements read back, and a report over them",
    "delivery": "The worker against the Learning Locker engine",
    "backlog": "The worker against an LRS that answers at once: its pace, very many that wait, a long outage",
}


@click.command()
@click.argument("tables", nargs=-1, type=click.Choice(list(TABLES)))
@click.option("--size", type=click.IntRange(10_000), help="Of tables that can be large: how much there is.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(tables: tuple[str, ...], size: int | None, as_json: bool) -> None:
    """Measure, and print figures beside their targets."""
    console = Console(stderr=as_json)
    console.print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    figures: dict[str, list[Row]] = {}
    for name in tables or TABLES:
        with console.status(f"{TABLES[name]} …"):
            table = importlib.import_module(f"tests.bench.{name}")
            figures[name] = table.run(size) if size and hasattr(table, "SIZE") else table.run()
        if not as_json:
            console.print(_table(TABLES[name], figures[name]), width=max(console.width, 110))
    if as_json:
        click.echo(
            json.dumps({name: [asdict(row) for row in rows] for name, rows in figures.items()}, indent=2)
        )


def _table(title: str, rows: list[Row]) -> Table:
    table = Table("figure", "", "asked", "", "note", title=title, title_justify="left", title_style="bold")
    table.columns[1].justify = table.columns[2].justify = "right"
    for row in rows:
        asked = "" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:g}"
        mark = {None: "", True: "[green]met[/green]", False: "[red]missed[/red]"}[row.is_met]
        table.add_row(row.name, f"{row.value:.2f} {row.unit}".replace(".00 ", " "), asked, mark, row.note)
    return table


if __name__ == "__main__":
    main()
