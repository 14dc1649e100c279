"""Grading: rules of a template's version, staff's judgements, line items, and scores on their way to an LMS."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "grading_stage",
        sa.Column("template_version_id", Id(), nullable=False),
        sa.Column("stage", Id(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("points", sa.Float(precision=53), nullable=False),
        sa.Column("giving", sa.String(length=16), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("late_counts", sa.Boolean(), nullable=False),
        sa.Column("by_itself", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "template_version_id"],
            ["template_version.tenant_id", "template_version.id"],
            name=op.f("fk_grading_stage_tenant_id_template_version_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_grading_stage")),
        sa.UniqueConstraint(
            "tenant_id",
            "template_version_id",
            "stage",
            name=op.f("uq_grading_stage_tenant_id_template_version_id_stage"),
        ),
    )
    op.create_table(
        "judgement",
        sa.Column("panel_id", Id(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("stage", Id(), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("points", sa.Float(precision=53), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("by_id", Id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "panel_id"],
            ["panel.tenant_id", "panel.id"],
            name=op.f("fk_judgement_tenant_id_panel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "membership_id"],
            ["membership.tenant_id", "membership.id"],
            name=op.f("fk_judgement_tenant_id_membership_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "by_id"],
            ["membership.tenant_id", "membership.id"],
            name=op.f("fk_judgement_tenant_id_by_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_judgement")),
    )
    op.create_index(
        "uq_judgement_standing",
        "judgement",
        ["tenant_id", "panel_id", "term", "membership_id", "stage"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(op.f("ix_judgement_tenant_id_membership_id"), "judgement", ["tenant_id", "membership_id"])
    op.create_table(
        "panel_grading",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("panel_id", Id(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "panel_id"],
            ["panel.tenant_id", "panel.id"],
            name=op.f("fk_panel_grading_tenant_id_panel_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "panel_id", name=op.f("pk_panel_grading")),
    )

    op.create_table(
        "grade_count",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("panel_id", Id(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("version_id", Id(), nullable=True),
        sa.Column("counted_at", UtcDateTime(), nullable=True),
        sa.Column("again_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "panel_id"],
            ["panel.tenant_id", "panel.id"],
            name=op.f("fk_grade_count_tenant_id_panel_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "panel_id", name=op.f("pk_grade_count")),
    )
    op.create_table(
        "score",
        sa.Column("panel_id", Id(), nullable=False),
        sa.Column("stage", Id(), nullable=False),
        sa.Column("membership_id", Id(), nullable=False),
        sa.Column("points", sa.Float(precision=53), nullable=False),
        sa.Column("maximum", sa.Float(precision=53), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("activity", sa.String(length=16), nullable=False),
        sa.Column("wish", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("stamp", UtcDateTime(), nullable=True),
        sa.Column("tried_points", sa.Float(precision=53), nullable=True),
        sa.Column("tried_maximum", sa.Float(precision=53), nullable=True),
        sa.Column("sent_points", sa.Float(precision=53), nullable=True),
        sa.Column("sent_maximum", sa.Float(precision=53), nullable=True),
        sa.Column("sent_comment", sa.Text(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("shown_points", sa.Float(precision=53), nullable=True),
        sa.Column("shown_maximum", sa.Float(precision=53), nullable=True),
        sa.Column("shown_comment", sa.Text(), nullable=True),
        sa.Column("shown_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "membership_id"],
            ["membership.tenant_id", "membership.id"],
            name=op.f("fk_score_tenant_id_membership_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "panel_id"],
            ["panel.tenant_id", "panel.id"],
            name=op.f("fk_score_tenant_id_panel_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_score")),
        sa.UniqueConstraint(
            "tenant_id",
            "panel_id",
            "stage",
            "membership_id",
            name=op.f("uq_score_tenant_id_panel_id_stage_membership_id"),
        ),
    )
    op.create_index(
        "ix_score_pending",
        "score",
        ["tenant_id", "panel_id", "stage", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
        sqlite_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        op.f("ix_score_tenant_id_membership_id"), "score", ["tenant_id", "membership_id"], unique=False
    )
    op.create_table(
        "grade_column",
        sa.Column("panel_id", Id(), nullable=False),
        sa.Column("stage", Id(), nullable=False),
        sa.Column("link_id", Id(), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=True),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("maximum", sa.Float(precision=53), nullable=False),
        sa.Column("made_label", sa.String(length=255), nullable=True),
        sa.Column("made_maximum", sa.Float(precision=53), nullable=True),
        sa.Column("is_ours", sa.Boolean(), nullable=False),
        sa.Column("remade_at", UtcDateTime(), nullable=True),
        sa.Column("trouble", sa.String(length=500), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("resting_until", UtcDateTime(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("read_due_at", UtcDateTime(), nullable=True),
        sa.Column("lease", Id(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "link_id"],
            ["lti_link.tenant_id", "lti_link.id"],
            name=op.f("fk_grade_column_tenant_id_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "panel_id"],
            ["panel.tenant_id", "panel.id"],
            name=op.f("fk_grade_column_tenant_id_panel_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_grade_column")),
        sa.UniqueConstraint(
            "tenant_id", "panel_id", "stage", name=op.f("uq_grade_column_tenant_id_panel_id_stage")
        ),
    )
    op.create_table(
        "grade_service",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("link_id", Id(), nullable=False),
        sa.Column("line_items_url", sa.String(length=2048), nullable=True),
        sa.Column("line_item_url", sa.String(length=2048), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "link_id"],
            ["lti_link.tenant_id", "lti_link.id"],
            name=op.f("fk_grade_service_tenant_id_link_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "link_id", name=op.f("pk_grade_service")),
    )


def downgrade() -> None:
    op.drop_table("grade_service")
    op.drop_table("grade_column")
    op.drop_table("score")
    op.drop_table("grade_count")
    op.drop_table("panel_grading")
    op.drop_table("judgement")
    op.drop_table("grading_stage")
