"""How far each LRS was read back, for who watches."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from social_layer.people.models import Tenant
from xapi.gathering.models import LrsReading
from xapi.models import Lrs, LrsState


@dataclass(frozen=True, slots=True)
class ReadBack:
    """``as_of``: until when all is here that the LRS had. ``is_paused``: nothing is sent there, and nothing read.
    ``is_refused``: its credentials may not read there."""

    tenant: str
    tenant_id: UUID
    name: str
    is_paused: bool
    statements: int
    as_of: datetime | None
    read_at: datetime | None
    failures: int
    is_refused: bool
    trouble: str | None


def readings(session: Session, tenant: str | None = None) -> list[ReadBack]:
    """One for each connected LRS, in the order of names; one that was never read has no times."""
    query = (
        select(Tenant.name, Lrs, LrsReading)
        .join(Lrs, Lrs.tenant_id == Tenant.id)
        .outerjoin(LrsReading, and_(LrsReading.tenant_id == Lrs.tenant_id, LrsReading.lrs_id == Lrs.id))
        .order_by(Tenant.name, Lrs.name)
    )
    if tenant is not None:
        query = query.where(Tenant.name == tenant)
    return [_told(row[0], row[1], row[2]) for row in session.execute(query)]


def _told(tenant: str, lrs: Lrs, row: LrsReading | None) -> ReadBack:
    is_paused = lrs.state == LrsState.paused
    if row is None:
        return ReadBack(tenant, lrs.tenant_id, lrs.name, is_paused, 0, None, None, 0, False, None)
    return ReadBack(
        tenant,
        lrs.tenant_id,
        lrs.name,
        is_paused,
        row.statements,
        row.as_of,
        row.read_at,
        row.failures,
        row.is_refused,
        row.trouble,
    )
