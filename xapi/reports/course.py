"""A course's report: all its measures, formal and informal side by side."""

from collections.abc import Callable

from xapi.reports.acts import Told, tell
from xapi.reports.answering import first_replies, network, unanswered
from xapi.reports.measures import Measure, Readable, Window
from xapi.reports.results import relation, results
from xapi.reports.taking_part import participation, reading, reflections

MEASURES: dict[str, Callable[[Told], Measure]] = {
    "participation": participation,
    "network": network,
    "first_replies": first_replies,
    "unanswered": unanswered,
    "reading": reading,
    "reflections": reflections,
    "results": results,
    "relation": relation,
}


def course_report(readable: Readable, course: str, window: Window) -> list[Measure]:
    """``course``: its activity id."""
    told = tell(readable, window, course=course)
    return [measure(told) for measure in MEASURES.values()]


def courses_there(readable: Readable) -> list[str]:
    """Every course that anything is known of."""
    found = readable.rows(
        "SELECT DISTINCT course FROM (SELECT course FROM statement WHERE ours UNION SELECT course FROM record) "
        "AS told WHERE course IS NOT NULL ORDER BY course"
    )
    return [course for (course,) in found]
