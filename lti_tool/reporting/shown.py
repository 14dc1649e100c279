"""Measures as a page shows them: in its reader's language and time zone, with a name for everybody, and with what its
script draws."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent
from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _

from lti_tool.moments import zone
from lti_tool.reporting.cells import Cell, leads
from lti_tool.reporting.naming import Names
from xapi.reports.measures import HIDDEN, BehindRow, Measure
from xapi.reports.person import Moment

FACTS = {
    "pairs": lazy_gettext("pairs of people"),
    "acts": lazy_gettext("acts between them"),
    "first_quartile": lazy_gettext("a quarter within"),
    "median": lazy_gettext("half within"),
    "third_quartile": lazy_gettext("three quarters within"),
    "joined": lazy_gettext("of them seen in panels"),
}
OUTCOMES = {
    "completed": lazy_gettext("completed"),
    "uncompleted": lazy_gettext("no longer completed"),
    "passed": lazy_gettext("passed"),
    "failed": lazy_gettext("failed"),
    "scored": lazy_gettext("was given a score"),
    "progressed": lazy_gettext("came further"),
    "attempted": lazy_gettext("began"),
    "satisfied": lazy_gettext("met what was asked"),
    "waived": lazy_gettext("was let off"),
    "abandoned": lazy_gettext("left without finishing"),
}
DEEDS = {
    "opened": lazy_gettext("started a thread"),
    "reflected": lazy_gettext("shared a reflection"),
    "answered": lazy_gettext("wrote an answer"),
    "reviewed": lazy_gettext("gave feedback"),
    "thanked": lazy_gettext("reacted to an entry"),
    "accepted": lazy_gettext("accepted an answer"),
    "read": lazy_gettext("read in a thread"),
}
_COLUMNS = ("participation", "reading", "reflections", "first_replies", "unanswered")
_MOST_DRAWN = 60
_MOST_BARS = 15


@dataclass(frozen=True, slots=True)
class Shown:
    """A measure in words. ``drawn``: what the picture is made of, where there is one. ``leads``: what each cell adds to
    the address of the measure's list, where it has one of its own."""

    key: str
    title: str
    definition: str
    n: str
    n_of: str
    window: str
    as_of: str
    columns: list[str]
    rows: list[list[str]]
    leads: list[list[str]]
    facts: list[tuple[str, str]]
    note: str
    drawn: dict[str, Any] | None
    hides: bool


class Words:
    """Says things to one reader. ``zone_name``: theirs, or UTC where it is not known."""

    def __init__(self, names: Names, zone_name: str | None) -> None:
        self.names = names
        self._zone = zone(zone_name)
        self._locale = get_locale()

    def show(self, measure: Measure, base: str = "") -> Shown:
        """``base``: whose accounts are pseudonyms and aliases."""
        return Shown(
            key=measure.key,
            title=self.title(measure),
            definition=_(measure.definition),
            n=self.cell(measure.n),
            n_of=_(measure.n_of),
            window=self._window(measure),
            as_of=self.moment(measure.as_of) if measure.as_of else "",
            columns=[_(name) for name in measure.columns],
            rows=[self._row(measure, row) for row in measure.rows],
            leads=leads(measure, base),
            facts=[(str(FACTS[name]), self.cell(value)) for name, value in measure.facts.items()],
            note=_(measure.note) if measure.note else "",
            drawn=self._drawn(measure),
            hides=measure.hides,
        )

    def title(self, measure: Measure) -> str:
        return _(measure.title)

    def where(self, measure: Measure, cell: Cell) -> str:
        """Which number of the table it is."""
        row = self._row(measure, measure.rows[cell.place])
        label = " → ".join(row[:2]) if measure.key == "network" else row[0]
        return f"{label} · {_(measure.columns[cell.column])}: {row[cell.column]}"

    def cell(self, value: Any) -> str:
        if value is HIDDEN:
            return _("hidden")
        if value is None:
            return "–"
        if isinstance(value, timedelta):
            return format_timedelta(value, threshold=1.5, locale=self._locale)
        if isinstance(value, date):
            return format_date(value, "medium", locale=self._locale)
        if isinstance(value, int | float):
            return format_decimal(value, locale=self._locale)
        return str(value)

    def moment(self, at: datetime) -> str:
        try:
            return format_datetime(at, "medium", tzinfo=self._zone, locale=self._locale)
        except OverflowError:  # A year that the reader's zone leaves: a statement may tell any.
            return str(at.year)

    def share(self, value: float) -> str:
        return format_percent(value, locale=self._locale)

    def deed(self, moment: Moment) -> str:
        """What a moment of a timeline is called."""
        if moment.is_formal:
            return ", ".join(str(OUTCOMES.get(one, one)) for one in moment.kind.split())
        if moment.kind == "read" and moment.object == moment.panel:
            return _("opened the panel")
        return str(DEEDS.get(moment.kind, moment.kind))

    def _window(self, measure: Measure) -> str:
        since, until = measure.window.since, measure.window.until
        return _(
            "%(since)s to %(until)s",
            since=self.moment(since) if since else _("the beginning"),
            until=self.moment(until) if until else _("now"),
        )

    def _row(self, measure: Measure, row: tuple[Any, ...]) -> list[str]:
        if measure.key == "network":
            return [self.names.person(row[0]), self.names.person(row[1]), *map(self.cell, row[2:])]
        if measure.key in ("first_replies", "unanswered", "relation"):
            return [_(row[0]), *map(self.cell, row[1:])]
        if measure.key == "courses":
            return [self.names.thing(row[0]), *map(self.cell, row[1:])]
        return [self.cell(value) for value in row]

    def _drawn(self, measure: Measure) -> dict[str, Any] | None:
        if not measure.rows:
            return None
        if measure.key == "network":
            return self._network(measure)
        if measure.key in _COLUMNS:
            return self._columns(measure, range(1, len(measure.columns)))
        if measure.key in ("results", "courses", "platforms"):
            return self._columns(measure, (1, 2) if measure.key == "results" else (1, 4, 5), kind="bars")
        return None

    def _columns(self, measure: Measure, which: Any, kind: str = "columns") -> dict[str, Any] | None:
        """Numbers for columns, or for bars beside names; none where one is hidden, and no picture where all are.
        ``hidden``: what to say there. ``wraps``: all labels are shown, over several lines."""
        rows = measure.rows if kind == "columns" else measure.rows[:_MOST_BARS]
        if all(row[place] is HIDDEN for row in rows for place in which):
            return None
        return {
            "kind": kind,
            "wraps": measure.key in ("first_replies", "unanswered"),
            "hidden": self.cell(HIDDEN),
            "labels": [self._row(measure, row)[0] for row in rows],
            "series": [
                {
                    "name": _(measure.columns[place]),
                    "values": [None if row[place] is HIDDEN else row[place] for row in rows],
                }
                for place in which
            ],
        }

    def _network(self, measure: Measure) -> dict[str, Any]:
        acts: dict[str, int] = {}
        for giving, taking, *numbers in measure.rows:
            for one in (giving, taking):
                acts[one] = acts.get(one, 0) + sum(numbers)
        drawn = sorted(acts, key=lambda one: (-acts[one], one))[:_MOST_DRAWN]
        place = {one: number for number, one in enumerate(drawn)}
        return {
            "kind": "network",
            "people": [{"name": self.names.person(one), "acts": acts[one]} for one in drawn],
            "ties": [
                [place[giving], place[taking], sum(numbers)]
                for giving, taking, *numbers in measure.rows
                if giving in place and taking in place
            ],
        }


@dataclass(frozen=True, slots=True)
class Listed:
    """A statement behind a number. ``text``: it, as it was gathered."""

    id: str
    at: str
    iso: str
    verb: str
    thing: str
    text: str


def listed(words: Words, row: BehindRow, text: str) -> Listed:
    return Listed(
        id=row.id,
        at=words.moment(row.happened),
        iso=row.happened.isoformat(timespec="seconds"),
        verb=row.verb if ":" not in row.verb else row.verb.rstrip("/").rpartition("/")[2],
        thing=words.names.thing(row.object),
        text=text,
    )
