"""Whether two statements say the same, by xAPI Data 2.3.1: what an LRS may add or spell otherwise does not count."""

from datetime import UTC, datetime
from typing import Any

from xapi.lrs.validation.formats import parse_timestamp

_NOT_COMPARED = frozenset({"id", "authority", "stored", "version", "display", "definition"})
_LISTS_OF_ACTIVITIES = frozenset({"parent", "grouping", "category", "other"})


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Ignores id, authority, stored, version, displays, definitions, and how the timestamp is spelt."""
    return bool(_essence(ours) == _essence(theirs))


def _essence(statement: dict[str, Any]) -> Any:
    essence = {key: _part(key, value) for key, value in statement.items() if key not in _NOT_COMPARED}
    if "timestamp" in statement:
        essence["timestamp"] = _instant(statement["timestamp"])
    return essence


def _part(key: str, value: Any) -> Any:
    if key == "extensions":
        return value
    if isinstance(value, dict):
        kept = {
            name: _part(name, part)
            for name, part in value.items()
            if name not in ("display", "definition")
            # What is meant when nothing is said.
            and not (name == "objectType" and part in ("Agent", "Activity"))
        }
        if key == "contextActivities":
            return {name: part for name, part in kept.items() if part}
        return kept
    if key in _LISTS_OF_ACTIVITIES or key == "member":
        # A single activity may have become a list of one; order means nothing.
        activities = value if isinstance(value, list) else [value]
        return sorted((_part("", activity) for activity in activities), key=repr)
    return value


def _instant(text: Any) -> datetime | Any:
    """To the millisecond: an LRS need not keep more."""
    parsed = parse_timestamp(text) if isinstance(text, str) else None
    if parsed is None:
        return text
    return parsed.astimezone(UTC).replace(microsecond=parsed.microsecond // 1000 * 1000)
