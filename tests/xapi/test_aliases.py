"""Under an alias: whoever reads the LRS tries to find the person by registration, ids, order and time, and cannot.

Pages do not offer aliases yet. What holds is that every event, views included, bears the voice that somebody speaks
with in the panel, so that a person who writes there under an alias leaves nothing of their own beside it.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from social_layer.database import Database
from social_layer.discussion.actions import edit, post, react
from social_layer.discussion.models import ReactionKind
from social_layer.panels.actions import open_panel
from social_layer.viewer import Viewer
from tests.factories import VoiceFactory, made_in
from tests.xapi.scopes.test_leaving import Store, rule, send
from tests.xapi.world import BASE, TestClock, World
from xapi.models import Scope

Json = dict[str, Any]


@pytest.fixture
def world(tables_url: str) -> Iterator[World]:
    with closing(Database(tables_url)) as database:
        world = World(database, TestClock())
        world.connect("https://lrs.example.org/xAPI")
        yield world


def under_alias(world: World, name: str) -> Viewer:
    viewer = world.viewer(name)
    with world.database.write() as session, made_in(session):
        alias = VoiceFactory(
            tenant_id=world.tenant_id, course_id=world.course_id, person_id=None, alias="Quiet heron"
        )
    return replace(viewer, voice_id=alias.id)


def speak(world: World, viewer: Viewer, answered: UUID) -> None:
    """All in one minute: a view, an answer, a change of it and a reaction."""
    with world.database.write() as session:
        open_panel(session, world.clock, viewer)
        entry = post(session, world.clock, viewer, body="What I would not say", parent_id=answered)
        edit(session, world.clock, viewer, entry, version=1, body="What I would not say aloud")
        react(session, world.clock, viewer, answered, ReactionKind.like)


def account(statement: Json) -> str:
    return f"{statement['actor']['account']['homePage']}|{statement['actor']['account']['name']}"


@pytest.mark.parametrize("scope", [Scope.pseudonymous, Scope.identified, Scope.named])
def test_nothing_that_is_sent_joins_an_alias_with_its_person(world: World, scope: Scope) -> None:
    rule(world, scope)
    store = Store()
    topic = world.post("joel")
    # Known by their own name in another panel of the course, a day before.
    elsewhere = world.make_panel("Elsewhere", world.viewer("maya").panel.kind)
    own = world.viewer("maya", elsewhere)
    with world.database.write() as session:
        open_panel(session, world.clock, own)
        post(session, world.clock, own, body="What I would say")
    world.clock.advance(86_400)
    alias = under_alias(world, "maya")
    speak(world, alias, topic)
    send(world, store)
    theirs = [one for one in store.statements if account(one) == f"{BASE}|{alias.voice_id}"]
    others = [one for one in store.statements if one not in theirs]
    assert len(theirs) == 4, "views included"

    # By registration, and by any id that both bear: the course and what was answered are everybody's.
    assert {one["context"]["registration"] for one in theirs} & {
        one["context"]["registration"] for one in others
    } == set()
    told = json.dumps(theirs)
    for trace in (str(own.person_id), str(own.membership_id), str(own.voice_id), "maya", "Maya", "heron"):
        assert trace not in told

    # By time and order: in that panel the person's own account did nothing, in that minute or ever.
    here = f"{BASE}/xapi/panels/{world.panel_id}"
    by_person = [one for one in others if account(one) != account(store.statements[0])]
    assert by_person
    assert all(here not in json.dumps(one) for one in by_person)
    first = datetime.fromisoformat(theirs[0]["timestamp"])
    nearest = min(
        abs((datetime.fromisoformat(one["timestamp"]) - first).total_seconds()) for one in by_person
    )
    assert nearest > 3600


def test_two_aliases_of_one_person_are_two_accounts(world: World) -> None:
    topic = world.post("joel")
    first, second = under_alias(world, "maya"), under_alias(world, "maya")
    for viewer in (first, second):
        speak(world, viewer, topic)
    store = Store()
    send(world, store)
    registrations = {account(one): one["context"]["registration"] for one in store.statements}
    assert len(set(registrations.values())) == len(registrations) == 3
