"""A panel's dates: as its readers see them, and as who sets it up types them, each in their own time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from lti_tool.moments import moment_of, zone
from social_layer.panels.settings import DATES
from social_layer.viewer import Phase, Viewer


@dataclass(frozen=True, slots=True)
class DateShown:
    """``words``: "Opens on 14 March, 09:30". ``sentence`` has {when} in the time's place, for a script that puts in
    the time of its own device: where the reader's zone is not known, and the words are in another's."""

    name: str
    iso: str
    words: str
    sentence: str | None


def dates_shown(viewer: Viewer, now: datetime) -> list[DateShown]:
    """Those that the panel has, in their order; the opening only until it is over."""
    panel = viewer.panel
    is_closed = viewer.phase is Phase.closed
    sentences = {
        "opens_at": None if viewer.phase is not Phase.ahead else _("Opens on %(when)s", when="{when}"),
        "due_at": _("Due on %(when)s", when="{when}"),
        "closes_at": _("Closed since %(when)s", when="{when}")
        if is_closed
        else _("Closes on %(when)s", when="{when}"),
    }
    return [
        DateShown(
            name,
            at.isoformat(),
            sentence.replace("{when}", moment_of(at, viewer.time_zone, now)),
            None if viewer.zone_is_own else sentence,
        )
        for name, sentence in sentences.items()
        if (at := getattr(panel, name)) is not None and sentence is not None
    ]


def dates_form(viewer: Viewer, here: ZoneInfo | None = None) -> dict[str, Any]:
    """What the set-up's form needs: the values of its fields, and whose time they are in."""
    here = here or zone(viewer.time_zone)
    values = {name: getattr(viewer.panel, name) for name in DATES}
    return {
        "dates": {
            name: at.astimezone(here).strftime("%Y-%m-%dT%H:%M") if at else "" for name, at in values.items()
        },
        "dates_zone": here.key,
        "date_names": {"opens_at": _("Opens"), "due_at": _("Due"), "closes_at": _("Closes")},
    }


def read_dates(viewer: Viewer, wanted: dict[str, Any]) -> dict[str, datetime | None]:
    """Takes the dates out of what the form sent. One that stands there as it was shown stays to the second."""
    # Of the form as it was made: whoever travels meanwhile means what they saw.
    here = zone(wanted.pop("zone", None) or viewer.time_zone)
    shown = dates_form(viewer, here)["dates"]
    found: dict[str, datetime | None] = {}
    for name in DATES:
        if name not in wanted:
            continue
        local = wanted.pop(name)
        if (local.strftime("%Y-%m-%dT%H:%M") if local else "") != shown[name]:
            found[name] = local.replace(tzinfo=here).astimezone(UTC) if local else None
    return found
