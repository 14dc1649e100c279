"""The profile as it is published: by the rules of the specification, and about everything that is emitted."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from social_layer.discussion.models import EntryKind, ReactionKind
from social_layer.events.models import EventType
from tests.xapi.profile.structure import faults
from tests.xapi.world import BASE
from xapi import vocabulary
from xapi.profile.document import profile_document, profile_text, template_id
from xapi.profile.emitted import EMITTED
from xapi.vocabulary import PROFILE_VERSIONS, Ids

PUBLISHED = Path(__file__).parent / "published"
Json = dict[str, Any]


@pytest.fixture
def profile() -> Json:
    return copy.deepcopy(profile_document(BASE))


def test_the_profile_is_as_the_specification_wants_it(profile: Json) -> None:
    assert faults(profile) == []
    assert json.loads(profile_text(BASE)) == profile


def test_every_type_of_event_has_a_template_of_its_own(profile: Json) -> None:
    assert set(EMITTED) == set(EventType), "give the new event a row in xapi/profile/emitted.py"
    ids = [template_id(Ids(BASE), event) for event in EventType]
    assert sorted(ids) == sorted(template["id"] for template in profile["templates"])
    assert len(set(ids)) == len(ids)


def test_every_template_is_part_of_the_primary_pattern(profile: Json) -> None:
    patterns = {pattern["id"]: pattern for pattern in profile["patterns"]}
    (primary,) = [pattern for pattern in patterns.values() if pattern.get("primary")]
    reached: set[str] = set()
    waiting = [primary["id"]]
    while waiting:
        here = waiting.pop()
        if here in patterns:
            waiting += patterns[here].get("alternates", [patterns[here].get("oneOrMore")])
        else:
            reached.add(here)
    assert reached == {template["id"] for template in profile["templates"]}


def test_every_term_is_our_own_concept_or_one_of_a_published_vocabulary(profile: Json) -> None:
    own = {concept["id"] for concept in profile["concepts"]}
    named = {template["verb"] for template in profile["templates"]}
    for kind in EntryKind:
        named.add(Ids(BASE).type_of_entry(kind))
    assert {iri for iri in named if iri.startswith(BASE)} <= own
    others = (vocabulary.T, vocabulary.AS, vocabulary.ADL, vocabulary.AX)
    assert all(iri.startswith(others) for iri in named - own)
    assert not [iri for iri in own if iri.startswith(others)]


def test_the_reactions_are_those_that_can_be_given(profile: Json) -> None:
    (extension,) = [one for one in profile["concepts"] if one["type"] == "ContextExtension"]
    assert json.loads(extension["inlineSchema"])["enum"] == [kind.value for kind in ReactionKind]


def test_what_was_published_does_not_change_under_its_id(profile: Json) -> None:
    """8.0 and 9.0: whoever changes a template or a pattern gives it a new id, and the profile a new version."""
    for version in PROFILE_VERSIONS:
        published = json.loads((PUBLISHED / f"{version.name}.json").read_text())
        now = _binding(profile)
        for iri, then in _binding(published).items():
            assert now.get(iri, then) == then, f"{iri} of {version.name} was changed: raise its version"
    assert published == profile, "the newest version's file in published/ is not what is published"


def _binding(profile: Json) -> Json:
    """By id, what readers rely on: all but labels, explanations and the version that it stands in."""
    words = {"prefLabel", "definition", "scopeNote", "inScheme"}

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: bare(child) for key, child in value.items() if key not in words}
        if isinstance(value, list):
            return [bare(child) for child in value]
        # The rule about the category names the version itself.
        return "this version" if value == profile["versions"][0]["id"] else value

    return {part["id"]: bare(part) for kind in ("templates", "patterns") for part in profile[kind]}


def _first(profile: Json, kind: str) -> Json:
    part: Json = profile[kind][0]
    return part


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda one: one.pop("author"), "author"),
        (lambda one: one.update(conformsTo="https://example.org"), "conformsTo"),
        (lambda one: one.update(title="Alongside"), "title"),
        (lambda one: one["versions"][0].update(id=one["id"]), "6.1"),
        (lambda one: one["versions"].append({**one["versions"][0], "id": BASE + "/v9"}), "revise"),
        (lambda one: _first(one, "concepts").update(prefLabel={}), "empty"),
        (lambda one: _first(one, "concepts").update(inScheme=one["id"]), "inScheme"),
        (lambda one: _first(one, "concepts").update(related=[BASE]), "deprecated"),
        (lambda one: _first(one, "templates").update(verb="viewed"), "verb"),
        (lambda one: _first(one, "templates").update(contextStatementRefTemplate=[BASE]), "not there"),
        (lambda one: _first(one, "templates")["rules"][0].pop("presence"), "asks for nothing"),
        (lambda one: _first(one, "templates")["rules"][0].update(location="$..id[?(@)]"), "no path"),
        (lambda one: _first(one, "patterns").update(sequence=[BASE, BASE]), "one order"),
        (lambda one: _first(one, "patterns").update(oneOrMore=one["patterns"][0]["id"]), "holds itself"),
        (lambda one: one["patterns"][1].update(alternates=[BASE]), "fewer than two"),
    ],
)
def test_a_fault_in_the_structure_would_be_noticed(
    profile: Json, spoil: Callable[[Json], None], said: str
) -> None:
    spoil(profile)
    assert [fault for fault in faults(profile) if said in fault]
