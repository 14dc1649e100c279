"""Group sets with their origin, the groups of a panel, what the LMS's groups are here, and terms that are over."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("tenant_id", *columns, name=op.f(f"pk_{table}"))


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{to}.tenant_id", f"{to}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
    )


def upgrade() -> None:
    op.create_table(
        "course_term",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("course_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        _refers("course_term", "course_id", "course"),
        _key("course_term", "course_id", "number"),
    )
    op.create_table(
        "group_set",
        sa.Column("course_id", Id(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        _refers("group_set", "course_id", "course"),
        _key("group_set", "id"),
    )
    op.create_index(op.f("ix_group_set_tenant_id_course_id"), "group_set", ["tenant_id", "course_id"])
    # Nothing has written groups before, so that no row lacks a set.
    with op.batch_alter_table("course_group") as table:
        table.add_column(sa.Column("set_id", Id(), nullable=False))
        table.add_column(sa.Column("number", sa.Integer(), nullable=False))
        table.add_column(sa.Column("removed_at", UtcDateTime(), nullable=True))
        table.create_foreign_key(
            op.f("fk_course_group_tenant_id_set_id"),
            "group_set",
            ["tenant_id", "set_id"],
            ["tenant_id", "id"],
        )
        table.create_index(op.f("ix_course_group_tenant_id_set_id"), ["tenant_id", "set_id"])
    op.add_column(
        "template_version",
        sa.Column("group_mode", sa.String(length=16), nullable=False, server_default="everyone"),
    )
    op.create_table(
        "panel_groups",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("panel_id", Id(), nullable=False),
        sa.Column("set_id", Id(), nullable=True),
        _refers("panel_groups", "panel_id", "panel"),
        _refers("panel_groups", "set_id", "group_set"),
        _key("panel_groups", "panel_id"),
    )
    op.create_table(
        "lti_group_set",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("context_id", Id(), nullable=False),
        sa.Column("lti_set_id", sa.String(length=255), nullable=False),
        sa.Column("set_id", Id(), nullable=False),
        _refers("lti_group_set", "context_id", "lti_context"),
        _refers("lti_group_set", "set_id", "group_set"),
        _key("lti_group_set", "context_id", "lti_set_id"),
    )
    op.create_table(
        "lti_group",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("context_id", Id(), nullable=False),
        sa.Column("lti_group_id", sa.String(length=255), nullable=False),
        sa.Column("group_id", Id(), nullable=False),
        _refers("lti_group", "context_id", "lti_context"),
        _refers("lti_group", "group_id", "course_group"),
        _key("lti_group", "context_id", "lti_group_id"),
    )
    op.create_index(op.f("ix_lti_group_tenant_id_group_id"), "lti_group", ["tenant_id", "group_id"])
    op.create_table(
        "group_service",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("context_id", Id(), nullable=False),
        sa.Column("groups_url", sa.String(length=2048), nullable=False),
        sa.Column("sets_url", sa.String(length=2048), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        _refers("group_service", "context_id", "lti_context"),
        _key("group_service", "context_id"),
    )


def downgrade() -> None:
    for name in ("group_service", "lti_group", "lti_group_set", "panel_groups"):
        op.drop_table(name)
    op.drop_column("template_version", "group_mode")
    with op.batch_alter_table("course_group") as table:
        table.drop_index(op.f("ix_course_group_tenant_id_set_id"))
        table.drop_constraint(op.f("fk_course_group_tenant_id_set_id"), type_="foreignkey")
        for column in ("removed_at", "number", "set_id"):
            table.drop_column(column)
    op.drop_table("group_set")
    op.drop_table("course_term")
