"""Reads of the console about what leaves for the LRSs: places, consequences of a change, and an example."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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
_PANELS = select(Panel.id, TemplateVersion.title, Panel.tenant_id).join(
    TemplateVersion,
    and_(TemplateVersion.tenant_id == Panel.tenant_id, TemplateVersion.id == Panel.template_version_id),
)


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


def ruled_places(session: Session, names: Mapping[UUID, str]) -> dict[UUID, list[tuple[ScopePlace, Rule]]]:
    """By tenant: the institution and its LMSs, and the courses and panels with a rule of their own, those ruled last
    first; with what holds there. Four statements, and no more than ``SHOWN`` courses and panels of each tenant."""
    rules: dict[UUID, dict[str, ScopeRule]] = {tenant_id: {} for tenant_id in names}
    for rule in session.scalars(
        select(ScopeRule).where(ScopeRule.tenant_id.in_(names)).order_by(ScopeRule.since)
    ):
        # Put at the end, so that those ruled last come last.
        rules[rule.tenant_id].pop(rule.target, None)
        rules[rule.tenant_id][rule.target] = rule
    shown: dict[UUID, list[tuple[ScopePlace, Rule]]] = {}
    for tenant_id, name in names.items():
        whole = ScopePlace(tenant_id, Level.tenant, "", name)
        shown[tenant_id] = [(whole, _rule_of(rules[tenant_id].get("")) or DEFAULT)]
    for tenant_id, home_page in session.execute(
        select(Course.tenant_id, Course.home_page)
        .where(Course.tenant_id.in_(names))
        .distinct()
        .order_by(Course.home_page)
    ):
        whole, around = shown[tenant_id][0]
        lms = ScopePlace(tenant_id, Level.platform, home_page, home_page, (whole,))
        shown[tenant_id].append((lms, _rule_of(rules[tenant_id].get(home_page)) or around))
    near = {
        UUID(rule.target): (rule, found)
        for said in rules.values()
        for rule in [one for one in said.values() if one.level in (Level.course, Level.panel)][-SHOWN:]
        if (found := _rule_of(rule)) is not None
    }
    courses = select(Course.id, Course.title).where(Course.tenant_id.in_(names), Course.id.in_(near))
    panels = _PANELS.where(Panel.tenant_id.in_(names), Panel.id.in_(near))
    titles = {row[0]: row[1] for query in (courses, panels) for row in session.execute(query)}
    for key, (rule, found) in reversed(near.items()):
        if key in titles:
            place = ScopePlace(rule.tenant_id, Level(rule.level), rule.target, titles[key])
            shown[rule.tenant_id].append((place, found))
    return shown


def _rule_of(said: ScopeRule | None) -> Rule | None:
    if said is None or said.scope is None:
        return None
    return Rule(Scope(said.scope), said.may_choose, Level(said.level), said.text)


def places_called(session: Session, tenant_ids: Collection[UUID], words: str) -> list[ScopePlace]:
    """Courses and panels with these words in their titles; no more than ``SHOWN`` of each."""
    like = f"%{words.replace('%', '').replace('_', '')}%"
    courses = (
        select(Course.id, Course.title, Course.tenant_id)
        .where(Course.tenant_id.in_(tenant_ids), Course.title.ilike(like))
        .order_by(Course.title, Course.id)
        .limit(SHOWN)
    )
    panels = (
        _PANELS.where(Panel.tenant_id.in_(tenant_ids), TemplateVersion.title.ilike(like))
        .order_by(TemplateVersion.title, Panel.id)
        .limit(SHOWN)
    )
    return [
        ScopePlace(tenant_id, level, str(key), title)
        for level, query in ((Level.course, courses), (Level.panel, panels))
        for key, title, tenant_id in session.execute(query)
    ]


def panels_of(session: Session, place: ScopePlace) -> list[ScopePlace]:
    """Of a course."""
    rows = session.execute(
        _PANELS.where(Panel.tenant_id == place.tenant_id, Panel.course_id == UUID(place.target))
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
        if rule := _rule_of(next(iter(history(session, one)), None)):
            return rule
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
        told = act._replace(text=words) if act.revision is not None else act
        plain, worded = (
            statement
            for _, statement in builder.build_as(
                [(act, scope, None), (told, scope, None)], act.tenant_id, now
            )
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
