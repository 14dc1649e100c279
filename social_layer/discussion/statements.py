"""The statements behind the reads of a discussion, each made once for each kind of sight.

Who sees what stands in :mod:`social_layer.visibility`, whose parameters they all take.
"""

from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, func, literal, select

from social_layer.discussion.models import Draft, Entry, Reaction, ReadMark, Revision
from social_layer.people.models import CourseGroup, Membership, Person, Voice
from social_layer.visibility import Below, Sight, condition, condition_below

DRAFTS: Select[*tuple[Any, ...]] = select(Draft.about, Draft.fields).where(
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
OWN = "!"
_REACTIONS = (
    select(
        func.aggregate_strings(
            Reaction.kind + case((Reaction.voice_id == bindparam("viewer_voice"), OWN), else_=""), " "
        )
    )
    .where(Reaction.tenant_id == Entry.tenant_id, Reaction.entry_id == Entry.id)
    .correlate(Entry)
    .scalar_subquery()
    .label("reactions")
)


@cache
def page(sight: Sight) -> Select[*tuple[Any, ...]]:
    return (
        _entries(sight).where(Entry.path > bindparam("after")).order_by(Entry.path).limit(bindparam("most"))
    )


@cache
def one(sight: Sight) -> Select[*tuple[Any, ...]]:
    return _entries(sight).where(Entry.id == bindparam("entry"))


@cache
def of_voice(sight: Sight) -> Select[*tuple[Any, ...]]:
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
def several(sight: Sight) -> Select[*tuple[Any, ...]]:
    return _entries(sight).where(Entry.id.in_(bindparam("entries", expanding=True)))


@cache
def changes(sight: Sight) -> Select[*tuple[Any, ...]]:
    changed = Entry.changed_seq > bindparam("after")
    return _entries(sight).where(changed).order_by(Entry.changed_seq).limit(bindparam("most"))


@cache
def standing(sight: Sight) -> Select[*tuple[Any, ...]]:
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
def seen(sight: Sight) -> Select[*tuple[Any, ...]]:
    return select(Entry.id, Entry.thread_id, Entry.seq).where(
        condition(sight), Entry.id.in_(bindparam("seen", expanding=True))
    )


@cache
def gaps(sight: Sight) -> Select[*tuple[Any, ...]]:
    """The first entry of each thread that is unread, by the rule of `queries._view`, and was not seen."""
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


AS_POSTED: Select[*tuple[Any, ...]] = (
    select(Entry.parent_id, Revision.title, Revision.body)
    .outerjoin(
        Revision,
        and_(Revision.tenant_id == Entry.tenant_id, Revision.entry_id == Entry.id, Revision.number == 1),
    )
    .where(Entry.tenant_id == bindparam("viewer_tenant"), Entry.id == bindparam("entry"))
)


def _entries(sight: Sight) -> Select[*tuple[Any, ...]]:
    """The columns stand in the order of the parameters of `queries._view`."""
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
