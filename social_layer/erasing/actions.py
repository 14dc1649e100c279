"""Removes a person from the domain: texts, reactions, drafts, marks, times of reading, groups, name and accounts.

What others wrote stays, and so does the place of each entry, so that threads can still be read. The log keeps what
happened, under a voice that nobody is behind any more.
"""

from collections.abc import Iterable
from uuid import UUID, uuid4

from sqlalchemy import Delete, Select, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from social_layer.clock import Clock
from social_layer.discussion.models import Draft, Entry, Reaction, ReadingTime, ReadMark, Revision
from social_layer.grading.models import Judgement, PanelGrading
from social_layer.panels.models import Panel
from social_layer.people.models import Account, GroupMember, Membership, Person, Voice

Counts = dict[str, int]


def erase(session: Session, clock: Clock, tenant_id: UUID, person_id: UUID) -> Counts:
    """Answers how much of what was removed. What other layers know of the person must be gone before.

    One transaction of the caller's. Takes the panels in one order, as whoever posts in one of them does.
    """
    voices = select(Voice.id).where(Voice.tenant_id == tenant_id, Voice.person_id == person_id)
    entries = select(Entry.id).where(Entry.tenant_id == tenant_id, Entry.voice_id.in_(voices))
    counts = _remove_entries(session, clock, tenant_id, voices, entries)
    memberships = select(Membership.id).where(
        Membership.tenant_id == tenant_id, Membership.person_id == person_id
    )
    counts |= _remove_judgements(session, tenant_id, memberships)
    for name, table in (("drafts", Draft), ("read_marks", ReadMark), ("groups", GroupMember)):
        counts[name] = _count(
            session, delete(table).where(table.tenant_id == tenant_id, table.person_id == person_id)
        )
    counts["reading_times"] = _count(
        session,
        delete(ReadingTime).where(ReadingTime.tenant_id == tenant_id, ReadingTime.voice_id.in_(voices)),
    )
    counts["voices"] = _silence(session, clock, tenant_id, person_id)
    counts["accounts"] = _count(
        session, delete(Account).where(Account.tenant_id == tenant_id, Account.person_id == person_id)
    )
    counts["memberships"] = _leave(session, tenant_id, person_id)
    return counts


def _remove_entries(
    session: Session, clock: Clock, tenant_id: UUID, voices: Select[UUID], entries: Select[UUID]
) -> Counts:
    reacted_to = select(Reaction.entry_id).where(
        Reaction.tenant_id == tenant_id, Reaction.voice_id.in_(voices)
    )
    touched = or_(Entry.voice_id.in_(voices), Entry.id.in_(reacted_to))
    panels = session.scalars(
        select(Entry.panel_id)
        .where(Entry.tenant_id == tenant_id, touched)
        .distinct()
        .order_by(Entry.panel_id)
    ).all()
    for panel_id in panels:
        # Whoever looks for news finds these entries changed.
        turn = session.scalar(
            update(Panel)
            .where(Panel.tenant_id == tenant_id, Panel.id == panel_id)
            .values(counter=Panel.counter + 1)
            .returning(Panel.counter)
        )
        session.execute(
            update(Entry)
            .where(Entry.tenant_id == tenant_id, Entry.panel_id == panel_id, touched)
            .values(changed_seq=turn)
            .execution_options(synchronize_session=False)
        )
    revisions = delete(Revision).where(Revision.tenant_id == tenant_id, Revision.entry_id.in_(entries))
    reactions = delete(Reaction).where(Reaction.tenant_id == tenant_id, Reaction.voice_id.in_(voices))
    counts = {"revisions": _count(session, revisions), "reactions": _count(session, reactions)}
    threads = session.scalars(
        select(Entry.thread_id).where(Entry.tenant_id == tenant_id, Entry.voice_id.in_(voices)).distinct()
    ).all()
    session.execute(
        update(Entry)
        .where(Entry.tenant_id == tenant_id, Entry.voice_id.in_(voices), Entry.deleted_at.is_(None))
        .values(deleted_at=clock())
        .execution_options(synchronize_session=False)
    )
    counts["entries"] = session.scalar(select(func.count()).select_from(entries.subquery())) or 0
    for some in _several(threads):
        _count_replies(session, tenant_id, some)
    return counts


def _count_replies(session: Session, tenant_id: UUID, threads: list[UUID]) -> None:
    below = aliased(Entry)
    standing = (
        select(func.count())
        .where(
            below.tenant_id == tenant_id,
            below.thread_id == Entry.id,
            below.depth > 0,
            below.deleted_at.is_(None),
        )
        .correlate(Entry)
        .scalar_subquery()
    )
    session.execute(
        update(Entry)
        .where(Entry.tenant_id == tenant_id, Entry.id.in_(threads))
        .values(replies=standing)
        .execution_options(synchronize_session=False)
    )


def _remove_judgements(session: Session, tenant_id: UUID, memberships: Select[UUID]) -> Counts:
    about = (Judgement.tenant_id == tenant_id, Judgement.membership_id.in_(memberships))
    panels = session.scalars(select(Judgement.panel_id).where(*about).distinct()).all()
    session.execute(
        update(PanelGrading)
        .where(PanelGrading.tenant_id == tenant_id, PanelGrading.panel_id.in_(panels))
        .values(changes=PanelGrading.changes + 1)
        .execution_options(synchronize_session=False)
    )
    return {"judgements": _count(session, delete(Judgement).where(*about))}


def _silence(session: Session, clock: Clock, tenant_id: UUID, person_id: UUID) -> int:
    """The voices stay in the log, under other registrations, so that what is known elsewhere leads to nothing here."""
    voices = session.scalars(
        select(Voice).where(Voice.tenant_id == tenant_id, Voice.person_id == person_id)
    ).all()
    for voice in voices:
        voice.person_id, voice.registration, voice.erased_at = None, uuid4(), clock()
    session.flush()
    return len(voices)


def _leave(session: Session, tenant_id: UUID, person_id: UUID) -> int:
    """Memberships and person go, but where others' grades name somebody as who gave them: that one stays, nameless."""
    theirs = (Membership.tenant_id == tenant_id, Membership.person_id == person_id)
    has_judged = exists().where(Judgement.tenant_id == Membership.tenant_id, Judgement.by_id == Membership.id)
    counted = session.scalar(select(func.count()).select_from(Membership).where(*theirs)) or 0
    quiet = {"synchronize_session": False}
    session.execute(delete(Membership).where(*theirs, ~has_judged).execution_options(**quiet))
    session.execute(
        update(Membership)
        .where(*theirs)
        .values(active=False, last_launch_at=None, listed_at=None)
        .execution_options(**quiet)
    )
    person = (Person.tenant_id == tenant_id, Person.id == person_id)
    if session.scalar(select(exists().where(*theirs))):
        nameless = update(Person).where(*person).values(name=None, language=None, time_zone=None)
        session.execute(nameless.execution_options(**quiet))
    else:
        session.execute(delete(Person).where(*person).execution_options(**quiet))
    return counted


def _count(session: Session, change: Delete) -> int:
    done = session.execute(change.execution_options(synchronize_session=False))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _several(ids: Iterable[UUID], size: int = 500) -> Iterable[list[UUID]]:
    listed = list(ids)
    return (listed[at : at + size] for at in range(0, len(listed), size))
