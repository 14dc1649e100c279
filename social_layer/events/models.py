"""Tables: event, the append-only log; and how far its events are numbered."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from social_layer.database import Base, Tenanted, of_tenant, refers_to


class EventType(StrEnum):
    panel_opened = "panel_opened"
    thread_read = "thread_read"
    topic_posted = "topic_posted"
    reply_posted = "reply_posted"
    reflection_shared = "reflection_shared"
    entry_edited = "entry_edited"
    entry_deleted = "entry_deleted"
    entry_removed = "entry_removed"
    reaction_added = "reaction_added"
    reaction_removed = "reaction_removed"


# What takes an entry out of sight: its author's hand, or that of staff.
TAKEN_AWAY = frozenset({EventType.entry_deleted, EventType.entry_removed})


class Event(Tenanted, Base):
    """What happened: no texts, no names, never changed, never deleted.

    The event that publishes an entry bears the entry's id, so that whatever answers the entry can name the event,
    and hence the statement, that it answers without a look-up. Two are no part of the envelope: ``dispatched`` says
    whether the deliveries were made, and ``number`` where it stands in the order of exports (see
    :mod:`social_layer.events.numbering`).
    """

    __tablename__ = "event"
    __table_args__ = (
        of_tenant(),
        refers_to("voice", "voice_id"),
        refers_to("panel", "panel_id"),
        Index(
            "ix_event_undispatched",
            "tenant_id",
            "occurred_at",
            postgresql_where=text("NOT dispatched"),
            sqlite_where=text("NOT dispatched"),
        ),
        Index(
            "ix_event_unnumbered",
            "tenant_id",
            "occurred_at",
            postgresql_where=text("number IS NULL"),
            sqlite_where=text("number IS NULL"),
        ),
        Index(
            "ix_event_numbered",
            "tenant_id",
            "number",
            unique=True,
            postgresql_where=text("number IS NOT NULL"),
            sqlite_where=text("number IS NOT NULL"),
        ),
        Index(None, "tenant_id", "occurred_at"),
        Index(None, "tenant_id", "panel_id", "voice_id", "type", "occurred_at"),
    )
    type: Mapped[str] = mapped_column(String(32))
    schema_version: Mapped[int] = mapped_column(default=1)
    occurred_at: Mapped[datetime]
    voice_id: Mapped[UUID]
    panel_id: Mapped[UUID]
    # What it was done to: the entry, or the panel itself.
    object_id: Mapped[UUID]
    # The event that it answers: of the parent entry, of the entry reacted to.
    answers_id: Mapped[UUID | None]
    revision: Mapped[int | None]
    # Which one, where a type has several: the reaction's kind, the entry's kind. Of reading, for how long (ISO 8601).
    detail: Mapped[str | None] = mapped_column(String(32))
    dispatched: Mapped[bool] = mapped_column(default=False)
    number: Mapped[int | None] = mapped_column(BigInteger)


# Written out, as the partial index has it: SQLAlchemy writes "dispatched = 0" for SQLite, which then reads all events.
UNDISPATCHED = text("NOT event.dispatched")


class EventNumbering(Base):
    """The highest number given to an event of a tenant; its row is the lock under which numbers are given."""

    __tablename__ = "event_numbering"
    __table_args__ = (of_tenant(),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger, default=0)
