"""Statements, what they are found by, canonical definitions, attachments and credentials."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "statements",
        sa.Column("stored", _KEY, nullable=False, autoincrement=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("target", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("voiding", sa.Boolean(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("received", sa.Text(), nullable=False),
        sa.Column("added", sa.Text(), nullable=False),
        sa.Column("rewritten", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("stored", name="pk_statements"),
        sa.UniqueConstraint("id", name="uq_statements_id"),
    )
    op.create_index(
        "ix_statements_target",
        "statements",
        ["target"],
        sqlite_where=sa.text("target IS NOT NULL"),
        postgresql_where=sa.text("target IS NOT NULL"),
    )
    op.create_table(
        "statement_terms",
        sa.Column("term", sa.LargeBinary(16), nullable=False),
        sa.Column("stored", _KEY, nullable=False, autoincrement=False),
        sa.Column("origin", _KEY, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("term", "stored", "origin", name="pk_statement_terms"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "definitions",
        sa.Column("term", sa.LargeBinary(16), nullable=False),
        sa.Column("iri", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("updated", _KEY, nullable=False),
        sa.PrimaryKeyConstraint("term", name="pk_definitions"),
    )
    op.create_table(
        "attachments",
        sa.Column("sha2", sa.String(128), nullable=False),
        sa.Column("length", _KEY, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha2", name="pk_attachments"),
    )
    op.create_table(
        "statement_attachments",
        sa.Column("stored", _KEY, nullable=False, autoincrement=False),
        sa.Column("sha2", sa.String(128), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stored", "sha2", name="pk_statement_attachments"),
        sa.ForeignKeyConstraint(["stored"], ["statements.stored"], name="fk_statement_attachments_stored"),
        sa.ForeignKeyConstraint(["sha2"], ["attachments.sha2"], name="fk_statement_attachments_sha2"),
    )
    op.create_table(
        "credentials",
        sa.Column("username", sa.String(255), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("username", name="pk_credentials"),
    )


def downgrade() -> None:
    for table in ("credentials", "statement_attachments", "attachments", "definitions", "statement_terms"):
        op.drop_table(table)
    op.drop_table("statements")
