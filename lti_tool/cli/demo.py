"""`alongside demo`: see it all, with nothing to set up."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.panel import Panel
from rich.status import Status

if TYPE_CHECKING:
    from lti_tool.demo import Demo

PORT = click.IntRange(1, 65535)


@click.command()
@click.option(
    "--home", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True, help="Its data."
)
@click.option("--tool-port", default=8000, show_default=True, type=PORT)
@click.option("--sandbox-port", default=8001, show_default=True, type=PORT)
@click.option("--lrs-port", default=8002, show_default=True, type=PORT)
@click.option("--reset", is_flag=True, help="Clear the demo's data and stop.")
@click.option(
    "--lrs",
    type=click.Choice(["stop", "start"]),
    help="Stop or start the LRS of the demo that runs, to see that what is done meanwhile arrives later.",
)
def demo(home: Path, tool_port: int, sandbox_port: int, lrs_port: int, reset: bool, lrs: str | None) -> None:
    """Run tool, worker, sandbox LMS and LRS, with a believable course.

    Ctrl-C stops it. A second start keeps what was written.
    """
    from lti_tool import demo as the_demo

    chosen = the_demo.Demo(home.absolute(), the_demo.Ports(tool_port, sandbox_port, lrs_port))
    try:
        if reset:
            cleared = the_demo.reset(chosen)
            click.echo("The demo's data is cleared." if cleared else "There was nothing to clear.")
            return
        if lrs:
            the_demo.wish_lrs(chosen, running=lrs == "start")
            click.echo(f"The demo is asked to {lrs} its LRS; it says so where it runs.")
            return
        console = Console()
        with console.status("Starting") as status:
            the_demo.run(chosen, lambda step: _tell(console, status, chosen, step))
    except the_demo.DemoRefused as refused:
        raise click.ClickException(str(refused)) from None


def _tell(console: Console, status: Status, chosen: "Demo", step: str) -> None:
    if step.startswith("The LRS"):
        console.print(step)
        return
    if step != "ready":
        status.update(step)
        status.start()  # stopped while the demo runs
        if not console.is_terminal:
            console.print(step)
        return
    status.stop()
    console.print(
        Panel(
            f"""The course     [bold]{chosen.sandbox_url}[/bold]
The tool       {chosen.tool_url}
The LRS        {chosen.lrs_url}  (user {_lrs_user()}, password in {chosen.home / "lrs_password"})
The command    ALONGSIDE_HOME={_near(chosen.home)} .venv/bin/alongside doctor

1. Open the course and choose [bold]Amara[/bold], who teaches it. Open “Who eats whom”: the panel stands in the lesson.
2. In a private window choose [bold]Maya[/bold], who learns; write in the same lesson, and see it appear for Amara.
3. [bold]Live record[/bold], beside the lesson, shows what you did as it arrives in the LRS, a second later.

Ctrl-C stops everything; [bold]make demo-reset[/bold] clears it.""",
            title="Alongside is running",
            border_style="green",
            expand=False,
            padding=(1, 2),
        )
    )


def _near(home: Path) -> Path:
    return home.relative_to(Path.cwd()) if home.is_relative_to(Path.cwd()) else home


def _lrs_user() -> str:
    from lti_tool.demo import LRS_USER

    return LRS_USER
