"""Statements into the database: all of a batch or none, each id once, durable before this returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from xapi.lrs.chunks import chunked
from xapi.lrs.comparison import same_statement
from xapi.lrs.database import Database
from xapi.lrs.definitions import Said
from xapi.lrs.documents import added_text, rewritten_text
from xapi.lrs.incoming import Incoming
from xapi.lrs.json_text import parse
from xapi.lrs.models import Attachment, Statement, StatementAttachment, StatementTerm
from xapi.lrs.references import Referrer, inherited_terms, referring


class Conflict(Exception):
    """A statement with this id and another content is stored already."""

    def __init__(self, index: int, statement_id: str) -> None:
        super().__init__(f"A different statement with the id {statement_id} is stored already.")
        self.index = index


def store(
    database: Database, incoming: Sequence[Incoming], authority_text: str, contents: Mapping[str, bytes]
) -> None:
    """`contents` are the attachments' bytes by hash. Raises Conflict and Unavailable; then nothing is stored."""
    try:
        last = _store(database, incoming, authority_text, contents)
    except IntegrityError:
        # The queue makes this impossible unless somebody writes past it; then the copy is found this time.
        last = _store(database, incoming, authority_text, contents)
    database.note_stored(last)


def _store(
    database: Database, incoming: Sequence[Incoming], authority_text: str, contents: Mapping[str, bytes]
) -> int:
    with database.write() as connection:
        new = _not_stored_yet(connection, incoming)
        if not new:
            return 0
        first = database.next_stored(connection)
        said = Said()
        for offset, one in enumerate(new):
            one.stored = first + offset
            said.add(one.statement)
        referrers = referring(connection, new)
        _insert_statements(connection, new, authority_text, _voided(new, referrers))
        _void_earlier(connection, new)
        _insert_terms(connection, new)
        _insert_inherited(connection, inherited_terms(connection, new, referrers))
        _insert_attachments(connection, new, contents)
        said.store(connection, new[-1].stored)
    return new[-1].stored


def _not_stored_yet(connection: Connection, incoming: Sequence[Incoming]) -> list[Incoming]:
    known: dict[str, str] = {}
    for some in chunked(one.id for one in incoming):
        query = select(Statement.id, Statement.received).where(Statement.id.in_(some))
        known.update((statement_id, received) for statement_id, received in connection.execute(query))
    if not known:
        return list(incoming)
    for index, one in enumerate(incoming):
        if one.id in known and not same_statement(one.statement, parse(known[one.id])):
            raise Conflict(index, one.id)
    return [one for one in incoming if one.id not in known]


def _voided(new: Sequence[Incoming], referrers: Sequence[Referrer]) -> set[str]:
    """Which of the new ones a voiding statement names, be it stored before them or beside them."""
    named = {one.target for one in new if one.voiding}
    named.update(row.target for row in referrers if row.voiding)
    return {one.id for one in new if one.id in named and not one.voiding}


def _insert_statements(
    connection: Connection, new: Sequence[Incoming], authority_text: str, voided: set[str]
) -> None:
    connection.execute(
        insert(Statement),
        [
            {
                "stored": one.stored,
                "id": one.id,
                "target": one.target,
                "voiding": one.voiding,
                "voided": one.id in voided,
                "received": one.received,
                "added": added_text(one.statement, one.id, one.stored, authority_text, second=one.second),
                "rewritten": rewritten_text(one.statement),
            }
            for one in new
        ],
    )


def _void_earlier(connection: Connection, new: Sequence[Incoming]) -> None:
    """A voiding statement itself cannot be voided (Data 2.3.2)."""
    targets = [one.target for one in new if one.voiding and one.target]
    for some in chunked(targets):
        connection.execute(
            update(Statement).where(Statement.id.in_(some), Statement.voiding.is_(False)).values(voided=True)
        )


def _insert_terms(connection: Connection, new: Sequence[Incoming]) -> None:
    connection.execute(
        insert(StatementTerm),
        [
            {"term": term, "stored": one.stored, "origin": one.stored}
            for one in new
            # In order, so that neighbouring rows go to neighbouring pages.
            for term in sorted(one.terms)
        ],
    )


def _upsert(connection: Connection, table: type[Any]) -> Any:
    kind = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    return kind(table).on_conflict_do_nothing()


def _insert_inherited(connection: Connection, rows: set[tuple[bytes, int, int]]) -> None:
    for some in chunked(rows):
        connection.execute(
            _upsert(connection, StatementTerm),
            [{"term": term, "stored": stored, "origin": origin} for term, stored, origin in some],
        )


def _insert_attachments(
    connection: Connection, new: Sequence[Incoming], contents: Mapping[str, bytes]
) -> None:
    links = {(one.stored, sha2): content_type for one in new for sha2, content_type in one.attachments}
    if not links:
        return
    for sha2 in sorted({sha2 for _, sha2 in links}):
        connection.execute(
            _upsert(connection, Attachment),
            {"sha2": sha2, "length": len(contents[sha2]), "content": contents[sha2]},
        )
    connection.execute(
        insert(StatementAttachment),
        [
            {"stored": stored, "sha2": sha2, "content_type": content_type}
            for (stored, sha2), content_type in links.items()
        ],
    )
