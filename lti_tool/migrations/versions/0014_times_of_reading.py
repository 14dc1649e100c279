"""For how long each thread is read, day by day."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reading_time",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("voice_id", Id(), nullable=False),
        sa.Column("thread_id", Id(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("panel_id", Id(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("over_at", UtcDateTime(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "panel_id"],
            ["panel.tenant_id", "panel.id"],
            name=op.f("fk_reading_time_tenant_id_panel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "thread_id"],
            ["entry.tenant_id", "entry.id"],
            name=op.f("fk_reading_time_tenant_id_thread_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "voice_id"],
            ["voice.tenant_id", "voice.id"],
            name=op.f("fk_reading_time_tenant_id_voice_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "voice_id", "thread_id", "day", name=op.f("pk_reading_time")),
    )
    untold = sa.text("NOT told")
    op.create_index(
        "ix_reading_time_untold",
        "reading_time",
        ["tenant_id", "last_at"],
        postgresql_where=untold,
        sqlite_where=untold,
    )
    op.create_index("ix_reading_time_tenant_id_over_at", "reading_time", ["tenant_id", "over_at"])


def downgrade() -> None:
    op.drop_table("reading_time")
