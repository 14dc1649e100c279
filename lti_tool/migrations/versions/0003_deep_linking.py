"""Deep linking and course copies: what is being placed, where templates come from, which contexts are copies."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Nullable and without constraints: SQLite adds such columns in place. Making the tables anew would drop what others
# refer to.
_OF_VERSION = (
    ("opens_at", UtcDateTime()),
    ("due_at", UtcDateTime()),
    ("closes_at", UtcDateTime()),
    ("points", sa.Float()),
)


def upgrade() -> None:
    for name, kind in _OF_VERSION:
        op.add_column("template_version", sa.Column(name, kind, nullable=True))
    op.add_column("lti_link", sa.Column("title", sa.String(length=255), nullable=True))
    op.create_index("ix_lti_link_tenant_id_resource_link_id", "lti_link", ["tenant_id", "resource_link_id"])
    op.create_table(
        "template_origin",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("template_id", Id(), nullable=False),
        sa.Column("course_id", Id(), nullable=False),
        sa.Column("root_id", Id(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{table}.tenant_id", f"{table}.id"],
                name=op.f(f"fk_template_origin_tenant_id_{column}"),
            )
            for table, column in (
                ("template", "template_id"),
                ("course", "course_id"),
                ("template", "root_id"),
            )
        ),
        sa.PrimaryKeyConstraint("tenant_id", "template_id", name=op.f("pk_template_origin")),
    )
    op.create_index("ix_template_origin_tenant_id_course_id", "template_origin", ["tenant_id", "course_id"])
    op.create_index("ix_template_origin_tenant_id_root_id", "template_origin", ["tenant_id", "root_id"])
    op.create_table(
        "copied_context",
        sa.Column("deployment_id", Id(), nullable=False),
        sa.Column("lti_context_id", sa.String(length=255), nullable=False),
        sa.Column("origin_context_id", sa.String(length=255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "deployment_id"],
            ["deployment.tenant_id", "deployment.id"],
            name=op.f("fk_copied_context_tenant_id_deployment_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_copied_context")),
        sa.UniqueConstraint(
            "tenant_id",
            "deployment_id",
            "lti_context_id",
            "origin_context_id",
            name=op.f("uq_copied_context"),
        ),
    )
    op.create_table(
        "placing",
        sa.Column("platform_id", Id(), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("lti_deployment_id", sa.String(length=255), nullable=False),
        sa.Column("return_url", sa.String(length=2048), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("accept_multiple", sa.Boolean(), nullable=False),
        sa.Column("accept_line_item", sa.Boolean(), nullable=False),
        sa.Column("targets", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("chosen", sa.LargeBinary(length=32), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "membership_id"],
            ["membership.tenant_id", "membership.id"],
            name=op.f("fk_placing_tenant_id_membership_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "platform_id"],
            ["platform.tenant_id", "platform.id"],
            name=op.f("fk_placing_tenant_id_platform_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_placing")),
    )
    op.create_index("ix_placing_tenant_id_created_at", "placing", ["tenant_id", "created_at"])
    op.create_index("ix_placing_id", "placing", ["id"])


def downgrade() -> None:
    for table in ("placing", "copied_context", "template_origin"):
        op.drop_table(table)
    op.drop_index("ix_lti_link_tenant_id_resource_link_id", "lti_link")
    op.drop_column("lti_link", "title")
    for name, _ in reversed(_OF_VERSION):
        op.drop_column("template_version", name)
