"""Reads: entries as a viewer sees them, what changed since, and the viewer's own drafts."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from social_layer import cursors
from social_layer.database import PlainRow, rows
from social_layer.discussion import statements
from social_layer.discussion.models import EntryKind, ReactionKind
from social_layer.discussion.statements import OWN
from social_layer.people.models import Role
from social_layer.viewer import Viewer
from social_layer.visibility import seen_by, sight_of

PAGE = 100


class EntryView(NamedTuple):
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
    reactions: dict[ReactionKind, int]
    my_reactions: frozenset[ReactionKind]
    # For whom it is: a group, or all that are in the panel. A group without a name is called by its number.
    group_id: UUID | None = None
    group_name: str | None = None
    group_number: int | None = None
    # Nothing of it is left: its author asked for everything of theirs to be removed.
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class EntriesPage:
    """Entries in thread order, and the cursor of the next page or None at the end.

    ``within_thread``: the next page goes on with the last thread of this one.
    """

    items: list[EntryView]
    next: str | None
    within_thread: bool = False


@dataclass(frozen=True, slots=True)
class Updates:
    """Entries that are new or changed, oldest change first; ``more`` when others wait behind ``cursor``."""

    items: list[EntryView]
    cursor: str
    more: bool


def entries_page(
    session: Session,
    viewer: Viewer,
    *,
    after: str | None = None,
    limit: int = PAGE,
    group: UUID | None = None,
) -> EntriesPage:
    """A page of the panel in thread order, the newest thread first. One statement. Raises ``bad_cursor``.

    ``group``: only what is for this group and for all.
    """
    position = cursors.to_position(after) if after else b""
    sight = sight_of(viewer, one_group=group is not None)
    found = rows(session, statements.page(sight), _seen_in(viewer, group, after=position, most=limit + 1))
    shown = found[:limit]
    items = [_view(viewer.voice_id, *row) for row in shown]
    if len(found) <= limit:
        return EntriesPage(items, None)
    following = cursors.of_position(shown[-1].path)
    return EntriesPage(items, following, within_thread=found[limit].thread_id == shown[-1].thread_id)


def find_entry(session: Session, viewer: Viewer, entry_id: UUID) -> EntryView | None:
    """One entry, or None where there is none that the viewer may see."""
    found = rows(session, statements.one(sight_of(viewer)), seen_by(viewer, entry=entry_id))
    return _view(viewer.voice_id, *found[0]) if found else None


def contributions(
    session: Session, viewer: Viewer, voice_id: UUID, *, after: int = 0, limit: int = PAGE
) -> list[EntryView]:
    """What a voice has written in the panel and the viewer may see, the earliest first, removed entries left out.

    ``after``: the ``seq`` of the last entry of the page before.
    """
    asked = seen_by(viewer, voice=voice_id, after=after, most=limit)
    return [
        _view(viewer.voice_id, *row) for row in rows(session, statements.of_voice(sight_of(viewer)), asked)
    ]


def find_entries(session: Session, viewer: Viewer, entry_ids: Sequence[UUID]) -> dict[UUID, EntryView]:
    """These entries by id, as far as the viewer may see them; in one statement."""
    found = rows(session, statements.several(sight_of(viewer)), seen_by(viewer, entries=list(entry_ids)))
    return {row.id: _view(viewer.voice_id, *row) for row in found}


def updates(
    session: Session, viewer: Viewer, *, after: str, limit: int = PAGE, group: UUID | None = None
) -> Updates | None:
    """What changed after the cursor, or None without a further statement when nothing did. Raises ``bad_cursor``."""
    seen = cursors.to_change(after)
    if seen == viewer.panel.counter:
        return None
    sight = sight_of(viewer, one_group=group is not None)
    found = rows(session, statements.changes(sight), _seen_in(viewer, group, after=seen, most=limit + 1))
    shown = found[:limit]
    more = len(found) > limit
    last = shown[-1].changed_seq if shown else 0
    reached = last if more else max(viewer.panel.counter, last)
    return Updates([_view(viewer.voice_id, *row) for row in shown], cursors.of_change(reached), more)


def drafts(session: Session, viewer: Viewer) -> dict[str, dict[str, Any]]:
    """The viewer's own drafts in this panel, by what they are about."""
    return {row.about: row.fields for row in rows(session, statements.DRAFTS, seen_by(viewer))}


def find_standing(session: Session, viewer: Viewer, entry_id: UUID) -> PlainRow | None:
    """Where an entry that the viewer may see stands, and how, for those who answer or change it."""
    found = rows(session, statements.standing(sight_of(viewer)), seen_by(viewer, entry=entry_id))
    return found[0] if found else None


def as_posted(session: Session, viewer: Viewer, entry_id: UUID) -> tuple[UUID | None, str, str] | None:
    """Parent, title and body of an entry as they were first; the texts are None where they were erased."""
    found = rows(session, statements.AS_POSTED, seen_by(viewer, entry=entry_id))
    return (*found[0],) if found else None


def read_up_to(
    session: Session, viewer: Viewer, seen: Sequence[UUID], threads: Collection[UUID] = ()
) -> tuple[dict[UUID, int], frozenset[UUID]]:
    """How far each thread was read, who saw these entries: up to the first unread one that they did not see.

    With it, which of ``threads`` are threads that the viewer may see.
    """
    asked = set(seen)
    both = rows(session, statements.seen(sight_of(viewer)), seen_by(viewer, seen=[*asked.union(threads)]))
    in_sight = frozenset(row.id for row in both if row.id == row.thread_id and row.id in threads)
    found = [(row.thread_id, row.seq) for row in both if row.id in asked]
    return _marks(session, viewer, seen, found), in_sight


def _marks(
    session: Session, viewer: Viewer, seen: Sequence[UUID], found: Sequence[tuple[UUID, int]]
) -> dict[UUID, int]:
    threads = list({thread_id for thread_id, _ in found})
    gaps = (
        rows(session, statements.gaps(sight_of(viewer)), seen_by(viewer, seen=seen, threads=threads))
        if threads
        else ()
    )
    gap = {row.thread_id: row.first for row in gaps}
    marks: dict[UUID, int] = {}
    for thread_id, seq in found:
        if seq > marks.get(thread_id, 0) and (thread_id not in gap or seq < gap[thread_id]):
            marks[thread_id] = seq
    return marks


def _seen_in(viewer: Viewer, group: UUID | None, **more: Any) -> dict[str, Any]:
    return seen_by(viewer, **more) if group is None else seen_by(viewer, viewer_group=group, **more)


def _view(
    own_voice: UUID,
    entry_id: UUID,
    thread_id: UUID,
    parent_id: UUID | None,
    kind: str,
    voice_id: UUID,
    _path: bytes,
    depth: int,
    seq: int,
    _changed_seq: int,
    version: int,
    replies: int,
    created_at: datetime,
    edited_at: datetime | None,
    deleted_at: datetime | None,
    title: str | None,
    body: str | None,
    html: str | None,
    alias: str | None,
    name: str | None,
    role: str | None,
    read_seq: int | None,
    reactions: str | None,
    group_id: UUID | None,
    group_name: str | None,
    group_number: int | None,
) -> EntryView:
    shown = deleted_at is None
    mine = voice_id == own_voice
    given = reactions.split() if reactions and shown else ()
    return EntryView(
        entry_id,
        thread_id,
        parent_id,
        EntryKind(kind),
        (title or "") if shown else "",
        (body or "") if shown else "",
        (html or "") if shown else "",
        (alias or name) if shown else None,
        Role(role) if role else Role.learner,
        voice_id,
        alias is not None,
        mine,
        shown and not mine and seq > (read_seq or 0),
        created_at,
        edited_at,
        not shown,
        version,
        depth,
        seq,
        replies,
        _counted(given) if given else {},
        frozenset(ReactionKind(word[:-1]) for word in given if word[-1] == OWN),
        group_id,
        group_name,
        group_number,
        body is None,
    )


def _counted(given: Sequence[str]) -> dict[ReactionKind, int]:
    counts = Counter(word.rstrip(OWN) for word in given)
    return {kind: counts[kind] for kind in ReactionKind if counts[kind]}
