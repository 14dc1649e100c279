"""Statements out of the database. The number of SELECTs never depends on what is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Select, and_, func, literal, select, union_all
from sqlalchemy.orm import aliased

from xapi.lrs.documents import document
from xapi.lrs.models import Attachment, Statement, StatementAttachment, StatementTerm
from xapi.lrs.query import Query, Single


@dataclass(frozen=True, slots=True)
class Found:
    stored: int
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    found: list[Found]
    more: bool


@dataclass(frozen=True, slots=True)
class File:
    sha2: str
    content_type: str
    content: bytes


_COLUMNS = (Statement.stored, Statement.received, Statement.added, Statement.rewritten)


def one(connection: Connection, asked: Single) -> Found | None:
    """A voided statement is there only for who asks for it as such (Communication 2.1.4)."""
    row = connection.execute(
        select(*_COLUMNS).where(Statement.id == asked.id, Statement.voided.is_(asked.voided))
    ).one_or_none()
    return row and Found(row.stored, document(row.received, row.added, row.rewritten))


# Beyond so many statements a term counts as common; counting stops there.
_COMMON = 1000


def page(connection: Connection, query: Query) -> Page:
    rows = connection.execute(page_select(rarest_first(connection, query))).all()
    found = [Found(row.stored, document(row.received, row.added, row.rewritten)) for row in rows]
    return Page(found[: query.limit], len(found) > query.limit)


def rarest_first(connection: Connection, query: Query) -> Query:
    """The rarest term drives. A planner cannot know it: to its statistics the terms are unrelated columns."""
    if len(query.terms) < 2:
        return query
    lists = [
        select(StatementTerm.stored)
        .where(StatementTerm.term == term)
        .order_by(StatementTerm.stored)  # so that it goes along the index
        .limit(_COMMON)
        .subquery()
        for term in query.terms
    ]
    counts = union_all(
        *(
            select(literal(place), select(func.count()).select_from(one).scalar_subquery())
            for place, one in enumerate(lists)
        )
    )
    sizes = {int(place): int(size) for place, size in connection.execute(counts)}
    order = sorted(range(len(query.terms)), key=lambda place: sizes[place])
    return replace(query, terms=tuple(query.terms[place] for place in order))


def page_select(query: Query) -> Select[tuple[int, str, str, str | None]]:
    """One statement more than asked for, which tells whether there is a next page."""
    if not query.terms:
        chosen = _within(select(*_COLUMNS).where(Statement.voided.is_(False)), Statement.stored, query)
        return _in_order(chosen, Statement.stored, query).limit(query.limit + 1)
    # The first term drives along its index, in the order of `stored`; the others are looked up for each row.
    # All must be met by the same origin: a comment by Ann on a deed of Ben is no deed of Ann.
    driving = aliased(StatementTerm)
    keys = (
        select(driving.stored)
        .distinct()  # a statement may refer, along a chain, to two that match
        .join(Statement, and_(Statement.stored == driving.stored, Statement.voided.is_(False)))
        .where(driving.term == query.terms[0])
    )
    for term in query.terms[1:]:
        other = aliased(StatementTerm)
        looked_up = select(literal(1)).where(
            other.term == term, other.stored == driving.stored, other.origin == driving.origin
        )
        # OFFSET 0 keeps PostgreSQL from turning the look-up into a join of the two whole lists.
        keys = keys.where(looked_up.offset(0).exists())
    keys = _within(keys, driving.stored, query)
    few = _in_order(keys, driving.stored, query).limit(query.limit + 1).subquery()
    return _in_order(select(*_COLUMNS).join(few, few.c.stored == Statement.stored), Statement.stored, query)


def _within(select_: Select, stored, query: Query) -> Select:  # type: ignore[no-untyped-def,type-arg]
    if query.since is not None:
        select_ = select_.where(stored > query.since)
    if query.until is not None:
        select_ = select_.where(stored <= query.until)
    if query.after is not None:
        select_ = select_.where(stored > query.after if query.ascending else stored < query.after)
    return select_


def _in_order(select_: Select, stored, query: Query) -> Select:  # type: ignore[no-untyped-def,type-arg]
    return select_.order_by(stored if query.ascending else stored.desc())


def within_bytes(connection: Connection, page_: Page, most: int) -> Page:
    """The page, cut where its attachments would grow beyond `most` bytes; at least one statement stays."""
    lengths = connection.execute(
        select(StatementAttachment.stored, Attachment.length)
        .join(Attachment, Attachment.sha2 == StatementAttachment.sha2)
        .where(StatementAttachment.stored.in_([one.stored for one in page_.found]))
    )
    weights: dict[int, int] = {}
    for stored, length in lengths:
        weights[stored] = weights.get(stored, 0) + length
    total = 0
    for index, one_ in enumerate(page_.found):
        total += weights.get(one_.stored, 0)
        if total > most and index:
            return Page(page_.found[:index], more=True)
    return page_


def files(connection: Connection, found: Sequence[Found]) -> list[File]:
    """The attachments of these statements, each content once."""
    rows = connection.execute(
        select(Attachment.sha2, StatementAttachment.content_type, Attachment.content)
        .join(StatementAttachment, Attachment.sha2 == StatementAttachment.sha2)
        .where(StatementAttachment.stored.in_([one.stored for one in found]))
        .order_by(StatementAttachment.stored, Attachment.sha2)
    )
    once: dict[str, File] = {}
    for sha2, content_type, content in rows:
        once.setdefault(sha2, File(sha2, content_type, content))
    return list(once.values())
