"""The history of the LRS's own tables, apart from the tool's; `upgrade` brings a database to its head."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from xapi.lrs.database import Database
from xapi.lrs.settings import LrsSettings

# Not Alembic's default name: the LRS may share a database with tables that have a history of their own.
VERSION_TABLE = "lrs_alembic_version"


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(database_url: str) -> None:
    """Bring the LRS's tables to the newest shape; several processes may call it at once."""
    database = Database(LrsSettings(database_url))
    try:
        with database.write() as connection:
            if not database.on_sqlite:  # a large table may take its time
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            command.upgrade(alembic_config(connection), "head")
    finally:
        database.engine.dispose()
