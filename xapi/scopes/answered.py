"""Reads: under which scope a statement may name the person whom it answers (``contextAgents``, since xAPI 2.0).

It refers to the statement that it answers, whose actor is that person as this LRS knows them. Named in any other way
than there, two names of one person would be joined; so they are named in the same way, or not at all.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from social_layer.events.models import TAKEN_AWAY, Event
from xapi.models import Delivery, DeliveryState, Scope
from xapi.occurrences import Occurrence
from xapi.scopes.queries import KNOWN, Rulings, least


def answered_scopes(
    session: Session,
    tenant_id: UUID,
    lrs_id: UUID,
    found: Mapping[UUID, Occurrence],
    scopes: Mapping[UUID, Scope],
    now: datetime,
) -> dict[UUID, Scope]:
    """By event id, of those that may name somebody. ``scopes``: of the acts that are built together with them.

    The less of what held for the person answered when they did that, when they were answered, and now. At most three
    statements.
    """
    answering = [
        one
        for one in found.values()
        # Taking an entry away answers nobody.
        if one.answered is not None and one.answers_id is not None and one.type not in TAKEN_AWAY
    ]
    if not answering:
        return {}
    shown = _shown_as(session, tenant_id, lrs_id, {one.answers_id for one in answering if one.answers_id})
    people = {one.answered.person_id for one in answering if one.answered and one.answered.person_id}
    rulings = Rulings(session, tenant_id, {one.place for one in answering}, people)
    allowed: dict[UUID, Scope] = {}
    for one in answering:
        if one.answered is None or one.answers_id is None:
            continue
        theirs = shown.get(one.answers_id) or scopes.get(one.answers_id, Scope.nothing)
        person, moments = one.answered.person_id, (one.answered_at or one.occurred_at, one.occurred_at, now)
        scope = least(
            Scope.identified, theirs, *(rulings.scope(one.place, person, moment) for moment in moments)
        )
        if scope is not Scope.nothing and (scope in KNOWN) is (theirs in KNOWN):
            allowed[one.event_id] = scope
    return allowed


def named_in_answers(
    session: Session, tenant_id: UUID, lrs_id: UUID, event_ids: Collection[UUID]
) -> set[UUID]:
    """Those of the acts whose author another statement may have named there already: with another scope they would
    now stand beside that name. Asked only where a scope has changed between building and sending."""
    found = session.scalars(
        select(Event.answers_id)
        .join(
            Delivery,
            and_(
                Delivery.tenant_id == Event.tenant_id,
                Delivery.event_id == Event.id,
                Delivery.lrs_id == lrs_id,
                Delivery.answered_as.is_not(None),
            ),
        )
        .where(Event.tenant_id == tenant_id, Event.answers_id.in_(event_ids))
    )
    return {one for one in found if one is not None}


def _shown_as(
    session: Session, tenant_id: UUID, lrs_id: UUID, event_ids: Collection[UUID]
) -> dict[UUID, Scope]:
    """The scopes under which these acts were frozen for the LRS; those that were withheld are shown to nobody."""
    rows = session.execute(
        select(Delivery.event_id, Delivery.scope, Delivery.state).where(
            Delivery.tenant_id == tenant_id,
            Delivery.lrs_id == lrs_id,
            Delivery.event_id.in_(event_ids),
            Delivery.part == 0,
            Delivery.scope.is_not(None),
        )
    )
    return {
        row.event_id: Scope.nothing if row.state == DeliveryState.withheld else Scope(row.scope)
        for row in rows
    }
