"""Tables: entry, its revisions, reactions, read marks, times of reading and private drafts."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from social_layer.database import Base, Tenanted, refers_to


class EntryKind(StrEnum):
    topic = "topic"
    reply = "reply"
    question = "question"
    answer = "answer"
    reflection = "reflection"
    feedback = "feedback"
    note = "note"


class Audience(StrEnum):
    """Who an entry is for, within its group and term."""

    course = "course"
    staff = "staff"


class ReactionKind(StrEnum):
    like = "like"
    insight = "insight"
    same = "same"


class Entry(Tenanted, Base):
    """One contribution. Its text lives in revisions; ``version`` is the number of the present one.

    ``path`` sorts the panel in thread order, the newest thread first, and a thread depth first
    (see :mod:`social_layer.discussion.paths`). ``seq`` is the panel's counter when it was posted, ``changed_seq``
    when anything of it changed last.
    """

    __tablename__ = "entry"
    __table_args__ = (
        refers_to("panel", "panel_id"),
        refers_to("voice", "voice_id"),
        refers_to("entry", "thread_id"),
        refers_to("entry", "parent_id"),
        refers_to("course_group", "group_id"),
        UniqueConstraint("tenant_id", "panel_id", "path"),
        Index(None, "tenant_id", "panel_id", "changed_seq"),
        Index(None, "tenant_id", "thread_id"),
        Index(None, "tenant_id", "voice_id"),
    )
    panel_id: Mapped[UUID]
    thread_id: Mapped[UUID]
    parent_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(16))
    voice_id: Mapped[UUID]
    audience: Mapped[str] = mapped_column(String(16), default=Audience.course)
    group_id: Mapped[UUID | None]
    term: Mapped[int] = mapped_column(default=1)
    path: Mapped[bytes] = mapped_column(LargeBinary(64))
    depth: Mapped[int]
    seq: Mapped[int] = mapped_column(BigInteger)
    changed_seq: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(default=1)
    # Of a thread's first entry: how many shown entries stand below it.
    replies: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class Revision(Base):
    """The text of an entry as it stood in one version. Erasable; nothing else holds texts."""

    __tablename__ = "revision"
    __table_args__ = (refers_to("entry", "entry_id"),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(255), default="")
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class Reaction(Base):
    """A voice's reaction to an entry; undone by deleting the row (the log keeps both)."""

    __tablename__ = "reaction"
    __table_args__ = (refers_to("entry", "entry_id"), refers_to("voice", "voice_id"))
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    voice_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    created_at: Mapped[datetime]


class ReadMark(Base):
    """How far a person has read a thread: everything up to ``seq``."""

    __tablename__ = "read_mark"
    __table_args__ = (refers_to("entry", "thread_id"), refers_to("person", "person_id"))
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    thread_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


class ReadingTime(Base):
    """For how many seconds somebody read in a thread on one day of theirs; gone soon after the day is over.

    ``over_at``: when that day ends. ``told``: the event was appended.
    """

    __tablename__ = "reading_time"
    __table_args__ = (
        refers_to("panel", "panel_id"),
        refers_to("voice", "voice_id"),
        refers_to("entry", "thread_id"),
        Index(
            "ix_reading_time_untold",
            "tenant_id",
            "last_at",
            postgresql_where=text("NOT told"),
            sqlite_where=text("NOT told"),
        ),
        Index(None, "tenant_id", "over_at"),
    )
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    voice_id: Mapped[UUID] = mapped_column(primary_key=True)
    thread_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    panel_id: Mapped[UUID]
    seconds: Mapped[int]
    last_at: Mapped[datetime]
    over_at: Mapped[datetime]
    told: Mapped[bool] = mapped_column(default=False)


class Draft(Base):
    """What somebody is writing and nobody else may see.

    ``about`` says where it belongs: ``topic``, ``reply:<entry id>``, ``edit:<entry id>``, ``reflection``.
    """

    __tablename__ = "draft"
    __table_args__ = (refers_to("panel", "panel_id"), refers_to("person", "person_id"))
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    panel_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(String(64), primary_key=True)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
