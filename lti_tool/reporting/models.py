"""Tables: whether those who run a course may look at a person's timeline."""

from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from social_layer.database import Base, of_tenant


class TimelineRule(Base):
    """What the institution says: for one course, by its id, or with an empty target for all others. Without a row:
    nobody but the person sees a timeline."""

    __tablename__ = "timeline_rule"
    __table_args__ = (of_tenant(),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(String(36), primary_key=True)
    staff_may_look: Mapped[bool]
