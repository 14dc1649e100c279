"""Are two statements the same? The rules of Data 2.3.1: what an LRS may change is no difference."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from xapi.lrs.terms import Json
from xapi.lrs.validation.formats import parse_timestamp
from xapi.lrs.validation.statement import CONTEXT_PEOPLE

_ASSIGNED = frozenset({"id", "authority", "stored", "version", "timestamp"})
_FINER = re.compile(r"([.,][0-9]{2})[0-9]+")


def same_statement(one: Json, other: Json) -> bool:
    """Both valid. A time that only one of them gives may have been assigned; two times are compared."""
    return same_time(one.get("timestamp"), other.get("timestamp")) and comparable(one) == comparable(other)


def same_time(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return True
    return _milliseconds(parse_timestamp(one)) == _milliseconds(parse_timestamp(other))


def _milliseconds(moment: datetime | None) -> datetime | None:
    """An LRS may cut times to milliseconds (Data 4.5.s1.b7)."""
    return moment and moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def comparable(statement: Json) -> Any:
    """The statement without what does not count, in a form that `==` compares."""
    kept = {key: value for key, value in statement.items() if key not in _ASSIGNED}
    kept["verb"] = statement["verb"]["id"]
    kept["actor"] = _agent(statement["actor"])
    kept["object"] = _object(statement["object"])
    if "context" in kept:
        kept["context"] = _context(kept["context"])
    if "result" in kept:
        kept["result"] = _result(kept["result"])
    if "attachments" in kept:
        kept["attachments"] = _plain(kept["attachments"])
    return kept


def _object(value: Json) -> Any:
    kind = value.get("objectType", "Activity")
    if kind == "Activity":
        return _activity(value)
    if kind in ("Agent", "Group"):
        return _agent(value)
    if kind == "StatementRef":
        return _reference(value)
    inner = comparable(value)
    # Nothing is assigned inside a SubStatement, so a time is part of it.
    inner["timestamp"] = _milliseconds(parse_timestamp(value["timestamp"])) if "timestamp" in value else None
    return inner


def _activity(value: Json) -> Any:
    # Where nothing is said, an Activity is meant.
    return {key: one for key, one in value.items() if key not in ("definition", "objectType")}


def _reference(value: Json) -> Any:
    return {**value, "id": value["id"].lower()}


def _agent(value: Json) -> Any:
    kept = dict(value)
    if kept.get("objectType") == "Agent":  # meant where nothing is said
        del kept["objectType"]
    if "mbox" in kept:
        name, _, host = kept["mbox"].rpartition("@")
        kept["mbox"] = f"{name}@{host.lower()}"
    if "mbox_sha1sum" in kept:
        kept["mbox_sha1sum"] = kept["mbox_sha1sum"].lower()
    if "member" in kept:  # an unordered list
        kept["member"] = sorted((_agent(one) for one in kept["member"]), key=_spelling)
    return kept


def _spelling(value: Json) -> str:
    return repr(sorted((key, repr(one)) for key, one in value.items()))


def _context(value: Json) -> Any:
    kept = dict(value)
    if "registration" in kept:
        kept["registration"] = kept["registration"].lower()
    if "statement" in kept:
        kept["statement"] = _reference(kept["statement"])
    for role in ("instructor", "team"):
        if role in kept:
            kept[role] = _agent(kept[role])
    for name, _, member in CONTEXT_PEOPLE:
        if name in kept:
            kept[name] = [{**one, member: _agent(one[member])} for one in kept[name]]
    if "contextActivities" in kept:
        kept["contextActivities"] = {
            role: [_activity(one) for one in (found if type(found) is list else [found])]
            for role, found in kept["contextActivities"].items()
        }
    if "extensions" in kept:
        kept["extensions"] = _plain(kept["extensions"])
    return kept


def _result(value: Json) -> Any:
    kept = dict(value)
    if "duration" in kept:  # compared as text, but not beyond a hundredth of a second (Data 4.6.s1.b5)
        kept["duration"] = _FINER.sub(r"\1", kept["duration"])
    if "extensions" in kept:
        kept["extensions"] = _plain(kept["extensions"])
    return kept


def _plain(value: Any) -> Any:
    """Python holds True to equal 1; JSON does not."""
    if type(value) is bool:
        return ("boolean", value)
    if type(value) is dict:
        return {key: _plain(one) for key, one in value.items()}
    if type(value) is list:
        return [_plain(one) for one in value]
    return value
