"""Takes back what was sent of a person, and forgets what was to be sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, select, tuple_, update
from sqlalchemy.orm import Session

from social_layer.events.models import Event
from social_layer.people.models import Account, Voice
from xapi.models import Delivery, DeliveryState, Record, Scope
from xapi.scopes.actions import note_change
from xapi.scopes.models import ScopeChoice
from xapi.scopes.voiding import PART, Sent, void

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
                Delivery.lrs_id, Delivery.event_id, Delivery.state, Delivery.attempts, Delivery.lease_until
            ).where(*theirs)
        ).all()
        sent = [
            Sent(row.lrs_id, row.event_id, max(now, row.lease_until or now))
            for row in rows
            if row.state == DeliveryState.delivered or (row.state == DeliveryState.pending and row.attempts)
        ]
        voided += void(session, base, tenant_id, sent, now)
        forgotten += len(rows) - len(sent)
        session.execute(
            update(Delivery)
            .where(*theirs)
            .values(
                state=DeliveryState.withheld,
                scope=Scope.nothing,
                text=False,
                body=None,
                digest=None,
                answer=None,
                lease=None,
                lease_until=None,
            )
            .execution_options(synchronize_session=False)
        )
    accounts = session.execute(
        select(Account.home_page, Account.name).where(
            Account.tenant_id == tenant_id, Account.person_id == person_id
        )
    ).all()
    records = session.execute(
        delete(Record)
        .where(
            Record.tenant_id == tenant_id,
            tuple_(Record.home_page, Record.account).in_([tuple(row) for row in accounts]),
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(ScopeChoice).where(ScopeChoice.tenant_id == tenant_id, ScopeChoice.person_id == person_id)
    )
    return {
        "statements_voided": voided,
        "deliveries_forgotten": forgotten,
        "records": records.rowcount,  # type: ignore[attr-defined]
    }


def _events(session: Session, tenant_id: UUID, voices: object) -> list[list[UUID]]:
    """The ids of their acts that have a delivery, in portions."""
    found = session.scalars(
        select(Event.id)
        .join(Delivery, and_(Delivery.tenant_id == Event.tenant_id, Delivery.event_id == Event.id))
        .where(Event.tenant_id == tenant_id, Event.voice_id.in_(voices))  # type: ignore[arg-type]
        .distinct()
    ).all()
    return [list(found[at : at + _SOME]) for at in range(0, len(found), _SOME)]
