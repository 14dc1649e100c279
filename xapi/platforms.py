"""Which platforms an LRS gets: all of its tenant's, or some, named by the home page of their accounts."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, select
from sqlalchemy.orm import Session

from social_layer.events.models import Event
from social_layer.panels.models import Panel
from social_layer.people.models import Course
from xapi.models import Delivery, DeliveryState, Lrs, LrsPlatform
from xapi.scopes.actions import note_change
from xapi.scopes.recalling import withhold
from xapi.scopes.voiding import IN_DOUBT

_SOME = 1000


def platforms_of(session: Session, lrs_id: UUID | None = None) -> dict[UUID, set[str]]:
    """By LRS, of those that do not get all; of one, or of every tenant's."""
    query = select(LrsPlatform.lrs_id, LrsPlatform.home_page)
    if lrs_id is not None:
        query = query.where(LrsPlatform.lrs_id == lrs_id)
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    for row in session.execute(query):
        found[row.lrs_id].add(row.home_page)
    return dict(found)


def limit_to(session: Session, base: str, lrs: Lrs, home_pages: Collection[str], now: datetime) -> int:
    """From now on it gets what happens on these platforms only; without any, on all. Answers how many statements of
    other platforms were on their way to it, and are not any more: what was sent stays there. What may have arrived, and
    never was confirmed, is voided: forgotten, nobody could take it back later.

    What happened before on a platform that is new to it comes with a replay.
    """
    # Waits for who is dispatching, and keeps the next one waiting.
    session.execute(select(Lrs.id).where(Lrs.tenant_id == lrs.tenant_id, Lrs.id == lrs.id).with_for_update())
    # Couriers give back what they hold, and find it gone.
    note_change(session, lrs.tenant_id)
    of_lrs = (LrsPlatform.tenant_id == lrs.tenant_id, LrsPlatform.lrs_id == lrs.id)
    session.execute(delete(LrsPlatform).where(*of_lrs))
    session.add_all(
        LrsPlatform(tenant_id=lrs.tenant_id, lrs_id=lrs.id, home_page=one) for one in sorted(set(home_pages))
    )
    session.flush()
    if not home_pages:
        return 0
    elsewhere = (
        select(Event.id)
        .join(Panel, and_(Panel.tenant_id == Event.tenant_id, Panel.id == Event.panel_id))
        .join(Course, and_(Course.tenant_id == Panel.tenant_id, Course.id == Panel.course_id))
        .where(
            Event.tenant_id == Delivery.tenant_id,
            Event.id == Delivery.event_id,
            Course.home_page.not_in(home_pages),
        )
    )
    # Voiding statements stay on their way: what they take back may be there.
    on_their_way = (
        Delivery.tenant_id == lrs.tenant_id,
        Delivery.lrs_id == lrs.id,
        Delivery.part == 0,
        Delivery.state.in_([DeliveryState.pending, DeliveryState.parked]),
        elsewhere.exists(),
    )
    gone = 0
    # Couriers take some and give some back meanwhile.
    while session.scalar(select(Delivery.id).where(*on_their_way).limit(1)) is not None:
        forgotten = session.execute(
            delete(Delivery).where(*on_their_way, ~IN_DOUBT).execution_options(synchronize_session=False)
        )
        in_doubt = session.scalars(
            select(Delivery).where(*on_their_way, IN_DOUBT).limit(_SOME).with_for_update()
        ).all()
        withhold(session, base, lrs.tenant_id, in_doubt, now)
        gone += forgotten.rowcount + len(in_doubt)  # type: ignore[attr-defined]
    return gone
