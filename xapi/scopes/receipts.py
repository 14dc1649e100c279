"""Receipts of erasures: that it was done, when, by whom and how much; nothing of who was erased.

Signed with a key derived from the installation's secret, so that nobody can write one afterwards in the database.
"""

import hmac
import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from social_layer.sealing import Sealer
from xapi.scopes.models import Erasure

_PURPOSE = "erasure receipt"


def write_receipt(
    session: Session,
    sealer: Sealer,
    tenant_id: UUID,
    erased_at: datetime,
    erased_by: str,
    counts: dict[str, int],
) -> Erasure:
    receipt = Erasure(
        tenant_id=tenant_id,
        id=uuid4(),
        erased_at=erased_at,
        erased_by=erased_by,
        counts=json.dumps(counts, sort_keys=True),
    )
    receipt.signature = _signature(sealer, receipt)
    session.add(receipt)
    session.flush()
    return receipt


def receipts(session: Session, tenant_id: UUID) -> list[Erasure]:
    """The newest first."""
    return list(
        session.scalars(
            select(Erasure)
            .where(Erasure.tenant_id == tenant_id)
            .order_by(Erasure.erased_at.desc(), Erasure.id)
        )
    )


def is_genuine(sealer: Sealer, receipt: Erasure) -> bool:
    return hmac.compare_digest(_signature(sealer, receipt), receipt.signature)


def _signature(sealer: Sealer, receipt: Erasure) -> str:
    told = [
        str(receipt.tenant_id),
        str(receipt.id),
        receipt.erased_at.astimezone(UTC).isoformat(timespec="microseconds"),
        receipt.erased_by,
        receipt.counts,
    ]
    return sealer.blind(_PURPOSE, "\n".join(told)).hex()
