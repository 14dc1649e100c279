"""What people are called, where an LRS was told so."""

from collections.abc import Iterable

from xapi.reports.measures import Readable


def told_names(readable: Readable, people: Iterable[str]) -> dict[str, str]:
    """The latest name of each that has one."""
    found = readable.rows(
        "SELECT person, arg_max(actor_name, happened) FROM statement "
        "WHERE actor_name IS NOT NULL AND list_contains(?::VARCHAR[], person) GROUP BY person",
        [sorted(people)],
    )
    return dict(found)
