"""The operator's console: operators and their sessions, the launch log, service errors; keys that begin later."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "operator",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("tenant_id", Id(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("signed_in_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_operator_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator")),
        sa.UniqueConstraint("name", name=op.f("uq_operator_name")),
    )
    op.create_table(
        "operator_session",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("operator_id", Id(), nullable=False),
        sa.Column("form_token", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"],
            ["operator.id"],
            name=op.f("fk_operator_session_operator_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_operator_session")),
    )
    op.create_index(op.f("ix_operator_session_operator_id"), "operator_session", ["operator_id"])
    op.create_index(op.f("ix_operator_session_created_at"), "operator_session", ["created_at"])
    op.create_table(
        "launch_attempt",
        sa.Column("trace_id", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("tenant_id", Id(), nullable=True),
        sa.Column("platform_id", Id(), nullable=True),
        sa.Column("deployment", sa.String(length=255), nullable=True),
        sa.Column("account", sa.LargeBinary(length=16), nullable=True),
        sa.Column("about", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "platform_id"],
            ["platform.tenant_id", "platform.id"],
            name=op.f("fk_launch_attempt_tenant_id_platform_id"),
        ),
        sa.PrimaryKeyConstraint("trace_id", name=op.f("pk_launch_attempt")),
    )
    op.create_index(op.f("ix_launch_attempt_at"), "launch_attempt", ["at"])
    op.create_index(op.f("ix_launch_attempt_account_at"), "launch_attempt", ["account", "at"])
    op.create_index(
        op.f("ix_launch_attempt_tenant_id_platform_id_at"),
        "launch_attempt",
        ["tenant_id", "platform_id", "at"],
    )
    refused = sa.text("outcome <> 'launched'")
    op.create_index(
        "ix_launch_attempt_refused", "launch_attempt", ["at"], sqlite_where=refused, postgresql_where=refused
    )
    op.create_table(
        "service_error",
        sa.Column("platform_id", Id(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("said", sa.String(length=500), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "platform_id"],
            ["platform.tenant_id", "platform.id"],
            name=op.f("fk_service_error_tenant_id_platform_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_service_error")),
    )
    op.create_index(
        op.f("ix_service_error_tenant_id_platform_id_digest"),
        "service_error",
        ["tenant_id", "platform_id", "digest"],
        unique=True,
    )
    op.create_index("ix_service_error_last_at", "service_error", ["tenant_id", "last_at"])
    with op.batch_alter_table("invite") as invite:
        invite.add_column(sa.Column("withdrawn_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("tool_key") as tool_key:
        tool_key.add_column(sa.Column("begins_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE tool_key SET begins_at = created_at")
    with op.batch_alter_table("tool_key") as tool_key:
        tool_key.alter_column("begins_at", existing_type=UtcDateTime(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("tool_key") as tool_key:
        tool_key.drop_column("begins_at")
    with op.batch_alter_table("invite") as invite:
        invite.drop_column("withdrawn_at")
    op.drop_table("service_error")
    op.drop_table("launch_attempt")
    op.drop_table("operator_session")
    op.drop_table("operator")
