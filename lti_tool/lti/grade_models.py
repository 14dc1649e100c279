"""Tables of grades on their way to an LMS: where they go, its line items, the scores, and what was counted when."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Float, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.lti.models import ID_LENGTH, URL_LENGTH
from social_layer.database import Base, Tenanted, refers_to


class GradeService(Base):
    """What the last launch of a link said of grades: the claim of the Assignment and Grade Services."""

    __tablename__ = "grade_service"
    __table_args__ = (refers_to("lti_link", "link_id"),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    link_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_items_url: Mapped[str | None] = mapped_column(String(URL_LENGTH))
    # Only where the link has exactly one line item.
    line_item_url: Mapped[str | None] = mapped_column(String(URL_LENGTH))
    # What we may do, as full names, in a line.
    scopes: Mapped[str] = mapped_column(Text)
    said_at: Mapped[datetime]


class GradeColumn(Tenanted, Base):
    """The line item of a panel's stage: a column of the LMS's grade book.

    Scores go there with the token of ``link_id``'s platform. ``trouble``: what the LMS said when it refused all of it;
    ``resting_until``: how long it is left alone.
    """

    __tablename__ = "grade_column"
    __table_args__ = (
        refers_to("panel", "panel_id"),
        refers_to("lti_link", "link_id"),
        UniqueConstraint("tenant_id", "panel_id", "stage"),
    )
    panel_id: Mapped[UUID]
    stage: Mapped[UUID]
    link_id: Mapped[UUID]
    # None while it is to be made.
    url: Mapped[str | None] = mapped_column(String(URL_LENGTH))
    label: Mapped[str] = mapped_column(String(ID_LENGTH))
    maximum: Mapped[float] = mapped_column(Float(53))
    # As the LMS has them, where the column is ours.
    made_label: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    made_maximum: Mapped[float | None] = mapped_column(Float(53))
    # False: the LMS made it, with the placement of the link.
    is_ours: Mapped[bool] = mapped_column(default=False)
    # The one before was gone, and this one was made in its place.
    remade_at: Mapped[datetime | None]
    trouble: Mapped[str | None] = mapped_column(String(500))
    failures: Mapped[int] = mapped_column(default=0)
    resting_until: Mapped[datetime | None]
    # When all results were read last, and since when staff want them read again.
    read_at: Mapped[datetime | None]
    read_due_at: Mapped[datetime | None]
    # Its stage is graded no more, and staff want it gone from the LMS too.
    removing_at: Mapped[datetime | None]
    # One courier at a time works at a column.
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]


class OwnWords(StrEnum):
    """What is said in place of the LMS's words, where the reason is ours; pages put it into a sentence."""

    not_allowed = "@not_allowed"
    no_column = "@no_column"
    gone_again = "@gone_again"
    person_unknown = "@person_unknown"
    unseen = "@unseen"
    no_removal = "@no_removal"
    our_fault = "@our_fault"


class ScoreState(StrEnum):
    """``parked``: the LMS refused this one, ``answer`` says why. ``held``: the LMS shows a grade that is not ours.

    ``former``: of a term that is over. What the LMS has stays there until something of the new term is to be sent.
    """

    pending = "pending"
    sent = "sent"
    parked = "parked"
    held = "held"
    former = "former"


class Score(Tenanted, Base):
    """What one learner is to have in one stage's line item, and what of it has arrived. The latest wish counts.

    ``stamp`` is the time that the last attempt bore: the next one bears a later one, whatever became of it.
    """

    __tablename__ = "score"
    __table_args__ = (
        refers_to("panel", "panel_id"),
        refers_to("membership", "membership_id"),
        UniqueConstraint("tenant_id", "panel_id", "stage", "membership_id"),
        Index(None, "tenant_id", "membership_id"),
        Index(
            "ix_score_pending",
            "tenant_id",
            "panel_id",
            "stage",
            "due_at",
            postgresql_where=text("state = 'pending'"),
            sqlite_where=text("state = 'pending'"),
        ),
    )
    panel_id: Mapped[UUID]
    stage: Mapped[UUID]
    membership_id: Mapped[UUID]
    # What is to stand in the LMS.
    points: Mapped[float] = mapped_column(Float(53))
    maximum: Mapped[float] = mapped_column(Float(53))
    comment: Mapped[str] = mapped_column(Text, default="")
    activity: Mapped[str] = mapped_column(String(16))
    # How often this has changed: who sends one wish must not take another one for done.
    wish: Mapped[int] = mapped_column(default=1)
    # Staff have said that it may take the place of a grade that is not ours.
    replaces: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(16), default=ScoreState.pending)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    stamp: Mapped[datetime | None]
    # What that attempt said: a grade that is like it is ours, even where no answer came.
    tried_points: Mapped[float | None] = mapped_column(Float(53))
    tried_maximum: Mapped[float | None] = mapped_column(Float(53))
    # What was taken last.
    sent_points: Mapped[float | None] = mapped_column(Float(53))
    sent_maximum: Mapped[float | None] = mapped_column(Float(53))
    sent_comment: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[datetime | None]
    # What the LMS was seen to show; none of it where it showed no grade.
    shown_points: Mapped[float | None] = mapped_column(Float(53))
    shown_maximum: Mapped[float | None] = mapped_column(Float(53))
    shown_comment: Mapped[str | None] = mapped_column(Text)
    shown_at: Mapped[datetime | None]


class GradeCount(Base):
    """How far a panel's grades were counted, and when time alone makes it worth counting them again."""

    __tablename__ = "grade_count"
    __table_args__ = (refers_to("panel", "panel_id"),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    panel_id: Mapped[UUID] = mapped_column(primary_key=True)
    counter: Mapped[int] = mapped_column(BigInteger, default=-1)
    changes: Mapped[int] = mapped_column(BigInteger, default=-1)
    version_id: Mapped[UUID | None]
    counted_at: Mapped[datetime | None]
    again_at: Mapped[datetime | None]
