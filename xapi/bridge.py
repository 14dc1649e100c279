"""The bridge from the log to the LRSs, as one process runs it: sweeping, and one courier per LRS at a time."""

import gc
import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event as Flag
from threading import Lock
from uuid import UUID

import structlog
from sqlalchemy import select

from social_layer.clock import Clock
from social_layer.database import Database
from social_layer.sealing import SealBroken, Sealer
from xapi.addresses import Guard, allow_all
from xapi.book import Terms
from xapi.claim import ready_lrss
from xapi.deliver import Courier
from xapi.dispatch import BATCH, dispatch
from xapi.models import Lrs
from xapi.refusals import Refusals
from xapi.scopes.pseudonyms import Masks
from xapi.statements import Builder
from xapi.stores import open_transport
from xapi.transport import CONNECT_SECONDS, READ_SECONDS, HttpTransport

log = structlog.get_logger()
LrsKey = tuple[UUID, UUID]
# A thread that has its answer gets its turn so soon from one that builds the next statements. With Python's usual five
# milliseconds, at each step of a request, a sender loses a fifth of its pace.
HAND_OVER_SECONDS = 0.0005
# Statements are many small things that go as they came, and none of them is a circle: to look for circles after each
# seven hundred, as Python does, and through all that was imported, takes a fifth of a sender's time.
LOOK_FOR_CIRCLES_AFTER = 20_000


@contextmanager
def at_work() -> Iterator[None]:
    """For a process that is a worker, when all is imported, as long as it works: it holds for all of its threads."""
    soon, often = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(HAND_OVER_SECONDS)
    gc.freeze()
    gc.set_threshold(LOOK_FOR_CIRCLES_AFTER, *often[1:])
    try:
        yield
    finally:
        gc.set_threshold(*often)
        gc.unfreeze()
        sys.setswitchinterval(soon)


@dataclass
class Bridge:
    """``stop``: set it, and couriers end with the request they are at and give back what they did not send."""

    database: Database
    clock: Clock
    sealer: Sealer
    base: str
    guard: Guard = allow_all
    terms: Terms = field(default_factory=Terms)
    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS
    rng: random.Random = field(default_factory=random.SystemRandom)
    stop: Flag = field(default_factory=Flag)

    def __post_init__(self) -> None:
        self._builder = Builder(self.base, Masks(self.database, self.sealer, self.base))
        self._lock = Lock()
        self._sweeping = Lock()
        self._busy: set[LrsKey] = set()
        # Connections are kept from one courier to the next, as long as the LRS's row says the same.
        self._transports: dict[LrsKey, tuple[tuple[str | None, ...], HttpTransport]] = {}
        self._refusals: defaultdict[LrsKey, Refusals] = defaultdict(Refusals)

    def sweep(self) -> list[LrsKey]:
        """Dispatches what happened; answers the LRSs to deliver to. A sweep under way makes another one needless."""
        if not self._sweeping.acquire(blocking=False):
            return []
        try:
            while dispatch(self.database, self.clock, self.base) == BATCH and not self.stop.is_set():
                pass
            with self.database.read() as session:
                ready = ready_lrss(session, self.clock())
        finally:
            self._sweeping.release()
        with self._lock:
            return [key for key in ready if key not in self._busy]

    def deliver(self, key: LrsKey) -> None:
        """Sends one LRS all that is due there; does nothing if this process is at it already."""
        with self._lock:
            if key in self._busy or self.stop.is_set():
                return
            self._busy.add(key)
        try:
            self._deliver(key)
        finally:
            with self._lock:
                self._busy.discard(key)

    def waits_for(self, key: LrsKey) -> float:
        """For how many seconds this process has been waiting for an answer of that LRS; 0 where it is not."""
        kept = self._transports.get(key)
        return kept[1].waits if kept else 0.0

    def _deliver(self, key: LrsKey) -> None:
        with self.database.read() as session:
            lrs = session.scalar(select(Lrs).where(Lrs.tenant_id == key[0], Lrs.id == key[1]))
        if lrs is None:
            return
        try:
            transport = self._transport(lrs)
        except SealBroken:
            log.error(
                "lrs_password_unreadable",
                lrs=lrs.name,
                next="set the secret key it was sealed with, or add it again",
            )
            return
        courier = Courier(
            self.database,
            self.clock,
            self.rng,
            self._builder,
            lrs,
            transport,
            terms=self.terms,
            stop=self.stop,
            refusals=self._refusals[key],
        )
        try:
            courier.run()
        except SealBroken:
            log.error(
                "pseudonym_key_unreadable",
                lrs=lrs.name,
                next="set the secret key it was sealed with, or: alongside keys rotate",
            )

    def _transport(self, lrs: Lrs) -> HttpTransport:
        key = lrs.tenant_id, lrs.id
        says = (lrs.endpoint, lrs.username, lrs.sealed_password, lrs.version, lrs.token_url, lrs.oauth_scope)
        kept = self._transports.get(key)
        if kept is not None and kept[0] == says:
            return kept[1]
        transport = open_transport(self.sealer, lrs, self.guard, self.connect_seconds, self.read_seconds)
        if kept is not None:
            kept[1].close()
        self._transports[key] = (says, transport)
        return transport

    def close(self) -> None:
        for _, transport in self._transports.values():
            transport.close()
        self._transports.clear()
