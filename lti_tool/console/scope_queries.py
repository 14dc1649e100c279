"""Reads of the console about what leaves for the LRSs: places, consequences of a change, and an example."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from lti_tool.scope_places import ScopePlace
from social_layer.events.models import Event
from social_layer.panels.models import Panel, TemplateVersion
from social_layer.people.models import Course, Tenant, Voice
from xapi.models import Delivery, DeliveryState, Scope
from xapi.occurrences import Occurrence, occurrences
from xapi.scopes.models import Level, ScopeChoice, ScopeRule
from xapi.scopes.queries import DEFAULT, ORDER, Rule, Rulings
from xapi.scopes.voiding import PART
from xapi.statements import Builder, StatementWrong

SHOWN = 50
# Further is not counted: the page would have to wait for it.
MOST_COUNTED = 10_000
_LATELY = 200


@dataclass(frozen=True, slots=True)
class Consequences:
    """Of a change. ``sent``: statements that stand in an LRS with more than would be sent then; ``waiting``: those that
    would be built anew; ``choosers``: people whose own choice would be heeded no more."""

    sent: int
    waiting: int
    choosers: int


def tenants(session: Session, scope: UUID | None) -> list[tuple[UUID, str]]:
    query = select(Tenant.id, Tenant.name).order_by(Tenant.name)
    return [
        (row[0], row[1])
        for row in session.execute(query if scope is None else query.where(Tenant.id == scope))
    ]


def home_pages(session: Session, tenant_id: UUID) -> list[str]:
    query = (
        select(Course.home_page).where(Course.tenant_id == tenant_id).distinct().order_by(Course.home_page)
    )
    return list(session.scalars(query))


def places_called(session: Session, tenant_id: UUID, words: str) -> list[ScopePlace]:
    """Courses and panels with these words in their titles."""
    like = f"%{words.replace('%', '').replace('_', '')}%"
    courses = session.execute(
        select(Course.id, Course.title)
        .where(Course.tenant_id == tenant_id, Course.title.ilike(like))
        .order_by(Course.title, Course.id)
        .limit(SHOWN)
    )
    panels = session.execute(
        select(Panel.id, TemplateVersion.title)
        .join(
            TemplateVersion,
            and_(
                TemplateVersion.tenant_id == Panel.tenant_id, TemplateVersion.id == Panel.template_version_id
            ),
        )
        .where(Panel.tenant_id == tenant_id, TemplateVersion.title.ilike(like))
        .order_by(TemplateVersion.title, Panel.id)
        .limit(SHOWN)
    )
    found = [(Level.course, row) for row in courses] + [(Level.panel, row) for row in panels]
    return [ScopePlace(tenant_id, level, str(row[0]), row[1]) for level, row in found]


def panels_of(session: Session, place: ScopePlace) -> list[ScopePlace]:
    """Of a course."""
    rows = session.execute(
        select(Panel.id, TemplateVersion.title)
        .join(
            TemplateVersion,
            and_(
                TemplateVersion.tenant_id == Panel.tenant_id, TemplateVersion.id == Panel.template_version_id
            ),
        )
        .where(Panel.tenant_id == place.tenant_id, Panel.course_id == UUID(place.target))
        .order_by(TemplateVersion.title, Panel.id)
        .limit(SHOWN)
    )
    return [ScopePlace(place.tenant_id, Level.panel, str(row[0]), row[1]) for row in rows]


def history(session: Session, place: ScopePlace) -> Sequence[ScopeRule]:
    """What was said of this very place, the newest first."""
    return session.scalars(
        select(ScopeRule)
        .where(ScopeRule.tenant_id == place.tenant_id, ScopeRule.target == place.target)
        .order_by(ScopeRule.since.desc())
        .limit(SHOWN)
    ).all()


def holding(session: Session, place: ScopePlace, *, own: bool = True) -> Rule:
    """What holds there now, by its own rule or by one around it; not ``own``: without a rule of its own."""
    for one in ((place,) if own else ()) + place.within:
        last = next(iter(history(session, one)), None)
        if last is not None and last.scope is not None:
            return Rule(Scope(last.scope), last.may_choose, one.level, last.text)
    return DEFAULT


def consequences(session: Session, place: ScopePlace, rule: Rule) -> Consequences:
    """If ``rule`` held there. Counts no further than ``MOST_COUNTED``."""
    of_place = (
        select(Delivery.id)
        .join(Event, and_(Event.tenant_id == Delivery.tenant_id, Event.id == Delivery.event_id))
        .join(Panel, and_(Panel.tenant_id == Event.tenant_id, Panel.id == Event.panel_id))
        .join(Course, and_(Course.tenant_id == Panel.tenant_id, Course.id == Panel.course_id))
        .where(Delivery.tenant_id == place.tenant_id, Delivery.part != PART, *_within(place))
    )
    more = ORDER[ORDER.index(rule.scope) + 1 :]
    excess = or_(Delivery.scope.in_(more), Delivery.text & literal(not rule.text))
    sent = of_place.where(Delivery.state == DeliveryState.delivered, excess)
    waiting = of_place.where(Delivery.state == DeliveryState.pending)
    choosers = 0
    if not rule.may_choose and holding(session, place).may_choose:
        choosers = _count(
            session,
            select(ScopeChoice.person_id)
            .join(
                Voice,
                and_(Voice.tenant_id == ScopeChoice.tenant_id, Voice.person_id == ScopeChoice.person_id),
            )
            .join(Course, and_(Course.tenant_id == Voice.tenant_id, Course.id == Voice.course_id))
            .outerjoin(Panel, and_(Panel.tenant_id == Course.tenant_id, Panel.course_id == Course.id))
            .where(ScopeChoice.tenant_id == place.tenant_id, *_within(place))
            .distinct(),
        )
    return Consequences(_count(session, sent), _count(session, waiting), choosers)


def example(session: Session, place: ScopePlace, now: datetime) -> Occurrence | None:
    """Something that happened there lately, by somebody who made no choice of their own."""
    ids = session.scalars(
        select(Event.id)
        .join(Voice, and_(Voice.tenant_id == Event.tenant_id, Voice.id == Event.voice_id))
        .join(Panel, and_(Panel.tenant_id == Event.tenant_id, Panel.id == Event.panel_id))
        .join(Course, and_(Course.tenant_id == Panel.tenant_id, Course.id == Panel.course_id))
        .where(
            Event.tenant_id == place.tenant_id,
            Voice.person_id.is_not(None),
            ~Voice.is_test,
            *_within(place),
        )
        .order_by(Event.occurred_at.desc())
        .limit(_LATELY)
    ).all()
    acts = occurrences(session, place.tenant_id, ids)
    people = {act.speaker.person_id for act in acts.values() if act.speaker.person_id}
    rulings = Rulings(session, place.tenant_id, {act.place for act in acts.values()}, people)
    free = [
        act
        for act in (acts[key] for key in ids)
        if act.speaker.person_id is not None
        and rulings.choice(act.speaker.person_id, now) is None
        and not rulings.keeps_words(act.speaker.person_id, now)
    ]
    # Of what publishes an entry one sees where its words would be.
    return next((act for act in free if act.revision is not None), next(iter(free), None))


def previews(
    builder: Builder, act: Occurrence, now: datetime, words: str
) -> dict[Scope, tuple[dict[str, Any], dict[str, Any]]]:
    """The statement under each scope, without and with text; ``words`` stand for those of the entry."""
    shown = {}
    for scope in ORDER[1:]:
        told = replace(act, text=words) if act.revision is not None else act
        plain, worded = (
            statement for _, statement in builder.build_as([(act, scope), (told, scope)], act.tenant_id, now)
        )
        if not isinstance(plain, StatementWrong) and not isinstance(worded, StatementWrong):
            shown[scope] = plain, worded
    return shown


def _within(place: ScopePlace) -> tuple[ColumnElement[bool], ...]:
    if place.level is Level.platform:
        return (Course.home_page == place.target,)
    if place.level is Level.course:
        return (Course.id == UUID(place.target),)
    return (Panel.id == UUID(place.target),) if place.level is Level.panel else ()


def _count(session: Session, query: Any) -> int:
    few = query.limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(few)) or 0
