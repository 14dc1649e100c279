"""The first tables."""

import sqlalchemy as sa
from alembic import op

from social_layer.database import Id, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=2048), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation")),
    )
    op.create_table(
        "tenant",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("name", name=op.f("uq_tenant_name")),
    )
    op.create_table(
        "tool_key",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("sealed_pem", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("retires_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_tool_key")),
    )
    op.create_table(
        "course",
        sa.Column("home_page", sa.String(length=512), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_course_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_course")),
    )
    op.create_table(
        "frame_ancestor",
        sa.Column("origin", sa.String(length=512), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_frame_ancestor_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_frame_ancestor")),
        sa.UniqueConstraint("tenant_id", "origin", name=op.f("uq_frame_ancestor_tenant_id_origin")),
    )
    op.create_table(
        "lrs",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("endpoint", sa.String(length=2048), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("sealed_password", sa.String(length=2048), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("trouble", sa.String(length=500), nullable=True),
        sa.Column("resting_until", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("batch_limit", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_lrs_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_lrs")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_lrs_tenant_id_name")),
    )
    op.create_table(
        "person",
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_person_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_person")),
    )
    op.create_table(
        "platform",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("issuer", sa.String(length=512), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("auth_login_url", sa.String(length=2048), nullable=False),
        sa.Column("auth_token_url", sa.String(length=2048), nullable=False),
        sa.Column("jwks_url", sa.String(length=2048), nullable=False),
        sa.Column("audience", sa.String(length=2048), nullable=True),
        sa.Column("family", sa.String(length=32), nullable=True),
        sa.Column("deployments_open", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_platform_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_platform")),
        sa.UniqueConstraint("issuer", "client_id", name=op.f("uq_platform_issuer_client_id")),
    )
    op.create_table(
        "template",
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_template_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_template")),
    )
    op.create_table(
        "account",
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("home_page", sa.String(length=512), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_account_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_account")),
        sa.UniqueConstraint(
            "tenant_id", "home_page", "name", name=op.f("uq_account_tenant_id_home_page_name")
        ),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_account_tenant_id_person_id"), ["tenant_id", "person_id"], unique=False
        )

    op.create_table(
        "course_group",
        sa.Column("course_id", Id(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "course_id"],
            ["course.tenant_id", "course.id"],
            name=op.f("fk_course_group_tenant_id_course_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_course_group")),
    )
    with op.batch_alter_table("course_group", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_course_group_tenant_id_course_id"), ["tenant_id", "course_id"], unique=False
        )

    op.create_table(
        "deployment",
        sa.Column("platform_id", Id(), nullable=False),
        sa.Column("lti_deployment_id", sa.String(length=255), nullable=False),
        sa.Column("learned", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("first_launch_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "platform_id"],
            ["platform.tenant_id", "platform.id"],
            name=op.f("fk_deployment_tenant_id_platform_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_deployment")),
        sa.UniqueConstraint(
            "tenant_id",
            "platform_id",
            "lti_deployment_id",
            name=op.f("uq_deployment_tenant_id_platform_id_lti_deployment_id"),
        ),
    )
    op.create_table(
        "login",
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("platform_id", Id(), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("binding", sa.LargeBinary(length=32), nullable=False),
        sa.Column("authorization_url", sa.Text(), nullable=False),
        sa.Column("storage_target", sa.String(length=255), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "platform_id"],
            ["platform.tenant_id", "platform.id"],
            name=op.f("fk_login_tenant_id_platform_id"),
        ),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_login")),
    )
    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_created_at"), ["created_at"], unique=False)

    op.create_table(
        "membership",
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("course_id", Id(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_launch_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "course_id"],
            ["course.tenant_id", "course.id"],
            name=op.f("fk_membership_tenant_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_membership_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "tenant_id", "course_id", "person_id", name=op.f("uq_membership_tenant_id_course_id_person_id")
        ),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_membership_tenant_id_person_id"), ["tenant_id", "person_id"], unique=False
        )

    op.create_table(
        "platform_key_set",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("platform_id", Id(), nullable=False),
        sa.Column("jwks_url", sa.String(length=2048), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("fetched_at", UtcDateTime(), nullable=True),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.Column("tried_before_at", UtcDateTime(), nullable=True),
        sa.Column("tried_first_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "platform_id"],
            ["platform.tenant_id", "platform.id"],
            name=op.f("fk_platform_key_set_tenant_id_platform_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "platform_id", name=op.f("pk_platform_key_set")),
    )
    op.create_table(
        "record",
        sa.Column("lrs_id", Id(), nullable=False),
        sa.Column("statement_id", Id(), nullable=False),
        sa.Column("home_page", sa.String(length=512), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("verb", sa.String(length=512), nullable=False),
        sa.Column("activity", sa.String(length=2048), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("stored_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "lrs_id"], ["lrs.tenant_id", "lrs.id"], name=op.f("fk_record_tenant_id_lrs_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_record")),
        sa.UniqueConstraint(
            "tenant_id", "lrs_id", "statement_id", name=op.f("uq_record_tenant_id_lrs_id_statement_id")
        ),
    )
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_record_tenant_id_home_page_account"),
            ["tenant_id", "home_page", "account"],
            unique=False,
        )

    op.create_table(
        "template_version",
        sa.Column("template_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("purpose", sa.String(length=500), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("prompt_html", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "template_id"],
            ["template.tenant_id", "template.id"],
            name=op.f("fk_template_version_tenant_id_template_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_template_version")),
        sa.UniqueConstraint(
            "tenant_id",
            "template_id",
            "number",
            name=op.f("uq_template_version_tenant_id_template_id_number"),
        ),
    )
    op.create_table(
        "voice",
        sa.Column("course_id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=True),
        sa.Column("alias", sa.String(length=64), nullable=True),
        sa.Column("registration", Id(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "course_id"],
            ["course.tenant_id", "course.id"],
            name=op.f("fk_voice_tenant_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_voice_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_voice")),
        sa.UniqueConstraint(
            "tenant_id", "course_id", "person_id", name=op.f("uq_voice_tenant_id_course_id_person_id")
        ),
    )
    op.create_table(
        "group_member",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("group_id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["course_group.tenant_id", "course_group.id"],
            name=op.f("fk_group_member_tenant_id_group_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_group_member_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "person_id", name=op.f("pk_group_member")),
    )
    with op.batch_alter_table("group_member", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_group_member_tenant_id_person_id"), ["tenant_id", "person_id"], unique=False
        )

    op.create_table(
        "lti_context",
        sa.Column("deployment_id", Id(), nullable=False),
        sa.Column("lti_context_id", sa.String(length=255), nullable=False),
        sa.Column("course_id", Id(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "course_id"],
            ["course.tenant_id", "course.id"],
            name=op.f("fk_lti_context_tenant_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "deployment_id"],
            ["deployment.tenant_id", "deployment.id"],
            name=op.f("fk_lti_context_tenant_id_deployment_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_lti_context")),
        sa.UniqueConstraint(
            "tenant_id",
            "deployment_id",
            "lti_context_id",
            name=op.f("uq_lti_context_tenant_id_deployment_id_lti_context_id"),
        ),
    )
    with op.batch_alter_table("lti_context", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lti_context_tenant_id_course_id"), ["tenant_id", "course_id"], unique=False
        )

    op.create_table(
        "panel",
        sa.Column("course_id", Id(), nullable=False),
        sa.Column("template_version_id", Id(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("set_up_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "course_id"],
            ["course.tenant_id", "course.id"],
            name=op.f("fk_panel_tenant_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "template_version_id"],
            ["template_version.tenant_id", "template_version.id"],
            name=op.f("fk_panel_tenant_id_template_version_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_panel")),
    )
    with op.batch_alter_table("panel", schema=None) as batch_op:
        batch_op.create_index("ix_panel_id", ["id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_panel_tenant_id_course_id"), ["tenant_id", "course_id"], unique=False
        )

    op.create_table(
        "voice_owner",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("voice_id", Id(), nullable=False),
        sa.Column("finder", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_person", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "voice_id"],
            ["voice.tenant_id", "voice.id"],
            name=op.f("fk_voice_owner_tenant_id_voice_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "voice_id", name=op.f("pk_voice_owner")),
    )
    with op.batch_alter_table("voice_owner", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_voice_owner_tenant_id_finder"), ["tenant_id", "finder"], unique=False
        )

    op.create_table(
        "draft",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("panel_id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "panel_id"],
            ["panel.tenant_id", "panel.id"],
            name=op.f("fk_draft_tenant_id_panel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_draft_tenant_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "panel_id", "person_id", "about", name=op.f("pk_draft")),
    )
    op.create_table(
        "entry",
        sa.Column("panel_id", Id(), nullable=False),
        sa.Column("thread_id", Id(), nullable=False),
        sa.Column("parent_id", Id(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("voice_id", Id(), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("group_id", Id(), nullable=True),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("path", sa.LargeBinary(length=64), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("edited_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["course_group.tenant_id", "course_group.id"],
            name=op.f("fk_entry_tenant_id_group_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "panel_id"],
            ["panel.tenant_id", "panel.id"],
            name=op.f("fk_entry_tenant_id_panel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"],
            ["entry.tenant_id", "entry.id"],
            name=op.f("fk_entry_tenant_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "thread_id"],
            ["entry.tenant_id", "entry.id"],
            name=op.f("fk_entry_tenant_id_thread_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "voice_id"],
            ["voice.tenant_id", "voice.id"],
            name=op.f("fk_entry_tenant_id_voice_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_entry")),
        sa.UniqueConstraint("tenant_id", "panel_id", "path", name=op.f("uq_entry_tenant_id_panel_id_path")),
    )
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_entry_tenant_id_panel_id_changed_seq"),
            ["tenant_id", "panel_id", "changed_seq"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_entry_tenant_id_thread_id"), ["tenant_id", "thread_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_entry_tenant_id_voice_id"), ["tenant_id", "voice_id"], unique=False
        )

    op.create_table(
        "event",
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("voice_id", Id(), nullable=False),
        sa.Column("panel_id", Id(), nullable=False),
        sa.Column("object_id", Id(), nullable=False),
        sa.Column("answers_id", Id(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("detail", sa.String(length=32), nullable=True),
        sa.Column("dispatched", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "panel_id"],
            ["panel.tenant_id", "panel.id"],
            name=op.f("fk_event_tenant_id_panel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "voice_id"],
            ["voice.tenant_id", "voice.id"],
            name=op.f("fk_event_tenant_id_voice_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_event_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_event")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_event_tenant_id_occurred_at"), ["tenant_id", "occurred_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_event_tenant_id_panel_id_voice_id_type_occurred_at"),
            ["tenant_id", "panel_id", "voice_id", "type", "occurred_at"],
            unique=False,
        )
        batch_op.create_index(
            "ix_event_undispatched",
            ["tenant_id", "occurred_at"],
            unique=False,
            postgresql_where=sa.text("NOT dispatched"),
            sqlite_where=sa.text("NOT dispatched"),
        )

    op.create_table(
        "lti_link",
        sa.Column("context_id", Id(), nullable=False),
        sa.Column("resource_link_id", sa.String(length=255), nullable=False),
        sa.Column("custom_key", sa.String(length=255), nullable=False),
        sa.Column("panel_id", Id(), nullable=False),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "context_id"],
            ["lti_context.tenant_id", "lti_context.id"],
            name=op.f("fk_lti_link_tenant_id_context_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "panel_id"],
            ["panel.tenant_id", "panel.id"],
            name=op.f("fk_lti_link_tenant_id_panel_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_lti_link")),
        sa.UniqueConstraint(
            "tenant_id",
            "context_id",
            "resource_link_id",
            "custom_key",
            name=op.f("uq_lti_link_tenant_id_context_id_resource_link_id_custom_key"),
        ),
    )
    with op.batch_alter_table("lti_link", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lti_link_tenant_id_panel_id"), ["tenant_id", "panel_id"], unique=False
        )

    op.create_table(
        "delivery",
        sa.Column("lrs_id", Id(), nullable=False),
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("statement_id", Id(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("lease", Id(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "event_id"],
            ["event.tenant_id", "event.id"],
            name=op.f("fk_delivery_tenant_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "lrs_id"], ["lrs.tenant_id", "lrs.id"], name=op.f("fk_delivery_tenant_id_lrs_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "tenant_id", "lrs_id", "event_id", "part", name=op.f("uq_delivery_tenant_id_lrs_id_event_id_part")
        ),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delivery_parked",
            ["tenant_id", "lrs_id"],
            unique=False,
            postgresql_where=sa.text("state = 'parked'"),
            sqlite_where=sa.text("state = 'parked'"),
        )
        batch_op.create_index(
            "ix_delivery_pending",
            ["tenant_id", "lrs_id", "due_at"],
            unique=False,
            postgresql_where=sa.text("state = 'pending'"),
            sqlite_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "reaction",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("entry_id", Id(), nullable=False),
        sa.Column("voice_id", Id(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["entry.tenant_id", "entry.id"],
            name=op.f("fk_reaction_tenant_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "voice_id"],
            ["voice.tenant_id", "voice.id"],
            name=op.f("fk_reaction_tenant_id_voice_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "entry_id", "voice_id", "kind", name=op.f("pk_reaction")),
    )
    op.create_table(
        "read_mark",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("person_id", Id(), nullable=False),
        sa.Column("thread_id", Id(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_read_mark_tenant_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "thread_id"],
            ["entry.tenant_id", "entry.id"],
            name=op.f("fk_read_mark_tenant_id_thread_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", "thread_id", name=op.f("pk_read_mark")),
    )
    op.create_table(
        "revision",
        sa.Column("tenant_id", Id(), nullable=False),
        sa.Column("entry_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["entry.tenant_id", "entry.id"],
            name=op.f("fk_revision_tenant_id_entry_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "entry_id", "number", name=op.f("pk_revision")),
    )


def downgrade() -> None:
    op.drop_table("revision")
    op.drop_table("read_mark")
    op.drop_table("reaction")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_delivery_pending",
            postgresql_where=sa.text("state = 'pending'"),
            sqlite_where=sa.text("state = 'pending'"),
        )
        batch_op.drop_index(
            "ix_delivery_parked",
            postgresql_where=sa.text("state = 'parked'"),
            sqlite_where=sa.text("state = 'parked'"),
        )

    op.drop_table("delivery")
    with op.batch_alter_table("lti_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lti_link_tenant_id_panel_id"))

    op.drop_table("lti_link")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_event_undispatched",
            postgresql_where=sa.text("NOT dispatched"),
            sqlite_where=sa.text("NOT dispatched"),
        )
        batch_op.drop_index(batch_op.f("ix_event_tenant_id_panel_id_voice_id_type_occurred_at"))
        batch_op.drop_index(batch_op.f("ix_event_tenant_id_occurred_at"))

    op.drop_table("event")
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entry_tenant_id_voice_id"))
        batch_op.drop_index(batch_op.f("ix_entry_tenant_id_thread_id"))
        batch_op.drop_index(batch_op.f("ix_entry_tenant_id_panel_id_changed_seq"))

    op.drop_table("entry")
    op.drop_table("draft")
    with op.batch_alter_table("voice_owner", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_voice_owner_tenant_id_finder"))

    op.drop_table("voice_owner")
    with op.batch_alter_table("panel", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_panel_tenant_id_course_id"))
        batch_op.drop_index("ix_panel_id")

    op.drop_table("panel")
    with op.batch_alter_table("lti_context", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lti_context_tenant_id_course_id"))

    op.drop_table("lti_context")
    with op.batch_alter_table("group_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_group_member_tenant_id_person_id"))

    op.drop_table("group_member")
    op.drop_table("voice")
    op.drop_table("template_version")
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_record_tenant_id_home_page_account"))

    op.drop_table("record")
    op.drop_table("platform_key_set")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_tenant_id_person_id"))

    op.drop_table("membership")
    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_created_at"))

    op.drop_table("login")
    op.drop_table("deployment")
    with op.batch_alter_table("course_group", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_course_group_tenant_id_course_id"))

    op.drop_table("course_group")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_tenant_id_person_id"))

    op.drop_table("account")
    op.drop_table("template")
    op.drop_table("platform")
    op.drop_table("person")
    op.drop_table("lrs")
    op.drop_table("frame_ancestor")
    op.drop_table("course")
    op.drop_table("tool_key")
    op.drop_table("tenant")
    op.drop_table("installation")
