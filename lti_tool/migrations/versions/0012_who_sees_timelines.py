"""Whether those who run a course may look at a person's timeline."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "timeline_rule",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("target", sa.String(length=36), nullable=False),
        sa.Column("staff_may_look", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_timeline_rule_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "target", name=op.f("pk_timeline_rule")),
    )


def downgrade() -> None:
    op.drop_table("timeline_rule")
