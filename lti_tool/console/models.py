"""Tables of the operator's console: who may look after the installation, and where they are signed in."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from social_layer.database import Base

NAME_LENGTH = 64


class Operator(Base):
    """Somebody who looks after the installation: all of it, or one tenant where `tenant_id` names it."""

    __tablename__ = "operator"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    # Lower case, so that nobody is there twice.
    name: Mapped[str] = mapped_column(String(NAME_LENGTH), unique=True)
    # Argon2id, with its parameters and salt.
    password_hash: Mapped[str] = mapped_column(String(255))
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenant.id"))
    created_at: Mapped[datetime]
    signed_in_at: Mapped[datetime | None]


class OperatorSession(Base):
    """One browser in which an operator is signed in. The cookie's secret is not kept, only its digest."""

    __tablename__ = "operator_session"
    __table_args__ = (Index(None, "operator_id"), Index(None, "created_at"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    operator_id: Mapped[UUID] = mapped_column(ForeignKey("operator.id", ondelete="CASCADE"))
    # Every form of the console brings it back; other sites cannot read it.
    form_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
