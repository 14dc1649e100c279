"""Formal records are gathered into files: the table that was meant for them goes. Nothing was ever written to it."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_record_tenant_id_home_page_account", "record")
    op.drop_table("record")


def downgrade() -> None:
    op.create_table(
        "record",
        sa.Column("lrs_id", Id(), nullable=False),
        sa.Column("statement_id", Id(), nullable=False),
        sa.Column("home_page", sa.String(length=512), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("verb", sa.String(length=512), nullable=False),
        sa.Column("activity", sa.String(length=2048), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("stored_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "lrs_id"], ["lrs.tenant_id", "lrs.id"], name=op.f("fk_record_tenant_id_lrs_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_record")),
        sa.UniqueConstraint(
            "tenant_id", "lrs_id", "statement_id", name=op.f("uq_record_tenant_id_lrs_id_statement_id")
        ),
    )
    op.create_index("ix_record_tenant_id_home_page_account", "record", ["tenant_id", "home_page", "account"])
