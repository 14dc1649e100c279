"""Reads: the statements about a person, as they were sent: built again, since after delivery only a digest is kept."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from social_layer.events.models import Event
from social_layer.people.models import Voice
from xapi.models import Delivery, DeliveryState, Lrs, Scope
from xapi.occurrences import occurrences, with_texts
from xapi.statements import Builder, StatementWrong, as_bytes

_SOME = 500


@dataclass(frozen=True, slots=True)
class SentStatement:
    """``is_proved``: the digest says that these are the very bytes; else a title has changed since.

    ``statement``: None where nothing was sent. ``at``: when it happened.
    """

    event_id: UUID
    type: str
    lrs: str
    state: str
    scope: str | None
    at: datetime
    statement: dict[str, Any] | None
    is_proved: bool


@dataclass(frozen=True, slots=True)
class SentPage:
    """The newest first. ``next``: the last act of this page, where there are more."""

    items: list[SentStatement]
    next: UUID | None


def sent_of_person(
    session: Session, builder: Builder, now: datetime, tenant_id: UUID, person_id: UUID
) -> Iterator[SentStatement]:
    """Of all their courses, in portions: memory holds one portion at a time."""
    after: UUID | None = None
    while True:
        page = sent_page(session, builder, now, tenant_id, person_id, limit=_SOME, after=after)
        yield from page.items
        if page.next is None:
            return
        after = page.next


def sent_page(
    session: Session,
    builder: Builder,
    now: datetime,
    tenant_id: UUID,
    person_id: UUID,
    *,
    course_id: UUID | None = None,
    limit: int = 20,
    after: UUID | None = None,
) -> SentPage:
    """``limit`` acts, each with what went to every LRS."""
    acts = _acts(tenant_id, person_id, course_id, limit, after)
    found = session.execute(acts).all()
    event_ids = [row.id for row in found[:limit]]
    rows = session.execute(
        select(Delivery, Lrs.name)
        .join(Lrs, and_(Lrs.tenant_id == Delivery.tenant_id, Lrs.id == Delivery.lrs_id))
        .where(Delivery.tenant_id == tenant_id, Delivery.event_id.in_(event_ids), Delivery.part == 0)
        .order_by(Lrs.name)
    ).all()
    built = _built(session, builder, now, tenant_id, [row[0] for row in rows])
    by_event: defaultdict[UUID, list[SentStatement]] = defaultdict(list)
    acts_by_id = {row.id: row for row in found}
    for delivery, lrs in rows:
        statement = built.get((delivery.lrs_id, delivery.event_id))
        by_event[delivery.event_id].append(
            SentStatement(
                event_id=delivery.event_id,
                type=acts_by_id[delivery.event_id].type,
                lrs=lrs,
                state=delivery.state,
                scope=delivery.scope,
                at=acts_by_id[delivery.event_id].occurred_at,
                statement=statement,
                is_proved=statement is not None
                and hashlib.sha256(as_bytes(statement)).digest() == delivery.digest,
            )
        )
    items = [one for key in event_ids for one in by_event[key]]
    return SentPage(items, event_ids[-1] if len(found) > limit else None)


def _acts(
    tenant_id: UUID,
    person_id: UUID,
    course_id: UUID | None,
    limit: int,
    after: UUID | None,
) -> Select[*tuple[Any, ...]]:
    """Those that were on their way to an LRS; one more than the page holds."""
    own = and_(Voice.tenant_id == Event.tenant_id, Voice.id == Event.voice_id, Voice.person_id == person_id)
    dispatched = (
        select(Delivery.id).where(
            Delivery.tenant_id == Event.tenant_id, Delivery.event_id == Event.id, Delivery.part == 0
        )
    ).exists()
    acts = (
        select(Event.id, Event.occurred_at, Event.type)
        .join(Voice, own)
        .where(Event.tenant_id == tenant_id, dispatched)
        .order_by(Event.occurred_at.desc(), Event.id.desc())
        .limit(limit + 1)
    )
    if course_id is not None:
        acts = acts.where(Voice.course_id == course_id)
    if after is not None:
        at = (
            select(Event.occurred_at).where(Event.tenant_id == tenant_id, Event.id == after).scalar_subquery()
        )
        acts = acts.where(or_(Event.occurred_at < at, and_(Event.occurred_at == at, Event.id < after)))
    return acts


def _built(
    session: Session, builder: Builder, now: datetime, tenant_id: UUID, deliveries: list[Delivery]
) -> dict[tuple[UUID, UUID], dict[str, Any]]:
    sent = [one for one in deliveries if one.state != DeliveryState.withheld and one.scope]
    if not sent:
        return {}
    acts = occurrences(session, tenant_id, {one.event_id for one in sent})
    worded = with_texts(session, tenant_id, acts, {one.event_id for one in sent if one.text})
    built = {}
    for lrs_id in {one.lrs_id for one in sent}:
        wanted = [
            (
                (worded if one.text else acts)[one.event_id],
                Scope(one.scope),
                Scope(one.answered_as) if one.answered_as else None,
            )
            for one in sent
            if one.lrs_id == lrs_id and one.scope
        ]
        for act, statement in builder.build_as(wanted, lrs_id, now):
            if not isinstance(statement, StatementWrong):
                built[lrs_id, act.event_id] = statement
    return built
