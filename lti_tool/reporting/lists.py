"""The statements behind a number, and how much of each its reader is shown."""

import json
from collections.abc import Callable, Mapping, Set
from datetime import datetime
from typing import Any

from lti_tool.reporting.shown import Listed, Words, listed
from xapi.reports.acts import as_gathered, behind_page
from xapi.reports.measures import Behind, BehindRow, Readable

PAGE = 30
# Who did what all in the course can see done is no secret there; who read, or reached what, is.
SEEN_BY_ALL = frozenset({"participation", "network", "first_replies", "unanswered", "reflections"})
_OF_WHOM = ("person", "actor_name", "registration")


def page_behind(
    readable: Readable,
    words: Words,
    behind: Behind,
    after: tuple[Any, str] | None,
    *,
    tells_whom: bool,
    base: str = "",
) -> tuple[list[Listed], BehindRow | None]:
    """The newest first; and the last one, where more follow. ``tells_whom``: whether it is told whose they are.

    ``base``: whose accounts are pseudonyms and aliases. It is never told that a statement is of one of them: what it is
    about stands in the panel with a name.
    """
    rows = behind_page(readable, behind, after=after, limit=PAGE + 1)
    listed_at = {row.id: row.happened for row in rows[:PAGE]}
    texts = texts_of(readable, listed_at, tells_whom=tells_whom, base=base, untold=behind.untold)
    shown = [listed(words, row, texts(row.id)) for row in rows[:PAGE]]
    return shown, rows[PAGE - 1] if len(rows) > PAGE else None


def texts_of(
    readable: Readable,
    happened: Mapping[str, datetime],
    *,
    tells_whom: bool,
    base: str = "",
    untold: Set[str] = frozenset(),
) -> Callable[[str], str]:
    """What was gathered of each statement, as text, without ``untold``. ``happened``: statement → when. ``base``: as
    for :func:`page_behind`."""
    times = happened.values()
    found = as_gathered(readable, list(happened), (min(times), max(times))) if happened else {}

    def text(id_: str) -> str:
        known = found.get(id_, {})
        names_whom = tells_whom and not (base and str(known.get("person")).startswith(f"{base}|"))
        left_out = untold if names_whom else {*untold, *_OF_WHOM}
        told = {name: value for name, value in known.items() if name not in left_out}
        return json.dumps(told, ensure_ascii=False, indent=2, default=str)

    return text
