"""Reads: entries as a viewer sees them, what changed since, and the viewer's own drafts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, case, func, literal, select
from sqlalchemy.orm import Session

from social_layer import cursors
from social_layer.database import PlainRow, rows
from social_layer.discussion.models import Draft, Entry, EntryKind, Reaction, ReactionKind, ReadMark, Revision
from social_layer.people.models import CourseGroup, Membership, Person, Role, Voice
from social_layer.viewer import Viewer
from social_layer.visibility import Below, Sight, condition, condition_below, seen_by, sight_of

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
    found = rows(session, _page(sight), _seen_in(viewer, group, after=position, most=limit + 1))
    shown = found[:limit]
    items = [_view(viewer.voice_id, *row) for row in shown]
    if len(found) <= limit:
        return EntriesPage(items, None)
    following = cursors.of_position(shown[-1].path)
    return EntriesPage(items, following, within_thread=found[limit].thread_id == shown[-1].thread_id)


def find_entry(session: Session, viewer: Viewer, entry_id: UUID) -> EntryView | None:
    """One entry, or None where there is none that the viewer may see."""
    found = rows(session, _one(sight_of(viewer)), seen_by(viewer, entry=entry_id))
    return _view(viewer.voice_id, *found[0]) if found else None


def contributions(
    session: Session, viewer: Viewer, voice_id: UUID, *, after: int = 0, limit: int = PAGE
) -> list[EntryView]:
    """What a voice has written in the panel and the viewer may see, the earliest first, removed entries left out.

    ``after``: the ``seq`` of the last entry of the page before.
    """
    asked = seen_by(viewer, voice=voice_id, after=after, most=limit)
    return [_view(viewer.voice_id, *row) for row in rows(session, _of_voice(sight_of(viewer)), asked)]


def find_entries(session: Session, viewer: Viewer, entry_ids: Sequence[UUID]) -> dict[UUID, EntryView]:
    """These entries by id, as far as the viewer may see them; in one statement."""
    found = rows(session, _several(sight_of(viewer)), seen_by(viewer, entries=list(entry_ids)))
    return {row.id: _view(viewer.voice_id, *row) for row in found}


def updates(
    session: Session, viewer: Viewer, *, after: str, limit: int = PAGE, group: UUID | None = None
) -> Updates | None:
    """What changed after the cursor, or None without a further statement when nothing did. Raises ``bad_cursor``."""
    seen = cursors.to_change(after)
    if seen == viewer.panel.counter:
        return None
    sight = sight_of(viewer, one_group=group is not None)
    found = rows(session, _changes(sight), _seen_in(viewer, group, after=seen, most=limit + 1))
    shown = found[:limit]
    more = len(found) > limit
    last = shown[-1].changed_seq if shown else 0
    reached = last if more else max(viewer.panel.counter, last)
    return Updates([_view(viewer.voice_id, *row) for row in shown], cursors.of_change(reached), more)


def drafts(session: Session, viewer: Viewer) -> dict[str, dict[str, Any]]:
    """The viewer's own drafts in this panel, by what they are about."""
    return {row.about: row.fields for row in rows(session, _DRAFTS, seen_by(viewer))}


def find_standing(session: Session, viewer: Viewer, entry_id: UUID) -> PlainRow | None:
    """Where an entry that the viewer may see stands, and how, for those who answer or change it."""
    found = rows(session, _standing(sight_of(viewer)), seen_by(viewer, entry=entry_id))
    return found[0] if found else None


def as_posted(session: Session, viewer: Viewer, entry_id: UUID) -> tuple[UUID | None, str, str] | None:
    """Parent, title and body of an entry as they were first; the texts are None where they were erased."""
    found = rows(session, _AS_POSTED, seen_by(viewer, entry=entry_id))
    return (*found[0],) if found else None


def read_up_to(session: Session, viewer: Viewer, seen: Sequence[UUID]) -> dict[UUID, int]:
    """How far each thread was read, who saw these entries: up to the first unread one that they did not see."""
    found = rows(session, _seen(sight_of(viewer)), seen_by(viewer, seen=seen))
    threads = list({row.thread_id for row in found})
    gaps = (
        rows(session, _gaps(sight_of(viewer)), seen_by(viewer, seen=seen, threads=threads)) if threads else ()
    )
    gap = {row.thread_id: row.first for row in gaps}
    marks: dict[UUID, int] = {}
    for thread_id, seq in found:
        if seq > marks.get(thread_id, 0) and (thread_id not in gap or seq < gap[thread_id]):
            marks[thread_id] = seq
    return marks


def _seen_in(viewer: Viewer, group: UUID | None, **more: Any) -> dict[str, Any]:
    return seen_by(viewer, **more) if group is None else seen_by(viewer, viewer_group=group, **more)


_DRAFTS: Select[*tuple[Any, ...]] = select(Draft.about, Draft.fields).where(
    Draft.tenant_id == bindparam("viewer_tenant"),
    Draft.panel_id == bindparam("viewer_panel"),
    Draft.person_id == bindparam("viewer_person"),
)
_OWN_MARK = and_(
    ReadMark.tenant_id == Entry.tenant_id,
    ReadMark.thread_id == Entry.thread_id,
    ReadMark.person_id == bindparam("viewer_person"),
)
# The reactions to an entry in one column, a word each; the viewer's own bear a mark.
_OWN = "!"
_REACTIONS = (
    select(
        func.aggregate_strings(
            Reaction.kind + case((Reaction.voice_id == bindparam("viewer_voice"), _OWN), else_=""), " "
        )
    )
    .where(Reaction.tenant_id == Entry.tenant_id, Reaction.entry_id == Entry.id)
    .correlate(Entry)
    .scalar_subquery()
    .label("reactions")
)


@cache
def _page(sight: Sight) -> Select[*tuple[Any, ...]]:
    return (
        _entries(sight).where(Entry.path > bindparam("after")).order_by(Entry.path).limit(bindparam("most"))
    )


@cache
def _one(sight: Sight) -> Select[*tuple[Any, ...]]:
    return _entries(sight).where(Entry.id == bindparam("entry"))


@cache
def _of_voice(sight: Sight) -> Select[*tuple[Any, ...]]:
    return (
        _entries(sight)
        .where(
            Entry.voice_id == bindparam("voice"),
            Entry.deleted_at.is_(None),
            Entry.seq > bindparam("after"),
        )
        .order_by(Entry.seq)
        .limit(bindparam("most"))
    )


@cache
def _several(sight: Sight) -> Select[*tuple[Any, ...]]:
    return _entries(sight).where(Entry.id.in_(bindparam("entries", expanding=True)))


@cache
def _changes(sight: Sight) -> Select[*tuple[Any, ...]]:
    changed = Entry.changed_seq > bindparam("after")
    return _entries(sight).where(changed).order_by(Entry.changed_seq).limit(bindparam("most"))


@cache
def _standing(sight: Sight) -> Select[*tuple[Any, ...]]:
    return select(
        Entry.thread_id,
        Entry.parent_id,
        Entry.kind,
        Entry.voice_id,
        Entry.audience,
        Entry.group_id,
        Entry.path,
        Entry.version,
        Entry.deleted_at,
    ).where(condition(sight), Entry.id == bindparam("entry"))


@cache
def _seen(sight: Sight) -> Select[*tuple[Any, ...]]:
    return select(Entry.thread_id, Entry.seq).where(
        condition(sight), Entry.id.in_(bindparam("seen", expanding=True))
    )


@cache
def _gaps(sight: Sight) -> Select[*tuple[Any, ...]]:
    """The first entry of each thread that is unread, by the same rule as in :func:`_view`, and was not seen."""
    return (
        select(Entry.thread_id, func.min(Entry.seq).label("first"))
        .outerjoin(ReadMark, _OWN_MARK)
        .where(
            condition(sight),
            Entry.thread_id.in_(bindparam("threads", expanding=True)),
            Entry.id.not_in(bindparam("seen", expanding=True)),
            Entry.voice_id != bindparam("viewer_voice"),
            Entry.deleted_at.is_(None),
            Entry.seq > func.coalesce(ReadMark.seq, 0),
        )
        .group_by(Entry.thread_id)
    )


_AS_POSTED: Select[*tuple[Any, ...]] = (
    select(Entry.parent_id, Revision.title, Revision.body)
    .outerjoin(
        Revision,
        and_(Revision.tenant_id == Entry.tenant_id, Revision.entry_id == Entry.id, Revision.number == 1),
    )
    .where(Entry.tenant_id == bindparam("viewer_tenant"), Entry.id == bindparam("entry"))
)


def _entries(sight: Sight) -> Select[*tuple[Any, ...]]:
    """The columns stand in the order of the parameters of :func:`_view`."""
    group = (CourseGroup.name, CourseGroup.number) if sight.grouped else (literal(None), literal(None))
    found = (
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
            _replies(sight),
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
            _REACTIONS,
            Entry.group_id,
            *group,
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
        .outerjoin(ReadMark, _OWN_MARK)
        .where(condition(sight))
    )
    if sight.grouped:
        of_group = and_(CourseGroup.tenant_id == Entry.tenant_id, CourseGroup.id == Entry.group_id)
        found = found.outerjoin(CourseGroup, of_group)
    return found


def _replies(sight: Sight) -> Any:
    """How many replies stand below a thread's first entry. Below one for all, groups answer for themselves alone."""
    if not sight.grouped or (sight.for_staff and not sight.one_group):
        return Entry.replies
    in_sight = (
        select(func.count())
        .select_from(Below)
        .where(
            condition_below(sight), Below.thread_id == Entry.id, Below.depth > 0, Below.deleted_at.is_(None)
        )
        .correlate(Entry)
        .scalar_subquery()
    )
    is_shared = and_(Entry.depth == 0, Entry.group_id.is_(None))
    return case((is_shared, in_sight), else_=Entry.replies).label("replies")


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
        frozenset(ReactionKind(word[:-1]) for word in given if word[-1] == _OWN),
        group_id,
        group_name,
        group_number,
        body is None,
    )


def _counted(given: Sequence[str]) -> dict[ReactionKind, int]:
    counts = Counter(word.rstrip(_OWN) for word in given)
    return {kind: counts[kind] for kind in ReactionKind if counts[kind]}
