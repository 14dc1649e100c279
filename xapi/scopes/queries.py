"""Reads: under which scope an act may leave, now and by what held when it happened.

What leaves is the less of both: who chose less today is not sent under more for what they did yesterday, and who did
something in private is not shown by a choice of tomorrow.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from social_layer.database import rows
from social_layer.events.models import Event, EventType
from xapi.models import Delivery, Lrs, Scope
from xapi.occurrences import Occurrence, Place, places_named
from xapi.scopes.models import Level, ScopeChanges, ScopeChoice, ScopeRule

# From least to most.
ORDER = (Scope.nothing, Scope.pseudonymous, Scope.identified, Scope.named)
_RANK = {scope: rank for rank, scope in enumerate(ORDER)}
KNOWN = frozenset({Scope.identified, Scope.named})
# Only who did the one can do the other: together they say that two names are one person.
FOLLOWS = frozenset({EventType.entry_edited, EventType.entry_deleted, EventType.reaction_removed})

# A day's reading is told by its last moment; it may have begun so long before.
_READING = timedelta(hours=25)


@dataclass(frozen=True, slots=True)
class Rule:
    """What the institution says of a place. ``level``: which rule it is; None for the default."""

    scope: Scope = Scope.identified
    may_choose: bool = False
    level: Level | None = None
    text: bool = False


DEFAULT = Rule()


@dataclass(frozen=True, slots=True)
class Allowed:
    """How an act may leave. ``text``: with the words of its entry."""

    scope: Scope
    text: bool = False


T = TypeVar("T")


@dataclass(slots=True)
class _History(Generic[T]):
    """What was said when, the oldest first."""

    times: list[datetime]
    values: list[T]

    def at(self, moment: datetime) -> T | None:
        found = bisect_right(self.times, moment)
        return self.values[found - 1] if found else None

    def between(self, since: datetime, until: datetime) -> list[datetime]:
        return self.times[bisect_right(self.times, since) : bisect_right(self.times, until)]


class Rulings:
    """Rules and choices with their history, for some places and people."""

    def __init__(
        self, session: Session, tenant_id: UUID, places: Iterable[Place], people: Collection[UUID]
    ) -> None:
        """Two statements, or one where there is nobody to choose."""
        targets = {place.panel_id: _targets(place) for place in places}
        rules: dict[str, _History[ScopeRule]] = defaultdict(lambda: _History([], []))
        for rule in session.scalars(
            select(ScopeRule)
            .where(
                ScopeRule.tenant_id == tenant_id,
                ScopeRule.target.in_({target for several in targets.values() for _, target in several}),
            )
            .order_by(ScopeRule.since)
        ):
            _add(rules[rule.target], rule.since, rule)
        # Of each panel what was ever said there or around it, the nearest first: mostly nothing.
        self._rules = {
            panel_id: [(level, rules[target]) for level, target in several if target in rules]
            for panel_id, several in targets.items()
        }
        self._choices: dict[UUID, _History[ScopeChoice]] = defaultdict(lambda: _History([], []))
        if people:
            for choice in session.scalars(
                select(ScopeChoice)
                .where(ScopeChoice.tenant_id == tenant_id, ScopeChoice.person_id.in_(people))
                .order_by(ScopeChoice.since)
            ):
                _add(self._choices[choice.person_id], choice.since, choice)

    def rule(self, place: Place, at: datetime) -> Rule:
        for level, history in self._rules[place.panel_id]:
            said = history.at(at)
            if said is not None and said.scope is not None:
                return Rule(Scope(said.scope), said.may_choose, level, said.text)
        return DEFAULT

    def changed(
        self, place: Place, person_id: UUID | None, since: datetime, until: datetime
    ) -> set[datetime]:
        """When anything was said in between that counts for them there."""
        said: list[_History[Any]] = [history for _, history in self._rules[place.panel_id]]
        if person_id in self._choices:
            said.append(self._choices[person_id])
        return {moment for one in said for moment in one.between(since, until)}

    def choice(self, person_id: UUID, at: datetime) -> Scope | None:
        chosen = self._choices[person_id].at(at) if person_id in self._choices else None
        return Scope(chosen.scope) if chosen and chosen.scope else None

    def text(self, place: Place, person_id: UUID | None, at: datetime) -> bool:
        """Whether what they write leaves: the institution says so, and they do not say otherwise where they may."""
        rule = self.rule(place, at)
        return rule.text and not (rule.may_choose and person_id and self.keeps_words(person_id, at))

    def keeps_words(self, person_id: UUID, at: datetime) -> bool:
        """Whether they chose that their words do not leave, heeded or not."""
        chosen = self._choices[person_id].at(at) if person_id in self._choices else None
        return chosen is not None and not chosen.text

    def scope(self, place: Place, person_id: UUID | None, at: datetime) -> Scope:
        rule = self.rule(place, at)
        chosen = self.choice(person_id, at) if person_id and rule.may_choose else None
        return least(rule.scope, chosen) if chosen else rule.scope


def least(*scopes: Scope) -> Scope:
    return min(scopes, key=_RANK.__getitem__)


def scopes_now(
    session: Session, tenant_id: UUID, lrs_id: UUID, found: Mapping[UUID, Occurrence], now: datetime
) -> dict[UUID, Allowed]:
    """How each act may be sent to this LRS, by event id. At most three statements."""
    people = {one.speaker.person_id for one in found.values() if one.speaker.person_id}
    # By their ids: to compare places as a whole costs more than all the rest here.
    places = {one.place.panel_id: one.place for one in found.values()}
    rulings = Rulings(session, tenant_id, places.values(), people)
    scopes = {key: scope_of_act(rulings, one, now) for key, one in found.items()}
    _keep_apart(session, tenant_id, lrs_id, found, scopes)
    return {
        key: Allowed(scope, scope is not Scope.nothing and text_of_act(rulings, found[key], now))
        for key, scope in scopes.items()
    }


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for a person in a panel now. ``choice``, ``keeps_words``: their own, heeded or not. ``text``: whether
    their words are sent. ``lrss``: where things are sent."""

    rule: Rule
    choice: Scope | None
    scope: Scope
    lrss: tuple[str, ...]
    text: bool
    keeps_words: bool


def standing_of(
    session: Session, tenant_id: UUID, panel_id: UUID, person_id: UUID, now: datetime
) -> Standing:
    """Four statements."""
    place = places_named(session, tenant_id, {panel_id})[panel_id]
    rulings = Rulings(session, tenant_id, [place], [person_id])
    names = session.scalars(select(Lrs.name).where(Lrs.tenant_id == tenant_id).order_by(Lrs.name))
    return Standing(
        rulings.rule(place, now),
        rulings.choice(person_id, now),
        rulings.scope(place, person_id, now),
        tuple(names),
        rulings.text(place, person_id, now),
        rulings.keeps_words(person_id, now),
    )


def standing_rules(session: Session, tenant_id: UUID) -> list[ScopeRule]:
    """The last word of each place, where it says anything; the most general first."""
    last: dict[str, ScopeRule] = {}
    for rule in session.scalars(
        select(ScopeRule).where(ScopeRule.tenant_id == tenant_id).order_by(ScopeRule.since)
    ):
        last[rule.target] = rule
    levels = list(Level)
    found = [rule for rule in last.values() if rule.scope is not None]
    return sorted(found, key=lambda rule: (levels.index(Level(rule.level)), rule.target))


def general_rule(session: Session, tenant_id: UUID, home_page: str | None, course_id: UUID | None) -> Rule:
    """What holds now for the whole institution, or for a course of an LMS, where no panel says otherwise."""
    said = {rule.target: rule for rule in standing_rules(session, tenant_id)}
    for target in (str(course_id) if course_id else None, home_page, ""):
        if target is not None and (rule := said.get(target)) is not None and rule.scope is not None:
            return Rule(Scope(rule.scope), rule.may_choose, Level(rule.level), rule.text)
    return DEFAULT


def changes_of(session: Session, tenant_id: UUID) -> int:
    """A number that is another one after each change of rules, choices or people."""
    found = rows(session, _CHANGES, {"tenant": tenant_id})
    return int(found[0][0]) if found else 0


# Asked before each request, so it is made once.
_CHANGES = select(ScopeChanges.number).where(ScopeChanges.tenant_id == bindparam("tenant"))


def scope_of_act(rulings: Rulings, act: Occurrence, now: datetime) -> Scope:
    """The least of what held when it happened and of what holds now; of reading, of what held at any time of it."""
    speaker, place = act.speaker, act.place
    if speaker.is_erased:
        return Scope.nothing
    moments = {act.occurred_at, max(now, act.occurred_at)}
    if act.type == EventType.thread_read:
        began = act.occurred_at - _READING
        moments |= {began} | rulings.changed(place, speaker.person_id, began, act.occurred_at)
    return least(*(rulings.scope(place, speaker.person_id, moment) for moment in moments))


def text_of_act(rulings: Rulings, act: Occurrence, now: datetime) -> bool:
    speaker, place = act.speaker, act.place
    return all(
        rulings.text(place, speaker.person_id, at) for at in (act.occurred_at, max(now, act.occurred_at))
    )


def _keep_apart(
    session: Session,
    tenant_id: UUID,
    lrs_id: UUID,
    found: Mapping[UUID, Occurrence],
    scopes: dict[UUID, Scope],
) -> None:
    """Holds back what would join a pseudonym with the account of before: a change of what the other name wrote."""
    following = [one for one in found.values() if one.type in FOLLOWS and one.entry is not None]
    if not following:
        return
    earlier: dict[tuple[UUID, UUID], set[Scope]] = defaultdict(set)
    rows = session.execute(
        select(Event.id, Event.voice_id, Event.object_id, Delivery.scope)
        .join(
            Delivery,
            and_(
                Delivery.tenant_id == Event.tenant_id,
                Delivery.event_id == Event.id,
                Delivery.lrs_id == lrs_id,
                Delivery.part == 0,
            ),
        )
        .where(
            Event.tenant_id == tenant_id,
            Event.voice_id.in_({one.speaker.voice_id for one in following}),
            Event.object_id.in_({one.entry.id for one in following if one.entry}),
            Event.type.not_in(FOLLOWS),
        )
    )
    for event_id, voice_id, object_id, sent_as in rows:
        scope = Scope(sent_as) if sent_as else scopes.get(event_id)
        if scope is not None:
            earlier[voice_id, object_id].add(scope)
    for one in following:
        now = scopes[one.event_id]
        before = earlier[one.speaker.voice_id, one.entry.id] if one.entry else set()
        if any((scope in KNOWN) is not (now in KNOWN) or scope is Scope.nothing for scope in before):
            scopes[one.event_id] = Scope.nothing


def _targets(place: Place) -> tuple[tuple[Level, str], ...]:
    """The nearest first."""
    return (
        (Level.panel, str(place.panel_id)),
        (Level.course, str(place.course_id)),
        (Level.platform, place.home_page),
        (Level.tenant, ""),
    )


def _add(history: _History[T], since: datetime, value: T) -> None:
    history.times.append(since)
    history.values.append(value)
