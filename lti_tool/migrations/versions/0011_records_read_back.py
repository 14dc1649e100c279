"""How far LRSs were read back, by what else formal records know people, and which activities are which courses."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lrs_reading",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("lrs_id", Id(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("lease", Id(), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("as_of", UtcDateTime(), nullable=True),
        sa.Column("statements", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.Column("trouble", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "lrs_id"], ["lrs.tenant_id", "lrs.id"], name=op.f("fk_lrs_reading_tenant_id_lrs_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "lrs_id", name=op.f("pk_lrs_reading")),
    )
    op.create_table(
        "person_identifier",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("identifier", sa.String(length=512), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_person_identifier_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_person_identifier")),
        sa.UniqueConstraint(
            "tenant_id", "identifier", name=op.f("uq_person_identifier_tenant_id_identifier")
        ),
    )
    op.create_index(
        op.f("ix_person_identifier_tenant_id_person_id"), "person_identifier", ["tenant_id", "person_id"]
    )
    op.create_table(
        "mapped_activity",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.Column("activity", sa.String(length=1024), nullable=False),
        sa.Column("course_id", Id(), nullable=False),
        sa.Column("mapped_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_mapped_activity_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "course_id"],
            ["course.tenant_id", "course.id"],
            name=op.f("fk_mapped_activity_tenant_id_course_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_mapped_activity")),
        sa.UniqueConstraint("tenant_id", "activity", name=op.f("uq_mapped_activity_tenant_id_activity")),
    )


def downgrade() -> None:
    for table in ("mapped_activity", "person_identifier", "lrs_reading"):
        op.drop_table(table)
