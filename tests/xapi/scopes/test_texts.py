"""The words of entries: off by default, sent where institution and person allow it, and taken back with the entry."""

import json
import random
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from social_layer.database import Database
from social_layer.panels.models import Kind
from social_layer.people.models import Role
from tests.services.validator import XapiValidator
from tests.xapi.scopes.test_leaving import Store, chosen, rule, send
from tests.xapi.world import BASE, TestClock, World
from xapi import vocabulary as words
from xapi.batches import next_batch
from xapi.deliver import Courier
from xapi.dispatch import dispatch
from xapi.lrs.validation import validate_statement
from xapi.models import DeliveryState, Scope
from xapi.profile.conforming import Conformity
from xapi.profile.document import profile_document
from xapi.scopes.models import Level
from xapi.scopes.recalling import recall
from xapi.statements import Builder, statement_id

Json = dict[str, Any]


@pytest.fixture
def world(tables_url: str) -> Iterator[World]:
    with closing(Database(tables_url)) as database:
        world = World(database, TestClock())
        world.connect("https://lrs.example.org/xAPI")
        yield world


@pytest.fixture
def store() -> Store:
    return Store()


def texts(store: Store) -> list[str | None]:
    return [one.get("result", {}).get("response") for one in store.statements]


def voided(store: Store) -> list[str]:
    return [one["object"]["id"] for one in store.statements if one["verb"]["id"] == words.VOIDED.iri]


def test_where_the_institution_says_so_what_publishes_or_changes_an_entry_bears_its_words(
    world: World, store: Store, xapi_validator: XapiValidator
) -> None:
    rule(world, Scope.identified, text=True)
    world.open("maya")
    topic = world.post("maya", "What **I** think")
    world.edit("maya", topic)
    world.react("joel", topic)
    reflection_panel = world.make_panel("Looking back", Kind.reflection)
    world.share("maya", reflection_panel)
    send(world, store)
    assert texts(store)[:4] == [
        None,
        "A learner's title\n\nWhat **I** think",
        "Better words",
        None,
    ]
    assert "It rained" in (texts(store)[4] or "")
    # Nowhere else: a definition would say it in every statement about the entry.
    for one in store.statements:
        assert "What **I** think" not in json.dumps({**one, "result": None})
    assert xapi_validator(store.statements) == [[]] * 5
    profile = Conformity(profile_document(BASE))
    for one in store.statements:
        assert validate_statement(one) == []
        assert len(profile.matching(one)) == 1


def test_without_saying_so_no_text_leaves(world: World, store: Store) -> None:
    rule(world, Scope.named)
    world.post("maya")
    send(world, store)
    assert texts(store) == [None]


def test_the_nearest_rule_says_whether_texts_leave(world: World, store: Store) -> None:
    rule(world, Scope.identified, text=True)
    rule(world, Scope.identified, Level.panel, str(world.panel_id))
    world.post("maya")
    send(world, store)
    assert texts(store) == [None]


def test_a_person_may_keep_their_words_where_they_may_choose(world: World, store: Store) -> None:
    rule(world, Scope.identified, text=True, may_choose=True)
    chosen(world, "maya", None, text=False)
    world.post("maya")
    world.post("joel")
    send(world, store)
    assert [text is None for text in texts(store)] == [True, False]
    rule(world, Scope.identified, text=True)
    world.post("maya")
    send(world, store)
    assert texts(store)[2] is not None, "the institution gives no choice any more"


def test_words_written_while_texts_were_kept_never_leave(world: World, store: Store) -> None:
    rule(world, Scope.identified)
    world.post("maya")
    rule(world, Scope.identified, text=True)
    send(world, store)
    assert texts(store) == [None]


def test_what_waits_is_built_anew_without_words_when_they_may_not_leave_any_more(
    world: World, store: Store
) -> None:
    rule(world, Scope.identified, text=True)
    world.post("maya")
    store.fails_after_storing = True
    send(world, store)
    rule(world, Scope.identified)
    store.fails_after_storing = False
    world.clock.advance(3600)
    world.post("joel")
    send(world, store)
    world.clock.advance(3600)
    send(world, store)
    assert texts(store)[0] is not None
    assert len(voided(store)) == 1, "it may have arrived"
    assert [one for one in texts(store)[1:] if one] == []


@pytest.mark.parametrize("who", ["joel", "amara"])
def test_with_an_entry_go_its_words_in_every_version(world: World, store: Store, who: str) -> None:
    world.member("amara", role=Role.instructor)
    rule(world, Scope.identified, text=True)
    topic = world.post("maya")
    reply = world.post("joel", parent=topic)
    world.edit("joel", reply)
    send(world, store)
    (edited,) = [one["id"] for one in store.statements if one["verb"]["id"] == words.EDITED.iri]
    world.remove(who, reply)
    send(world, store)
    send(world, store)
    assert sorted(voided(store)) == sorted([str(statement_id(world.tenant_id, reply)), edited])
    states = [(one.part, one.state, one.text) for one in world.deliveries() if one.event_id == reply]
    assert sorted(states) == [(0, DeliveryState.withheld, False), (1, DeliveryState.delivered, False)]


def test_an_entry_removed_before_it_was_sent_leaves_without_words_and_nothing_is_voided(
    world: World, store: Store
) -> None:
    rule(world, Scope.identified, text=True)
    topic = world.post("maya")
    world.remove("maya", topic)
    send(world, store)
    assert texts(store) == [None, None]
    assert voided(store) == []


def test_words_that_are_about_to_be_sent_stay_when_their_entry_is_removed(world: World, store: Store) -> None:
    rule(world, Scope.identified, text=True)
    topic = world.post("maya")
    dispatch(world.database, world.clock, BASE)
    lrs, builder = world.lrs(), Builder(BASE)
    batch = next_batch(world.database, world.clock, builder, lrs.tenant_id, lrs.id, 10, 90)
    assert batch is not None
    world.remove("maya", topic)
    dispatch(world.database, world.clock, BASE)
    courier = Courier(world.database, world.clock, random.Random(1), builder, lrs, store)
    assert list(courier._still_ours(batch, batch.items)) == []
    world.clock.advance(100)  # type: ignore[attr-defined]
    send(world, store)
    assert [one for one in texts(store) if one] == []


def test_without_texts_a_removal_voids_nothing(world: World, store: Store) -> None:
    topic = world.post("maya")
    send(world, store)
    world.remove("maya", topic)
    send(world, store)
    assert voided(store) == []


def test_a_recall_voids_what_was_sent_under_more_and_only_that(world: World, store: Store) -> None:
    rule(world, Scope.identified, text=True)
    with_words = world.post("maya")
    world.open("joel")
    send(world, store)
    assert recall(world.database, world.clock, BASE, world.tenant_id, only_count=True) == 0
    rule(world, Scope.identified)
    assert recall(world.database, world.clock, BASE, world.tenant_id, only_count=True) == 1
    assert recall(world.database, world.clock, BASE, world.tenant_id) == 1
    send(world, store)
    assert voided(store) == [str(statement_id(world.tenant_id, with_words))]
    rule(world, Scope.pseudonymous)
    assert recall(world.database, world.clock, BASE, world.tenant_id) == 1
    send(world, store)
    assert len(voided(store)) == 2
    assert recall(world.database, world.clock, BASE, world.tenant_id) == 0


def test_a_recall_heeds_where_the_rule_holds(world: World, store: Store) -> None:
    world.post("maya")
    send(world, store)
    elsewhere = world.make_panel("Elsewhere", Kind.discussion)
    rule(world, Scope.nothing, Level.panel, str(elsewhere))
    assert recall(world.database, world.clock, BASE, world.tenant_id) == 0
    rule(world, Scope.nothing, Level.course, str(world.course_id))
    assert recall(world.database, world.clock, BASE, world.tenant_id) == 1
