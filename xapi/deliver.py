"""A courier takes what is due to one LRS: a batch in one request, and what each answer asks for.

While statements are on their way, a second thread prepares the next ones and writes down which have arrived, so that
the LRS does not wait for our database, nor building for the network.
"""

import json
import random
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Event as Flag
from uuid import UUID

from social_layer.clock import Clock
from social_layer.database import Database
from xapi.answers import KEPT, Meaning, explain, meaning, said
from xapi.batches import Batch, Ready, next_batch
from xapi.book import Book, Halt, Terms
from xapi.claim import Held
from xapi.comparison import same
from xapi.models import Lrs
from xapi.parked import TAKEN, unpark
from xapi.refusals import Refusals
from xapi.scopes.queries import changes_of
from xapi.statements import Builder
from xapi.transport import Answer, NoAnswer, TimedOut, Transport, Unreachable, json_of


class Courier:
    """Delivers to one LRS what is due, until nothing is, the LRS fails, or ``stop`` is set."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rng: random.Random,
        builder: Builder,
        lrs: Lrs,
        transport: Transport,
        *,
        terms: Terms | None = None,
        stop: Flag | None = None,
        refusals: Refusals | None = None,
    ) -> None:
        """``refusals``: of this LRS, from one courier to the next."""
        self._database = database
        self._clock = clock
        self._builder = builder
        self._lrs = lrs
        self._transport = transport
        self._terms = terms or Terms()
        self._stop = stop or Flag()
        self._refusals = refusals or Refusals()
        self._book = Book(database, clock, rng, lrs, self._terms)
        self._written: deque[Future[None]] = deque()
        # Of the batches that were claimed last, and are sent in this order: what answers them may follow.
        self._leases: deque[UUID] = deque(maxlen=3)

    def run(self) -> None:
        with ThreadPoolExecutor(1, thread_name_prefix="desk") as self._desk:
            batch = self._next()
            coming: Future[Batch | None] | None = None
            try:
                while batch is not None:
                    coming = self._desk.submit(self._next) if batch.full else None
                    self.send(batch)
                    batch = coming.result() if coming else self._next()
                    coming = None
            except Halt:
                pass
            finally:
                if coming is not None and (left := coming.result()) is not None:
                    self._book.released(left, left.items)
                self._look_back(0)

    def _look_back(self, most: int) -> None:
        """Lets no more than ``most`` outcomes wait to be written down; raises what kept one from it."""
        while len(self._written) > most:
            self._written.popleft().result()

    def _next(self) -> Batch | None:
        if self._stop.is_set():
            return None
        ahead = 1 if self._lrs.failures else self._terms.batches_ahead
        batch = next_batch(
            self._database,
            self._clock,
            self._builder,
            self._lrs.tenant_id,
            self._lrs.id,
            min(self._lrs.batch_limit * ahead, max(self._lrs.batch_limit, self._terms.most_claimed)),
            self._terms.lease_seconds,
            version=self._lrs.version,
            ours=frozenset(self._leases),
        )
        if batch is not None:
            self._leases.append(batch.lease)
        return batch

    def send(self, batch: Batch) -> None:
        """Sends every item of the batch, in as many requests as it takes. Raises when the LRS is to be left alone;
        what was not sent is then given back."""
        waiting = self._cut(batch.items)
        try:
            while waiting:
                if self._stop.is_set():
                    raise Halt
                items = self._still_ours(batch, waiting.pop())
                if items:
                    waiting += self._send(batch, items)
        finally:
            rest = [item for items in waiting for item in items]
            if rest:
                self._book.released(batch, rest)

    def _cut(self, items: Sequence[Ready]) -> list[Sequence[Ready]]:
        """Requests of what the LRS takes well, in number and in bytes; the last one first."""
        cuts: list[list[Ready]] = []
        room = 0
        for item in items:
            size = len(item.body) + 1
            if size > room or len(cuts[-1]) == self._lrs.batch_limit:
                cuts.append([])
                room = self._terms.most_bytes
            cuts[-1].append(item)
            room -= size
        return [*reversed(cuts)]

    def _still_ours(self, batch: Batch, items: Sequence[Ready]) -> Sequence[Ready]:
        """Nothing is sent under a lease that could run out while we wait for the answer, nor by what people and
        institution have changed since it was built: that is given back, to be built anew."""
        with self._database.read() as session:
            changed = changes_of(session, batch.tenant_id) != batch.as_of
        if changed:
            self._book.released(batch, items)
            return []
        now = self._clock()
        if batch.lease_until - now > timedelta(seconds=self._terms.answer_seconds):
            return items
        until = now + timedelta(seconds=self._terms.lease_seconds)
        with self._database.write() as session:
            ours = Held(session, batch.tenant_id, batch.lease).renew([item.id for item in batch.items], until)
        batch.lease_until = until
        return [item for item in items if item.id in ours]

    def _send(self, batch: Batch, items: Sequence[Ready]) -> list[Sequence[Ready]]:
        """One request; answers what must be sent again in smaller ones."""
        started = time.monotonic()
        try:
            answer = self._transport.post([item.body for item in items])
        except Unreachable as error:
            raise self._book.resting(batch, items, str(error)) from error
        except NoAnswer as error:
            timed_out = isinstance(error, TimedOut)
            raise self._book.resting(batch, items, str(error), blame=True, timed_out=timed_out) from error
        match meaning(answer.status):
            case Meaning.stored:
                self._refusals.forget()
                self._book.well(len(items), time.monotonic() - started)
                self._written.append(self._desk.submit(self._book.stored, batch, items))
                self._look_back(self._terms.batches_ahead)
            case Meaning.busy:
                raise self._book.resting(batch, items, explain(answer), asked=answer.retry_after)
            case Meaning.broken:
                raise self._book.resting(batch, items, explain(answer), asked=answer.retry_after, blame=True)
            case Meaning.locked:
                raise self._book.paused(batch, items, explain(answer))
            case _ if len(items) > 1:
                if answer.status == 413:
                    self._book.adapt(len(items) // 2)
                half = len(items) // 2
                return [items[half:], items[:half]]
            case Meaning.conflict:
                self._settle(batch, items[0], answer)
            case _:
                self._refused(batch, items[0], answer)
        return []

    def _refused(self, batch: Batch, item: Ready, answer: Answer) -> None:
        self._book.parked(batch, item, said(answer))
        self._refusals.note(item.id, answer.status, item.attempts)
        if self._refusals.are_enough:
            trouble = (
                f"it refused {self._refusals.number} statements in a row, and took none: {explain(answer)}"
            )
            with self._database.write() as session:
                unpark(session, batch.tenant_id, self._lrs.id, self._refusals.taken_back())
            raise self._book.paused(batch, [], trouble)

    def _settle(self, batch: Batch, item: Ready, conflict: Answer) -> None:
        """The LRS says that the id is taken: by our own statement, sent before, or by another one?"""
        try:
            found = self._transport.find(item.statement_id)
            if found.status == 404:
                found = self._transport.find(item.statement_id, voided=True)
        except (Unreachable, NoAnswer) as error:
            raise self._book.resting(batch, [item], str(error), blame=True) from error
        theirs = json_of(found)
        if found.status == 200 and isinstance(theirs, dict):
            if same(json.loads(item.body), theirs):
                self._refusals.forget()
                self._book.stored(batch, [item])
            else:
                self._book.parked(batch, item, f"{TAKEN}: {found.text[:KEPT]}")
        elif found.status in (401, 403):
            raise self._book.paused(batch, [item], f"statements cannot be read back: {explain(found)}")
        else:
            # Taken, and yet not to be seen: it may show itself later.
            raise self._book.resting(batch, [item], explain(conflict), asked=found.retry_after, blame=True)
