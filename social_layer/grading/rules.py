"""A panel's grading rule, and the points that follow from counts: no tables here, and no words for people.

A rule asks for numbers of contributions ("2 topics or answers and 3 replies") and gives points for them. A panel may
have several, its stages, each with days and points of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from social_layer.discussion.models import EntryKind
from social_layer.panels.models import Kind
from social_layer.refusals import Invalid

MOST_STAGES = 10
MOST_NEEDED = 100
MOST_POINTS = 1000.0
MOST_NAME = 100
# A day beyond them is a slip of the hand, and a day further is none at all.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
# Points are compared and shown to the hundredth.
_PLACES = 2


class Counted(StrEnum):
    """What a rule may ask for."""

    openings = "openings"
    replies = "replies"
    reflections = "reflections"
    contributions = "contributions"


# A reply to oneself is a reply like any other.
KINDS: Mapping[Counted, frozenset[EntryKind]] = {
    Counted.openings: frozenset({EntryKind.topic, EntryKind.question, EntryKind.answer}),
    Counted.replies: frozenset({EntryKind.reply, EntryKind.feedback}),
    Counted.reflections: frozenset({EntryKind.reflection}),
    Counted.contributions: frozenset(EntryKind) - {EntryKind.note},
}


# What a rule may ask for in each kind of panel; first what people begin with there.
OFFERED: Mapping[Kind, tuple[Counted, ...]] = {
    Kind.discussion: (Counted.openings, Counted.replies, Counted.contributions),
    Kind.questions: (Counted.openings, Counted.replies, Counted.contributions),
    Kind.reflection: (Counted.reflections, Counted.replies, Counted.contributions),
    Kind.exchange: (Counted.openings, Counted.replies, Counted.contributions),
}


class Giving(StrEnum):
    """How points come about: in proportion to what was done, or only for all of it."""

    share = "share"
    whole = "whole"


@dataclass(frozen=True, slots=True)
class Need:
    """So many of these."""

    counted: Counted
    number: int


@dataclass(frozen=True, slots=True)
class Rule:
    """What one stage asks, and gives. Days are whole days of the course's time zone, both included.

    ``late_counts``: what comes after the last day counts all the same.
    ``by_itself``: points go to the LMS when a rule is met, its last day is over, or staff have judged; otherwise only
    when staff send them.
    """

    needs: tuple[Need, ...]
    points: float
    giving: Giving = Giving.share
    name: str = ""
    opens_on: date | None = None
    due_on: date | None = None
    late_counts: bool = False
    by_itself: bool = True


def first_rule(kind: Kind, points: float = 10.0, **more: Any) -> Rule:
    """Where nobody has said yet what is asked: something usual for the kind."""
    beginning = OFFERED[kind][0]
    needs = (Need(beginning, 1 if beginning is Counted.reflections else 2), Need(Counted.replies, 3))
    return Rule(needs, points, **more)


@dataclass(frozen=True, slots=True)
class Stage:
    """A rule as it stands in a panel. ``id`` stays the same through all versions and copies of the panel."""

    id: UUID
    rule: Rule


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody has of one need: in time, and ``late`` beyond that."""

    need: Need
    in_time: int
    late: int

    def counted(self, rule: Rule) -> int:
        return self.in_time + (self.late if rule.late_counts else 0)

    def is_met(self, rule: Rule) -> bool:
        return self.counted(rule) >= self.need.number


def check(rule: Rule) -> None:
    """Raises ``rule_empty``, ``rule_number_wrong``, ``points_wrong``, ``day_out_of_reach``, ``dates_crossed``,
    ``text_too_long``.
    """
    if not rule.needs:
        raise Invalid("rule_empty", field="needs")
    if len({need.counted for need in rule.needs}) < len(rule.needs):
        raise Invalid("rule_number_wrong", field="needs", most=MOST_NEEDED)
    for need in rule.needs:
        if not 1 <= need.number <= MOST_NEEDED:
            raise Invalid("rule_number_wrong", field=need.counted.value, most=MOST_NEEDED)
    if not 0 < rule.points <= MOST_POINTS or rounded(rule.points) != rule.points:
        raise Invalid("points_wrong", field="points", most=int(MOST_POINTS))
    for field, day in (("opens_on", rule.opens_on), ("due_on", rule.due_on)):
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise Invalid("day_out_of_reach", field=field)
    if rule.opens_on and rule.due_on and rule.opens_on > rule.due_on:
        raise Invalid("dates_crossed", field="due_on")
    if len(rule.name) > MOST_NAME:
        raise Invalid("text_too_long", field="name", length=len(rule.name), most=MOST_NAME)


def points_for(rule: Rule, lines: Sequence[Line]) -> float:
    """The points that follow. What is more than asked for in one need makes up for nothing in another."""
    asked = sum(line.need.number for line in lines)
    done = sum(min(line.counted(rule), line.need.number) for line in lines)
    if done == asked:
        return rule.points
    return rounded(rule.points * done / asked) if rule.giving is Giving.share else 0.0


def opens_at(rule: Rule, zone: ZoneInfo) -> datetime | None:
    """The instant from which contributions count."""
    return _midnight(rule.opens_on, zone) if rule.opens_on else None


def ends_at(rule: Rule, zone: ZoneInfo) -> datetime | None:
    """The instant at which the last day is over."""
    return _midnight(min(rule.due_on, LAST_DAY) + timedelta(days=1), zone) if rule.due_on else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # A rule that was kept before days had bounds must not stop what is counted beside it.
    near = min(max(day, FIRST_DAY), LAST_DAY + timedelta(days=1))
    return datetime.combine(near, time(), zone).astimezone(UTC)


def rounded(points: float) -> float:
    return round(points, _PLACES)


def to_json(needs: Sequence[Need]) -> list[dict[str, Any]]:
    return [{"counted": need.counted.value, "number": need.number} for need in needs]


def from_json(kept: Sequence[Mapping[str, Any]]) -> tuple[Need, ...]:
    return tuple(Need(Counted(each["counted"]), each["number"]) for each in kept)
