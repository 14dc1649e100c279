"""Statements that an LRS refused for good: which they are, why, and sending them again after a fix."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, literal_column, or_, select, update
from sqlalchemy.orm import Session

from social_layer.events.models import Event
from xapi.models import Delivery, DeliveryState

# How an answer begins that we gave ourselves: see batches.py and deliver.py.
NOT_SENT = "not sent: "
TAKEN = "another statement stands under this id"


class Why(StrEnum):
    """What kind of refusal it was, which says what to do. ``ours``: we did not even send it."""

    ours = "ours"
    taken = "taken"
    too_big = "too_big"
    refused = "refused"


NEXT_STEPS = {
    Why.ours: "our own mistake: report it with this answer; retry once it is mended",
    Why.taken: "somebody else wrote under our id: ask the LRS's operator",
    Why.too_big: "the LRS takes no request of this size: have its limit raised, then retry",
    Why.refused: "mend what the LRS complains of, in it or in its connection here, then retry",
}


@dataclass(frozen=True, slots=True)
class Parked:
    """``at``: when it happened. ``answer``: the LRS's own, or why it was not sent."""

    id: UUID
    lrs_id: UUID
    statement_id: UUID
    event_id: UUID
    type: str
    at: datetime
    due_at: datetime
    attempts: int
    answer: str

    @property
    def why(self) -> Why:
        if self.answer.startswith(NOT_SENT):
            return Why.ours
        if self.answer.startswith(TAKEN):
            return Why.taken
        return Why.too_big if self.answer.startswith("413") else Why.refused


def parked_page(
    session: Session,
    tenant_id: UUID,
    lrs_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[Parked]:
    """Up to ``limit`` of one LRS, the oldest first, from behind (``due_at``, ``id``) of the last one before."""
    query = (
        select(
            Delivery.id,
            Delivery.lrs_id,
            Delivery.statement_id,
            Delivery.event_id,
            Event.type,
            Event.occurred_at,
            Delivery.due_at,
            Delivery.attempts,
            Delivery.answer,
        )
        .join(Event, and_(Event.tenant_id == Delivery.tenant_id, Event.id == Delivery.event_id))
        .where(*_parked_in(tenant_id, lrs_id))
        .order_by(Delivery.due_at, Delivery.id)
        .limit(limit)
    )
    if after is not None:
        at, last = after
        query = query.where(
            Delivery.due_at >= at, or_(Delivery.due_at > at, and_(Delivery.due_at == at, Delivery.id > last))
        )
    return [Parked(*row[:-1], row[-1] or "") for row in session.execute(query)]


def retry(
    session: Session,
    now: datetime,
    tenant_id: UUID,
    lrs_id: UUID,
    *,
    statements: Collection[UUID] | None = None,
    since: datetime | None = None,
) -> int:
    """Makes due again what the LRS refused: these statements, or all, or all that happened since; answers how many.

    They are built anew, for the fix may have been here.
    """
    conditions = list(_parked_in(tenant_id, lrs_id))
    if statements is not None:
        conditions.append(Delivery.statement_id.in_(statements))
    if since is not None:
        happened = select(Event.id).where(
            Event.tenant_id == Delivery.tenant_id, Event.id == Delivery.event_id, Event.occurred_at >= since
        )
        conditions.append(happened.exists())
    return _pending_anew(session, conditions, due_at=now, attempts=0)


def unpark(session: Session, tenant_id: UUID, lrs_id: UUID, ids: Collection[UUID]) -> int:
    """These deliveries were refused, and it was not their fault: they wait in their places as before."""
    return _pending_anew(session, [*_parked_in(tenant_id, lrs_id), Delivery.id.in_(ids)])


def _pending_anew(session: Session, conditions: Collection[ColumnElement[bool]], **values: Any) -> int:
    # What voids another one was made when it was due, and is sent as it is.
    is_act = Delivery.part == 0
    # How it may stand in the LRS already decides whether it may stay there.
    was_refused = is_act & ~Delivery.tried
    changed = session.execute(
        update(Delivery)
        .where(*conditions)
        .values(
            state=DeliveryState.pending,
            answer=None,
            body=case((is_act, None), else_=Delivery.body),
            digest=case((is_act, None), else_=Delivery.digest),
            scope=case((was_refused, None), else_=Delivery.scope),
            answered_as=case((was_refused, None), else_=Delivery.answered_as),
            **values,
        )
        .execution_options(synchronize_session=False)
    )
    return changed.rowcount  # type: ignore[attr-defined, no-any-return]


def lrss_that_refused(session: Session, statements: Collection[UUID]) -> dict[UUID, list[tuple[UUID, UUID]]]:
    """By statement, the (tenant, LRS) where it is parked."""
    found: dict[UUID, list[tuple[UUID, UUID]]] = {}
    rows = session.execute(
        select(Delivery.statement_id, Delivery.tenant_id, Delivery.lrs_id).where(
            Delivery.state == literal_column("'parked'"), Delivery.statement_id.in_(statements)
        )
    )
    for row in rows:
        found.setdefault(row.statement_id, []).append((row.tenant_id, row.lrs_id))
    return found


def _parked_in(tenant_id: UUID, lrs_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        Delivery.tenant_id == tenant_id,
        Delivery.lrs_id == lrs_id,
        # Written out, as the index says it.
        Delivery.state == literal_column("'parked'"),
    )
