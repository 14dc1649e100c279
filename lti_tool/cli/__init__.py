"""The command `alongside`. Each command's module is loaded only when the command is asked for."""

import importlib

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from lti_tool.config import SettingWrong
from social_layer.people.names import NameTooLong

# Name → where its click command stands, and the line that `alongside --help` shows without loading it.
COMMANDS = {
    "serve": ("lti_tool.cli.serve:serve", "Serve the tool to browsers and LMSs."),
    "worker": ("lti_tool.cli.worker:worker", "Send what happened to the LRSs, and keep the house."),
    "demo": ("lti_tool.cli.demo:demo", "Run tool, worker, sandbox LMS and LRS with a believable course."),
    "sandbox": ("lti_tool.cli.sandbox:sandbox", "Run the sandbox LMS alone."),
    "db": ("lti_tool.cli.db:db", "Bring the database's tables up to date."),
    "doctor": ("lti_tool.cli.doctor:doctor", "Check the installation and say what to do."),
    "keys": ("lti_tool.cli.keys:keys", "The keys that the tool signs with."),
    "platform": ("lti_tool.cli.platform:platform", "The LMSs that may launch the tool."),
    "tenant": ("lti_tool.cli.tenant:tenant", "The institutions, their time zones, and who sees timelines."),
    "operator": ("lti_tool.cli.operator:operator", "Who may sign in to the console at /admin."),
    "lrs": ("lti_tool.cli.lrs:lrs", "The Learning Record Stores that statements go to."),
    "bridge": ("lti_tool.cli.bridge:bridge", "How far the statements have come."),
    "scope": ("lti_tool.cli.scope:scope", "How much of what people do leaves for the LRSs."),
    "person": ("lti_tool.cli.person:person", "What is known of somebody, and its removal."),
    "records": ("lti_tool.cli.records:records", "Formal records, read back from the LRSs."),
    "events": ("lti_tool.cli.events:events", "The log of what happened, for analysts."),
    "report": ("lti_tool.cli.report:report", "What an LRS says about learning together."),
}


class Alongside(click.Group):
    """A group whose commands are loaded when asked for, and whose errors are one clear line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (SettingWrong, NameTooLong) as wrong:
            raise click.ClickException(str(wrong)) from None
        except ProgrammingError as error:
            said = str(error.orig).splitlines()[0]
            raise click.ClickException(
                f"the tables are not there or are old; run: alongside db upgrade ({said})"
            ) from None
        except OperationalError as error:
            said = str(error.orig).splitlines()[0]
            if "no such table" in str(error.orig):
                raise click.ClickException(
                    "the tables are not there yet; run: alongside db upgrade"
                ) from None
            raise click.ClickException(f"DATABASE_URL: the database does not answer: {said}") from None


@click.group(
    cls=Alongside, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="alongside")
def main() -> None:
    """Social learning inside LTI courses, recorded as xAPI.

    Settings come from the environment; docs/settings.md lists them.
    """
