"""The order in which the log is exported."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id

revision = "0013"
down_revision = "0009"
branch_labels = None
depends_on = None


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


def downgrade() -> None:
    op.drop_index("ix_event_numbered", "event")
    op.drop_index("ix_event_unnumbered", "event")
    op.drop_column("event", "number")
    op.drop_table("event_numbering")
