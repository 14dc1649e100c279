"""What people and courses are called, where an LRS was told so."""

from collections.abc import Iterable, Iterator
from typing import Any

from xapi.gathering.parsing import called
from xapi.reports.measures import Readable
from xapi.reports.reading import Reader

Json = dict[str, Any]
# Others may name a course without saying what it is called: so many are looked at.
_LOOKED_AT = 25


def told_names(readable: Readable, people: Iterable[str]) -> dict[str, str]:
    """The latest name of each that has one."""
    found = readable.rows(
        "SELECT person, arg_max(actor_name, happened) FROM statement "
        "WHERE actor_name IS NOT NULL AND list_contains(?::VARCHAR[], person) GROUP BY person",
        [sorted(people)],
    )
    return dict(found)


def told_title(reader: Reader, course: str) -> str | None:
    """What the newest statement in a course that names it calls it: titles are not among what is gathered.

    Raises :class:`~xapi.reports.reading.ReadingFailed`.
    """
    newest = reader.newest(_LOOKED_AT, activity=course, related_activities="true")
    titles = (
        called(definition)
        for statement in newest
        for one in _activities(statement)
        if one.get("id") == course and isinstance(definition := one.get("definition"), dict)
    )
    found = next((title for title in titles if title), None)
    # Half a surrogate pair, which no UTF-8 can hold, becomes a question mark.
    return found and found.encode("utf-8", "replace").decode("utf-8")


def _activities(statement: Json) -> Iterator[Json]:
    context = statement.get("context")
    around = context.get("contextActivities") if isinstance(context, dict) else None
    lists = around.values() if isinstance(around, dict) else ()
    for found in (statement.get("object"), *lists):
        # An LRS may give a single activity by itself (Data 2.4.6.2).
        for one in found if isinstance(found, list) else [found]:
            if isinstance(one, dict):
                yield one
