"""LRSs for some platforms only, OAuth for LRSs, how many statements each took, and who is named as answered."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_IS_PARKED = sa.text("state = 'parked'")


def upgrade() -> None:
    op.create_table(
        "lrs_platform",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("lrs_id", Id(), nullable=False),
        sa.Column("home_page", sa.String(length=512), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "lrs_id"],
            ["lrs.tenant_id", "lrs.id"],
            name=op.f("fk_lrs_platform_tenant_id_lrs_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "lrs_id", "home_page", name=op.f("pk_lrs_platform")),
    )
    op.add_column("lrs", sa.Column("token_url", sa.String(length=2048), nullable=True))
    op.add_column("lrs", sa.Column("oauth_scope", sa.String(length=255), nullable=True))
    op.add_column("lrs", sa.Column("delivered", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE lrs SET delivered = (SELECT count(*) FROM delivery WHERE delivery.tenant_id = lrs.tenant_id "
        "AND delivery.lrs_id = lrs.id AND delivery.state = 'delivered')"
    )
    op.add_column("delivery", sa.Column("answered_as", sa.String(length=16), nullable=True))
    op.drop_index("ix_delivery_parked", table_name="delivery")
    op.create_index(
        "ix_delivery_parked",
        "delivery",
        ["tenant_id", "lrs_id", "due_at", "id"],
        sqlite_where=_IS_PARKED,
        postgresql_where=_IS_PARKED,
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_parked", table_name="delivery")
    op.create_index(
        "ix_delivery_parked",
        "delivery",
        ["tenant_id", "lrs_id"],
        sqlite_where=_IS_PARKED,
        postgresql_where=_IS_PARKED,
    )
    op.drop_column("delivery", "answered_as")
    for column in ("delivered", "oauth_scope", "token_url"):
        op.drop_column("lrs", column)
    op.drop_table("lrs_platform")
