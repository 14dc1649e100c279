"""Tables: panel, template and its versions."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Float, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from social_layer.database import Base, Tenanted, of_tenant, refers_to


class Kind(StrEnum):
    """What a panel is for."""

    discussion = "discussion"
    questions = "questions"
    reflection = "reflection"
    exchange = "exchange"


class GroupMode(StrEnum):
    """For whom new entries of a panel are. What was written earlier stays for those for whom it was written."""

    # All together.
    everyone = "everyone"
    # Each group for itself; staff, who see them all, write into one at a time.
    apart = "apart"
    # The same, and staff may also write to all groups at once; each group answers for itself.
    across = "across"


class Template(Tenanted, Base):
    """Settings that panels are made from. Its id is what a course copy carries."""

    __tablename__ = "template"
    __table_args__ = (of_tenant(),)
    created_at: Mapped[datetime]


class TemplateOrigin(Base):
    """Where a template comes from, where it was not made by the first launch of its panel.

    ``course_id``: the course it was made for; a panel elsewhere gets a template of its own (ADR 11). ``root_id``: the
    template it is a copy of, through however many copies, whose id the links of all of them carry; none where it was
    placed by an instructor.
    """

    __tablename__ = "template_origin"
    __table_args__ = (
        refers_to("template", "template_id"),
        refers_to("course", "course_id"),
        refers_to("template", "root_id"),
        Index(None, "tenant_id", "course_id"),
        Index(None, "tenant_id", "root_id"),
    )
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    template_id: Mapped[UUID] = mapped_column(primary_key=True)
    course_id: Mapped[UUID]
    root_id: Mapped[UUID | None]


class TemplateVersion(Tenanted, Base):
    """One state of a template; never changed once written. A copy takes every column along but dates."""

    __tablename__ = "template_version"
    __table_args__ = (
        refers_to("template", "template_id"),
        UniqueConstraint("tenant_id", "template_id", "number"),
    )
    template_id: Mapped[UUID]
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(255))
    purpose: Mapped[str] = mapped_column(String(500), default="")
    prompt: Mapped[str] = mapped_column(Text, default="")
    prompt_html: Mapped[str] = mapped_column(Text, default="")
    group_mode: Mapped[str] = mapped_column(String(16), default=GroupMode.everyone, server_default="everyone")
    # When people may begin, should be done, and can write no more; belong to one term of one course.
    opens_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    # What a graded panel counts; none where it is not graded.
    points: Mapped[float | None] = mapped_column(Float)
    created_at: Mapped[datetime]


class Panel(Tenanted, Base):
    """One social space at one place in a course.

    ``counter`` is raised in the transaction of every change to the panel's entries, and so orders what is new.
    """

    __tablename__ = "panel"
    __table_args__ = (
        refers_to("course", "course_id"),
        refers_to("template_version", "template_version_id"),
        Index(None, "tenant_id", "course_id"),
        # A page that is loaded again names only its panel.
        Index("ix_panel_id", "id"),
    )
    course_id: Mapped[UUID]
    template_version_id: Mapped[UUID]
    counter: Mapped[int] = mapped_column(BigInteger, default=0)
    set_up_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class PanelGroups(Base):
    """Which group set a panel uses; kept when it is for everyone again, since entries of groups stay theirs.

    Not part of the template: a course copy carries the mode, and its groups are others. A panel without this row
    uses the groups of the LMS.
    """

    __tablename__ = "panel_groups"
    __table_args__ = (refers_to("panel", "panel_id"), refers_to("group_set", "set_id"))
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    panel_id: Mapped[UUID] = mapped_column(primary_key=True)
    set_id: Mapped[UUID | None]
