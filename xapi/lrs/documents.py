"""The text of a stored statement: what was received, plus what the LRS assigns (id, stored, authority, …).

The received text is kept to the letter, and answered to the letter: the assigned properties are put before its
closing brace. Only where it brings properties of its own that must be replaced (stored, authority), or a single
context activity that must be answered as a list, a rewritten text stands in for it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from xapi.lrs.database import from_microseconds
from xapi.lrs.json_text import write
from xapi.lrs.terms import Json

_REPLACED = ("stored", "authority")


def timestamp_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def stored_text(stored: int) -> str:
    return timestamp_text(from_microseconds(stored))


def added_text(statement: Json, statement_id: str, stored: int, authority_text: str, *, second: bool) -> str:
    """The properties the LRS assigns, as JSON members without braces."""
    moment = stored_text(stored)
    parts = [f'"stored":"{moment}"', f'"authority":{authority_text}']
    if "id" not in statement:
        parts.append(f'"id":"{statement_id}"')
    if "timestamp" not in statement:
        parts.append(f'"timestamp":"{moment}"')
    if "version" not in statement:
        parts.append('"version":"2.0.0"' if second else '"version":"1.0.0"')
    return ",".join(parts)


def rewritten_text(statement: Json) -> str | None:
    """None where the received text can be answered as it is."""
    inner = statement["object"] if statement["object"].get("objectType") == "SubStatement" else {}
    if (
        not any(key in statement for key in _REPLACED)
        and not _single_activities(statement)
        and not _single_activities(inner)
    ):
        return None
    kept: dict[str, Any] = {key: value for key, value in statement.items() if key not in _REPLACED}
    if _single_activities(kept):
        kept["context"] = _with_lists(kept["context"])
    if _single_activities(inner):
        kept["object"] = {**inner, "context": _with_lists(inner["context"])}
    return write(kept)


def _single_activities(statement: Json) -> bool:
    found = statement.get("context", {}).get("contextActivities")
    return bool(found) and any(type(value) is not list for value in found.values())


def _with_lists(context: Json) -> Json:
    lists = {
        role: value if type(value) is list else [value]
        for role, value in context["contextActivities"].items()
    }
    return {**context, "contextActivities": lists}


def document(received: str, added: str, rewritten: str | None) -> str:
    """The whole statement as JSON text."""
    return f"{(rewritten or received)[:-1]},{added}}}"
