"""Tables: rules of what leaves, people's own choices, how often either changed, and the keys of pseudonyms.

Rules and choices are only ever added: what held when something happened must still be known when it is sent later.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from social_layer.database import Base, Tenanted, of_tenant, refers_to


class Level(StrEnum):
    """What a rule is about; the nearest one that says anything holds."""

    tenant = "tenant"
    platform = "platform"
    course = "course"
    panel = "panel"


class ScopeRule(Tenanted, Base):
    """What the institution said from ``since`` on. Without a scope: what is more general holds again.

    ``target``: empty for the tenant, the home page of a platform's accounts, the id of a course or panel.
    ``may_choose``: whether each person may choose less. ``text``: whether what people write leaves with it.
    """

    __tablename__ = "scope_rule"
    __table_args__ = (of_tenant(), Index(None, "tenant_id", "target", "since"))
    level: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(512))
    scope: Mapped[str | None] = mapped_column(String(16))
    may_choose: Mapped[bool] = mapped_column(default=False)
    text: Mapped[bool] = mapped_column(default=False)
    since: Mapped[datetime]
    # Who said so, as the log would name them.
    set_by: Mapped[str] = mapped_column(String(64))


class ScopeChoice(Tenanted, Base):
    """What a person chose for themselves from ``since`` on, in all their courses; no scope: as the institution says.

    ``text``: whether what they write may leave where the institution sends it.
    """

    __tablename__ = "scope_choice"
    __table_args__ = (refers_to("person", "person_id"), Index(None, "tenant_id", "person_id", "since"))
    person_id: Mapped[UUID]
    scope: Mapped[str | None] = mapped_column(String(16))
    text: Mapped[bool] = mapped_column(default=True)
    since: Mapped[datetime]


class ScopeChanges(Base):
    """How often rules, choices or people of a tenant changed: a courier looks before each request."""

    __tablename__ = "scope_changes"
    __table_args__ = (of_tenant(),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, default=0)


class PseudonymKey(Base):
    """The random key of a tenant's pseudonyms, sealed; ``of`` is the tenant, or the LRS that has one of its own."""

    __tablename__ = "pseudonym_key"
    __table_args__ = (of_tenant(),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    of: Mapped[UUID] = mapped_column(primary_key=True)
    sealed: Mapped[str] = mapped_column(String(255))


class Erasure(Tenanted, Base):
    """The receipt of an erasure: when, by whom, how much; nothing of who was erased. ``signature``: see receipts.py."""

    __tablename__ = "erasure"
    __table_args__ = (of_tenant(), Index(None, "tenant_id", "erased_at"))
    erased_at: Mapped[datetime]
    erased_by: Mapped[str] = mapped_column(String(64))
    # What was removed and how often, as JSON.
    counts: Mapped[str] = mapped_column(String(2048))
    signature: Mapped[str] = mapped_column(String(64))
