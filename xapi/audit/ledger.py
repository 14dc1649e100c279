"""What is due at an LRS and what was found there, side by side in a temporary file: memory does not grow with it."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self
from uuid import UUID


class Due(StrEnum):
    """What we know of a statement. ``lost``: it is due, and was never put on its way. ``earlier``: it happened before
    the LRS was connected, or on a platform that it does not get now, and may be there. ``others``: another tenant sends
    it to the same address. ``withheld``: it may not leave, or is about to be voided. ``voided``: a statement that voids
    it was delivered. ``voiding``: it is one that voids, and was delivered; or it waits, or the LRS refused it."""

    delivered = "delivered"
    pending = "pending"
    parked = "parked"
    lost = "lost"
    earlier = "earlier"
    others = "others"
    withheld = "withheld"
    voided = "voided"
    voiding = "voiding"
    voiding_waits = "voiding_waits"
    voiding_parked = "voiding_parked"


class Verdict(StrEnum):
    """``same``: by its bytes' digest; ``equal``: by the standard's rules for the same statement (Data 2.3.1)."""

    same = "same"
    equal = "equal"
    differs = "differs"
    voided = "voided"


class Kind(StrEnum):
    """What is not as it should be. ``unexpected``: it follows our profile under our ids, and is none of ours.
    ``unvoided``: what voids it is not there; ``readable``: it was taken back, and is shown all the same.
    ``voiding_waits``, ``voiding_parked``: what takes another one back is not sent yet, or was refused."""

    missing = "missing"
    differing = "differing"
    twice = "twice"
    voided = "voided"
    unvoided = "unvoided"
    readable = "readable"
    voiding_waits = "voiding_waits"
    voiding_parked = "voiding_parked"
    unexpected = "unexpected"


@dataclass(frozen=True, slots=True)
class Known:
    """A statement that we know of; ``digest``: SHA-256 of its bytes, once they were frozen."""

    statement_id: UUID
    event_id: UUID
    digest: bytes | None
    state: Due


@dataclass(frozen=True, slots=True)
class Finding:
    """``event_id``: None where there is no event of ours."""

    kind: Kind
    statement_id: UUID
    event_id: UUID | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Of what should be there (``due``): ``same`` and ``equal`` are. ``waiting`` and ``parked`` are not sent yet."""

    due: int
    same: int
    equal: int
    waiting: int
    parked: int
    missing: int
    differing: int
    twice: int
    voided: int
    unvoided: int
    readable: int
    voiding_waits: int
    voiding_parked: int
    unexpected: int

    @property
    def is_right(self) -> bool:
        wrong = (self.missing, self.differing, self.twice, self.unexpected)
        not_hidden = (self.unvoided, self.readable, self.voiding_waits, self.voiding_parked)
        return not any(wrong + not_hidden)


_TABLES = """
CREATE TABLE known (
    statement BLOB PRIMARY KEY, event BLOB NOT NULL, digest BLOB, state TEXT NOT NULL,
    seen INTEGER NOT NULL DEFAULT 0, verdict TEXT
) WITHOUT ROWID;
CREATE TABLE strange (statement BLOB PRIMARY KEY) WITHOUT ROWID;
"""
# Each is about one row of `known`; what is there is right unless one of them holds.
_CONDITIONS = {
    Kind.missing: "seen = 0 AND verdict IS NULL AND state IN ('delivered', 'lost')",
    Kind.differing: "verdict = 'differs'",
    Kind.twice: "seen > 1 AND state <> 'others'",
    Kind.voided: "verdict = 'voided'",
    Kind.unvoided: "state = 'voiding' AND seen = 0",
    Kind.readable: "state IN ('voided', 'withheld') AND seen > 0",
    Kind.voiding_waits: "state = 'voiding_waits'",
    Kind.voiding_parked: "state = 'voiding_parked'",
}


class Ledger:
    """Use it in a ``with``: its file goes when it ends."""

    def __init__(self) -> None:
        # An empty name: SQLite keeps it in a file of its own, which it deletes, and holds little of it in memory.
        self._store = sqlite3.connect("", isolation_level=None)
        self._store.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.close()

    def expect(self, rows: Iterable[Known]) -> None:
        """The first word about a statement stays."""
        self._many(
            "INSERT OR IGNORE INTO known (statement, event, digest, state) VALUES (?, ?, ?, ?)",
            ((one.statement_id.bytes, one.event_id.bytes, one.digest, one.state.value) for one in rows),
        )

    def known(self, statement_ids: Collection[UUID]) -> dict[UUID, Known]:
        marks = ", ".join("?" * len(statement_ids))
        rows = self._store.execute(
            f"SELECT statement, event, digest, state FROM known WHERE statement IN ({marks})",  # noqa: S608
            [one.bytes for one in statement_ids],
        )
        return {
            UUID(bytes=statement): Known(UUID(bytes=statement), UUID(bytes=event), digest, Due(state))
            for statement, event, digest, state in rows
        }

    def saw(self, verdicts: Iterable[tuple[UUID, Verdict | None]]) -> None:
        """Found there once more; None: it is not for us to judge."""
        self._many(
            "UPDATE known SET seen = seen + 1, verdict = ? WHERE statement = ?",
            ((verdict, statement_id.bytes) for statement_id, verdict in verdicts),
        )

    def found_voided(self, statement_id: UUID) -> None:
        self._store.execute("UPDATE known SET verdict = 'voided' WHERE statement = ?", [statement_id.bytes])

    def wonder_at(self, statement_ids: Iterable[UUID]) -> None:
        """There, and unknown."""
        self._many("INSERT OR IGNORE INTO strange VALUES (?)", ((one.bytes,) for one in statement_ids))

    def explain(self, statement_ids: Iterable[UUID]) -> None:
        """Known after all: it came about while we read."""
        self._many("DELETE FROM strange WHERE statement = ?", ((one.bytes,) for one in statement_ids))

    def strange(self, size: int) -> Iterator[list[UUID]]:
        """What is there and unknown, so many at a time."""
        after = b""
        while rows := self._store.execute(
            "SELECT statement FROM strange WHERE statement > ? ORDER BY statement LIMIT ?", (after, size)
        ).fetchall():
            after = rows[-1][0]
            yield [UUID(bytes=row[0]) for row in rows]

    def findings(self, *kinds: Kind) -> Iterator[Finding]:
        """Of these kinds, or of all."""
        for kind in kinds or Kind:
            if kind is Kind.unexpected:
                for several in self.strange(500):
                    yield from (Finding(kind, one, None) for one in several)
                continue
            yield from self._findings(kind)

    def _findings(self, kind: Kind) -> Iterator[Finding]:
        after = b""
        while rows := self._store.execute(
            f"SELECT statement, event FROM known WHERE {_CONDITIONS[kind]} AND statement > ? "  # noqa: S608
            "ORDER BY statement LIMIT 500",
            [after],
        ).fetchall():
            after = rows[-1][0]
            for statement, event in rows:
                yield Finding(kind, UUID(bytes=statement), UUID(bytes=event))

    def counts(self) -> Counts:
        due = "state IN ('delivered', 'lost', 'pending', 'parked')"
        return Counts(
            due=self._count(due),
            same=self._count("verdict = 'same'"),
            equal=self._count("verdict = 'equal'"),
            waiting=self._count("state = 'pending' AND seen = 0"),
            parked=self._count("state = 'parked' AND seen = 0"),
            unexpected=self._store.execute("SELECT count(*) FROM strange").fetchone()[0],
            **{kind.value: self._count(condition) for kind, condition in _CONDITIONS.items()},
        )

    def _count(self, condition: str) -> int:
        found: int = self._store.execute(f"SELECT count(*) FROM known WHERE {condition}").fetchone()[0]  # noqa: S608
        return found

    def _many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._store.execute("BEGIN")
        self._store.executemany(statement, rows)
        self._store.execute("COMMIT")
