"""What is new: whoever follows the cursor misses nothing, and asks in vain cheaply."""

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from social_layer.cursors import of_change
from social_layer.discussion import actions
from social_layer.discussion.models import Audience, ReactionKind
from social_layer.discussion.queries import EntryView, updates
from social_layer.refusals import Invalid, Refusal
from social_layer.viewer import Viewer
from tests import factories
from tests.queries import counted
from tests.room import Room

calm = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
START = of_change(0)


class Poller:
    """Follows the cursor and keeps what it was told of each entry last."""

    def __init__(self, room: Room, member: UUID, panel_id: UUID | None = None, limit: int = 100) -> None:
        self.room, self.member, self.panel_id, self.limit = room, member, panel_id, limit
        self.cursor = START
        self.told: dict[UUID, EntryView] = {}

    def poll(self) -> bool:
        """Whether there was news."""
        viewer = self.room.look(self.member, self.panel_id)
        with self.room.database.read() as session:
            news = updates(session, viewer, after=self.cursor, limit=self.limit)
        if news is None:
            return False
        self.told |= {entry.id: entry for entry in news.items}
        self.cursor = news.cursor
        return True

    def catch_up(self) -> None:
        while self.poll():
            pass

    def knows_all(self) -> bool:
        """All that the page shows, as the page shows it. How many replies a thread has is no news of its own."""
        entries = self.room.entries(self.room.look(self.member, self.panel_id))
        shown = {entry.id: entry._replace(replies=0) for entry in entries}
        return shown == {entry_id: entry._replace(replies=0) for entry_id, entry in self.told.items()}


def change_something(room: Room, viewer: Viewer, chance: random.Random, posted: list[UUID]) -> None:
    """A post, a reply, an edit, a removal or a reaction; refusals are part of life."""
    entry_id = chance.choice(posted) if posted else None
    version = room.entry(viewer, entry_id).version if entry_id else 0
    with room.database.write() as session:
        match chance.randrange(7) if entry_id else 0:
            case 0 | 1:
                posted.append(actions.post(session, room.clock, viewer, body="Words"))
            case 2 | 3:
                posted.append(actions.post(session, room.clock, viewer, body="Words", parent_id=entry_id))
            case 4 if entry_id:
                actions.edit(session, room.clock, viewer, entry_id, version=version, body="Other")
            case 5 if entry_id:
                actions.remove(session, room.clock, viewer, entry_id)
            case _ if entry_id:
                actions.react(
                    session, room.clock, viewer, entry_id, ReactionKind.same, on=chance.random() < 0.7
                )


@calm
@given(seed=some.integers(), limit=some.integers(1, 4))
def test_who_follows_the_cursor_knows_what_the_page_shows(room: Room, seed: int, limit: int) -> None:
    panel_id = room.add_panel()
    viewers = [room.look(room.join(), panel_id) for _ in range(2)]
    poller = Poller(room, viewers[0].membership_id, panel_id, limit)
    chance, posted = random.Random(seed), []
    for _ in range(12):
        try:
            change_something(room, chance.choice(viewers), chance, posted)
        except Refusal:
            continue
        if chance.random() < 0.4:
            poller.poll()
    poller.catch_up()
    assert poller.knows_all()


def test_who_follows_the_cursor_misses_nothing_while_many_write_at_once(room: Room) -> None:
    members = [room.join() for _ in range(4)]
    pollers = [Poller(room, room.join(), limit=limit) for limit in (2, 100)]
    done = Signal()

    def write(number: int) -> None:
        chance, posted = random.Random(number), []
        for _ in range(15):
            try:
                change_something(room, room.look(members[number]), chance, posted)
            except Refusal:
                continue

    def follow(poller: Poller) -> None:
        while not done.is_set():
            poller.poll()
        poller.catch_up()

    with ThreadPoolExecutor(6) as people:
        following = [people.submit(follow, poller) for poller in pollers]
        try:
            list(people.map(write, range(4)))
        finally:
            done.set()
        for follower in following:
            follower.result()
    assert all(poller.knows_all() for poller in pollers)
    assert len(pollers[0].told) > 10


def test_news_come_oldest_change_first_and_each_entry_once(room: Room) -> None:
    viewer = room.newcomer()
    first, second = room.post(viewer), room.post(viewer)
    with room.database.write() as session:
        actions.edit(session, room.clock, viewer, first, version=1, body="Other")
    fresh = room.look(viewer.membership_id)
    with room.database.read() as session:
        news = updates(session, fresh, after=START)
    assert news is not None
    assert [(entry.id, entry.version) for entry in news.items] == [(second, 1), (first, 2)]
    assert not news.more


def test_when_nothing_is_new_no_statement_is_sent(room: Room) -> None:
    viewer = room.newcomer()
    room.post(viewer)
    fresh = room.look(viewer.membership_id)
    with room.database.read() as session, counted(room.database.engine) as statements:
        assert updates(session, fresh, after=of_change(fresh.panel.counter)) is None
    assert statements == []


def test_what_is_not_for_the_viewer_moves_the_cursor_and_shows_nothing(room: Room) -> None:
    viewer = room.newcomer()
    with room.rows() as session:
        from social_layer.panels.models import Panel

        factories.EntryFactory(
            tenant_id=room.tenant_id, panel_id=room.panel_id, audience=Audience.staff, seq=1, changed_seq=1
        )
        session.get_one(Panel, (room.tenant_id, room.panel_id)).counter = 1
    poller = Poller(room, viewer.membership_id)
    assert poller.poll()
    assert (poller.told, poller.cursor) == ({}, of_change(1))
    assert not poller.poll()


def test_a_cursor_from_before_a_restored_backup_goes_on_from_there(room: Room) -> None:
    poller = Poller(room, room.join())
    poller.cursor = of_change(10**6)
    room.post(room.newcomer())
    poller.catch_up()
    entry = room.post(room.newcomer())
    poller.catch_up()
    assert entry in poller.told


@pytest.mark.parametrize("cursor", ["", "nonsense", "cAAA", "Y"])
def test_a_cursor_that_was_not_issued_is_refused(room: Room, cursor: str) -> None:
    viewer = room.newcomer()
    with room.database.read() as session, pytest.raises(Invalid):
        updates(session, viewer, after=cursor)
