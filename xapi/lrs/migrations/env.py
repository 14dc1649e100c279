"""Run by Alembic: applies the migrations on the connection it is handed, in that connection's transaction."""

from alembic import context

from xapi.lrs.migrations import VERSION_TABLE
from xapi.lrs.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    compare_server_default=True,
)
context.run_migrations()
