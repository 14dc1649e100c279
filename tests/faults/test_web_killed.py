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
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
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
from tests.faults.fake_lrs import FakeLrs
from tests.services.ports import free_port
from tests.services.servers import OwnServer
from xapi.statements import statement_id
from xapi.stores import connect

CLIENTS = 4
POSTS = 25
KILLS = 4


class House:
    """A tool and a worker as processes of their own, over one database."""

    def __init__(self, database_url: str, home: Path, lrs: FakeLrs) -> None:
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
                name="fake",
                endpoint=lrs.endpoint,
                username="key",
                password="secret",
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
def house(database_url: str, home: Path) -> Iterator[tuple[House, FakeLrs]]:
    home.mkdir()
    with FakeLrs() as lrs:
        built = House(database_url, home, lrs)
        try:
            yield built, lrs
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


def _all_in_lrs(lrs: FakeLrs, wanted: set[str], seconds: float = 90) -> None:
    """Every statement wanted stands there, none twice."""
    end = time.monotonic() + seconds
    while not wanted <= set(lrs.stored) and time.monotonic() < end:
        time.sleep(0.2)
    assert wanted <= set(lrs.stored)
    assert set(lrs.copies.values()) == {1}


@pytest.mark.timeout(300)
def test_web_and_worker_killed_while_people_post(database_url: str, tmp_path: Path) -> None:
    rng = random.Random(11)
    with house(database_url, tmp_path / "home") as (built, lrs):
        built.start("web")
        built.start("worker")
        threads, taken = _post_all(built)
        for _ in range(KILLS):
            time.sleep(rng.uniform(0.8, 2.0))
            for name in ("web", "worker"):
                built.kill(name)
                built.start(name)
        for thread in threads:
            thread.join()
        assert len(taken) == CLIENTS * POSTS
        assert built.bodies() == dict.fromkeys(taken, 1)
        with built.given.database.read() as session:
            entries = set(session.scalars(select(Entry.id)))
            published = Counter(session.scalars(select(Event.object_id).where(Event.type == "topic_posted")))
        assert entries == set(taken.values())
        assert published == dict.fromkeys(entries, 1)
        _all_in_lrs(lrs, {str(statement_id(built.tenant_id, entry)) for entry in entries})


@pytest.mark.timeout(300)
def test_the_database_goes_away_and_comes_back(
    own_server: Callable[[str], AbstractContextManager[OwnServer]], tmp_path: Path
) -> None:
    with (
        own_server("postgres") as postgres,
        house(postgres.address["url"], tmp_path / "home") as (built, lrs),
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
        _all_in_lrs(lrs, {str(statement_id(built.tenant_id, entry)) for entry in taken.values()})
