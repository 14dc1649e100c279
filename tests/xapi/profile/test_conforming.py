"""Statements are checked against the profile before they are frozen; what does not match is parked, never sent."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from social_layer.events.models import Event
from tests.faults.fake_lrs import FakeLrs
from tests.xapi.test_statements import events_of, everything, statements
from tests.xapi.world import BASE, SEALER, TestClock, World
from xapi.bridge import Bridge
from xapi.models import DeliveryState
from xapi.profile.conforming import Conformity, Template, TemplateUnread
from xapi.profile.document import profile_document, template_id
from xapi.profile.paths import Looks, Path, PathWrong
from xapi.vocabulary import Ids

Json = dict[str, Any]
REACTION = f"{BASE}/xapi/extensions/reaction"


@pytest.fixture
def conformity() -> Conformity:
    return Conformity(profile_document(BASE))


def test_every_statement_follows_the_one_template_of_its_event(world: World, conformity: Conformity) -> None:
    everything(world)
    for event, statement in zip(events_of(world), statements(world), strict=True):
        own = template_id(Ids(BASE), event.type)  # type: ignore[arg-type]
        assert conformity.matching(statement) == [own]
        assert conformity.problems(statement, own) == []


@pytest.fixture
def reply(world: World) -> Json:
    return statements_of_a_reply(world)[1]


def statements_of_a_reply(world: World) -> list[Json]:
    topic = world.post("maya")
    world.react("joel", world.post("joel", parent=topic))
    return statements(world)


def _context(statement: Json) -> Json:
    context: Json = statement["context"]
    return context


SPOILT: list[tuple[str, Callable[[Json], Any], str]] = [
    ("another verb", lambda one: one["verb"].update(id="http://activitystrea.ms/create"), "$.verb.id is"),
    ("another type", lambda one: one["object"]["definition"].update(type=BASE), "$.object.definition.type"),
    ("no type", lambda one: one["object"].pop("definition"), "$.object.definition.type is missing"),
    ("a mailbox", lambda one: one["actor"].update(mbox="mailto:a@example.org"), "$.actor.mbox"),
    ("no account", lambda one: one["actor"].pop("account"), "$.actor.account.name is missing"),
    ("result", lambda one: one.update(result={"success": True}), "$.result.success"),
    ("a name", lambda one: one["object"]["definition"].update(name={"en": "Words"}), "definition.name"),
    ("no registration", lambda one: _context(one).pop("registration"), "registration is missing"),
    ("no revision", lambda one: _context(one).pop("revision"), "revision is missing"),
    ("another platform", lambda one: _context(one).update(platform="Moodle"), "platform is Moodle"),
    ("a reaction", lambda one: _context(one).update(extensions={REACTION: "like"}), "$.context.extensions"),
    ("no course", lambda one: _context(one)["contextActivities"]["grouping"].pop(), "grouping"),
    ("no parent", lambda one: _context(one)["contextActivities"].pop("parent"), "parent"),
    ("no category", lambda one: _context(one)["contextActivities"].pop("category"), "category"),
    (
        "another version",
        lambda one: _context(one)["contextActivities"]["category"][0].update(id=f"{BASE}/xapi/profile/v0"),
        "must hold one of: " + Ids(BASE).profile,
    ),
    ("a store's word", lambda one: one.update(stored="2026-03-02T09:00:00.000Z"), "$.stored must not"),
    ("no time", lambda one: one.pop("timestamp"), "$.timestamp is missing"),
]


@pytest.mark.parametrize(("spoil", "said"), [case[1:] for case in SPOILT], ids=[case[0] for case in SPOILT])
def test_what_does_not_follow_its_template_is_told_in_words(
    conformity: Conformity, reply: Json, spoil: Callable[[Json], Any], said: str
) -> None:
    spoilt = copy.deepcopy(reply)
    spoil(spoilt)
    problems = conformity.problems(spoilt, Ids(BASE).template("reply-posted", 1))
    assert [problem for problem in problems if said in problem], problems


def test_another_template_that_is_about_the_statement_counts_too(reply: Json) -> None:
    own = {"id": "own", "verb": reply["verb"]["id"], "rules": [{"location": "$.id", "presence": "included"}]}
    other = {"id": "other", "rules": [{"location": "$.result.score", "presence": "included"}]}
    conformity = Conformity({"templates": [own, other]})
    assert conformity.problems(reply, "own") == ["$.result.score is missing"]


@pytest.mark.parametrize(
    ("rule", "follows"),
    [
        ({"location": "$.verb.id", "any": ["a", "b"]}, True),
        ({"location": "$.verb.id", "any": ["b"]}, False),
        ({"location": "$.verb.none", "any": ["b"]}, False),
        ({"location": "$.verb.none", "presence": "recommended", "any": ["b"]}, True),
        ({"location": "$.parts[*].id", "all": ["a", "b"]}, True),
        ({"location": "$.parts[*].id", "all": ["a"]}, False),
        ({"location": "$.parts[*].id", "any": ["a"]}, True),
        ({"location": "$.parts[*].id", "none": ["c"]}, True),
        ({"location": "$.parts[*].id", "none": ["b"]}, False),
        ({"location": "$.parts[1].id", "all": ["b"]}, True),
        ({"location": "$['parts'][2]", "presence": "excluded"}, True),
        ({"location": "$.verb", "presence": "excluded"}, False),
    ],
)
def test_rules_mean_what_the_specification_says(rule: Json, follows: bool) -> None:
    statement = {"verb": {"id": "a"}, "parts": [{"id": "a"}, {"id": "b"}]}
    template = Template({"id": "one", "rules": [rule]})
    assert (not list(template.breaches(statement))) is follows


@pytest.mark.parametrize("text", ["verb.id", "$..id", "$.verb[?(@.id)]", "$.verb[", "$.a|$.b"])
def test_a_path_that_is_not_understood_is_not_passed_over(text: str) -> None:
    with pytest.raises(PathWrong):
        Path.of(text)


@pytest.mark.parametrize(
    "template",
    [
        {"id": "one", "contextStatementRefTemplate": ["other"]},
        {"id": "one", "rules": [{"location": "$.id", "selector": "$.id", "presence": "included"}]},
    ],
)
def test_what_is_not_checked_here_cannot_stand_in_a_template(template: Json) -> None:
    with pytest.raises(TemplateUnread):
        Template(template)


@pytest.fixture
def bridge(world: World, clock: TestClock) -> Bridge:
    return Bridge(world.database, clock, SEALER, BASE, rng=random.Random(1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"detail": "boo"}, "boo, and must be one of: like, insight, same"),
        ({"type": "entry_praised"}, "the profile has no template for the event entry_praised"),
    ],
)
def test_what_does_not_match_is_parked_with_the_reason_and_the_rest_is_sent(
    world: World, bridge: Bridge, fake_lrs: FakeLrs, change: dict[str, str], said: str
) -> None:
    world.connect(fake_lrs.endpoint)
    topic = world.post("maya")
    world.react("joel", topic)
    with world.database.write() as session:
        session.execute(update(Event).where(Event.type == "reaction_added").values(**change))
    for key in bridge.sweep():
        bridge.deliver(key)
    bridge.close()
    sent, parked = sorted(world.deliveries(), key=lambda delivery: delivery.state)
    assert (sent.state, parked.state) == (DeliveryState.delivered, DeliveryState.parked)
    assert parked.answer is not None
    assert parked.answer.startswith("not sent: ")
    assert said in parked.answer
    assert len(fake_lrs.stored) == 1


_NAMES = st.sampled_from(["a", "b"])
_JSON = st.recursive(
    st.none() | st.integers(0, 1),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=2),
    max_leaves=6,
)
_STEPS = st.lists(st.sampled_from([".a", ".b", "[*]", "[0]"]), max_size=3)


@settings(max_examples=1000)
@given(
    st.dictionaries(_STEPS.map(lambda steps: "$" + "".join(steps)), st.booleans(), max_size=4), _JSON, _JSON
)
def test_what_looks_the_same_is_the_same_at_each_place(
    places: dict[str, bool], one: object, other: object
) -> None:
    looks = Looks(places)
    if looks(one) == looks(other):
        for place, for_values in places.items():
            seen = [Path.of(place)(value) for value in (one, other)]
            assert seen[0] == seen[1] if for_values else bool(seen[0]) == bool(seen[1])
    assert looks(one) == looks(json.loads(json.dumps(one)))
