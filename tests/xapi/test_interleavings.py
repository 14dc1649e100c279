"""Whatever the order in which things happen, are dispatched, claimed and sent, and whenever a sender dies: in the end
every statement stands in the LRS once, nobody ever sent one that another sender had on its way, none came before what
it answers, and of somebody erased all is voided that came.

Senders run in this process on a clock of ours. A sender dies as a killed process does: from one step to the next it
reads, writes and sends nothing more. While one waits for an answer, another one may do its work.
"""

import json
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy.orm import Session

from social_layer.database import Database
from social_layer.erasing.actions import erase
from tests.tables import make_tables
from tests.xapi.world import BASE, SEALER, TestClock, World
from xapi.bridge import Bridge
from xapi.claim import WAITED_FOR
from xapi.models import DeliveryState
from xapi.scopes.erasing import take_back
from xapi.transport import Answer, NoAnswer, TimedOut, Unreachable

STILL_AT_IT = 25.0


class Killed(BaseException):
    """The process is no more."""


@dataclass
class Life:
    """How many steps a sender has left to live."""

    steps: int = 10**9

    def step(self) -> None:
        if self.steps <= 0:
            raise Killed
        self.steps -= 1


class MortalDatabase(Database):
    """A database as seen by one sender: no transaction begins after its death."""

    def __init__(self, url: str, life: Life) -> None:
        super().__init__(url)
        self._life = life

    @contextmanager
    def read(self) -> Iterator[Session]:
        self._life.step()
        with super().read() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        self._life.step()
        with super().write() as session:
            yield session


@dataclass
class MemoryLrs:
    """Stores by id as every LRS must, and notes what it was still at when the same came again."""

    clock: TestClock
    stored: dict[str, Any] = field(default_factory=dict)
    busy: Counter[str] = field(default_factory=Counter)
    at_it_until: dict[str, float] = field(default_factory=dict)
    sent_twice_at_once: set[str] = field(default_factory=set)
    # What they answer.
    too_early: set[str] = field(default_factory=set)

    @property
    def voided(self) -> set[str]:
        return {one["object"]["id"] for one in self.stored.values() if _voids(one)}

    def begin(self, ids: Sequence[str]) -> None:
        now = self.clock.now.timestamp()
        self.sent_twice_at_once.update(
            one for one in ids if self.busy[one] or self.at_it_until.get(one, 0) > now
        )
        self.busy.update(ids)

    def store(self, statements: Sequence[dict[str, Any]]) -> Answer:
        if any(self.stored.get(one["id"], one) != one for one in statements):
            return Answer(409, b"conflict")
        self.stored.update({one["id"]: one for one in statements})
        answered = {one.get("context", {}).get("statement", {}).get("id") for one in statements}
        self.too_early |= answered - self.stored.keys() - {None}
        return Answer(200, b"[]")


def _voids(statement: dict[str, Any]) -> bool:
    return str(statement["verb"]["id"]).endswith("/voided")


class Line:
    """One sender's transport, with a plan for its requests."""

    def __init__(self, machine: "Interleavings", life: Life, plan: list[str]) -> None:
        self._machine, self._life, self._plan = machine, life, plan

    def post(self, bodies: Sequence[bytes]) -> Answer:
        self._life.step()
        lrs, clock = self._machine.lrs, self._machine.clock
        statements = [json.loads(body) for body in bodies]
        ids = [statement["id"] for statement in statements]
        what = self._plan.pop() if self._plan else "well"
        if what == "unreachable":
            raise Unreachable("no connection")
        lrs.begin(ids)
        try:
            if what == "another meanwhile":
                clock.advance(40)
                self._machine.work([], None)
            if what == "busy after all":
                lrs.store(statements)
                return Answer(503, b"")
            if what in ("busy", "broken"):
                return Answer(429 if what == "busy" else 500, b"")
            answer = lrs.store(statements)
            self._life.step()
            if what == "cut off":
                raise NoAnswer("cut off")
            if what == "timed out":
                clock.advance(60)
                lrs.at_it_until.update(dict.fromkeys(ids, clock.now.timestamp() + STILL_AT_IT))
                raise TimedOut("no answer")
            return answer
        finally:
            lrs.busy.subtract(ids)

    def find(self, statement_id: UUID, *, voided: bool = False) -> Answer:
        self._life.step()
        found = self._machine.lrs.stored.get(str(statement_id))
        is_there = found and (str(statement_id) in self._machine.lrs.voided) == voided
        return Answer(200, json.dumps(found).encode()) if is_there else Answer(404, b"")

    def close(self) -> None:
        pass


# The last is used first. What leaves a request under way comes up most often: that is where it could go wrong.
DELICATE = ["another meanwhile", "timed out", "cut off", "busy after all"]
PLANS = st.lists(
    st.sampled_from([*DELICATE, *DELICATE, "well", "unreachable", "busy", "broken"]), min_size=1, max_size=4
)


class Interleavings(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.clock = TestClock()
        self.url = f"sqlite:///{self.folder / 'alongside.db'}"
        self.database = Database(self.url)
        make_tables(self.database)
        self.world = World(self.database, self.clock)
        self.world.connect("http://127.0.0.1:9/xAPI")
        self.lrs = MemoryLrs(self.clock)
        self.entries: list[UUID] = []
        self.joels: set[UUID] = set()
        self.is_erased = False

    @rule(
        happens=st.lists(st.sampled_from(["topic", "reply", "joel's reply"]), max_size=3),
        waits=st.sampled_from([0.5, 5.0, 20.0, 35.0, 89.0, 4000.0]),
        plan=PLANS,
        dies_after=st.none() | st.integers(1, 12),
    )
    def step(self, happens: list[str], waits: float, plan: list[str], dies_after: int | None) -> None:
        for what in happens:
            answered = self._last() if what != "topic" else None
            is_joel = what == "joel's reply" and not self.is_erased
            self.entries.append(self.world.post("joel" if is_joel else "maya", parent=answered))
            if is_joel:
                self.joels.add(self.entries[-1])
        self.clock.advance(waits)
        self.work(plan, dies_after)

    def _last(self) -> UUID | None:
        """The last entry that can be answered."""
        gone = self.joels if self.is_erased else set()
        return next((entry for entry in reversed(self.entries) if entry not in gone), None)

    @precondition(lambda machine: machine.joels and not machine.is_erased)
    @rule(waits=st.sampled_from([0.5, 20.0, 89.0]), plan=PLANS, dies_after=st.none() | st.integers(1, 12))
    def erase(self, waits: float, plan: list[str], dies_after: int | None) -> None:
        person_id = self.world.voice("joel").person_id
        assert person_id is not None
        with self.database.write() as session:
            take_back(session, BASE, self.world.tenant_id, person_id, self.clock())
            erase(session, self.clock, self.world.tenant_id, person_id)
        self.is_erased = True
        self.clock.advance(waits)
        self.work(plan, dies_after)

    def work(self, plan: list[str], dies_after: int | None) -> None:
        """A sender comes, works until nothing is due or until it dies, and is gone."""
        life = Life() if dies_after is None else Life(dies_after)
        database = MortalDatabase(self.url, life)
        bridge = Bridge(database, self.clock, SEALER, BASE, rng=random.Random(1))
        bridge._transport = lambda lrs: Line(self, life, plan)  # type: ignore[method-assign, return-value, assignment]
        try:
            for key in bridge.sweep():
                bridge.deliver(key)
        except Killed:
            pass
        finally:
            database.close()

    def teardown(self) -> None:
        if not hasattr(self, "lrs"):
            return
        try:
            for _ in range(8):
                self.clock.advance(2 * 3600)
                self.work([], None)
            self._look_at_the_end()
        finally:
            self.database.close()
            shutil.rmtree(self.folder)

    def _look_at_the_end(self) -> None:
        deliveries = self.world.deliveries()
        ids = {one.event_id: str(one.statement_id) for one in deliveries if one.part == 0}
        gone = {ids[entry] for entry in self.joels if entry in ids} if self.is_erased else set()
        stays = {ids[entry] for entry in self.entries} - gone
        there = {key for key, one in self.lrs.stored.items() if not _voids(one)}
        assert there - self.lrs.voided == stays
        assert there - stays <= gone & self.lrs.voided
        expected = (
            {DeliveryState.delivered, DeliveryState.withheld} if self.is_erased else {DeliveryState.delivered}
        )
        assert {delivery.state for delivery in deliveries} <= expected
        assert not self.lrs.sent_twice_at_once
        # An LRS may never take the answered one, so that after many attempts it is waited for no longer.
        patience = {str(one.statement_id) for one in deliveries if one.attempts >= WAITED_FOR}
        assert self.lrs.too_early <= patience | gone


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=20,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=True,
)
