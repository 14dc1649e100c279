"""The profile as it is published: JSON-LD by the xAPI Profiles specification 1.0.

Verbs and most activity types are other profiles' concepts, which a profile must not define again (Structure, 7.0);
the templates name them, and only what is our own is defined here.
"""

import json
from functools import lru_cache
from typing import Any

from social_layer.discussion.models import ReactionKind
from social_layer.events.models import EventType
from xapi import vocabulary as words
from xapi.profile.emitted import EMITTED, Act, Emitted, Holder, Refers, types_of
from xapi.vocabulary import PROFILE_VERSIONS, Ids

Json = dict[str, Any]
CONTEXT = "https://w3id.org/xapi/profiles/context"
CONFORMS_TO = "https://w3id.org/xapi/profiles#1.0"
MEDIA_TYPE = "application/ld+json"

_ACTS = {
    Act.visiting: ("Visiting", "Somebody looked in."),
    Act.writing: ("Writing", "Somebody wrote, changed or took away an entry."),
    Act.reacting: ("Reacting", "Somebody reacted to an entry of somebody, or took a reaction back."),
}
_REFERENCE = (
    "Names the statement that published the entry answered. Left out only where there is none to name: where the "
    "object answers nothing, or answers the LMS's test student, who leaves no statements."
)
_RESPONSE = (
    "The words of the entry: title, empty line, body, as Markdown. Only where the institution sends texts and the "
    "person did not choose otherwise. Voided when the entry is removed."
)


@lru_cache(8)
def profile_document(base: str) -> Json:
    """The profile under one base of ids; whoever gets it must not change it."""
    ids = Ids(base)
    return {
        "@context": CONTEXT,
        "id": ids.profile_of_all_versions,
        "type": "Profile",
        "conformsTo": CONFORMS_TO,
        "prefLabel": _en("Alongside: learning with each other"),
        "definition": _en(
            "What people learn from each other in the discussion and reflection panels of a course: who opened "
            "what, wrote, answered and thanked whom. Every statement that answers somebody names the statement "
            "that it answers, so that the network of who learns with whom can be rebuilt from the record alone."
        ),
        "seeAlso": f"{ids.profile_of_all_versions}.html",
        "versions": [
            {
                "id": ids.profile_at(one.name),
                **({"wasRevisionOf": [ids.profile_at(one.after)]} if one.after else {}),
                "generatedAtTime": one.generated_at,
            }
            for one in reversed(PROFILE_VERSIONS)
        ],
        "author": {"type": "Organization", "name": "Alongside"},
        "concepts": _concepts(ids),
        "templates": [_template(ids, row) for row in EMITTED.values()],
        "patterns": _patterns(ids),
    }


@lru_cache(8)
def profile_text(base: str) -> str:
    """The document as it is sent."""
    return json.dumps(profile_document(base), indent=2, ensure_ascii=False) + "\n"


def template_id(ids: Ids, event: EventType) -> str:
    return ids.template(EMITTED[event].name, EMITTED[event].version)


def _en(text: str) -> Json:
    return {"en": text}


def _part(ids: Ids, iri: str, kind: str, label: str, says: str) -> Json:
    return {
        "id": iri,
        "type": kind,
        "inScheme": ids.profile,
        "prefLabel": _en(label),
        "definition": _en(says),
    }


def _concepts(ids: Ids) -> list[Json]:
    reacting = [row.verb.iri for row in EMITTED.values() if row.has_reaction]
    schema = {"type": "string", "enum": [kind.value for kind in ReactionKind]}
    return [
        _part(
            ids,
            ids.activity_type("reflection"),
            "ActivityType",
            "reflection",
            "What somebody thought over and shared with the course, by the questions: What? So what? Now what? "
            "The object of a statement, or the parent of one that answers it.",
        ),
        {
            **_part(
                ids,
                ids.extension("reaction"),
                "ContextExtension",
                "reaction",
                "Which reaction was given or taken back: like (thanks), insight (this made me see something) or "
                "same (I feel the same).",
            ),
            "recommendedVerbs": reacting,
            "inlineSchema": json.dumps(schema),
        },
    ]


def _template(ids: Ids, row: Emitted) -> Json:
    objects, parents = types_of(ids, row.objects), types_of(ids, row.parents)
    about_entries = Holder.panel not in row.objects
    grouping = [words.COMMUNITY_SITE, words.COURSE] if about_entries else [words.COURSE]
    made = _part(ids, ids.template(row.name, row.version), "StatementTemplate", row.label, row.says)
    made["verb"] = row.verb.iri
    if len(objects) == 1:
        made["objectActivityType"] = objects[0]
    if len(parents) == 1:
        made["contextParentActivityType"] = parents
    made["contextGroupingActivityType"] = grouping
    made["contextCategoryActivityType"] = [words.PROFILE]
    made["rules"] = [
        _rule("$.id", presence="included"),
        _rule("$.timestamp", presence="included", note="When it happened: UTC, with milliseconds."),
        *_who(),
        _rule("$.object.id", presence="included"),
        _rule("$.object.definition.type", presence="included", all=objects),
        *_words(row, about_entries),
        _rule(
            "$.context.contextActivities.parent[*].definition.type",
            presence="included",
            all=parents,
            note="What directly holds the object: the entry that it answers, else the panel, else the course.",
        ),
        _rule("$.context.contextActivities.category[*].id", presence="included", any=[ids.profile]),
        _rule("$.context.platform", presence="included", all=[words.PLATFORM]),
        _rule("$.context.revision", presence="included" if row.has_revision else "excluded"),
        _rule("$.context.statement.id", presence="excluded")
        if row.refers is Refers.never
        else _rule("$.context.statement.id", presence="recommended", note=_REFERENCE),
        _rule(
            f"$.context.extensions['{ids.extension('reaction')}']",
            presence="included",
            all=[kind.value for kind in ReactionKind],
        )
        if row.has_reaction
        else _rule("$.context.extensions", presence="excluded"),
        *(_rule(f"$.{name}", presence="excluded") for name in ("stored", "authority", "version")),
    ]
    return made


def _who() -> list[Json]:
    """One account, and no other way to tell who somebody is."""
    return [
        _rule("$.actor.account.homePage", presence="included"),
        _rule("$.actor.account.name", presence="included"),
        *(_rule(f"$.actor.{name}", presence="excluded") for name in ("mbox", "mbox_sha1sum", "openid")),
        _rule(
            "$.context.registration",
            presence="included",
            note="Random, the same for all that one person does in one course; another one under an alias.",
        ),
    ]


def _words(row: Emitted, about_entries: bool) -> list[Json]:
    """What a learner wrote is the response of what publishes or changes an entry, or nowhere: never a name or
    description of the entry, which would stand in every statement about it."""
    places = ["$.attachments", "$.object.definition.description"]
    if about_entries:
        places.append("$.object.definition.name")
    others = ["score", "success", "completion", "extensions"]
    if row.has_duration:
        return [
            _rule("$.result.duration", presence="included", note="In whole seconds: PT93S."),
            *(_rule(f"$.result.{name}", presence="excluded") for name in ("response", *others)),
            *(_rule(place, presence="excluded") for place in places),
        ]
    if not row.has_text:
        return [_rule(place, presence="excluded") for place in ("$.result", *places)]
    others.insert(3, "duration")
    return [
        _rule("$.result.response", presence="recommended", note=_RESPONSE),
        *(_rule(f"$.result.{name}", presence="excluded") for name in others),
        *(_rule(place, presence="excluded") for place in places),
    ]


def _rule(location: str, *, note: str | None = None, **wants: Any) -> Json:
    return {"location": location, **wants, **({"scopeNote": _en(note)} if note else {})}


def _patterns(ids: Ids) -> list[Json]:
    """A registration is all that one person does in one course: one or more acts, in whatever order."""
    grouped = {
        act: [ids.template(row.name, row.version) for row in EMITTED.values() if row.act is act]
        for act in _ACTS
    }
    members = []
    made = []
    for act, templates in grouped.items():
        if len(templates) == 1:
            members += templates
            continue
        pattern = _part(ids, ids.pattern(act), "Pattern", *_ACTS[act])
        made.append({**pattern, "alternates": templates})
        members.append(pattern["id"])
    acting = _part(ids, ids.pattern("acting"), "Pattern", "Acting", "One act of whatever kind.")
    participation = _part(
        ids,
        ids.pattern("participation"),
        "Pattern",
        "Participation",
        "All that one person, or one alias, does in the panels of one course.",
    )
    return [
        {**participation, "primary": True, "oneOrMore": acting["id"]},
        {**acting, "alternates": members},
        *made,
    ]
