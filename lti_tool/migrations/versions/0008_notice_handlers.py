"""Where platforms are told where their notices go, and whether they were; grade book columns that are to go."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_service",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("deployment_id", Id(), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("handler", sa.String(length=2048), nullable=True),
        sa.Column("client_id", sa.String(length=255), nullable=True),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("said", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "deployment_id"],
            ["deployment.tenant_id", "deployment.id"],
            name=op.f("fk_notice_service_tenant_id_deployment_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "deployment_id", name=op.f("pk_notice_service")),
    )
    op.add_column("grade_column", sa.Column("removing_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("grade_column", "removing_at")
    op.drop_table("notice_service")
