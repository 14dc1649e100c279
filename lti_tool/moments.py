"""Days and moments as people read them, in their own zone and language."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from flask_babel import get_locale
from flask_babel import gettext as _


@lru_cache(1024)
def zone(name: str | None) -> ZoneInfo:
    """The time zone of that name, or UTC: what an LMS calls its zones is not always a zone."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, OSError, ValueError, ModuleNotFoundError):
        return ZoneInfo("UTC")


def as_time_zone(told: str | None) -> str | None:
    """The name of a zone of the IANA database, where it is one: Moodle says `99` for "as the server"."""
    if not told or len(told) > 64:
        return None
    try:
        return ZoneInfo(told).key
    except (KeyError, ValueError, OSError):  # an unknown zone is a KeyError
        return None


def day(moment: date, today: date) -> str:
    """A day of this year without its year."""
    if moment.year == today.year:
        return format_skeleton("MMMMd", moment, locale=_locale())
    return format_date(moment, "long", locale=_locale())


def moment(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """ "14 March, 09:30"."""
    here = at.astimezone(zone)
    return _(
        "%(day)s, %(time)s",
        day=day(here.date(), now.astimezone(zone).date()),
        time=format_time(here, "short", tzinfo=zone, locale=_locale()),
    )


def _locale() -> Locale:
    """Days and hours as wherever English is spoken, but for the United States."""
    locale = get_locale() or Locale("en")
    if locale.language == "en" and locale.territory != "US":
        return Locale("en", "GB")
    return locale


def moment_of(at: datetime, zone_name: str | None, now: datetime) -> str:
    """As :func:`moment`; where the reader's zone is not known, it is said to be UTC."""
    here = zone(zone_name)
    said = moment(at, here, now)
    return f"{said} UTC" if here.key == "UTC" else said
