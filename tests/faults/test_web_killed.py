"""The whole house under a bad day: web and worker are killed while people post, the database goes away for a while.

Clients do as the page does: they post with an Idempotency-Key, and again with the same key until they have an answer.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
import requests
from sqlalchemy import func, select

from lti_tool import bearer, migrations
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from social_layer.clock import system_clock
from social_layer.discussion.models import Entry, Revision
from social_layer.events.models import Event
from social_layer.panels.actions import make_panel
from social_layer.people.actions import Newcomer, arrive, find_or_make_tenant, make_course
from social_layer.people.models import Role
from tests.faults.fake_lrs import ADL_LRS, FakeLrs, Slow
from tests.services.ports import free_port
from tests.services.read_back import shown
from tests.services.servers import OwnServer
from tests.xapi.lrs.client import PASSWORD, USER
from tests.xapi.lrs.running import Running
from xapi.statements import statement_id
from xapi.stores import connect

CLIENTS = 4
POSTS = 25
KILLS = 4
# A killed worker's lease ends after 90 s; only then its statements are sent again.
LEASE_AND_MORE = 130
# Longer than a worker takes to start: one that did not wait for the lease would send while the LRS is still at it.
AT_WORK = Slow(30)


class Lrs(NamedTuple):
    """Where the house sends to."""

    endpoint: str
    username: str = "key"
    password: str = "secret"


class House:
    """A tool and a worker as processes of their own, over one database."""

    def __init__(self, database_url: str, home: Path, lrs: Lrs) -> None:
        self.port = free_port()
        self.environ = {
            "ALONGSIDE_HOME": str(home),
            "ALONGSIDE_RATE_LIMITS": "off",
            "ALONGSIDE_LOG_LEVEL": "ERROR",
            "DATABASE_URL": database_url,
        }
        self.log = (home.parent / "house.log").open("ab")
        self.given = Parts.of(read_settings(self.environ))
        migrations.upgrade(self.given.database.engine)
        with self.given.database.write() as session:
            tenant = find_or_make_tenant(session, system_clock)
            self.tenant_id = tenant.id
            course = make_course(
                session, system_clock, tenant.id, home_page="https://lms.example.edu", title="Course"
            )
            self.panel_id = make_panel(session, system_clock, tenant.id, course.id, title="Panel").id
            members = [
                arrive(
                    session,
                    system_clock,
                    Newcomer(tenant.id, course.id, "https://lms.example.edu", str(number), Role.learner),
                )
                for number in range(CLIENTS)
            ]
            connect(
                session,
                system_clock,
                self.given.sealer,
                tenant.id,
                name="lrs",
                **lrs._asdict(),
            )
        self.tokens = [bearer.issue(self.given, tenant.id, member, self.panel_id)[0] for member in members]
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        arguments = {"web": ["serve", "--port", str(self.port)], "worker": ["worker"]}[name]
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", "lti_tool", *arguments],
            env={**os.environ, **self.environ},
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self, name: str) -> None:
        """With all its children, at once, as a power cut would."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for name in list(self.running):
            self.kill(name)
        self.log.close()
        self.given.database.close()

    def post_until_taken(self, token: str, body: str, seconds: float = 90) -> UUID:
        """Posts, and posts again with the same key, until the tool has answered that it is taken."""
        key = uuid4().hex
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                answer = requests.post(
                    f"http://127.0.0.1:{self.port}/api/v1/panels/{self.panel_id}/entries",
                    json={"body": body},
                    headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key},
                    timeout=20,
                )
            except requests.RequestException:
                time.sleep(0.1)
                continue
            if answer.status_code in (200, 201):
                return UUID(answer.json()["id"])
            assert answer.status_code == 503, answer.text
            time.sleep(0.2)
        raise AssertionError(f"not taken within {seconds} seconds: {body}")

    def bodies(self) -> Counter[str]:
        with self.given.database.read() as session:
            return Counter(session.scalars(select(Revision.body)))


@contextmanager
def house(database_url: str, home: Path, lrs: Lrs) -> Iterator[House]:
    home.mkdir()
    built = House(database_url, home, lrs)
    try:
        yield built
    finally:
        built.close()


def _post_all(built: House) -> tuple[list[threading.Thread], dict[str, UUID]]:
    taken: dict[str, UUID] = {}

    def post(client: int) -> None:
        for number in range(POSTS):
            body = f"entry {number} of {client}"
            taken[body] = built.post_until_taken(built.tokens[client], body)

    threads = [threading.Thread(target=post, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    return threads, taken


def _nothing() -> None:
    pass


def _post_and_kill(
    built: House, wait: Callable[[], None] = _nothing, kill_more: Callable[[], None] = _nothing
) -> set[UUID]:
    """People post, and web and worker are killed again and again meanwhile; answers the statements that came of it.

    ``wait``: until it is worth while to kill for the last time. ``kill_more``: at the end of each round.
    """
    rng = random.Random(11)
    built.start("web")
    built.start("worker")
    threads, taken = _post_all(built)
    for left in reversed(range(KILLS)):
        time.sleep(rng.uniform(0.8, 2.0))
        if not left:
            wait()
        for name in ("web", "worker"):
            built.kill(name)
            built.start(name)
        kill_more()
    for thread in threads:
        thread.join()
    assert len(taken) == CLIENTS * POSTS
    assert built.bodies() == dict.fromkeys(taken, 1)
    with built.given.database.read() as session:
        entries = set(session.scalars(select(Entry.id)))
        published = Counter(session.scalars(select(Event.object_id).where(Event.type == "topic_posted")))
    assert entries == set(taken.values())
    assert published == dict.fromkeys(entries, 1)
    return {statement_id(built.tenant_id, entry) for entry in entries}


def _all_stand(
    there: Callable[[], Iterable[UUID]], wanted: set[UUID], seconds: float = LEASE_AND_MORE
) -> None:
    """Every statement wanted stands there, in good time."""
    end = time.monotonic() + seconds
    while not wanted <= set(there()) and time.monotonic() < end:
        time.sleep(0.5)
    assert wanted <= set(there())


def _all_in_fake(lrs: FakeLrs, wanted: set[UUID]) -> None:
    """Besides, none was written twice, or sent while it was on its way."""
    _all_stand(lambda: map(UUID, list(lrs.stored)), wanted)
    while lrs.is_busy:  # with what a sender left behind that is no more
        time.sleep(0.1)
    assert set(lrs.copies.values()) == {1}
    assert not lrs.sent_twice_at_once


@pytest.mark.timeout(300)
def test_web_and_worker_killed_while_people_post(database_url: str, tmp_path: Path) -> None:
    with FakeLrs(ADL_LRS) as lrs, house(database_url, tmp_path / "home", Lrs(lrs.endpoint)) as built:
        lrs.plan.append(AT_WORK)

        def until_it_sends() -> None:
            give_up = time.monotonic() + 60
            while not lrs.posts:
                assert time.monotonic() < give_up, "the worker should die while the LRS is at its statements"
                time.sleep(0.02)

        _all_in_fake(lrs, _post_and_kill(built, until_it_sends))


@pytest.mark.timeout(300)
def test_web_worker_and_lrs_killed_while_people_post(sqlite_url: str, tmp_path: Path) -> None:
    """The bundled LRS is asked for what it has, as any reader would ask it."""
    lrs = Running(f"sqlite:///{tmp_path / 'lrs.db'}", free_port())
    lrs.start()

    def power_cut() -> None:
        lrs.kill()
        lrs.start()

    try:
        there = Lrs(f"http://127.0.0.1:{lrs.port}/xAPI", USER, PASSWORD)
        with house(sqlite_url, tmp_path / "home", there) as built:
            wanted = _post_and_kill(built, kill_more=power_cut)
            _all_stand(lambda: shown(*there), wanted)
        assert Counter(shown(*there)) == dict.fromkeys(wanted, 1)
    finally:
        lrs.kill()


@pytest.mark.timeout(300)
def test_the_database_goes_away_and_comes_back(
    own_server: Callable[[str], AbstractContextManager[OwnServer]], tmp_path: Path
) -> None:
    with (
        own_server("postgres") as postgres,
        FakeLrs() as lrs,
        house(postgres.address["url"], tmp_path / "home", Lrs(lrs.endpoint)) as built,
    ):
        built.start("web")
        built.start("worker")
        built.post_until_taken(built.tokens[0], "before")
        threads, taken = _post_all(built)
        time.sleep(1)
        postgres.kill()
        time.sleep(2)
        assert all(process.poll() is None for process in built.running.values())
        postgres.start()
        for thread in threads:
            thread.join()
        assert len(taken) == CLIENTS * POSTS
        assert built.bodies() == dict.fromkeys([*taken, "before"], 1)
        with built.given.database.read() as session:
            assert session.scalar(select(func.count()).select_from(Event)) == CLIENTS * POSTS + 1
        _all_in_fake(lrs, {statement_id(built.tenant_id, entry) for entry in taken.values()})
