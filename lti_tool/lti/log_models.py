"""Tables of what happened at the edge, kept for some weeks: attempts to launch, and what services refused."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from social_layer.database import Base, Tenanted, refers_to

SAID_LENGTH = 500
SERVICE_LENGTH = 64
# Few among many: an index of their own finds them. A query that is to use it says just this.
_REFUSED = text("outcome <> 'launched'")


class LaunchAttempt(Base):
    """One attempt to open a panel and how it ended. Nothing of it names a person, and no token stands in it.

    Found by its trace id, which the person's page shows; the tenant is not known of every attempt.
    """

    __tablename__ = "launch_attempt"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "platform_id"], ["platform.tenant_id", "platform.id"]),
        Index(None, "at"),
        Index(None, "tenant_id", "platform_id", "at"),
        Index(None, "account", "at"),
        Index("ix_launch_attempt_refused", "at", sqlite_where=_REFUSED, postgresql_where=_REFUSED),
    )
    trace_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[datetime]
    # "launched", or the code of the refusal.
    outcome: Mapped[str] = mapped_column(String(64))
    tenant_id: Mapped[UUID | None]
    platform_id: Mapped[UUID | None]
    deployment: Mapped[str | None] = mapped_column(String(255))
    # A keyed digest of (issuer, sub): whoever knows the account finds its launches, and nobody else learns it.
    account: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    # What the refusal is about, such as the name of a claim.
    about: Mapped[str | None] = mapped_column(String(SAID_LENGTH))


class ServiceError(Tenanted, Base):
    """Something that a platform's service refused, in its own words. What repeats is counted, not written again."""

    __tablename__ = "service_error"
    __table_args__ = (
        refers_to("platform", "platform_id"),
        Index(None, "tenant_id", "platform_id", "digest", unique=True),
        Index("ix_service_error_last_at", "tenant_id", "last_at"),
    )
    platform_id: Mapped[UUID]
    # SHA-256 of service, status and words.
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    service: Mapped[str] = mapped_column(String(SERVICE_LENGTH))
    # None where there was no answer at all.
    status: Mapped[int | None]
    said: Mapped[str] = mapped_column(String(SAID_LENGTH))
    times: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
