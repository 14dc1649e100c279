"""Runs migrations on the connection it is handed; batch mode, since SQLite cannot alter tables in place."""

from alembic import context

from lti_tool.migrations import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata(),
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
