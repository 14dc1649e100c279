"""The three ways a statement is answered: exact, ids and canonical (Communication 2.1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xapi.lrs.definitions import activity_key, verb_key
from xapi.lrs.languages import Preference, one_language
from xapi.lrs.terms import Json
from xapi.lrs.validation.activities import COMPONENT_LISTS
from xapi.lrs.validation.actors import IDENTIFIERS
from xapi.lrs.validation.statement import CONTEXT_PEOPLE

_ROLES = ("instructor", "team")


def as_ids(statement: Json) -> Json:
    """Agents, groups, activities and verbs with nothing but what identifies them."""
    result = dict(statement)
    result["actor"] = _agent_id(statement["actor"])
    result["verb"] = {"id": statement["verb"]["id"]}
    result["object"] = _object_id(statement["object"])
    if "authority" in statement:
        result["authority"] = _agent_id(statement["authority"])
    if "context" in statement:
        context = dict(statement["context"])
        for role in _ROLES:
            if role in context:
                context[role] = _agent_id(context[role])
        for name, _, member in CONTEXT_PEOPLE:
            if name in context:
                context[name] = [{**one, member: _agent_id(one[member])} for one in context[name]]
        _map_context_activities(context, _activity_id)
        result["context"] = context
    return result


def _object_id(value: Json) -> Json:
    kind = value.get("objectType", "Activity")
    if kind == "Activity":
        return _activity_id(value)
    if kind in ("Agent", "Group"):
        return _agent_id(value)
    return as_ids(value) if kind == "SubStatement" else value


def _activity_id(value: Json) -> Json:
    return {"id": value["id"]}


def _agent_id(value: Json) -> Json:
    kept = {key: value[key] for key in ("objectType", *IDENTIFIERS) if key in value}
    if "member" in value and not any(key in value for key in IDENTIFIERS):
        kept["member"] = [_agent_id(member) for member in value["member"]]
    return kept


def as_canonical(statement: Json, known: Mapping[bytes, Json], preference: Preference) -> Json:
    """Activities and verbs as this LRS knows them, each text in one language; agents as they came."""

    def activity(value: Json) -> Json:
        definition = known.get(activity_key(value["id"]))
        if definition is None:
            return value
        return {**value, "definition": _in_one_language(definition, preference)}

    def whole(value: Json) -> Json:
        result = dict(value)
        display = known.get(verb_key(value["verb"]["id"]))
        if display is not None:
            result["verb"] = {**value["verb"], "display": one_language(display, preference)}
        kind = value["object"].get("objectType", "Activity")
        if kind == "Activity":
            result["object"] = activity(value["object"])
        elif kind == "SubStatement":
            result["object"] = whole(value["object"])
        if "context" in value:
            context = dict(value["context"])
            _map_context_activities(context, activity)
            result["context"] = context
        return result

    return whole(statement)


def _in_one_language(definition: Json, preference: Preference) -> Json:
    result = dict(definition)
    for key in ("name", "description"):
        if key in result:
            result[key] = one_language(result[key], preference)
    for key in COMPONENT_LISTS:
        if key in result:
            result[key] = [
                {**one, "description": one_language(one["description"], preference)}
                if "description" in one
                else one
                for one in result[key]
            ]
    return result


def _map_context_activities(context: Json, change: Any) -> None:
    activities = context.get("contextActivities")
    if activities:
        context["contextActivities"] = {
            role: [change(one) for one in found] for role, found in activities.items()
        }
