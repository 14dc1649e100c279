"""Reads: everything that the statements of a batch of events need, in a fixed number of queries."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session, aliased

from social_layer.database import rows as plain_rows
from social_layer.discussion.models import Entry, Revision
from social_layer.events.models import Event
from social_layer.panels.models import Panel, TemplateVersion
from social_layer.people.models import Account, Course, Person, Tenant, Voice


@dataclass(frozen=True, slots=True)
class Place:
    """A panel and its course, as they are named now. ``title_language``: in which language titles are written."""

    panel_id: UUID
    panel_title: str
    course_id: UUID
    course_title: str
    home_page: str
    language: str | None
    title_language: str | None


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who did it: an account, or a voice alone for an alias and for somebody erased.

    ``name`` is what an LRS is told, which is none unless :mod:`xapi.scopes` says so; ``person_name`` is what the
    LMS told us.
    """

    voice_id: UUID
    registration: UUID
    home_page: str | None
    account: str | None
    person_id: UUID | None = None
    person_name: str | None = None
    is_erased: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True)
class EntryNode:
    """An entry without its words."""

    id: UUID
    kind: str


class Occurrence(NamedTuple):
    """An event with all that its statements name. ``answers_id``: None if what it answers left no statement.
    ``answered``: whom it answers, unless they were erased; ``answered_at``: when they did that. ``text``: the words of
    its entry, only where they may leave (see :func:`with_texts`)."""

    tenant_id: UUID
    event_id: UUID
    type: str
    occurred_at: datetime
    answers_id: UUID | None
    revision: int | None
    detail: str | None
    speaker: Speaker
    place: Place
    entry: EntryNode | None
    parent: EntryNode | None
    thread: EntryNode | None
    answered: Speaker | None = None
    answered_at: datetime | None = None
    text: str | None = None


_entry, _parent, _thread = aliased(Entry), aliased(Entry), aliased(Entry)
_answered, _answered_voice = aliased(Event), aliased(Voice)
# Written once: putting the query together takes longer than running it.
_EVENTS = (
    select(
        Event.id,
        Event.type,
        Event.occurred_at,
        Event.panel_id,
        Event.answers_id,
        Event.revision,
        Event.detail,
        Voice.id.label("voice_id"),
        Voice.person_id,
        Voice.registration,
        Voice.erased_at,
        Person.name.label("person_name"),
        _answered.occurred_at.label("answered_at"),
        _answered_voice.is_test.label("answers_test"),
        _answered_voice.id.label("answered_voice_id"),
        _answered_voice.person_id.label("answered_person_id"),
        _answered_voice.registration.label("answered_registration"),
        _answered_voice.erased_at.label("answered_erased_at"),
        _entry.id.label("entry_id"),
        _entry.kind.label("entry_kind"),
        _parent.id.label("parent_id"),
        _parent.kind.label("parent_kind"),
        _thread.id.label("thread_id"),
        _thread.kind.label("thread_kind"),
    )
    .join(Voice, and_(Voice.tenant_id == Event.tenant_id, Voice.id == Event.voice_id))
    .outerjoin(Person, and_(Person.tenant_id == Voice.tenant_id, Person.id == Voice.person_id))
    .outerjoin(_entry, and_(_entry.tenant_id == Event.tenant_id, _entry.id == Event.object_id))
    .outerjoin(_parent, and_(_parent.tenant_id == _entry.tenant_id, _parent.id == _entry.parent_id))
    .outerjoin(_thread, and_(_thread.tenant_id == _entry.tenant_id, _thread.id == _entry.thread_id))
    .outerjoin(_answered, and_(_answered.tenant_id == Event.tenant_id, _answered.id == Event.answers_id))
    .outerjoin(
        _answered_voice,
        and_(_answered_voice.tenant_id == _answered.tenant_id, _answered_voice.id == _answered.voice_id),
    )
    .where(Event.tenant_id == bindparam("tenant_id"), Event.id.in_(bindparam("ids", expanding=True)))
)


def occurrences(session: Session, tenant_id: UUID, event_ids: Collection[UUID]) -> dict[UUID, Occurrence]:
    """By event id; three queries, however many events."""
    rows = plain_rows(session, _EVENTS, {"tenant_id": tenant_id, "ids": list(event_ids)})
    places = places_named(session, tenant_id, {row.panel_id for row in rows})
    people = {row.person_id for row in rows} | {row.answered_person_id for row in rows}
    accounts = _accounts(session, tenant_id, people - {None})
    speakers: dict[UUID, Speaker] = {}
    answered: dict[UUID, Speaker] = {}
    nodes: dict[UUID, EntryNode] = {}

    def node(entry_id: UUID | None, kind: str) -> EntryNode | None:
        if entry_id is None:
            return None
        found = nodes.get(entry_id)
        if found is None:
            found = nodes[entry_id] = EntryNode(entry_id, kind)
        return found

    found = {}
    # Taken apart at once: asking a row for each column by its name costs as much as all the rest.
    for (
        event_id, happened, occurred_at, panel_id, answers_id, revision, detail,
        voice_id, person_id, registration, erased_at, person_name,
        answered_at, answers_test, answered_voice_id, answered_person_id, answered_registration, answered_erased_at,
        entry_id, entry_kind, parent_id, parent_kind, thread_id, thread_kind,
    ) in rows:  # fmt: skip
        place = places[panel_id]
        speaker = speakers.get(voice_id)
        if speaker is None:
            home_page, account = _account_for(accounts.get(person_id, []), place.home_page)
            speaker = speakers[voice_id] = Speaker(
                voice_id, registration, home_page, account, person_id, person_name, erased_at is not None
            )
        may_be_named = answered_voice_id and not answers_test and answered_erased_at is None
        if may_be_named and answered_voice_id not in answered:
            # Without a name: that stands in their own statement, where their scope says so.
            answered[answered_voice_id] = Speaker(
                answered_voice_id,
                answered_registration,
                *_account_for(accounts.get(answered_person_id, []), place.home_page),
                answered_person_id,
            )
        found[event_id] = Occurrence(
            tenant_id=tenant_id,
            event_id=event_id,
            type=happened,
            occurred_at=occurred_at,
            # The LMS's test student leaves no statements to refer to.
            answers_id=None if answers_test else answers_id,
            revision=revision,
            detail=detail,
            speaker=speaker,
            place=place,
            entry=node(entry_id, entry_kind),
            parent=node(parent_id, parent_kind),
            thread=node(thread_id, thread_kind),
            answered=answered[answered_voice_id] if may_be_named else None,
            answered_at=answered_at,
        )
    return found


def with_texts(
    session: Session, tenant_id: UUID, found: Mapping[UUID, Occurrence], wanted: Collection[UUID]
) -> dict[UUID, Occurrence]:
    """``found``, where the acts ``wanted`` that published or changed an entry bear its words: title, empty line, body.

    What was removed has none any more. One query, or none.
    """
    told = dict(found)
    worded = {
        key: (one.entry.id, one.revision)
        for key in wanted
        if (one := found[key]).entry is not None and one.revision is not None
    }
    if not worded:
        return told
    rows = session.execute(
        select(Revision.entry_id, Revision.number, Revision.title, Revision.body)
        .join(Entry, and_(Entry.tenant_id == Revision.tenant_id, Entry.id == Revision.entry_id))
        .where(
            Revision.tenant_id == tenant_id,
            Revision.entry_id.in_({entry_id for entry_id, _ in worded.values()}),
            Entry.deleted_at.is_(None),
        )
    )
    texts = {(row.entry_id, row.number): f"{row.title}\n\n{row.body}".strip() for row in rows}
    for key, revision in worded.items():
        told[key] = found[key]._replace(text=texts.get(revision) or None)
    return told


def places_named(session: Session, tenant_id: UUID, panel_ids: set[UUID]) -> dict[UUID, Place]:
    """By panel id; one query."""
    rows = session.execute(
        select(Panel.id, TemplateVersion.title, Course, Tenant.language)
        .join(Course, and_(Course.tenant_id == Panel.tenant_id, Course.id == Panel.course_id))
        .join(
            TemplateVersion,
            and_(
                TemplateVersion.tenant_id == Panel.tenant_id, TemplateVersion.id == Panel.template_version_id
            ),
        )
        .join(Tenant, Tenant.id == Panel.tenant_id)
        .where(Panel.tenant_id == tenant_id, Panel.id.in_(panel_ids))
    )
    return {
        panel_id: Place(
            panel_id=panel_id,
            panel_title=title,
            course_id=course.id,
            course_title=course.title,
            home_page=course.home_page,
            language=course.language,
            title_language=course.language or tenant_language,
        )
        for panel_id, title, course, tenant_language in rows
    }


def _accounts(session: Session, tenant_id: UUID, person_ids: set[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    found: dict[UUID, list[tuple[str, str]]] = {}
    for person_id, home_page, name in session.execute(
        select(Account.person_id, Account.home_page, Account.name)
        .where(Account.tenant_id == tenant_id, Account.person_id.in_(person_ids))
        .order_by(Account.home_page, Account.name)
    ):
        found.setdefault(person_id, []).append((home_page, name))
    return found


def _account_for(accounts: list[tuple[str, str]], home_page: str) -> tuple[str | None, str | None]:
    """The account by which the course's own LMS knows the person, so that its records and ours join."""
    for account in accounts:
        if account[0] == home_page:
            return account
    return accounts[0] if accounts else (None, None)
