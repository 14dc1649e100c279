"""`alongside report`: what an LRS says about learning together. Needs neither the tool's database nor its settings."""

import click

from lti_tool.cli.report.course import course
from lti_tool.cli.report.network import network
from lti_tool.cli.report.person import person


@click.group()
def report() -> None:
    """What an LRS says about learning together, from the LRS alone."""


for command in (course, network, person):
    report.add_command(command)
