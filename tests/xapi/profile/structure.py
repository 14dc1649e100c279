"""The rules of the xAPI Profiles specification 1.0 for a profile's structure, as far as they can be checked offline.

Section numbers are those of part two, the document structure.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

Json = dict[str, Any]

_IRI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]+", re.IGNORECASE)
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
# 8.1: child names, indexes, stars and unions of them; neither filters nor scripts.
_MEMBER = r"(?:'[^']+'|\d+|\*)"
_PATH = re.compile(
    rf"(\$?(\.?[A-Za-z_]\w*|\.\*|\[{_MEMBER}(,{_MEMBER})*\]))(\.\w+|\.\*|\[{_MEMBER}(,{_MEMBER})*\])*"
)

_PROFILE = {
    "required": {"id", "@context", "type", "conformsTo", "prefLabel", "definition", "versions", "author"},
    "optional": {"seeAlso", "concepts", "templates", "patterns"},
}
_PART = {"id", "type", "inScheme", "prefLabel", "definition"}
_SEMANTIC = {
    "broader", "broadMatch", "narrower", "narrowMatch", "related", "relatedMatch", "exactMatch",
}  # fmt: skip
_OF_TYPE = {
    "Verb": (_PART, {"deprecated", *_SEMANTIC}),
    "ActivityType": (_PART, {"deprecated", *_SEMANTIC}),
    "AttachmentUsageType": (_PART, {"deprecated", *_SEMANTIC}),
    "ContextExtension": (_PART, {"deprecated", "recommendedVerbs", "context", "schema", "inlineSchema"}),
    "ResultExtension": (_PART, {"deprecated", "recommendedVerbs", "context", "schema", "inlineSchema"}),
    "ActivityExtension": (
        _PART,
        {"deprecated", "recommendedActivityTypes", "context", "schema", "inlineSchema"},
    ),
}
_TEMPLATE_LISTS = {
    "contextGroupingActivityType", "contextParentActivityType", "contextOtherActivityType",
    "contextCategoryActivityType", "attachmentUsageType", "objectStatementRefTemplate",
    "contextStatementRefTemplate",
}  # fmt: skip
_TEMPLATE = {"deprecated", "verb", "objectActivityType", "rules", *_TEMPLATE_LISTS}
_RULE = {"location", "selector", "presence", "any", "all", "none", "scopeNote"}
_ORDERS = ("alternates", "optional", "oneOrMore", "sequence", "zeroOrMore")


def faults(profile: Json) -> list[str]:
    """What the specification would not have; nothing where the profile is as it must be."""
    return list(_faults(profile))


def _faults(profile: Json) -> Iterator[str]:
    yield from _empty_values(profile, "$")
    yield from _properties(profile, "profile", _PROFILE["required"], _PROFILE["optional"])
    context = profile["@context"]
    if "https://w3id.org/xapi/profiles/context" not in ([context] if isinstance(context, str) else context):
        yield "6.0: @context does not hold the specification's"
    if profile["type"] != "Profile":
        yield "6.0: type is not Profile"
    if profile["conformsTo"] != "https://w3id.org/xapi/profiles#1.0":
        yield "6.0: conformsTo is not this specification"
    yield from _labels(profile)
    yield from _versions(profile)
    author = profile.get("author", {})
    if author.get("type") not in ("Organization", "Person") or not author.get("name"):
        yield "6.2: the author is nobody"
    parts = [part for kind in ("concepts", "templates", "patterns") for part in profile.get(kind, ())]
    yield from _parts(profile, parts)
    for concept in profile.get("concepts", ()):
        yield from _concept(concept)
    templates = {template["id"] for template in profile.get("templates", ())}
    for template in profile.get("templates", ()):
        yield from _template(template, templates)
    yield from _patterns(profile.get("patterns", ()), templates)


def _empty_values(value: Any, place: str) -> Iterator[str]:
    if value is None or value in ("", [], {}):
        yield f"4.0: {place} is empty"
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, child in children:
        yield from _empty_values(child, f"{place}.{name}")


def _properties(part: Json, name: str, required: set[str], optional: set[str]) -> Iterator[str]:
    for missing in sorted(required - part.keys()):
        yield f"{name} has no {missing}"
    for strange in sorted(part.keys() - required - optional):
        yield f"{name} has {strange}, which the specification does not know"


def _labels(part: Json) -> Iterator[str]:
    for name in ("prefLabel", "definition", "scopeNote"):
        labels = part.get(name, {"en": "none"})
        if not isinstance(labels, dict) or not all(
            _TAG.fullmatch(tag) and isinstance(text, str) for tag, text in labels.items()
        ):
            yield f"{part.get('id')}: {name} is no language map"


def _versions(profile: Json) -> Iterator[str]:
    ids = [version["id"] for version in profile["versions"]]
    if len(set(ids)) < len(ids) or profile["id"] in ids:
        yield "6.1: the ids of versions are not each their own"
    for version in profile["versions"]:
        yield from _properties(version, "version", {"id", "generatedAtTime"}, {"wasRevisionOf"})
        if datetime.fromisoformat(version["generatedAtTime"]).tzinfo is None:
            yield f"6.1: {version['id']} was made at no certain time"
    if sum("wasRevisionOf" not in version for version in profile["versions"]) != 1:
        yield "6.1: all versions but the first say what they revise"


def _parts(profile: Json, parts: list[Json]) -> Iterator[str]:
    ids = [part["id"] for part in parts]
    if len(set(ids)) < len(ids):
        yield "an id stands for two things"
    versions = {version["id"] for version in profile["versions"]}
    for part in parts:
        if not _IRI.fullmatch(part["id"]):
            yield f"{part['id']} is no IRI"
        if part.get("inScheme") not in versions:
            yield f"{part['id']}: inScheme is no version of this profile"
        yield from _labels(part)


def _concept(concept: Json) -> Iterator[str]:
    required, optional = _OF_TYPE[concept["type"]]
    yield from _properties(concept, concept["id"], required, optional)
    if "schema" in concept and "inlineSchema" in concept:
        yield f"7.2: {concept['id']} has two schemas"
    if not isinstance(concept.get("inlineSchema", ""), str):
        yield f"7.2: {concept['id']}: inlineSchema is no text"
    if "related" in concept and not concept.get("deprecated"):
        yield f"7.1: {concept['id']} has related, and is not deprecated"
    for name in ("recommendedVerbs", "recommendedActivityTypes", *_SEMANTIC):
        if not all(_IRI.fullmatch(iri) for iri in concept.get(name, ())):
            yield f"{concept['id']}: {name} holds what is no IRI"


def _template(template: Json, known: set[str]) -> Iterator[str]:
    name = template["id"]
    yield from _properties(template, name, _PART, _TEMPLATE)
    if template["type"] != "StatementTemplate":
        yield f"8.0: {name} is no StatementTemplate"
    if "objectStatementRefTemplate" in template and "objectActivityType" in template:
        yield f"8.0: {name} says of the object that it is a statement and an activity"
    for key in ("verb", "objectActivityType"):
        if key in template and not _IRI.fullmatch(template[key]):
            yield f"8.0: {name}: {key} is no IRI"
    for key in _TEMPLATE_LISTS & template.keys():
        if not isinstance(template[key], list) or not all(_IRI.fullmatch(iri) for iri in template[key]):
            yield f"8.0: {name}: {key} is no list of IRIs"
    for key in ("objectStatementRefTemplate", "contextStatementRefTemplate"):
        if not set(template.get(key, ())) <= known:
            yield f"8.0: {name}: {key} names a template that is not there"
    for rule in template.get("rules", ()):
        yield from _rule(name, rule)


def _rule(name: str, rule: Json) -> Iterator[str]:
    yield from _properties(rule, f"8.1: a rule of {name}", {"location"}, _RULE - {"location"})
    if not rule.keys() & {"presence", "any", "all", "none"}:
        yield f"8.1: {name}: a rule about {rule['location']} asks for nothing"
    if rule.get("presence", "included") not in ("included", "excluded", "recommended"):
        yield f"8.1: {name}: {rule['presence']} is no presence"
    for key in ("location", "selector"):
        paths = rule.get(key, "$.id").split("|")
        if not all(_PATH.fullmatch(path.strip()) for path in paths):
            yield f"8.1: {name}: {rule[key]} is no path that a profile may hold"
    for key in {"any", "all", "none"} & rule.keys():
        if not isinstance(rule[key], list):
            yield f"8.1: {name}: {key} is no list"
    yield from _labels(rule)


def _patterns(patterns: list[Json], templates: set[str]) -> Iterator[str]:
    by_id = {pattern["id"]: pattern for pattern in patterns}
    optional = {"deprecated", "primary", "inScheme", "prefLabel", "definition", *_ORDERS}
    for name, pattern in by_id.items():
        yield from _properties(pattern, name, {"id", "type"}, optional)
        if pattern.get("primary") and not {"prefLabel", "definition"} <= pattern.keys():
            yield f"9.0: {name} is primary and is not explained"
        if len(pattern.keys() & set(_ORDERS)) != 1:
            yield f"9.0: {name} does not have one order"
        for key in ("alternates", "sequence"):
            members = pattern.get(key, ["two", "members"])
            alone = key == "sequence" and pattern.get("primary") and set(members) <= templates
            if len(members) < 2 and not alone:
                yield f"9.0: {name}: {key} has fewer than two members"
        for member in pattern.get("alternates", ()):
            if by_id.get(member, {}).keys() & {"optional", "zeroOrMore"}:
                yield f"9.0: {name}: {member} may match nothing, and stands among alternates"
        for member in _members(pattern):
            if member not in by_id.keys() | templates:
                yield f"9.0: {name}: {member} is not there"
        if name in _below(pattern, by_id, ()):
            yield f"9.0: {name} holds itself"


def _members(pattern: Json) -> list[str]:
    found = next(pattern[key] for key in _ORDERS if key in pattern)
    return [found] if isinstance(found, str) else found


def _below(pattern: Json, by_id: dict[str, Json], seen: tuple[str, ...]) -> set[str]:
    found = set(_members(pattern))
    for member in found - set(seen):
        if member in by_id:
            found = found | _below(by_id[member], by_id, (*seen, member))
    return found
