"""Tables: lrs, lrs_platform, delivery."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from social_layer.database import Base, Tenanted, of_tenant, refers_to

FIRST_BATCH = 50

# Of what is wrong with an LRS, in words.
TROUBLE_LENGTH = 500


class LrsState(StrEnum):
    """``paused``: it refused us in a way that only the administrator can mend; ``trouble`` says which."""

    active = "active"
    paused = "paused"


class DeliveryState(StrEnum):
    """``parked``: the LRS refused this one statement for good; its answer is kept for the administrator.
    ``withheld``: by what institution and person allow it does not leave, or was voided."""

    pending = "pending"
    delivered = "delivered"
    parked = "parked"
    withheld = "withheld"


class Scope(StrEnum):
    """How the people in a statement are named to an LRS, from least to most."""

    nothing = "nothing"
    pseudonymous = "pseudonymous"
    identified = "identified"
    named = "named"


class Lrs(Tenanted, Base):
    """A learning record store that a tenant sends to, and reads back from.

    ``since``: what happened from then on is sent. ``token_url``: where tokens are fetched with user name and password
    as client id and secret (RFC 6749, 4.4); without one they are sent themselves. ``trouble`` says what is wrong now;
    ``failures`` in a row decide how long it is left alone, ``resting_until``. ``batch_limit``: the statements per
    request that it takes well. ``delivered``: how often it took a statement, for counting the rows of millions would
    take too long for whoever watches.
    """

    __tablename__ = "lrs"
    __table_args__ = (of_tenant(), UniqueConstraint("tenant_id", "name"))
    name: Mapped[str] = mapped_column(String(64))
    endpoint: Mapped[str] = mapped_column(String(2048))
    username: Mapped[str] = mapped_column(String(255))
    sealed_password: Mapped[str] = mapped_column(String(2048))
    version: Mapped[str] = mapped_column(String(16), default="1.0.3")
    scope: Mapped[str] = mapped_column(String(16), default=Scope.identified)
    since: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16), default=LrsState.active)
    trouble: Mapped[str | None] = mapped_column(String(TROUBLE_LENGTH))
    resting_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    batch_limit: Mapped[int] = mapped_column(default=FIRST_BATCH)
    token_url: Mapped[str | None] = mapped_column(String(2048))
    oauth_scope: Mapped[str | None] = mapped_column(String(255))
    delivered: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime]


class LrsPlatform(Base):
    """An LRS gets only what happens on these platforms, named by the home page of their accounts; without any, all."""

    __tablename__ = "lrs_platform"
    __table_args__ = (refers_to("lrs", "lrs_id"),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    lrs_id: Mapped[UUID] = mapped_column(primary_key=True)
    home_page: Mapped[str] = mapped_column(String(512), primary_key=True)


class Delivery(Tenanted, Base):
    """One statement of an event on its way to one LRS.

    ``due_at`` starts as the time of the event, so that the oldest goes first, and moves on when the statement had to
    wait. Who holds ``lease`` may send it until ``lease_until``. ``body`` are the bytes that are sent, frozen when they
    were first built, under ``scope`` and with the words of an entry where ``text`` says so; after delivery only their
    digest (SHA-256) stays. ``answered_as``: under which scope they name the person answered, if they do. Part 1 of an
    event voids its part 0.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        refers_to("lrs", "lrs_id"),
        refers_to("event", "event_id"),
        UniqueConstraint("tenant_id", "lrs_id", "event_id", "part"),
        Index(
            "ix_delivery_pending",
            "tenant_id",
            "lrs_id",
            "due_at",
            postgresql_where=text("state = 'pending'"),
            sqlite_where=text("state = 'pending'"),
        ),
        Index(
            "ix_delivery_parked",
            "tenant_id",
            "lrs_id",
            "due_at",
            "id",
            postgresql_where=text("state = 'parked'"),
            sqlite_where=text("state = 'parked'"),
        ),
    )
    lrs_id: Mapped[UUID]
    event_id: Mapped[UUID]
    part: Mapped[int] = mapped_column(SmallInteger, default=0)
    statement_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(String(16), default=DeliveryState.pending)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    scope: Mapped[str | None] = mapped_column(String(16))
    text: Mapped[bool] = mapped_column(default=False)
    answered_as: Mapped[str | None] = mapped_column(String(16))
    # What the LRS said when it refused the statement.
    answer: Mapped[str | None] = mapped_column(Text)
    delivered_at: Mapped[datetime | None]
