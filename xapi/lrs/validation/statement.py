"""The statement as a whole: its parts, and the rules that tie them together (Data 2.4)."""

from __future__ import annotations

from typing import Any

from xapi.lrs.validation.activities import check_activity
from xapi.lrs.validation.actors import IDENTIFIERS, check_actor, check_agent, check_authority, check_group
from xapi.lrs.validation.formats import (
    check_boolean,
    check_duration,
    check_extensions,
    check_iri,
    check_language,
    check_language_map,
    check_media_type,
    check_number,
    check_sha2,
    check_string,
    check_timestamp,
    check_uuid,
    check_version,
)
from xapi.lrs.validation.problem import Problem, Problems, is_object, known_keys, required, wrong_type

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
CONTEXT_ACTIVITIES = ("parent", "grouping", "category", "other")

_SHARED = frozenset({"actor", "verb", "object", "result", "context", "timestamp", "attachments"})
_STATEMENT = _SHARED | {"id", "stored", "authority", "version"}
_SUBSTATEMENT = _SHARED | {"objectType"}
_VERB = frozenset({"id", "display"})
_STATEMENT_REF = frozenset({"objectType", "id"})
_RESULT = frozenset({"score", "success", "completion", "response", "duration", "extensions"})
_SCORE = frozenset({"scaled", "raw", "min", "max"})
_CONTEXT = frozenset({
    "registration", "instructor", "team", "contextActivities", "revision",
    "platform", "language", "statement", "extensions",
})  # fmt: skip
# What the second edition adds (IEEE 9274.1.1, 4.2.2.5): people and groups that a statement concerns besides.
CONTEXT_PEOPLE = (("contextAgents", "contextAgent", "agent"), ("contextGroups", "contextGroup", "group"))
_CONTEXT_2 = _CONTEXT | {name for name, _, _ in CONTEXT_PEOPLE}
_CONTEXT_ACTIVITIES = frozenset(CONTEXT_ACTIVITIES)
_ATTACHMENT = frozenset({"usageType", "display", "description", "contentType", "length", "sha2", "fileUrl"})


def validate_statement(statement: Any, path: str = "$", *, version: str = "1.0.3") -> list[Problem]:
    """Every breach of xAPI 1.0.3, or 2.0 where ``version`` says so, in one parsed statement; none means that it may
    be stored."""
    out: Problems = []
    second = version.startswith("2.")
    if not is_object(statement, path, out):
        return out
    known_keys(statement, _STATEMENT, path, out)
    if "id" in statement:
        check_uuid(statement["id"], f"{path}.id", out)
    if "stored" in statement:
        check_timestamp(statement["stored"], f"{path}.stored", out)
    if "authority" in statement:
        check_authority(statement["authority"], f"{path}.authority", out)
    if "version" in statement:
        check_version(statement["version"], f"{path}.version", out, second=second)
    _check_event(statement, path, out, inner=False, second=second)
    return out


def validate_agent_filter(agent: Any, path: str = "$") -> list[Problem]:
    """What the `agent` parameter of a query takes: an agent or an identified group."""
    out: Problems = []
    check_actor(agent, path, out)
    if not out and not any(key in agent for key in IDENTIFIERS):
        out.append(Problem("identifier", "A group without an identifier cannot be asked for.", path))
    return out


def _check_event(value: dict[str, Any], path: str, out: Problems, inner: bool, second: bool) -> None:
    """What a statement and a SubStatement have in common."""
    if required(value, "actor", path, out):
        check_actor(value["actor"], f"{path}.actor", out)
    if required(value, "verb", path, out):
        _check_verb(value["verb"], f"{path}.verb", out)
    if required(value, "object", path, out):
        _check_object(value["object"], f"{path}.object", out, inner, second)
        _check_voiding(value, path, out)
    if "result" in value:
        _check_result(value["result"], f"{path}.result", out)
    if "context" in value:
        _check_context(value["context"], value.get("object"), f"{path}.context", out, second)
    if "timestamp" in value:
        check_timestamp(value["timestamp"], f"{path}.timestamp", out)
    if "attachments" in value:
        _check_attachments(value["attachments"], f"{path}.attachments", out)


def _check_verb(value: Any, path: str, out: Problems) -> None:
    if not is_object(value, path, out):
        return
    known_keys(value, _VERB, path, out)
    if required(value, "id", path, out):
        check_iri(value["id"], f"{path}.id", out)
    if "display" in value:
        check_language_map(value["display"], f"{path}.display", out)


def _check_object(value: Any, path: str, out: Problems, inner: bool, second: bool) -> None:
    if not is_object(value, path, out):
        return
    kind = value.get("objectType", "Activity")
    if kind == "Activity":
        check_activity(value, path, out)
    elif kind in ("Agent", "Group"):
        check_actor(value, path, out)
    elif kind == "StatementRef":
        _check_statement_ref(value, path, out)
    elif kind == "SubStatement":
        if inner:
            out.append(Problem("nested", "A SubStatement cannot hold another one.", path))
            return
        known_keys(value, _SUBSTATEMENT, path, out)
        _check_event(value, path, out, inner=True, second=second)
    elif type(kind) is not str:
        wrong_type(kind, "a string", f"{path}.objectType", out)
    else:
        out.append(
            Problem(
                "object_type",
                "Must be one of Activity, Agent, Group, StatementRef, SubStatement.",
                f"{path}.objectType",
            )
        )


def _check_statement_ref(value: Any, path: str, out: Problems) -> None:
    if not is_object(value, path, out):
        return
    known_keys(value, _STATEMENT_REF, path, out)
    if value.get("objectType") != "StatementRef":
        out.append(Problem("object_type", "Must be 'StatementRef'.", f"{path}.objectType"))
    if required(value, "id", path, out):
        check_uuid(value["id"], f"{path}.id", out)


def _check_voiding(value: dict[str, Any], path: str, out: Problems) -> None:
    verb, target = value.get("verb"), value["object"]
    if type(verb) is not dict or verb.get("id") != VOIDED or type(target) is not dict:
        return
    if target.get("objectType") != "StatementRef":
        out.append(Problem("voiding", "What is voided is named by a StatementRef.", f"{path}.object"))


def _check_result(value: Any, path: str, out: Problems) -> None:
    if not is_object(value, path, out):
        return
    known_keys(value, _RESULT, path, out)
    if "score" in value:
        _check_score(value["score"], f"{path}.score", out)
    for key in ("success", "completion"):
        if key in value:
            check_boolean(value[key], f"{path}.{key}", out)
    if "response" in value:
        check_string(value["response"], f"{path}.response", out)
    if "duration" in value:
        check_duration(value["duration"], f"{path}.duration", out)
    if "extensions" in value:
        check_extensions(value["extensions"], f"{path}.extensions", out)


def _check_score(value: Any, path: str, out: Problems) -> None:
    if not is_object(value, path, out):
        return
    known_keys(value, _SCORE, path, out)
    numbers = {key: value[key] for key in _SCORE & value.keys()}
    good = {key: number for key, number in numbers.items() if check_number(number, f"{path}.{key}", out)}
    if "scaled" in good and not -1 <= good["scaled"] <= 1:
        out.append(Problem("range", "A scaled score lies between -1 and 1.", f"{path}.scaled"))
    if "min" in good and "max" in good and good["min"] >= good["max"]:
        out.append(Problem("range", "min must be less than max.", f"{path}.min"))
    if "raw" in good:
        too_low = "min" in good and good["raw"] < good["min"]
        too_high = "max" in good and good["raw"] > good["max"]
        if too_low or too_high:
            out.append(Problem("range", "A raw score lies between min and max.", f"{path}.raw"))


def _check_context(value: Any, target: Any, path: str, out: Problems, second: bool) -> None:
    if not is_object(value, path, out):
        return
    known_keys(value, _CONTEXT_2 if second else _CONTEXT, path, out)
    if second:
        _check_context_people(value, path, out)
    if "registration" in value:
        check_uuid(value["registration"], f"{path}.registration", out)
    if "instructor" in value:
        check_actor(value["instructor"], f"{path}.instructor", out)
    if "team" in value:
        check_group(value["team"], f"{path}.team", out)
    if "contextActivities" in value:
        _check_context_activities(value["contextActivities"], f"{path}.contextActivities", out)
    about_activity = type(target) is dict and target.get("objectType", "Activity") == "Activity"
    for key in ("revision", "platform"):
        if key in value:
            check_string(value[key], f"{path}.{key}", out)
            if not about_activity:
                out.append(
                    Problem("context", "Only allowed where the object is an Activity.", f"{path}.{key}")
                )
    if "language" in value:
        check_language(value["language"], f"{path}.language", out)
    if "statement" in value:
        _check_statement_ref(value["statement"], f"{path}.statement", out)
    if "extensions" in value:
        check_extensions(value["extensions"], f"{path}.extensions", out)


def _check_context_people(context: dict[str, Any], path: str, out: Problems) -> None:
    for name, kind, member in CONTEXT_PEOPLE:
        if name not in context:
            continue
        value, here = context[name], f"{path}.{name}"
        if type(value) is not list:
            wrong_type(value, "an array", here, out)
            continue
        for index, one in enumerate(value):
            _check_related(one, kind, member, f"{here}[{index}]", out)


def _check_related(value: Any, kind: str, member: str, path: str, out: Problems) -> None:
    if not is_object(value, path, out):
        return
    known_keys(value, frozenset({"objectType", member, "relevantTypes"}), path, out)
    if required(value, "objectType", path, out) and value["objectType"] != kind:
        out.append(Problem("object_type", f"Must be '{kind}'.", f"{path}.objectType"))
    if required(value, member, path, out):
        check = check_agent if member == "agent" else check_group
        check(value[member], f"{path}.{member}", out)
    if "relevantTypes" in value:
        types, here = value["relevantTypes"], f"{path}.relevantTypes"
        if type(types) is not list:
            wrong_type(types, "an array", here, out)
            return
        if not types:
            out.append(Problem("empty", "Where there are types, there is one at least.", here))
        for index, one in enumerate(types):
            check_iri(one, f"{here}[{index}]", out)


def _check_context_activities(value: Any, path: str, out: Problems) -> None:
    if not is_object(value, path, out):
        return
    known_keys(value, _CONTEXT_ACTIVITIES, path, out)
    for key in _CONTEXT_ACTIVITIES & value.keys():
        activities = value[key]
        if type(activities) is list:
            for index, activity in enumerate(activities):
                check_activity(activity, f"{path}.{key}[{index}]", out)
        else:  # a single one is allowed for the sake of old senders (Data 2.4.6.2)
            check_activity(activities, f"{path}.{key}", out)


def _check_attachments(value: Any, path: str, out: Problems) -> None:
    if type(value) is not list:
        wrong_type(value, "an array", path, out)
        return
    for index, attachment in enumerate(value):
        here = f"{path}[{index}]"
        if not is_object(attachment, here, out):
            continue
        known_keys(attachment, _ATTACHMENT, here, out)
        if required(attachment, "usageType", here, out):
            check_iri(attachment["usageType"], f"{here}.usageType", out)
        if required(attachment, "display", here, out):
            check_language_map(attachment["display"], f"{here}.display", out)
        if "description" in attachment:
            check_language_map(attachment["description"], f"{here}.description", out)
        if required(attachment, "contentType", here, out):
            check_media_type(attachment["contentType"], f"{here}.contentType", out)
        if required(attachment, "length", here, out):
            length = attachment["length"]
            if type(length) is not int:
                wrong_type(length, "a whole number", f"{here}.length", out)
            elif length < 0:
                out.append(Problem("range", "A length is not negative.", f"{here}.length"))
        if required(attachment, "sha2", here, out):
            check_sha2(attachment["sha2"], f"{here}.sha2", out)
        if "fileUrl" in attachment:
            check_iri(attachment["fileUrl"], f"{here}.fileUrl", out)
