"""Reads: entries as a viewer sees them, what changed since, and the viewer's own drafts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Row, Select, and_, cast, func, select
from sqlalchemy.orm import Session

from social_layer import cursors
from social_layer.discussion.models import Draft, Entry, EntryKind, Reaction, ReactionKind, ReadMark, Revision
from social_layer.people.models import Membership, Person, Role, Voice
from social_layer.viewer import Viewer
from social_layer.visibility import visible_to

PAGE = 100


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry as one viewer sees it. A removed one has no text and no author."""

    id: UUID
    thread_id: UUID
    parent_id: UUID | None
    kind: EntryKind
    title: str
    body: str
    html: str
    author_name: str | None
    author_role: Role
    author_voice: UUID
    is_alias: bool
    is_mine: bool
    is_unread: bool
    created_at: datetime
    edited_at: datetime | None
    deleted: bool
    version: int
    depth: int
    seq: int
    replies: int
    reactions: dict[ReactionKind, int] = field(default_factory=dict)
    my_reactions: frozenset[ReactionKind] = frozenset()


@dataclass(frozen=True, slots=True)
class EntriesPage:
    """Entries in thread order, and the cursor of the next page or None at the end."""

    items: list[EntryView]
    next: str | None


@dataclass(frozen=True, slots=True)
class Updates:
    """Entries that are new or changed, oldest change first; ``more`` when others wait behind ``cursor``."""

    items: list[EntryView]
    cursor: str
    more: bool


def entries_page(
    session: Session, viewer: Viewer, *, after: str | None = None, limit: int = PAGE
) -> EntriesPage:
    """A page of the panel in thread order, the newest thread first. Two statements. Raises ``bad_cursor``."""
    wanted = _entries(viewer, visible_to(viewer)).order_by(Entry.path).limit(limit + 1)
    if after:
        wanted = wanted.where(Entry.path > cursors.to_position(after))
    rows = session.execute(wanted).all()
    shown = rows[:limit]
    following = cursors.of_position(shown[-1].path) if len(rows) > limit else None
    return EntriesPage(_views(session, viewer, shown), following)


def find_entry(session: Session, viewer: Viewer, entry_id: UUID) -> EntryView | None:
    """One entry, or None where there is none that the viewer may see."""
    rows = session.execute(_entries(viewer, and_(visible_to(viewer), Entry.id == entry_id))).all()
    return _views(session, viewer, rows)[0] if rows else None


def updates(session: Session, viewer: Viewer, *, after: str, limit: int = PAGE) -> Updates | None:
    """What changed after the cursor, or None without a further statement when nothing did. Raises ``bad_cursor``."""
    seen = cursors.to_change(after)
    if seen == viewer.panel.counter:
        return None
    rows = session.execute(
        _entries(viewer, and_(visible_to(viewer), Entry.changed_seq > seen))
        .order_by(Entry.changed_seq)
        .limit(limit + 1)
    ).all()
    shown = rows[:limit]
    more = len(rows) > limit
    last = shown[-1].changed_seq if shown else 0
    reached = last if more else max(viewer.panel.counter, last)
    return Updates(_views(session, viewer, shown), cursors.of_change(reached), more)


def drafts(session: Session, viewer: Viewer) -> dict[str, dict[str, Any]]:
    """The viewer's own drafts in this panel, by what they are about."""
    rows = session.execute(
        select(Draft.about, Draft.fields).where(
            Draft.tenant_id == viewer.tenant_id,
            Draft.panel_id == viewer.panel.id,
            Draft.person_id == viewer.person_id,
        )
    )
    return dict(rows.tuples().all())


def _entries(viewer: Viewer, condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Entry.id,
            Entry.thread_id,
            Entry.parent_id,
            Entry.kind,
            Entry.voice_id,
            Entry.path,
            Entry.depth,
            Entry.seq,
            Entry.changed_seq,
            Entry.version,
            Entry.replies,
            Entry.created_at,
            Entry.edited_at,
            Entry.deleted_at,
            Revision.title,
            Revision.body,
            Revision.html,
            Voice.alias,
            Person.name,
            Membership.role,
            ReadMark.seq.label("read_seq"),
        )
        .join(Voice, and_(Voice.tenant_id == Entry.tenant_id, Voice.id == Entry.voice_id))
        .outerjoin(Person, and_(Person.tenant_id == Voice.tenant_id, Person.id == Voice.person_id))
        .outerjoin(
            Membership,
            and_(
                Membership.tenant_id == Voice.tenant_id,
                Membership.course_id == Voice.course_id,
                Membership.person_id == Voice.person_id,
            ),
        )
        .outerjoin(
            Revision,
            and_(
                Revision.tenant_id == Entry.tenant_id,
                Revision.entry_id == Entry.id,
                Revision.number == Entry.version,
            ),
        )
        .outerjoin(
            ReadMark,
            and_(
                ReadMark.tenant_id == Entry.tenant_id,
                ReadMark.thread_id == Entry.thread_id,
                ReadMark.person_id == viewer.person_id,
            ),
        )
        .where(condition)
    )


def _views(session: Session, viewer: Viewer, rows: Sequence[Row[Any]]) -> list[EntryView]:
    counts = _reactions(session, viewer, (row.id for row in rows))
    return [_view(viewer, row, counts.get(row.id, {})) for row in rows]


def _view(viewer: Viewer, row: Row[Any], counts: dict[ReactionKind, tuple[int, bool]]) -> EntryView:
    deleted = row.deleted_at is not None
    mine = row.voice_id == viewer.voice_id
    return EntryView(
        id=row.id,
        thread_id=row.thread_id,
        parent_id=row.parent_id,
        kind=EntryKind(row.kind),
        title="" if deleted else row.title or "",
        body="" if deleted else row.body or "",
        html="" if deleted else row.html or "",
        author_name=None if deleted else row.alias or row.name,
        author_role=Role(row.role) if row.role else Role.learner,
        author_voice=row.voice_id,
        is_alias=row.alias is not None,
        is_mine=mine,
        is_unread=not mine and not deleted and row.seq > (row.read_seq or 0),
        created_at=row.created_at,
        edited_at=row.edited_at,
        deleted=deleted,
        version=row.version,
        depth=row.depth,
        seq=row.seq,
        replies=row.replies,
        reactions={} if deleted else {kind: count for kind, (count, _) in counts.items()},
        my_reactions=frozenset(kind for kind, (_, own) in counts.items() if own),
    )


def _reactions(
    session: Session, viewer: Viewer, entry_ids: Iterable[UUID]
) -> dict[UUID, dict[ReactionKind, tuple[int, bool]]]:
    """How often each kind was given to each entry, and whether by the viewer."""
    ids = list(entry_ids)
    if not ids:
        return {}
    own = func.max(cast(Reaction.voice_id == viewer.voice_id, Integer))
    rows = session.execute(
        select(Reaction.entry_id, Reaction.kind, func.count(), own)
        .where(Reaction.tenant_id == viewer.tenant_id, Reaction.entry_id.in_(ids))
        .group_by(Reaction.entry_id, Reaction.kind)
        .order_by(Reaction.kind)
    )
    found: dict[UUID, dict[ReactionKind, tuple[int, bool]]] = {}
    for entry_id, kind, count, mine in rows:
        found.setdefault(entry_id, {})[ReactionKind(kind)] = (count, bool(mine))
    return found
