"""Activities, their definitions and interactions (Data 2.4.4.1)."""

from __future__ import annotations

from typing import Any

from xapi.lrs.validation.formats import check_extensions, check_iri, check_language_map, check_string
from xapi.lrs.validation.problem import Problem, Problems, is_object, known_keys, required, wrong_type

COMPONENT_LISTS = ("choices", "scale", "source", "target", "steps")
_ACTIVITY = frozenset({"objectType", "id", "definition"})
_INTERACTION = frozenset({"interactionType", "correctResponsesPattern", *COMPONENT_LISTS})
_DEFINITION = frozenset({"name", "description", "type", "moreInfo", "extensions"}) | _INTERACTION
_COMPONENT = frozenset({"id", "description"})
_COMPONENTS_OF = {
    "true-false": (),
    "choice": ("choices",),
    "fill-in": (),
    "long-fill-in": (),
    "matching": ("source", "target"),
    "performance": ("steps",),
    "sequencing": ("choices",),
    "likert": ("scale",),
    "numeric": (),
    "other": (),
}


def check_activity(value: Any, path: str, out: Problems) -> None:
    if not is_object(value, path, out):
        return
    known_keys(value, _ACTIVITY, path, out)
    if value.get("objectType", "Activity") != "Activity":
        out.append(Problem("object_type", "Must be 'Activity'.", f"{path}.objectType"))
    if required(value, "id", path, out):
        check_iri(value["id"], f"{path}.id", out)
    if "definition" in value:
        _check_definition(value["definition"], f"{path}.definition", out)


def _check_definition(value: Any, path: str, out: Problems) -> None:
    if not is_object(value, path, out):
        return
    known_keys(value, _DEFINITION, path, out)
    for key in ("name", "description"):
        if key in value:
            check_language_map(value[key], f"{path}.{key}", out)
    for key in ("type", "moreInfo"):
        if key in value:
            check_iri(value[key], f"{path}.{key}", out)
    if "extensions" in value:
        check_extensions(value["extensions"], f"{path}.extensions", out)
    if not value.keys().isdisjoint(_INTERACTION):
        _check_interaction(value, path, out)


def _check_interaction(value: dict[str, Any], path: str, out: Problems) -> None:
    kind = value.get("interactionType")
    allowed: tuple[str, ...] = COMPONENT_LISTS
    if required(value, "interactionType", path, out) and check_string(kind, f"{path}.interactionType", out):
        if kind in _COMPONENTS_OF:
            allowed = _COMPONENTS_OF[str(kind)]
        else:
            known = ", ".join(_COMPONENTS_OF)
            out.append(Problem("interaction_type", f"Must be one of {known}.", f"{path}.interactionType"))
    if "correctResponsesPattern" in value:
        _check_patterns(value["correctResponsesPattern"], f"{path}.correctResponsesPattern", out)
    for name in COMPONENT_LISTS:
        if name not in value:
            continue
        if name not in allowed:
            out.append(
                Problem("interaction_component", f"Not a property of the type {kind!r}.", f"{path}.{name}")
            )
        _check_components(value[name], f"{path}.{name}", out)


def _check_patterns(value: Any, path: str, out: Problems) -> None:
    if type(value) is not list:
        wrong_type(value, "an array", path, out)
        return
    for index, pattern in enumerate(value):
        check_string(pattern, f"{path}[{index}]", out)


def _check_components(value: Any, path: str, out: Problems) -> None:
    if type(value) is not list:
        wrong_type(value, "an array", path, out)
        return
    seen: set[str] = set()
    for index, component in enumerate(value):
        here = f"{path}[{index}]"
        if not is_object(component, here, out):
            continue
        known_keys(component, _COMPONENT, here, out)
        if required(component, "id", here, out) and check_string(component["id"], f"{here}.id", out):
            if component["id"] in seen:
                out.append(Problem("duplicate", "The id stands twice in this list.", f"{here}.id"))
            seen.add(component["id"])
        if "description" in component:
            check_language_map(component["description"], f"{here}.description", out)
