"""Entries as they are shown: names for the nameless, initials, how long ago, and grouped into threads.

A page shows a hundred entries, so nothing here asks for a translation or formats a time more than once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Literal
from uuid import UUID

from babel import Locale
from babel.dates import format_skeleton, format_timedelta
from flask import render_template
from flask_babel import gettext

from lti_tool.moments import zone
from lti_tool.translations import language
from lti_tool.wording import group_name
from social_layer.discussion.models import ReactionKind
from social_layer.discussion.queries import EntryView
from social_layer.panels.models import GroupMode
from social_layer.people.models import Role
from social_layer.viewer import Viewer

TONES = 6
_UNMARKED = (Role.learner, Role.observer)
_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86_400, 604_800


@dataclass(slots=True)
class Shown:
    """An entry with what its template needs beside it.

    ``to``: whom it answers, where that is on the same page; ``reactions``: their HTML; ``group``: for which group it
    is, where that needs saying.
    """

    entry: EntryView
    id: str
    name: str
    badge: str
    is_new: bool
    initials: str
    tone: int
    ago: str
    iso: str
    to: str
    reactions: str
    group: str


@dataclass(slots=True)
class Thread:
    """``head`` is None where the thread began on an earlier page."""

    id: UUID
    head: Shown | None
    replies: list[Shown] = field(default_factory=list)


class Presenter:
    """Presents entries to one viewer at one moment.

    ``on_arrival``: the entries of the page that the viewer opens. Where all of them are new, none is called so.
    """

    def __init__(self, viewer: Viewer, now: datetime, *, on_arrival: bool = False) -> None:
        self._on_arrival = on_arrival
        self._marks_new = True
        self._locale = language()
        self._zone = zone(viewer.time_zone)
        self._now = now
        self._roles = role_names(self._locale)
        self._may_react = viewer.may_post
        self._has_groups = viewer.panel.has_groups
        self._for_all = gettext("All groups") if viewer.panel.group_mode is not GroupMode.everyone else ""
        self._names: dict[UUID, str] = {}

    def show(self, entry: EntryView) -> Shown:
        voice = entry.author_voice
        role = entry.author_role
        name = entry.author_name or f"{self._roles[role]} {letters(voice)}"
        self._names[entry.id] = name
        return Shown(
            entry=entry,
            id=str(entry.id),
            name=name,
            badge="" if role in _UNMARKED else self._roles[role],
            is_new=entry.is_unread and self._marks_new,
            initials=initials(name),
            tone=voice.int % TONES,
            ago=self.ago(entry.created_at),
            iso=entry.created_at.isoformat(timespec="seconds"),
            to=self._names.get(entry.parent_id, "") if entry.parent_id and entry.depth > 1 else "",
            reactions=_reactions(
                self._locale, self._may_react, tuple(entry.reactions.items()), entry.my_reactions
            ),
            group=self._group(entry) if self._has_groups else "",
        )

    def _group(self, entry: EntryView) -> str:
        """For whom it is, in a panel where that may differ."""
        if entry.group_id is None:
            return "" if entry.depth else self._for_all
        return group_name(entry.group_name or "", entry.group_number or 0)

    def threads(self, entries: Sequence[EntryView]) -> list[Thread]:
        """``entries`` in thread order, as threads."""
        if self._on_arrival:
            self._marks_new = any(not entry.is_unread and not entry.deleted for entry in entries)
        found: list[Thread] = []
        for entry in entries:
            shown = self.show(entry)
            if not entry.depth:
                found.append(Thread(entry.id, shown))
            elif found and found[-1].id == entry.thread_id:
                found[-1].replies.append(shown)
            else:
                found.append(Thread(entry.thread_id, None, [shown]))
        return found

    def singly(self, entries: Iterable[EntryView]) -> list[Thread]:
        """Each entry for itself, in any order."""
        return [thread for entry in entries for thread in self.threads([entry])]

    def ago(self, moment: datetime) -> str:
        seconds = (self._now - moment).total_seconds()
        if seconds < 45:
            return just_now(self._locale)
        for unit, most in ((_MINUTE, _HOUR), (_HOUR, _DAY), (_DAY, _WEEK)):
            if seconds < most:
                return _units_ago(self._locale, unit, max(1, int(seconds / unit)))
        day = moment.astimezone(self._zone).date()
        return _day(self._locale, day, day.year != self._now.year)


@lru_cache(64)
def role_names(_locale: str) -> dict[Role, str]:
    return {
        Role.administrator: gettext("Administrator"),
        Role.instructor: gettext("Instructor"),
        Role.designer: gettext("Course designer"),
        Role.assistant: gettext("Teaching assistant"),
        Role.learner: gettext("Learner"),
        Role.observer: gettext("Observer"),
    }


def letters(voice_id: UUID) -> str:
    """Two letters that tell one nameless voice from most others, the same ones everywhere."""
    first, second = divmod(voice_id.int % 676, 26)
    return chr(65 + first) + chr(65 + second)


@lru_cache(4096)
def initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return name[:1].upper()
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@lru_cache(4096)
def _reactions(
    _locale: str, may_react: bool, counts: tuple[tuple[ReactionKind, int], ...], own: frozenset[ReactionKind]
) -> str:
    return render_template(
        "web/reactions.html", may_react=may_react, kinds=tuple(ReactionKind), counts=dict(counts), own=own
    ).strip()


@lru_cache(64)
def just_now(_locale: str) -> str:
    return gettext("just now")


@lru_cache(4096)
def _units_ago(locale: str, unit: int, number: int) -> str:
    return format_timedelta(
        -unit * number, add_direction=True, threshold=1e9, granularity=_GRAIN[unit], locale=locale
    )


_GRAIN: dict[int, Literal["minute", "hour", "day"]] = {_MINUTE: "minute", _HOUR: "hour", _DAY: "day"}


def day_of(moment: datetime, zone_name: str | None, *, with_year: bool = True) -> str:
    """The day in the reader's own zone and language."""
    return _day(language(), moment.astimezone(zone(zone_name)).date(), with_year)


@lru_cache(4096)
def _day(locale: str, day: date, with_year: bool) -> str:
    return format_skeleton("yMMMd" if with_year else "MMMd", day, locale=Locale.parse(locale))
