"""Tables: the stages of a template's version, staff's judgements of single learners, and what counts their changes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Float, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from social_layer.database import Base, Tenanted, refers_to


class GradingStage(Tenanted, Base):
    """A rule of a template's version; never changed once written.

    ``stage`` is the same in every version of the template, and so in every panel that is made from it.
    """

    __tablename__ = "grading_stage"
    __table_args__ = (
        refers_to("template_version", "template_version_id"),
        UniqueConstraint("tenant_id", "template_version_id", "stage"),
    )
    template_version_id: Mapped[UUID]
    stage: Mapped[UUID]
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(100), default="")
    # [{"counted": "replies", "number": 3}, …], see rules.py
    needs: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    points: Mapped[float] = mapped_column(Float(53))
    giving: Mapped[str] = mapped_column(String(16))
    # Days of the course's time zone.
    opens_on: Mapped[date | None]
    due_on: Mapped[date | None]
    late_counts: Mapped[bool] = mapped_column(default=False)
    by_itself: Mapped[bool] = mapped_column(default=True)


class Judgement(Tenanted, Base):
    """What staff say of one learner in one stage: points in place of the counted ones, a comment, or both.

    One that is taken back, or replaced by another, keeps its row with ``ended_at``.
    """

    __tablename__ = "judgement"
    __table_args__ = (
        refers_to("panel", "panel_id"),
        refers_to("membership", "membership_id"),
        refers_to("membership", "by_id"),
        Index(
            "uq_judgement_standing",
            "tenant_id",
            "panel_id",
            "term",
            "membership_id",
            "stage",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        Index(None, "tenant_id", "membership_id"),
    )
    panel_id: Mapped[UUID]
    term: Mapped[int]
    stage: Mapped[UUID]
    membership_id: Mapped[UUID]
    # None: as counted, with a comment.
    points: Mapped[float | None] = mapped_column(Float(53))
    comment: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[UUID]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class PanelGrading(Base):
    """How often rules and judgements of a panel have changed; raised in the transaction of each change.

    Together with the panel's own counter it tells whether grades have to be counted again.
    """

    __tablename__ = "panel_grading"
    __table_args__ = (refers_to("panel", "panel_id"),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    panel_id: Mapped[UUID] = mapped_column(primary_key=True)
    changes: Mapped[int] = mapped_column(BigInteger, default=0)
