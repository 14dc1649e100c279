"""Runs migrations on the connection it is handed; batch mode, since SQLite cannot alter tables in place."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from lti_tool.migrations import metadata


def short_types(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """New migrations name our own column types as the models do."""
    if kind == "type" and type(item).__module__ == "social_layer.database":
        name = type(item).__name__
        autogen.imports.add(f"from social_layer.database import {name}")
        return f"{name}()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata(),
    render_as_batch=True,
    compare_type=True,
    render_item=short_types,
)
with context.begin_transaction():
    context.run_migrations()
