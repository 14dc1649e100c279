"""Which days a report tells of, as somebody chose them in a browser."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from xapi.reports.measures import Window


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last one, both included; None: no limit."""

    first: date | None = None
    last: date | None = None

    @property
    def query(self) -> dict[str, str]:
        """As an address names them."""
        named = {"from": self.first, "to": self.last}
        return {name: day.isoformat() for name, day in named.items() if day is not None}

    def window(self, zone: ZoneInfo) -> Window:
        """``zone``: whose days they are."""
        return Window(
            _midnight(self.first, zone) if self.first else None,
            _midnight(self.last + timedelta(days=1), zone) if self.last else None,
            zone.key,
        )


def days_between(one: date | None, other: date | None) -> Days:
    """Told the wrong way around, they are meant the other way."""
    if one is not None and other is not None and other < one:
        one, other = other, one
    return Days(one, other)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
