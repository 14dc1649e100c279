"""Takes back what was sent of a person, and forgets what was to be sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session, aliased

from social_layer.events.models import Event
from social_layer.people.models import Voice
from xapi.models import Delivery, DeliveryState, Scope
from xapi.scopes.actions import note_change
from xapi.scopes.models import ScopeChoice
from xapi.scopes.voiding import PART, Sent, may_be_there, void

_SOME = 1000


def take_back(session: Session, base: str, tenant_id: UUID, person_id: UUID, now: datetime) -> dict[str, int]:
    """Before the person's voices are silenced. Answers how many statements are voided, and what was forgotten.

    What is on its way at this moment is voided when its lease is over: by then it has arrived, or never will.
    """
    note_change(session, tenant_id)
    voided = forgotten = 0
    voices = select(Voice.id).where(Voice.tenant_id == tenant_id, Voice.person_id == person_id)
    for event_ids in _events(session, tenant_id, voices):
        theirs = (
            Delivery.tenant_id == tenant_id,
            Delivery.event_id.in_(event_ids),
            Delivery.part != PART,
            Delivery.state != DeliveryState.withheld,
        )
        rows = session.execute(
            select(
                Delivery.lrs_id,
                Delivery.event_id,
                Delivery.state,
                Delivery.attempts,
                Delivery.answer,
                Delivery.lease_until,
            )
            .where(*theirs)
            .order_by(Delivery.id)
            # A worker must not send meanwhile what is taken here for not sent.
            .with_for_update()
        ).all()
        sent = [
            Sent(row.lrs_id, row.event_id, max(now, row.lease_until or now))
            for row in rows
            if may_be_there(row.state, row.attempts, row.answer)
        ]
        voided += void(session, base, tenant_id, sent, now)
        forgotten += len(rows) - len(sent)
        _withhold(session, theirs)
    voided += _take_back_names(session, base, tenant_id, voices, now)
    session.execute(
        delete(ScopeChoice).where(ScopeChoice.tenant_id == tenant_id, ScopeChoice.person_id == person_id)
    )
    return {"statements_voided": voided, "deliveries_forgotten": forgotten}


def _take_back_names(session: Session, base: str, tenant_id: UUID, voices: object, now: datetime) -> int:
    """Others' statements that name them as the one answered (``contextAgents``): voided too, for a statement cannot be
    changed. Those that were not sent yet are built anew, without the name. Answers how many are voided."""
    answered = aliased(Event)
    rows = session.execute(
        select(Delivery.id, Delivery.lrs_id, Delivery.event_id, Delivery.state, Delivery.attempts)
        .add_columns(Delivery.answer, Delivery.lease_until)
        .join(Event, and_(Event.tenant_id == Delivery.tenant_id, Event.id == Delivery.event_id))
        .join(answered, and_(answered.tenant_id == Event.tenant_id, answered.id == Event.answers_id))
        .where(
            Delivery.tenant_id == tenant_id,
            Delivery.answered_as.is_not(None),
            answered.voice_id.in_(voices),  # type: ignore[arg-type]
        )
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
    ).all()
    sent = [row for row in rows if may_be_there(row.state, row.attempts, row.answer)]
    unsent = {row.id for row in rows} - {row.id for row in sent}
    voided = void(
        session,
        base,
        tenant_id,
        [Sent(row.lrs_id, row.event_id, max(now, row.lease_until or now)) for row in sent],
        now,
    )
    for at in range(0, len(sent), _SOME):
        ids = [row.id for row in sent[at : at + _SOME]]
        _withhold(session, (Delivery.tenant_id == tenant_id, Delivery.id.in_(ids)))
    session.execute(
        update(Delivery)
        .where(Delivery.tenant_id == tenant_id, Delivery.id.in_(unsent))
        .values(scope=None, text=False, answered_as=None, body=None, digest=None, answer=None)
        .execution_options(synchronize_session=False)
    )
    return voided


def _withhold(session: Session, which: tuple[ColumnElement[bool], ...]) -> None:
    session.execute(
        update(Delivery)
        .where(*which)
        .values(
            state=DeliveryState.withheld,
            scope=Scope.nothing,
            text=False,
            answered_as=None,
            body=None,
            digest=None,
            answer=None,
            lease=None,
            lease_until=None,
        )
        .execution_options(synchronize_session=False)
    )


def _events(session: Session, tenant_id: UUID, voices: object) -> list[list[UUID]]:
    """The ids of their acts that have a delivery, in portions."""
    found = session.scalars(
        select(Event.id)
        .join(Delivery, and_(Delivery.tenant_id == Event.tenant_id, Delivery.event_id == Event.id))
        .where(Event.tenant_id == tenant_id, Event.voice_id.in_(voices))  # type: ignore[arg-type]
        .distinct()
    ).all()
    return [list(found[at : at + _SOME]) for at in range(0, len(found), _SOME)]
