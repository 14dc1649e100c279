"""Invites: one-time addresses by which an LMS registers itself."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invite",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("replaces", sa.String(length=255), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("platform_id", Id(), nullable=True),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_invite_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "platform_id"],
            ["platform.tenant_id", "platform.id"],
            name=op.f("fk_invite_tenant_id_platform_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invite")),
        sa.UniqueConstraint("digest", name=op.f("uq_invite_digest")),
    )


def downgrade() -> None:
    op.drop_table("invite")
