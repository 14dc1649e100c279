"""`alongside doctor`: is everything well, and if not, what to do."""

from dataclasses import asdict

import click

from lti_tool.cli.parts import command_parts, json_option, print_json

MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check database, migrations, keys, public URL, LRSs and broker, and say for each what to do.

    Exits with 1 when something is broken; warnings alone are no failure.
    """
    from lti_tool.doctor import State, examine

    findings = []
    for finding in examine(command_parts()):
        findings.append(finding)
        if not as_json:
            mark, colour = MARKS[finding.state]
            click.echo(f"{click.style(mark, fg=colour)} {finding.subject}: {finding.said}")
            if finding.todo:
                click.echo(f"    → {finding.todo}")
    if as_json:
        print_json([asdict(finding) for finding in findings])
    broken = sum(finding.state is State.failed for finding in findings)
    if broken:
        raise click.ClickException(f"{broken} of {len(findings)} checks failed")
