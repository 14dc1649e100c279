"""Who answered, thanked, accepted and reviewed whom, rebuilt from an LRS alone.

An edge is an act with ``context.statement``: it runs from the act's actor to the actor of the statement named there.
What is read goes to a temporary database on disk, so that memory does not grow with the LRS.
"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from xapi import vocabulary as words
from xapi.reports.ours import Act, act_of, person_of
from xapi.reports.reading import Json, Reader
from xapi.vocabulary import VerbTerm

# What happened then is stored later, but for clocks that differ: so much is read besides.
CLOCKS_DIFFER = timedelta(hours=1)


class Kind(StrEnum):
    """What somebody did for somebody."""

    answered = "answered"
    thanked = "thanked"
    accepted = "accepted"
    reviewed = "reviewed"


@dataclass(frozen=True, slots=True)
class Edge:
    """People as ``homePage|name``; ``course``: its activity id; ``at``: when, in UTC; ``statement``: the act's id."""

    from_: str
    to: str
    kind: str
    course: str | None
    at: str
    statement: str


_ACTS = {
    words.REPLIED: Kind.answered,
    words.ANSWERED: Kind.answered,
    words.LIKED: Kind.thanked,
    words.APPLAUDED: Kind.thanked,
    words.ACCEPTED: Kind.accepted,
    words.REVIEWED: Kind.reviewed,
}
_UNDONE = {words.UNLIKED: Kind.thanked, words.REJECTED: Kind.accepted}
# What publishes an entry, and so may be answered, besides the acts themselves.
_PUBLISHING = (words.CREATED, words.ASKED, words.SUBMITTED, words.SHARED)
_READ = (*_PUBLISHING, *_ACTS, *_UNDONE, *words.TAKING_AWAY)

_TABLES = """
CREATE TABLE published (statement BLOB PRIMARY KEY, person TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE act (
    statement BLOB PRIMARY KEY, kind TEXT NOT NULL, undone INTEGER NOT NULL, person TEXT NOT NULL,
    target BLOB, object TEXT NOT NULL, detail TEXT NOT NULL, course TEXT, at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE deleted (object TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_INDEXES = """
CREATE INDEX undoing ON act (object, person, kind, detail, at) WHERE undone;
CREATE INDEX answering ON act (target);
"""
# An act counts unless it was taken back: a reaction or acceptance by its opposite, an answer by its deletion.
_STANDING = """
FROM act JOIN published ON published.statement = act.target
WHERE NOT act.undone
  AND NOT EXISTS (
    SELECT 1 FROM act AS undoing
    WHERE undoing.undone AND undoing.object = act.object AND undoing.person = act.person
      AND undoing.kind = act.kind AND undoing.detail = act.detail AND undoing.at >= act.at)
  AND NOT (
    act.kind IN ('answered', 'reviewed') AND EXISTS (SELECT 1 FROM deleted WHERE deleted.object = act.object))
"""
_MISSING = """
FROM act LEFT JOIN published ON published.statement = act.target
WHERE NOT act.undone AND act.target IS NOT NULL AND published.statement IS NULL
"""


class Network:
    """Gathers once, then gives its edges as often as asked. Use it in a ``with``: its files go when it ends."""

    def __init__(self) -> None:
        # An empty name: SQLite keeps it in a file of its own, which it deletes, and holds little of it in memory.
        self._store = sqlite3.connect("", isolation_level=None)
        self._store.executescript(_TABLES)
        self.statements_read = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.close()

    def gather(
        self,
        reader: Reader,
        *,
        course: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        told: Callable[[int, int, int], None] = lambda step, steps, statements: None,
    ) -> None:
        """Reads what is needed. ``since`` and ``until`` are about when it happened, ``until`` excluded.

        ``told``: step, of how many, and how many statements were read. Raises
        :class:`~xapi.reports.reading.ReadingFailed`.
        """
        parameters = {"activity": course, "related_activities": "true"} if course else {}
        if since is not None:
            parameters["since"] = (since - CLOCKS_DIFFER).isoformat()
        steps = len(_READ) + 1
        for step, verb in enumerate(_READ):
            told(step, steps, self.statements_read)
            for page in reader.pages(verb=verb.iri, **parameters):
                self.statements_read += len(page)
                self._keep(verb, page, course, since, until)
                told(step, steps, self.statements_read)
        self._store.executescript(_INDEXES)
        self._look_up_answered(reader)
        told(steps, steps, self.statements_read)

    def __len__(self) -> int:
        found: int = self._store.execute(f"SELECT count(*) {_STANDING}").fetchone()[0]
        return found

    @property
    def unresolved(self) -> int:
        """How many acts answer a statement that is not in the LRS, or was voided there."""
        found: int = self._store.execute(f"SELECT count(*) {_MISSING}").fetchone()[0]
        return found

    def edges(self) -> Iterator[Edge]:
        """In the order in which it happened."""
        rows = self._store.execute(
            "SELECT act.person, published.person, act.kind, act.course, act.at, act.statement "
            f"{_STANDING} ORDER BY act.at, act.statement"
        )
        for from_, to, kind, course, at, statement in rows:
            yield Edge(from_, to, kind, course, at, str(UUID(bytes=statement)))

    def _keep(
        self,
        verb: VerbTerm,
        page: list[Json],
        course: str | None,
        since: datetime | None,
        until: datetime | None,
    ) -> None:
        acts = [act for one in page if (act := act_of(one, verb.iri)) is not None]
        if course is not None:
            acts = [act for act in acts if act.course == course]
        if until is not None:
            acts = [act for act in acts if act.happened < until]
        self._store.execute("BEGIN")
        if verb in words.TAKING_AWAY:
            self._store.executemany(
                "INSERT OR IGNORE INTO deleted VALUES (?)", ((act.object,) for act in acts)
            )
        elif kind := _ACTS.get(verb) or _UNDONE.get(verb):
            lately = [act for act in acts if since is None or act.happened >= since]
            self._store.executemany(
                "INSERT OR IGNORE INTO act VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (_row(act, kind, undone=verb in _UNDONE) for act in lately),
            )
        if verb not in _UNDONE and verb not in words.TAKING_AWAY:
            self._store.executemany(
                "INSERT OR IGNORE INTO published VALUES (?, ?)", ((act.id.bytes, act.person) for act in acts)
            )
        self._store.execute("COMMIT")

    def _look_up_answered(self, reader: Reader) -> None:
        """What was answered may be older than what was read, or published by a verb that is not read."""
        after = b""
        while wanted := self._store.execute(
            f"SELECT DISTINCT act.target {_MISSING} AND act.target > ? ORDER BY act.target LIMIT 1000",
            [after],
        ).fetchall():
            for (target,) in wanted:
                found = reader.one(UUID(bytes=target))
                if found and (person := person_of(found.get("actor"))):
                    self.statements_read += 1
                    self._store.execute("INSERT OR IGNORE INTO published VALUES (?, ?)", (target, person))
            after = wanted[-1][0]


def _row(act: Act, kind: Kind, *, undone: bool) -> tuple[Any, ...]:
    return (
        act.id.bytes,
        kind.value,
        undone,
        act.person,
        act.answers.bytes if act.answers else None,
        act.object,
        act.detail,
        act.course,
        act.at,
    )
