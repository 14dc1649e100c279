"""`alongside worker`: sends what happened to the LRSs, and grades to the LMSs."""

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lti_tool.cli.parts import command_parts

if TYPE_CHECKING:
    from lti_tool.lti.platform_drain import Left


@click.command()
@click.option(
    "--drain",
    "to_drain",
    is_flag=True,
    help="Deliver now all that waits, back-off ignored, and exit. What was refused is not sent again.",
)
@click.option("--no-beat", is_flag=True, help="A further worker, without a clock: one of all workers has it.")
@click.option(
    "--threads", default=16, show_default=True, type=click.IntRange(2, 256), help="LRSs served at once."
)
def worker(to_drain: bool, no_beat: bool, threads: int) -> None:
    """Send what happened to the LRSs and grades to the LMSs, and keep the house.

    Runs until it is stopped. With --drain it ends when everything is delivered, with 0, or when some of it cannot
    be delivered, with 1: statements, grades, grade book columns to be deleted, and requests for notices. Statements
    that an LRS refused before are counted, not sent again, and change nothing about that; see alongside bridge
    status. Lists of members and names of groups are left to the running worker, which reads them from the LMSs.
    """
    from lti_tool import worker as the_worker
    from lti_tool.logs import configure_logs
    from xapi.bridge import at_work

    given = command_parts()
    configure_logs(given.settings)
    if no_beat and given.settings.broker_url.startswith("memory:") and not to_drain:
        raise click.ClickException(
            "--no-beat is for workers that share a broker; set BROKER_URL, or leave --no-beat out"
        )
    with at_work():
        if to_drain:
            _drain()
            return
        code = the_worker.run(given, beat=not no_beat, threads=threads)
    if code:
        raise click.exceptions.Exit(code)


def _drain() -> None:
    from lti_tool.bridging import bridge_of
    from lti_tool.lti.platform_drain import drain_platforms
    from social_layer.discussion.reading import tell_readings
    from xapi.drain import drain
    from xapi.status import waiting

    console = Console(stderr=True)
    with console.status("Grades"):
        grades, kept = drain_platforms(command_parts())
    tell_readings(command_parts().database, command_parts().clock)
    bridge = bridge_of(command_parts())
    columns = (TextColumn("Delivering"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    delivered = 0
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def tell(done: int, of: int) -> None:
            nonlocal delivered
            delivered = done
            progress.update(task, completed=done, total=of)

        try:
            left = drain(bridge, tell)
        except KeyboardInterrupt:
            bridge.stop.set()
            raise
        finally:
            bridge.close()
    said = [
        f"{lrs.name}: {_counted(lrs.pending, lrs.parked)}" + (f", {lrs.trouble}" if lrs.trouble else "")
        for lrs in left
    ]
    said += [
        f"{one.platform}: {_kept_back(one)}" + (f", {one.trouble}" if one.trouble else "") for one in kept
    ]
    if said:
        raise click.ClickException("not everything could be delivered: " + "; ".join(said))
    with command_parts().database.read() as session:
        refused = [f"{lrs.name}: {lrs.parked}" for lrs in waiting(session).lrss if lrs.parked]
    if refused:
        click.echo(f"All that waited is delivered ({delivered} now).")
        click.echo(
            f"Refused before, and not sent again: {', '.join(refused)}. See why: alongside bridge status."
            " Once it is mended: alongside bridge replay --parked --lrs NAME"
        )
    else:
        click.echo(f"Everything is delivered ({delivered} now).")
    if grades:
        click.echo(f"Grades sent: {grades}.")


def _kept_back(left: "Left") -> str:
    said = [f"{left.grades} grades waiting"] if left.grades else []
    said += [f"{left.columns} columns to be deleted"] if left.columns else []
    said += ["it has not taken the request for notices"] if left.notices else []
    return " and ".join(said)


def _counted(pending: int, parked: int) -> str:
    said = [f"{pending} waiting"] if pending else []
    return " and ".join([*said, f"{parked} refused (see: alongside bridge status)"] if parked else said)
