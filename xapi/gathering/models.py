"""Tables: lrs_reading, person_identifier, mapped_activity."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from social_layer.database import Base, Tenanted, of_tenant, refers_to
from xapi.models import TROUBLE_LENGTH

# PostgreSQL's indexes take no longer rows than 2,700 bytes.
IDENTIFIER_LENGTH = 512
ACTIVITY_LENGTH = 1024


class LrsReading(Base):
    """How far an LRS was read back. The watermark itself stands with the segments; this is what is known of it here.

    Who holds ``lease`` reads until ``leased_until``, and renews it. ``failures`` in a row decide when it is tried
    again; ``trouble`` says what is wrong. ``is_refused``: its credentials may not read there.
    """

    __tablename__ = "lrs_reading"
    __table_args__ = (refers_to("lrs", "lrs_id"),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    lrs_id: Mapped[UUID] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    # When a reading ended well, until when all is here that the LRS had, and how many statements are.
    read_at: Mapped[datetime | None]
    as_of: Mapped[datetime | None]
    statements: Mapped[int] = mapped_column(BigInteger, default=0)
    failures: Mapped[int] = mapped_column(default=0)
    is_refused: Mapped[bool] = mapped_column(default=False)
    trouble: Mapped[str | None] = mapped_column(String(TROUBLE_LENGTH))


class PersonIdentifier(Tenanted, Base):
    """By what else the formal records of others know a person: a mail address, its hash, or an account elsewhere."""

    __tablename__ = "person_identifier"
    __table_args__ = (
        refers_to("person", "person_id"),
        UniqueConstraint("tenant_id", "identifier"),
        Index(None, "tenant_id", "person_id"),
    )
    identifier: Mapped[str] = mapped_column(String(IDENTIFIER_LENGTH))
    person_id: Mapped[UUID]
    imported_at: Mapped[datetime]


class MappedActivity(Tenanted, Base):
    """An activity of an LMS, or of its content, that an administrator says belongs to a course."""

    __tablename__ = "mapped_activity"
    __table_args__ = (
        of_tenant(),
        refers_to("course", "course_id"),
        UniqueConstraint("tenant_id", "activity"),
    )
    activity: Mapped[str] = mapped_column(String(ACTIVITY_LENGTH))
    course_id: Mapped[UUID]
    mapped_at: Mapped[datetime]
