"""The tool's tables through time: Alembic, packaged, run by ``alongside db upgrade``."""

from importlib import import_module
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, MetaData

from social_layer.database import Base

FOLDER = Path(__file__).parent
# Where tables are defined; a new module of them joins here, or its tables are never made.
TABLES = (
    "social_layer.people.models",
    "social_layer.panels.models",
    "social_layer.discussion.models",
    "social_layer.grading.models",
    "social_layer.events.models",
    "xapi.models",
    "xapi.scopes.models",
    "xapi.gathering.models",
    "lti_tool.lti.models",
    "lti_tool.lti.log_models",
    "lti_tool.console.models",
    "lti_tool.lti.grade_models",
    "lti_tool.reporting.models",
)


class RevisionUnknown(Exception):
    """This version has no such revision: the one that was asked for, or the one that the tables are at."""


def metadata() -> MetaData:
    """All tables of the tool, whichever layer they belong to."""
    for module in TABLES:
        import_module(module)
    return Base.metadata


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Brings the tables to ``revision``; each migration commits as a whole or not at all.

    Raises :class:`RevisionUnknown`.
    """
    try:
        with engine.execution_options(begin="IMMEDIATE").connect() as connection, connection.begin():
            command.upgrade(_config(connection), revision)
    except CommandError as error:
        raise RevisionUnknown(str(error)) from error


def is_at_head(engine: Engine) -> bool:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head()


def head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config(connection: object = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
