"""Access tokens for platforms' services, courses' lists of members, and who was on them."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_token",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("platform_id", Id(), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("usable_until", UtcDateTime(), nullable=True),
        sa.Column("leased_by", Id(), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("failure", sa.String(length=16), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("said", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "platform_id"],
            ["platform.tenant_id", "platform.id"],
            name=op.f("fk_service_token_tenant_id_platform_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "platform_id", "key", name=op.f("pk_service_token")),
    )
    op.create_table(
        "roster",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("context_id", Id(), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("as_of", UtcDateTime(), nullable=True),
        sa.Column("members", sa.Integer(), nullable=True),
        sa.Column("leased_by", Id(), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("began_at", UtcDateTime(), nullable=True),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=32), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("said", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "context_id"],
            ["lti_context.tenant_id", "lti_context.id"],
            name=op.f("fk_roster_tenant_id_context_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "context_id", name=op.f("pk_roster")),
    )
    # Every membership so far was made by a launch.
    op.add_column("membership", sa.Column("launch_role", sa.String(length=16), nullable=True))
    op.add_column("membership", sa.Column("listed_at", UtcDateTime(), nullable=True))
    op.add_column(
        "membership",
        sa.Column("from_outside", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute("UPDATE membership SET launch_role = role")


def downgrade() -> None:
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_column("from_outside")
        batch_op.drop_column("listed_at")
        batch_op.drop_column("launch_role")
    op.drop_table("roster")
    op.drop_table("service_token")
