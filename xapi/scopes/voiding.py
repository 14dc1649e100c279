"""Taking back what was sent: for each statement that an LRS may have, one that voids it (Data 2.3.2).

Voiding hides a statement from every query that does not ask for it by its id; it does not delete it in the LRS.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import and_, update
from sqlalchemy.orm import Session
from tincan import Agent, AgentAccount, LanguageMap, StatementRef, Verb

from social_layer.database import upsert
from xapi import vocabulary as words
from xapi.models import Delivery, DeliveryState
from xapi.statements import freeze, statement_id, timestamp

PART = 1


class Sent(NamedTuple):
    """A statement that the LRS may hold. ``due_at``: not before it can have arrived."""

    lrs_id: UUID
    event_id: UUID
    due_at: datetime


def may_be_there(state: str, tried: bool, attempts: int) -> bool:
    """Whether the LRS may hold what this delivery carried. Of what is pending also where an attempt is under way, or
    ended without a word; what is parked was refused at the last one."""
    if state == DeliveryState.withheld:
        return False
    return tried or state == DeliveryState.delivered or (state == DeliveryState.pending and attempts > 0)


# The same of what is pending or parked, for a query.
IN_DOUBT = Delivery.tried | and_(Delivery.state == DeliveryState.pending, Delivery.attempts > 0)


def void(session: Session, base: str, tenant_id: UUID, sent: Iterable[Sent], now: datetime) -> int:
    """Makes the deliveries of the voiding statements; answers how many were new. The tool itself is their actor."""
    rows = []
    for one in sent:
        frozen = freeze(_voiding(base, tenant_id, one.event_id, now))
        rows.append(
            {
                "tenant_id": tenant_id,
                "id": uuid4(),
                "lrs_id": one.lrs_id,
                "event_id": one.event_id,
                "part": PART,
                "statement_id": statement_id(tenant_id, one.event_id, PART),
                "due_at": one.due_at,
                "body": frozen.body,
                "digest": frozen.digest,
            }
        )
    if not rows:
        return 0
    made = upsert(session, Delivery).on_conflict_do_nothing().returning(Delivery.id)
    return len(session.connection().execute(made, rows).all())


def void_again(
    session: Session, base: str, lrs: tuple[UUID, UUID], event_ids: Iterable[UUID], now: datetime
) -> None:
    """For voiding statements that an LRS (tenant, id) had and has lost: frozen anew, and due now."""
    for event_id in event_ids:
        frozen = freeze(_voiding(base, lrs[0], event_id, now))
        session.execute(
            update(Delivery)
            .where(
                Delivery.tenant_id == lrs[0],
                Delivery.lrs_id == lrs[1],
                Delivery.event_id == event_id,
                Delivery.part == PART,
                Delivery.state == DeliveryState.delivered,
            )
            .values(
                state=DeliveryState.pending,
                due_at=now,
                body=frozen.body,
                digest=frozen.digest,
                delivered_at=None,
            )
            .execution_options(synchronize_session=False)
        )


def _voiding(base: str, tenant_id: UUID, event_id: UUID, now: datetime) -> dict[str, Any]:
    verb = Verb(id=words.VOIDED.iri, display=LanguageMap(en=words.VOIDED.display))
    return {
        "id": str(statement_id(tenant_id, event_id, PART)),
        "actor": Agent(account=AgentAccount(home_page=base, name="alongside")).as_version(),
        "verb": verb.as_version(),
        "object": StatementRef(id=statement_id(tenant_id, event_id)).as_version(),
        "timestamp": timestamp(now),
    }
