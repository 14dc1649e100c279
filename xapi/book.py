"""Writing down how sending went: to the deliveries, and to the LRS as a whole."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.database import Database
from xapi.answers import for_log, pause_after
from xapi.batches import Batch, Ready
from xapi.claim import Held
from xapi.models import TROUBLE_LENGTH, Lrs, LrsState
from xapi.transport import CONNECT_SECONDS, READ_SECONDS

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Terms:
    """How a courier works. ``lease_seconds`` must exceed ``answer_seconds``, the longest wait for one answer."""

    lease_seconds: float = 90.0
    answer_seconds: float = CONNECT_SECONDS + READ_SECONDS + 5
    most_statements: int = 500
    most_bytes: int = 1_000_000
    # After a time-out the LRS may still be at the request: the same statements must not reach it meanwhile.
    after_timeout_seconds: float = 30.0
    # So many requests' worth is claimed and built together while all goes well.
    batches_ahead: int = 4
    most_claimed: int = 500
    # A full batch that was taken faster than this makes the next one larger.
    brisk_seconds: float = 1.0


class Halt(Exception):
    """This LRS is not to be bothered further now."""


class Book:
    """The outcomes of one courier's requests, each written in a transaction of its own."""

    def __init__(self, database: Database, clock: Clock, rng: random.Random, lrs: Lrs, terms: Terms) -> None:
        self._database = database
        self._clock = clock
        self._rng = rng
        self._lrs = lrs
        self._terms = terms

    def stored(self, batch: Batch, items: Sequence[Ready]) -> None:
        """They stand in the LRS. Of the LRS's row it changes only what nobody else does, so that it may be written down
        while others are sent."""
        with self._database.write() as session:
            number = self._held(session, batch).delivered([item.id for item in items], self._clock())
            of_lrs = Lrs.tenant_id == self._lrs.tenant_id, Lrs.id == self._lrs.id
            session.execute(
                update(Lrs)
                .where(*of_lrs)
                .values(delivered=Lrs.delivered + number)
                .execution_options(synchronize_session=False)
            )

    def well(self, sent: int, seconds: float) -> None:
        """The LRS took so many statements in such a time: it works, and may take more at once."""
        if self._lrs.failures or self._lrs.trouble:
            with self._database.write() as session:
                self._note(session, failures=0, trouble=None, resting_until=None)
        if sent >= self._lrs.batch_limit and seconds < self._terms.brisk_seconds:
            self.adapt(self._lrs.batch_limit * 2)

    def parked(self, batch: Batch, item: Ready, answer: str, *, in_doubt: bool = False) -> None:
        """The LRS will never have this one. ``in_doubt``: or it has it, and says otherwise."""
        with self._database.write() as session:
            self._held(session, batch).parked(item.id, answer, in_doubt=in_doubt)
        # What the LRS said may repeat the statement: it stands with the delivery, and logs name no people.
        log.warning("statement_parked", lrs=self._lrs.name, statement=str(item.statement_id))

    def released(self, batch: Batch, items: Sequence[Ready]) -> None:
        """They were not sent."""
        with self._database.write() as session:
            self._held(session, batch).release([item.id for item in items])

    def resting(
        self,
        batch: Batch,
        items: Sequence[Ready],
        trouble: str,
        *,
        asked: float | None = None,
        blame: bool = False,
        timed_out: bool = False,
        in_doubt: bool = False,
    ) -> Halt:
        """The LRS is left alone for a while, longer each time.

        ``blame``: perhaps these very statements are why; they then wait by themselves, let others go first, and
        come again in smaller company. ``in_doubt``: it says that it did not look at them, which may not be so: a
        gateway in front of it may have said it.
        """
        now, failures = self._clock(), self._lrs.failures + 1
        pause = pause_after(failures, self._rng, asked)
        with self._database.write() as session:
            held = self._held(session, batch)
            if blame:
                worst = max(item.attempts for item in items)
                wait = pause_after(worst, self._rng) + (self._terms.after_timeout_seconds if timed_out else 0)
                held.later([item.id for item in items], now + timedelta(seconds=wait))
            else:
                held.release([item.id for item in items], in_doubt=in_doubt)
            self._note(
                session,
                failures=failures,
                trouble=trouble[:TROUBLE_LENGTH],
                resting_until=now + timedelta(seconds=pause),
            )
        if blame:
            self.adapt(len(items) // 2)
        log.warning(
            "lrs_rests",
            lrs=self._lrs.name,
            trouble=for_log(trouble),
            seconds=round(pause, 1),
            failures=failures,
        )
        return Halt(trouble)

    def paused(self, batch: Batch, items: Sequence[Ready], trouble: str, *, in_doubt: bool = False) -> Halt:
        """Nothing is sent there until the administrator has looked. ``in_doubt``: it may have them."""
        with self._database.write() as session:
            self._held(session, batch).release([item.id for item in items], in_doubt=in_doubt)
            self._note(session, state=LrsState.paused, trouble=trouble[:TROUBLE_LENGTH])
        log.error("lrs_paused", lrs=self._lrs.name, trouble=for_log(trouble))
        return Halt(trouble)

    def adapt(self, limit: int) -> None:
        """How many statements the LRS is given at once from now on."""
        limit = max(1, min(limit, self._terms.most_statements))
        if limit != self._lrs.batch_limit:
            with self._database.write() as session:
                self._note(session, batch_limit=limit)

    def _held(self, session: Session, batch: Batch) -> Held:
        return Held(session, batch.tenant_id, batch.lease)

    def _note(self, session: Session, **values: object) -> None:
        """Writes to the LRS's row, and to the courier's own picture of it."""
        session.execute(
            update(Lrs)
            .where(Lrs.tenant_id == self._lrs.tenant_id, Lrs.id == self._lrs.id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        for name, value in values.items():
            setattr(self._lrs, name, value)
