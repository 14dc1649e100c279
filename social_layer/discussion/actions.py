"""Writes: posting, editing, removing, reacting. Each change appends its event in the same transaction."""

import re
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4, uuid5

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.orm import Session

from social_layer import text
from social_layer.clock import Clock
from social_layer.database import run, upsert
from social_layer.discussion.models import Audience, Draft, Entry, Reaction, ReactionKind, Revision
from social_layer.discussion.paths import depth_of, reply_path, thread_path
from social_layer.discussion.queries import as_posted, find_entry, find_standing
from social_layer.events.actions import append
from social_layer.events.models import EventType
from social_layer.groups.queries import group_to_write_to, is_open
from social_layer.panels.kinds import RULES
from social_layer.panels.models import GroupMode, Kind, Panel
from social_layer.panels.queries import rules_of_version
from social_layer.refusals import Conflict, Invalid, NotAllowed, NotFound
from social_layer.viewer import Viewer
from social_layer.visibility import seen_by

MAX_DRAFT = 4 * text.MAX_BODY
_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# What a draft may be about.
ABOUT = re.compile(f"topic|reflection|(?:reply|edit):{_ID}")


class Turn(NamedTuple):
    """The number of a change in the panel's order, and the panel's rules: a set-up may have come since the look."""

    seq: int
    kind: Kind
    group_mode: GroupMode = GroupMode.everyone


class _Written(NamedTuple):
    """A text as it is stored."""

    title: str
    body: str
    html: str


def post(
    session: Session,
    clock: Clock,
    viewer: Viewer,
    *,
    body: str,
    title: str = "",
    parent_id: UUID | None = None,
    group: UUID | None = None,
    idempotency_key: str | None = None,
    turn: Turn | None = None,
) -> UUID:
    """Opens a thread, or answers ``parent_id``; answers the entry's id.

    ``group``: for whom it is, where the panel has groups and the writer a choice. What answers an entry of a group is
    for that group; what answers one for all, as a new thread would be.

    The same ``idempotency_key`` of the same voice in the same panel is the same entry, however often it is sent.
    ``turn``: the caller's own, where it has taken one in this transaction.
    Raises ``may_not_post``, ``panel_not_open``, ``panel_closed``, ``body_missing``, ``text_too_long``,
    ``too_much_markup``, ``entry_not_found``,
    ``entry_removed``, ``idempotency_key_reused``, ``in_no_group``, ``group_missing``, ``group_not_found``,
    ``group_closed``, ``groups_changed``.
    """
    entry_id = uuid5(viewer.voice_id, f"{viewer.panel.id} {idempotency_key}") if idempotency_key else uuid4()
    try:
        let_write(viewer)
    except NotAllowed:
        # Whoever got no answer in time and asks again after the close is told that it stands.
        if not idempotency_key or not _was_posted(
            session, viewer, entry_id, parent_id, _checked(title, body)
        ):
            raise
        if turn is not None:
            _give_turn_back(session, viewer)
        return entry_id
    written = _checked(title, body)
    seq, kind, mode = turn or take_turn(session, viewer)
    if idempotency_key and _was_posted(session, viewer, entry_id, parent_id, written):
        _give_turn_back(session, viewer)
        return entry_id
    rules = RULES[kind]
    posting = rules.answering if parent_id else rules.opening
    parent = _answerable(session, viewer, parent_id) if parent_id else None
    group_id = _for_whom(session, viewer, mode, parent, group)
    path = reply_path(parent.path, seq) if parent else thread_path(seq)
    now = clock()
    entry = {
        "tenant_id": viewer.tenant_id,
        "id": entry_id,
        "panel_id": viewer.panel.id,
        "thread_id": parent.thread_id if parent else entry_id,
        "parent_id": parent_id,
        "kind": posting.entry_kind,
        "voice_id": viewer.voice_id,
        "audience": parent.audience if parent else Audience.course,
        "group_id": group_id,
        "term": viewer.panel.term,
        "path": path,
        "depth": depth_of(path),
        "seq": seq,
        "changed_seq": seq,
        "created_at": now,
    }
    run(session, _ADD_ENTRY, entry)
    _write_revision(session, viewer, entry_id, 1, written, now)
    append(
        session,
        clock,
        viewer,
        posting.event_type,
        entry_id,
        event_id=entry_id,
        answers_id=parent_id,
        revision=1,
        detail=posting.entry_kind,
    )
    if parent:
        _count_replies(session, viewer, parent.thread_id, +1)
    drop_draft(session, viewer, f"reply:{parent_id}" if parent_id else "topic")
    return entry_id


def edit(
    session: Session,
    clock: Clock,
    viewer: Viewer,
    entry_id: UUID,
    *,
    version: int,
    body: str,
    title: str = "",
) -> None:
    """Writes the entry's next revision, where it differs. Only its author may, from the version that they saw.

    Raises ``entry_not_found``, ``entry_removed``, ``not_author``, ``entry_changed``, and as :func:`post`.
    """
    let_write(viewer)
    written = _checked(title, body)
    seq = take_turn(session, viewer).seq
    entry = _answerable(session, viewer, entry_id)
    if entry.voice_id != viewer.voice_id:
        raise NotAllowed("not_author")
    _check_version(entry, version)
    drop_draft(session, viewer, f"edit:{entry_id}")
    before = find_entry(session, viewer, entry_id)
    if before is not None and (before.title, before.body) == (written.title, written.body):
        _give_turn_back(session, viewer)
        return
    now = clock()
    change = {"version": version + 1, "changed_seq": seq, "edited_at": now}
    run(session, _CHANGE_ENTRY, seen_by(viewer, entry=entry_id, **change))
    _write_revision(session, viewer, entry_id, version + 1, written, now)
    append(
        session,
        clock,
        viewer,
        EventType.entry_edited,
        entry_id,
        answers_id=entry.parent_id,
        revision=version + 1,
        detail=entry.kind,
    )


def remove(
    session: Session, clock: Clock, viewer: Viewer, entry_id: UUID, *, version: int | None = None
) -> None:
    """Takes the entry out of sight; what answered it stays readable. Its author may, and staff.

    Raises ``may_not_post``, ``entry_not_found``, ``entry_removed``, ``not_author``, ``entry_changed``.
    """
    let_write(viewer)
    seq = take_turn(session, viewer).seq
    entry = _answerable(session, viewer, entry_id)
    is_own = entry.voice_id == viewer.voice_id
    if not is_own and not viewer.is_staff:
        raise NotAllowed("not_author")
    if version is not None:
        _check_version(entry, version)
    run(session, _CHANGE_ENTRY, seen_by(viewer, entry=entry_id, changed_seq=seq, deleted_at=clock()))
    if entry.parent_id:
        _count_replies(session, viewer, entry.thread_id, -1)
    append(
        session,
        clock,
        viewer,
        EventType.entry_deleted if is_own else EventType.entry_removed,
        entry_id,
        answers_id=entry.parent_id,
        detail=entry.kind,
    )


def react(
    session: Session, clock: Clock, viewer: Viewer, entry_id: UUID, kind: ReactionKind, *, on: bool = True
) -> None:
    """Gives or takes back a reaction; doing so twice changes nothing: no second event, no news for anybody.

    Raises ``may_not_post``, ``entry_not_found``, ``entry_removed``.
    """
    let_write(viewer)
    seq = take_turn(session, viewer).seq
    _answerable(session, viewer, entry_id)
    if on:
        given = upsert(session, Reaction).on_conflict_do_nothing().returning(Reaction.kind)
        reaction = {
            "tenant_id": viewer.tenant_id,
            "entry_id": entry_id,
            "voice_id": viewer.voice_id,
            "kind": kind,
            "created_at": clock(),
        }
        changed = run(session, given, reaction).first()
    else:
        changed = run(session, _TAKE_BACK, seen_by(viewer, entry=entry_id, reaction=kind)).first()
    if changed is None:
        _give_turn_back(session, viewer)
        return
    run(session, _CHANGE_ENTRY, seen_by(viewer, entry=entry_id, changed_seq=seq))
    happened = EventType.reaction_added if on else EventType.reaction_removed
    append(session, clock, viewer, happened, entry_id, answers_id=entry_id, detail=kind)


def save_draft(session: Session, viewer: Viewer, about: str, fields: dict[str, Any]) -> None:
    """Keeps what the viewer is writing, for their eyes only: after the close too, so that nothing begun is lost.

    Raises ``may_not_post``, ``panel_not_open``, ``draft_misplaced``, ``draft_too_long``.
    """
    if not viewer.is_late:
        let_write(viewer)
    if not ABOUT.fullmatch(about):
        raise Invalid("draft_misplaced")
    if sum(len(str(value)) for value in fields.values()) > MAX_DRAFT:
        raise Invalid("draft_too_long", most=MAX_DRAFT)
    fields = {
        name: text.storable(value) if isinstance(value, str) else value for name, value in fields.items()
    }
    kept = {"fields": fields}
    session.execute(
        upsert(session, Draft)
        .values(
            tenant_id=viewer.tenant_id,
            panel_id=viewer.panel.id,
            person_id=viewer.person_id,
            about=about,
            **kept,
        )
        .on_conflict_do_update(index_elements=["tenant_id", "panel_id", "person_id", "about"], set_=kept)
    )


def drop_draft(session: Session, viewer: Viewer, about: str) -> None:
    run(session, _DROP_DRAFT, seen_by(viewer, draft=about))


def take_turn(session: Session, viewer: Viewer) -> Turn:
    """Raises the panel's counter, and so holds its row: what is read from here on cannot change under us."""
    taken = run(session, _RAISE_COUNTER, seen_by(viewer)).one()
    return Turn(taken.counter, *rules_of_version(session, viewer, taken.template_version_id))


def _give_turn_back(session: Session, viewer: Viewer) -> None:
    """Nothing changed after all, and nobody is to look for what is new."""
    run(session, _LOWER_COUNTER, seen_by(viewer))


def _for_whom(
    session: Session, viewer: Viewer, mode: GroupMode, parent: Any | None, wanted: UUID | None
) -> UUID | None:
    """The group that a new entry is for, or None for all."""
    if parent is not None and parent.group_id is not None:
        if not is_open(session, viewer, parent.group_id):
            raise Conflict("group_closed")
        answered: UUID = parent.group_id
        return answered
    if mode is GroupMode.everyone:
        # Written for a group, it must not be read by all because the set-up changed meanwhile.
        if wanted is not None:
            raise Conflict("groups_changed")
        return None
    if parent is not None and viewer.is_staff and wanted is None:
        return None
    return group_to_write_to(session, viewer, mode, wanted)


def let_write(viewer: Viewer) -> None:
    """Raises ``panel_not_open``, ``panel_closed``, ``in_no_group`` and ``may_not_post``."""
    if viewer.is_early:
        raise NotAllowed("panel_not_open", at=viewer.panel.opens_at)
    if viewer.is_late:
        raise NotAllowed("panel_closed", at=viewer.panel.closes_at)
    if viewer.lacks_group:
        raise NotAllowed("in_no_group")
    if not viewer.may_post:
        raise NotAllowed("may_not_post")


def _checked(title: str, body: str) -> _Written:
    """Rendered before the panel's row is taken: a long text may need a while."""
    title, body = text.one_line(title), text.tidy(body)
    if not text.is_seen(body):
        raise Invalid("body_missing", field="body")
    text.check_length("title", title, text.MAX_TITLE)
    return _Written(title, body, text.render(body))


def _answerable(session: Session, viewer: Viewer, entry_id: UUID) -> Any:
    """An entry that the viewer sees and that was not removed."""
    found = find_standing(session, viewer, entry_id)
    if found is None:
        raise NotFound("entry_not_found")
    if found.deleted_at is not None:
        raise Conflict("entry_removed")
    return found


def _check_version(entry: Any, version: int) -> None:
    if entry.version != version:
        raise Conflict("entry_changed", version=entry.version)


def _was_posted(
    session: Session, viewer: Viewer, entry_id: UUID, parent_id: UUID | None, written: _Written
) -> bool:
    """Whether this key was used before. With other content that is a mistake of the sender's."""
    found = as_posted(session, viewer, entry_id)
    if found is None:
        return False
    if found != (parent_id, written.title, written.body):
        raise Conflict("idempotency_key_reused")
    return True


def _write_revision(
    session: Session, viewer: Viewer, entry_id: UUID, number: int, written: _Written, now: datetime
) -> None:
    revision = {
        "tenant_id": viewer.tenant_id,
        "entry_id": entry_id,
        "number": number,
        **written._asdict(),
        "created_at": now,
    }
    run(session, _ADD_REVISION, revision)


def _count_replies(session: Session, viewer: Viewer, thread_id: UUID, change: int) -> None:
    run(session, _COUNT_REPLIES, seen_by(viewer, entry=thread_id, more=change))


_ADD_ENTRY = insert(Entry)
_ADD_REVISION = insert(Revision)
_CHANGE_ENTRY = update(Entry).where(
    Entry.tenant_id == bindparam("viewer_tenant"), Entry.id == bindparam("entry")
)
_COUNT_REPLIES = _CHANGE_ENTRY.values(replies=Entry.replies + bindparam("more"))
_THE_PANEL = update(Panel).where(
    Panel.tenant_id == bindparam("viewer_tenant"), Panel.id == bindparam("viewer_panel")
)
_RAISE_COUNTER = _THE_PANEL.values(counter=Panel.counter + 1).returning(
    Panel.counter, Panel.template_version_id
)
_LOWER_COUNTER = _THE_PANEL.values(counter=Panel.counter - 1)
_TAKE_BACK = (
    delete(Reaction)
    .where(
        Reaction.tenant_id == bindparam("viewer_tenant"),
        Reaction.entry_id == bindparam("entry"),
        Reaction.voice_id == bindparam("viewer_voice"),
        Reaction.kind == bindparam("reaction"),
    )
    .returning(Reaction.kind)
)
_DROP_DRAFT = delete(Draft).where(
    Draft.tenant_id == bindparam("viewer_tenant"),
    Draft.panel_id == bindparam("viewer_panel"),
    Draft.person_id == bindparam("viewer_person"),
    Draft.about == bindparam("draft"),
)
