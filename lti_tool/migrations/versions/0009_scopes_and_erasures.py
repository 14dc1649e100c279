"""What leaves for an LRS, people's own choices, keys of pseudonyms, and receipts of erasures."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scope_rule",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=512), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=True),
        sa.Column("may_choose", sa.Boolean(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_scope_rule_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_scope_rule")),
    )
    op.create_index(
        op.f("ix_scope_rule_tenant_id_target_since"), "scope_rule", ["tenant_id", "target", "since"]
    )
    op.create_table(
        "scope_choice",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_scope_choice_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_scope_choice")),
    )
    op.create_index(
        op.f("ix_scope_choice_tenant_id_person_id_since"), "scope_choice", ["tenant_id", "person_id", "since"]
    )
    op.create_table(
        "scope_changes",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_scope_changes_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_scope_changes")),
    )
    op.create_table(
        "pseudonym_key",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("of", Id(), nullable=False),
        sa.Column("sealed", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_pseudonym_key_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "of", name=op.f("pk_pseudonym_key")),
    )
    op.create_table(
        "erasure",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=False),
        sa.Column("erased_by", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.String(length=2048), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_erasure_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_erasure")),
    )
    op.create_index(op.f("ix_erasure_tenant_id_erased_at"), "erasure", ["tenant_id", "erased_at"])
    op.add_column("voice", sa.Column("erased_at", UtcDateTime(), nullable=True))
    op.add_column("delivery", sa.Column("scope", sa.String(length=16), nullable=True))
    # Until now nothing else was sent.
    op.execute("UPDATE delivery SET scope = 'identified' WHERE digest IS NOT NULL")


def downgrade() -> None:
    op.drop_column("delivery", "scope")
    op.drop_column("voice", "erased_at")
    for table in ("erasure", "pseudonym_key", "scope_changes", "scope_choice", "scope_rule"):
        op.drop_table(table)
