"""Forty people, aliases among them, who answer and thank each other in two courses; and the network they make, as
the tool's own tables tell it."""

import random
from dataclasses import replace
from uuid import UUID, uuid5

from sqlalchemy import select

from social_layer.discussion import actions
from social_layer.discussion.models import Entry, Reaction, ReactionKind
from social_layer.events.models import Event, EventType
from social_layer.people.models import Account, Voice
from social_layer.viewer import Viewer
from tests.factories import VoiceFactory, made_in
from tests.xapi.world import BASE, World
from xapi.reports.network import Edge
from xapi.statements import timestamp

PEOPLE = 40
ACTS = 600
ALIASES = 8


class Crowd:
    """Some write under an alias too: another voice, to which nobody is joined."""

    def __init__(self, worlds: list[World], rng: random.Random) -> None:
        self.worlds = worlds
        self.database = worlds[0].database
        self.rng = rng
        self.aliases: set[UUID] = set()
        self._speakers = {id(world): self._viewers(world) for world in worlds}

    def _viewers(self, world: World) -> list[Viewer]:
        viewers = [world.viewer(f"person-{number}") for number in range(PEOPLE)]
        with self.database.write() as session, made_in(session):
            for viewer in viewers[:ALIASES]:
                alias = VoiceFactory(
                    tenant_id=world.tenant_id, course_id=world.course_id, person_id=None, alias="Quiet heron"
                )
                self.aliases.add(alias.id)
                viewers.append(replace(viewer, voice_id=alias.id))
        world.member("test-student", is_test=True)
        return [*viewers, world.viewer("test-student")]

    def act(self, acts: int = ACTS) -> None:
        """Topics, replies at any depth and to anybody, reactions, some of them taken back, edits and removals."""
        for world in self.worlds:
            entries = [self._post(world, None)]
            for _ in range(acts // len(self.worlds) - 1):
                match self.rng.choices(
                    ["topic", "reply", "react", "again", "edit", "remove"], [8, 45, 35, 5, 4, 3]
                )[0]:
                    case "topic":
                        entries.append(self._post(world, None))
                    case "reply":
                        entries.append(self._post(world, self.rng.choice(entries)[0]))
                    case "react":
                        self._react(world, self.rng.choice(entries)[0], times=1)
                    case "again":
                        self._react(world, self.rng.choice(entries)[0], times=self.rng.choice([2, 3]))
                    case "edit":
                        self._edit(world, *self.rng.choice(entries))
                    case "remove" if len(entries) > 5:
                        entry = entries.pop(self.rng.randrange(len(entries)))
                        with self.database.write() as session:
                            actions.remove(session, world.clock, entry[1], entry[0])

    def _post(self, world: World, parent: UUID | None) -> tuple[UUID, Viewer]:
        viewer = self.rng.choice(self._speakers[id(world)])
        with self.database.write() as session:
            return actions.post(session, world.clock, viewer, body="Words", parent_id=parent), viewer

    def _react(self, world: World, entry: UUID, times: int) -> None:
        viewer = self.rng.choice(self._speakers[id(world)])
        kind = self.rng.choice(list(ReactionKind))
        for time in range(times):
            with self.database.write() as session:
                actions.react(session, world.clock, viewer, entry, kind, on=time % 2 == 0)

    def _edit(self, world: World, entry: UUID, viewer: Viewer) -> None:
        with self.database.write() as session:
            version = session.scalars(select(Entry.version).where(Entry.id == entry)).one()
            actions.edit(session, world.clock, viewer, entry, version=version, body="Better words")

    def network(self) -> set[Edge]:
        """By the tables of entries and reactions; of the log only ids and times."""
        with self.database.read() as session:
            voices = {voice.id: voice for voice in session.scalars(select(Voice))}
            accounts = {account.person_id: account for account in session.scalars(select(Account))}
            entries = {entry.id: entry for entry in session.scalars(select(Entry))}
            reactions = list(session.scalars(select(Reaction)))
            events = list(session.scalars(select(Event).order_by(Event.occurred_at)))
        last = {
            (one.voice_id, one.object_id, one.detail): one
            for one in events
            if one.type == EventType.reaction_added
        }
        published = {one.id: one for one in events}
        courses = {world.panel_id: f"{BASE}/xapi/courses/{world.course_id}" for world in self.worlds}

        def who(voice_id: UUID) -> str:
            person_id = voices[voice_id].person_id
            if person_id is None:
                return f"{BASE}|{voice_id}"
            return f"{accounts[person_id].home_page}|{accounts[person_id].name}"

        def edge(by: UUID, answered: Entry, kind: str, event: Event) -> Edge:
            statement = str(uuid5(answered.tenant_id, f"{event.id}/0"))
            at = timestamp(event.occurred_at)
            return Edge(who(by), who(answered.voice_id), kind, courses[answered.panel_id], at, statement)

        found = set()
        for entry in entries.values():
            if entry.parent_id is not None and entry.deleted_at is None:
                parent = entries[entry.parent_id]
                if not (voices[entry.voice_id].is_test or voices[parent.voice_id].is_test):
                    found.add(edge(entry.voice_id, parent, "answered", published[entry.id]))
        for reaction in reactions:
            answered = entries[reaction.entry_id]
            if not (voices[reaction.voice_id].is_test or voices[answered.voice_id].is_test):
                event = last[reaction.voice_id, reaction.entry_id, reaction.kind]
                found.add(edge(reaction.voice_id, answered, "thanked", event))
        return found
