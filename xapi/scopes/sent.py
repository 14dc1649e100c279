"""Reads: the statements about a person, as they were sent: built again, since after delivery only a digest is kept.

Theirs, and those of others that name them as the one answered (``contextAgents``, since xAPI 2.0).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from social_layer.events.models import TAKEN_AWAY, Event
from social_layer.panels.models import Panel
from social_layer.people.models import Voice
from xapi.models import Delivery, DeliveryState, Lrs, Scope
from xapi.occurrences import occurrences, with_texts
from xapi.statements import Builder, StatementWrong, as_bytes

_SOME = 500


@dataclass(frozen=True, slots=True)
class SentStatement:
    """``is_proved``: the digest says that these are the very bytes; else a title has changed since.

    ``statement``: None where nothing was sent. ``at``: when it happened. ``is_own``: else it is another one's that
    names them, shown without whoever that is; ``scope`` is the one under which they are named.
    """

    event_id: UUID
    type: str
    lrs: str
    state: str
    scope: str | None
    at: datetime
    statement: dict[str, Any] | None
    is_proved: bool
    is_own: bool


class _Act(NamedTuple):
    id: UUID
    occurred_at: datetime
    type: str
    is_own: bool


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
    found = _acts(session, tenant_id, person_id, course_id, limit, after)
    acts = {one.id: one for one in found[:limit]}
    rows = session.execute(
        select(Delivery, Lrs.name)
        .join(Lrs, and_(Lrs.tenant_id == Delivery.tenant_id, Lrs.id == Delivery.lrs_id))
        .where(Delivery.tenant_id == tenant_id, Delivery.event_id.in_(acts), Delivery.part == 0)
        .order_by(Lrs.name)
    ).all()
    about = [row for row in rows if acts[row[0].event_id].is_own or row[0].answered_as is not None]
    built = _built(session, builder, now, tenant_id, [row[0] for row in about])
    by_event: defaultdict[UUID, list[SentStatement]] = defaultdict(list)
    for delivery, lrs in about:
        statement = built.get((delivery.lrs_id, delivery.event_id))
        is_proved = statement is not None and hashlib.sha256(as_bytes(statement)).digest() == delivery.digest
        act = acts[delivery.event_id]
        if statement is not None and not act.is_own:
            statement = _without_its_author(statement)
        by_event[act.id].append(
            SentStatement(
                event_id=act.id,
                type=act.type,
                lrs=lrs,
                state=delivery.state,
                scope=delivery.scope if act.is_own else delivery.answered_as,
                at=act.occurred_at,
                statement=statement,
                is_proved=is_proved,
                is_own=act.is_own,
            )
        )
    items = [one for key in acts for one in by_event[key]]
    return SentPage(items, [*acts][-1] if len(found) > limit else None)


def _acts(
    session: Session,
    tenant_id: UUID,
    person_id: UUID,
    course_id: UUID | None,
    limit: int,
    after: UUID | None,
) -> list[_Act]:
    """Theirs that were on their way to an LRS, and others' that name them there; one more than the page holds. Two
    statements."""
    voices = select(Voice.id).where(Voice.tenant_id == tenant_id, Voice.person_id == person_id)
    delivered = select(Delivery.id).where(
        Delivery.tenant_id == tenant_id,
        # As the index of deliveries begins with it.
        Delivery.lrs_id.in_(select(Lrs.id).where(Lrs.tenant_id == tenant_id)),
        Delivery.event_id == Event.id,
        Delivery.part == 0,
    )
    acts = (
        select(Event.id, Event.occurred_at, Event.type)
        .where(Event.tenant_id == tenant_id)
        .order_by(Event.occurred_at.desc(), Event.id.desc())
        .limit(limit + 1)
    )
    if course_id is not None:
        panels = select(Panel.id).where(Panel.tenant_id == tenant_id, Panel.course_id == course_id)
        acts = acts.where(Event.panel_id.in_(panels))
    if after is not None:
        at = (
            select(Event.occurred_at).where(Event.tenant_id == tenant_id, Event.id == after).scalar_subquery()
        )
        acts = acts.where(or_(Event.occurred_at < at, and_(Event.occurred_at == at, Event.id < after)))
    answered = aliased(Event)
    own = acts.where(Event.voice_id.in_(voices), delivered.exists())
    naming = acts.join(
        answered, and_(answered.tenant_id == Event.tenant_id, answered.id == Event.answers_id)
    ).where(
        Event.type.not_in(TAKEN_AWAY),
        answered.voice_id.in_(voices),
        Event.voice_id.not_in(voices),
        delivered.where(Delivery.answered_as.is_not(None)).exists(),
    )
    found = [
        _Act(*row, is_own)
        for query, is_own in ((own, True), (naming, False))
        for row in session.execute(query)
    ]
    return sorted(found, key=lambda act: (act.occurred_at, act.id), reverse=True)[: limit + 1]


def _without_its_author(statement: dict[str, Any]) -> dict[str, Any]:
    """Somebody else's, as whom it names may see it: not who that is to an LMS, nor what joins it to others of theirs
    there, nor their words."""
    context = {key: value for key, value in statement["context"].items() if key != "registration"}
    left_out = ("actor", "result", "context")
    return {**{key: value for key, value in statement.items() if key not in left_out}, "context": context}


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
