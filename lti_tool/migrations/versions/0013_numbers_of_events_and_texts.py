"""The order in which the log is exported; texts as a choice of their own."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Until now no text was sent, and nobody had to say that theirs is not.
_TEXT = (
    ("scope_rule", "text", sa.false()),
    ("scope_choice", "text", sa.true()),
    ("delivery", "text", sa.false()),
)


def upgrade() -> None:
    op.create_table(
        "event_numbering",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_event_numbering_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_event_numbering")),
    )
    op.add_column("event", sa.Column("number", sa.BigInteger(), nullable=True))
    missing, given = sa.text("number IS NULL"), sa.text("number IS NOT NULL")
    op.create_index(
        "ix_event_unnumbered",
        "event",
        ["tenant_id", "occurred_at"],
        postgresql_where=missing,
        sqlite_where=missing,
    )
    op.create_index(
        "ix_event_numbered",
        "event",
        ["tenant_id", "number"],
        unique=True,
        postgresql_where=given,
        sqlite_where=given,
    )
    for table, column, default in _TEXT:
        with op.batch_alter_table(table) as changed:
            changed.add_column(sa.Column(column, sa.Boolean(), nullable=False, server_default=default))


def downgrade() -> None:
    for table, column, _ in reversed(_TEXT):
        op.drop_column(table, column)
    op.drop_index("ix_event_numbered", "event")
    op.drop_index("ix_event_unnumbered", "event")
    op.drop_column("event", "number")
    op.drop_table("event_numbering")
