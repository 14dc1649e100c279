"""The documentation of the exported log and its columns are one."""

import re
from pathlib import Path

from social_layer.events.models import EventType
from xapi.eventlog.columns import COLUMNS

GUIDE = Path(__file__).parents[3] / "docs" / "event-log.md"


def test_the_guide_tells_every_column_with_its_type_and_meaning_in_order() -> None:
    told = re.findall(r"^\| `(\w+)` \| ([A-Z]+) \| (.+) \|$", GUIDE.read_text(), re.MULTILINE)
    assert told == [(column.name, column.type, column.says) for column in COLUMNS]


def test_the_guide_names_every_type_of_event() -> None:
    (listed,) = re.findall(r"^What may stand in `type`: (.+?)\.", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    assert re.findall(r"`(\w+)`", listed) == [event.value for event in EventType]
