"""From a statement, as an LRS gives it, to the row that is kept of it.

Nothing in it is trusted to have the right shape. This runs for each of millions of statements, so that it looks at
each part once.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from xapi import vocabulary as words
from xapi.gathering.columns import Row
from xapi.gathering.formal import OUTCOMES, progress_of, source_of
from xapi.lrs.validation.formats import is_duration, parse_timestamp
from xapi.reports.ours import person_of

Json = dict[str, Any]
_NOTHING: Json = {}
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_PROFILE = re.compile(r".+/xapi/profile/v\d+(\.\d+)*")
_REACTION = "/xapi/extensions/reaction"
_AS_LONG = f"{words.AS}schema/1.0/"
# What LMSs call a course: ADL, and cmi5 (Moodle's logstore).
_COURSES = frozenset(
    (
        words.COURSE,
        "https://w3id.org/xapi/cmi5/activitytype/course",
        "http://id.tincanapi.com/activitytype/course",
    )
)
_UNITS = {"W": 604_800, "Y": 31_557_600, "D": 86_400, "H": 3600, "S": 1}
_AMOUNT = re.compile(r"([0-9]+(?:[.,][0-9]+)?)([YMWDHS])|(T)")


def rows_of(statements: list[Json], now: datetime) -> Iterator[Row]:
    """``now`` stands for when it was stored, where an LRS does not say so."""
    for statement in statements:
        row = row_of(statement, now)
        if row is not None:
            yield row


def row_of(statement: Json, now: datetime) -> Row | None:
    """What is null is left out. None for what has no id, no actor that is identified, or no verb."""
    key, verb = statement.get("id"), _object(statement.get("verb")).get("id")
    person = person_of(statement.get("actor"))
    if (
        not isinstance(key, str)
        or _UUID.fullmatch(key) is None
        or not isinstance(verb, str)
        or person is None
    ):
        return None
    stored = utc_text(statement.get("stored")) or utc_text(now.isoformat())
    if verb.startswith(_AS_LONG):
        verb = words.AS + verb[len(_AS_LONG) :]
    row: Row = {
        "id": key,
        "stored": stored,
        "happened": utc_text(statement.get("timestamp")) or stored,
        "person": person,
        "verb": verb,
    }
    if isinstance(name := statement["actor"].get("name"), str) and name:
        row["actor_name"] = name
    definition = _add_object(row, _object(statement.get("object")))
    context = _object(statement.get("context"))
    ours, categories = _add_context(row, context)
    row["ours"] = ours
    result = statement.get("result")
    if isinstance(result, dict):
        _add_result(row, result)
    if not ours and (outcome := OUTCOMES.get(verb)) is not None:
        row["outcome"] = outcome
        row["source"] = source_of(context, categories)
        if name := called(definition):
            row["name"] = name
    return row


def utc_text(value: Any) -> str | None:
    """As DuckDB reads a TIMESTAMP in UTC, or None where it is no time, or none of this age: it could not be shown in
    every time zone, and nobody learned then."""
    if not isinstance(value, str) or not "1970" <= value[:4] <= "9998":
        return None
    try:
        if value.endswith("Z") and len(value) in (20, 24, 27):
            datetime.fromisoformat(value)  # by far the most, and much faster
            return value[:-1]
    except ValueError:
        return None
    found = parse_timestamp(value)
    return None if found is None else found.astimezone(UTC).replace(tzinfo=None).isoformat()


def seconds_of(duration: Any) -> float | None:
    """Of an ISO 8601 duration; a year is 365.25 days, and a month the twelfth of it."""
    if not isinstance(duration, str) or not is_duration(duration):
        return None
    total, in_time = 0.0, False
    for amount, unit, time in _AMOUNT.findall(duration):
        if time:
            in_time = True
            continue
        worth = (60 if in_time else _UNITS["Y"] / 12) if unit == "M" else _UNITS[unit]
        total += float(amount.replace(",", ".")) * worth
    return total


def _add_object(row: Row, target: Json) -> Json:
    """Answers the activity's definition."""
    kind, key = target.get("objectType", "Activity"), target.get("id")
    if not isinstance(key, str):
        return _NOTHING
    if kind == "StatementRef":
        if row["verb"] == words.VOIDED.iri and _UUID.fullmatch(key):
            row["voids"] = key
        return _NOTHING
    if kind != "Activity":
        return _NOTHING
    row["object"] = key
    definition = _object(target.get("definition"))
    if isinstance(type_ := definition.get("type"), str):
        row["object_type"] = type_
        if type_ in _COURSES:
            row["course"] = key
    return definition


def _add_context(row: Row, context: Json) -> tuple[bool, list[str]]:
    """Answers whether it is ours, and the ids of its categories."""
    if not context:
        return False, []
    if isinstance(registration := context.get("registration"), str) and _UUID.fullmatch(registration):
        row["registration"] = registration
    if isinstance(platform := context.get("platform"), str):
        row["platform"] = platform
    if (reference := context.get("statement")) is not None:
        answers = _object(reference).get("id")
        if isinstance(answers, str) and _UUID.fullmatch(answers):
            row["answers"] = answers
    activities = _object(context.get("contextActivities"))
    categories = [key for one in _list(activities.get("category")) if isinstance(key := one.get("id"), str)]
    ours = any("/xapi/profile/v" in iri and _PROFILE.fullmatch(iri) for iri in categories)
    around: dict[str, None] = {}
    # Grouping first: it tells what all of it belongs to.
    for name in ("grouping", "parent"):
        for one in _list(activities.get(name)):
            key = one.get("id")
            if not isinstance(key, str):
                continue
            around[key] = None
            type_ = _object(one.get("definition")).get("type")
            if not isinstance(type_, str):
                continue
            if type_ in _COURSES:
                row.setdefault("course", key)
            elif ours and type_ == words.COMMUNITY_SITE:
                row.setdefault("panel", key)
    if around:
        row["around"] = list(around)
    if ours:
        if row.get("object_type") == words.COMMUNITY_SITE:
            row["panel"] = row["object"]
        for name, value in _object(context.get("extensions")).items():
            if name.endswith(_REACTION):
                row["detail"] = str(value)
    return ours, categories


def _add_result(row: Row, result: Json) -> None:
    for name in ("success", "completion"):
        if isinstance(result.get(name), bool):
            row[name] = result[name]
    if (duration := seconds_of(result.get("duration"))) is not None:
        row["duration"] = duration
    score = result.get("score")
    if isinstance(score, dict):
        for name, column in (("scaled", "scaled"), ("raw", "raw"), ("min", "raw_min"), ("max", "raw_max")):
            value = score.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                row[column] = value
    if (progress := progress_of(result)) is not None:
        row["progress"] = progress


def called(definition: Json) -> str | None:
    """In English where it is, else in the first language that there is."""
    names = definition.get("name")
    if not isinstance(names, dict):
        return None
    texts = {tag: text for tag, text in names.items() if isinstance(text, str) and text}
    return next(
        (text for tag, text in texts.items() if tag.startswith("en")), next(iter(texts.values()), None)
    )


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else _NOTHING


def _list(value: Any) -> list[Json]:
    """An LRS may give a single activity by itself (Data 2.4.6.2)."""
    if value is None:
        return []
    if isinstance(value, list):
        return [one for one in value if isinstance(one, dict)]
    return [value] if isinstance(value, dict) else []
