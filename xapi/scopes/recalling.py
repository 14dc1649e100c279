"""Taking back what an LRS has and should not: the words of removed entries, and what rules forbid by now."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.database import Database
from social_layer.discussion.models import Entry
from social_layer.events.models import Event, EventType
from xapi.models import Delivery, DeliveryState, Lrs, Scope
from xapi.occurrences import Occurrence, occurrences
from xapi.scopes.actions import note_change
from xapi.scopes.queries import Rulings, least, scope_of_act, text_of_act
from xapi.scopes.voiding import PART, Sent, may_be_there, void

_SOME = 1000


def take_words_back(
    session: Session, base: str, tenant_id: UUID, entries: Collection[UUID], now: datetime
) -> int:
    """Voids what carried the words of entries that were removed, in every LRS, also one that gets nothing of their
    platform any more; answers how many statements."""
    # Their ids, as the index of deliveries begins with them.
    lrss = session.scalars(select(Lrs.id).where(Lrs.tenant_id == tenant_id)).all()
    if not lrss:
        return 0
    # A courier that has built one with its words gives it back.
    note_change(session, tenant_id)
    rows = session.execute(
        select(Delivery)
        .join(Event, and_(Event.tenant_id == Delivery.tenant_id, Event.id == Delivery.event_id))
        .join(
            Entry,
            and_(
                Entry.tenant_id == Event.tenant_id,
                Entry.panel_id == Event.panel_id,
                Entry.voice_id == Event.voice_id,
                Entry.id == Event.object_id,
            ),
        )
        .where(
            Delivery.tenant_id == tenant_id,
            Delivery.lrs_id.in_(lrss),
            Delivery.part != PART,
            Delivery.text,
            Delivery.state != DeliveryState.withheld,
            Entry.id.in_(entries),
            # The event that published the entry bears its id.
            or_(Event.id == Entry.id, Event.type == EventType.entry_edited),
        )
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
    ).scalars()
    return withhold(session, base, tenant_id, rows.all(), now)


def withhold(
    session: Session, base: str, tenant_id: UUID, deliveries: Sequence[Delivery], now: datetime
) -> int:
    """What may have arrived is voided and never sent again; what was not sent yet is built anew, by what holds then.

    Answers how many are voided. What is on its way at this moment is voided when its lease is over.
    """
    sent = [one for one in deliveries if may_be_there(one.state, one.tried, one.attempts)]
    taken = {one.id for one in sent}
    waiting = [one for one in deliveries if one.state == DeliveryState.pending and one.id not in taken]
    _set(
        session,
        tenant_id,
        sent,
        state=DeliveryState.withheld,
        scope=Scope.nothing,
        answered_as=None,
        text=False,
        body=None,
        digest=None,
        answer=None,
        lease=None,
        lease_until=None,
    )
    _set(session, tenant_id, waiting, scope=None, answered_as=None, text=False, body=None, digest=None)
    return void(
        session,
        base,
        tenant_id,
        [Sent(one.lrs_id, one.event_id, max(now, one.lease_until or now)) for one in sent],
        now,
    )


def _set(session: Session, tenant_id: UUID, deliveries: Sequence[Delivery], **values: Any) -> None:
    if deliveries:
        session.execute(
            update(Delivery)
            .where(Delivery.tenant_id == tenant_id, Delivery.id.in_([one.id for one in deliveries]))
            .values(**values)
            .execution_options(synchronize_session=False)
        )


def recall(database: Database, clock: Clock, base: str, tenant_id: UUID, *, only_count: bool = False) -> int:
    """Voids what was sent under more than holds now, or with words that may not leave any more; answers how many.

    Goes through all that was delivered, or may have been before it was parked; in portions, each a transaction of its
    own. What waits needs no recalling.
    """
    found = 0
    after: UUID | None = None
    while True:
        with database.read() if only_count else database.write() as session:
            some = _delivered(session, tenant_id, after)
            now = clock()
            excess = _in_excess(session, tenant_id, some, now)
            found += len(excess) if only_count else withhold(session, base, tenant_id, excess, now)
        if len(some) < _SOME:
            return found
        after = some[-1].id


def _delivered(session: Session, tenant_id: UUID, after: UUID | None) -> Sequence[Delivery]:
    query = (
        select(Delivery)
        .where(
            Delivery.tenant_id == tenant_id,
            Delivery.part != PART,
            or_(
                Delivery.state == DeliveryState.delivered,
                and_(Delivery.state == DeliveryState.parked, Delivery.tried),
            ),
        )
        .order_by(Delivery.id)
        .limit(_SOME)
    )
    return session.scalars(query if after is None else query.where(Delivery.id > after)).all()


def _in_excess(
    session: Session, tenant_id: UUID, deliveries: Sequence[Delivery], now: datetime
) -> list[Delivery]:
    acts = occurrences(session, tenant_id, {one.event_id for one in deliveries})
    speakers = [one for act in acts.values() for one in (act.speaker, act.answered) if one is not None]
    people = {one.person_id for one in speakers if one.person_id}
    rulings = Rulings(session, tenant_id, {act.place for act in acts.values()}, people)
    found = []
    for one in deliveries:
        act, sent_as = acts[one.event_id], Scope(one.scope or Scope.identified)
        allowed = scope_of_act(rulings, act, now)
        too_much = least(sent_as, allowed) is not sent_as
        too_wordy = one.text and not text_of_act(rulings, act, now)
        if too_much or too_wordy or _names_too_much(rulings, one, act, now):
            found.append(one)
    return found


def _names_too_much(rulings: Rulings, one: Delivery, act: Occurrence, now: datetime) -> bool:
    """Whether it names the person answered by more than may be told of them."""
    if one.answered_as is None or act.answered is None or act.answered_at is None:
        return False
    named_as, person_id = Scope(one.answered_as), act.answered.person_id
    allowed = [rulings.scope(act.place, person_id, at) for at in (act.answered_at, max(now, act.answered_at))]
    return least(named_as, *allowed) is not named_as
