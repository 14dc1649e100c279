"""Statements about statements.

Whoever asks for the statements of Ben also gets those whose object refers to one of Ben's, and so on along the
chain (Communication 2.1.3, filter conditions for StatementRefs). So that a query need not follow chains, a
statement inherits the terms of all it refers to: when it is stored, or when what it refers to arrives after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from xapi.lrs.chunks import chunked
from xapi.lrs.documents import document
from xapi.lrs.incoming import Incoming
from xapi.lrs.json_text import parse
from xapi.lrs.models import Statement
from xapi.lrs.terms import statement_terms

# A chain longer than this is cut: nobody comments on comments so deep, but somebody may try.
LONGEST = 32


class _Node(NamedTuple):
    stored: int
    target: str | None
    terms: Iterable[bytes]


class Referrer(NamedTuple):
    id: str
    stored: int
    target: str | None
    voiding: bool


def referring(connection: Connection, new: Sequence[Incoming]) -> list[Referrer]:
    """The statements already stored that refer to one of the new ones, directly or along a chain."""
    found: dict[str, Referrer] = {}
    frontier = {one.id for one in new}
    for _ in range(LONGEST):
        level: set[str] = set()
        for some in chunked(frontier):
            query = select(Statement.id, Statement.stored, Statement.target, Statement.voiding).where(
                Statement.target.in_(some)
            )
            for row in connection.execute(query):
                if row.id not in found:
                    found[row.id] = Referrer(*row)
                    level.add(row.id)
        frontier = level
        if not frontier:
            break
    return list(found.values())


def inherited_terms(
    connection: Connection, new: Sequence[Incoming], referrers: Sequence[Referrer]
) -> set[tuple[bytes, int, int]]:
    """Rows (term, stored, origin) to add for the new statements and for those that waited for them."""
    if not referrers and not any(one.target for one in new):
        return set()
    nodes = {one.id: _Node(one.stored, one.target, one.terms) for one in new}
    _add_targets(connection, nodes)
    waiting = {row.id: _Node(row.stored, row.target, ()) for row in referrers}
    rows: set[tuple[bytes, int, int]] = set()
    for start, node in [*((one.id, nodes[one.id]) for one in new), *waiting.items()]:
        seen = {start}
        at = node.target
        while at is not None and at not in seen and len(seen) <= LONGEST:
            seen.add(at)
            reached = nodes.get(at) or waiting.get(at)
            if reached is None:
                break
            rows.update((term, node.stored, reached.stored) for term in reached.terms)
            at = reached.target
    return rows


def _add_targets(connection: Connection, nodes: dict[str, _Node]) -> None:
    """Load what the nodes refer to, level by level."""
    frontier = {node.target for node in nodes.values() if node.target} - nodes.keys()
    for _ in range(LONGEST):
        if not frontier:
            return
        level: set[str] = set()
        for some in chunked(frontier):
            query = select(
                Statement.id, Statement.stored, Statement.target,
                Statement.received, Statement.added, Statement.rewritten,
            ).where(Statement.id.in_(some))  # fmt: skip
            for row in connection.execute(query):
                whole = parse(document(row.received, row.added, row.rewritten))
                terms = statement_terms(whole, whole["authority"])
                nodes[row.id] = _Node(row.stored, row.target, terms)
                if row.target:
                    level.add(row.target)
        frontier = level - nodes.keys()
