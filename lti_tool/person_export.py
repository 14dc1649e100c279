"""Everything that the installation knows of one person, as plain data."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from lti_tool.bridging import builder_of
from lti_tool.lti.grade_models import Score
from lti_tool.parts import Parts
from lti_tool.records.of_person import gathered_of
from social_layer.discussion.models import Draft, Entry, Reaction, ReadingTime, ReadMark, Revision
from social_layer.grading.models import Judgement
from social_layer.people.models import Account, Course, CourseGroup, GroupMember, Membership, Person, Voice
from xapi.scopes.models import ScopeChoice
from xapi.scopes.sent import sent_of_person

Row = dict[str, Any]
FORMAT = 1


def export_person(given: Parts, tenant_id: UUID, person_id: UUID) -> Row:
    """Texts with all their versions, what was sent of the person, as it is known to each LRS, and what was read back.

    What others wrote or judged in confidence is theirs: of judgements there are the points and comments alone.
    """
    builder = builder_of(given)
    gathered = gathered_of(given, tenant_id, person_id)
    with given.database.read() as session:
        of_person = {"tenant_id": tenant_id, "person_id": person_id}
        person = session.scalars(select(Person).filter_by(tenant_id=tenant_id, id=person_id)).one()
        members = select(Membership.id).filter_by(**of_person)
        voices = select(Voice.id).filter_by(**of_person)
        return {
            "format": FORMAT,
            "exported_at": _plain(given.clock()),
            "person": _told(person, "id", "name", "language", "time_zone", "created_at"),
            "accounts": _rows(session, Account, Account.person_id.in_([person_id]), "home_page", "name"),
            "courses": list(_courses(session, tenant_id, person_id)),
            "groups": [
                {"course": str(course), "name": name, "number": number}
                for course, name, number in session.execute(
                    select(CourseGroup.course_id, CourseGroup.name, CourseGroup.number)
                    .join(
                        GroupMember,
                        and_(
                            GroupMember.tenant_id == CourseGroup.tenant_id,
                            GroupMember.group_id == CourseGroup.id,
                        ),
                    )
                    .where(GroupMember.tenant_id == tenant_id, GroupMember.person_id == person_id)
                )
            ],
            "entries": list(_entries(session, tenant_id, person_id)),
            "reactions": _rows(
                session,
                Reaction,
                (Reaction.tenant_id == tenant_id) & Reaction.voice_id.in_(voices),
                "entry_id",
                "kind",
                "created_at",
            ),
            "drafts": _rows(session, Draft, _is(Draft, of_person), "panel_id", "about", "fields"),
            "read_marks": _rows(session, ReadMark, _is(ReadMark, of_person), "thread_id", "seq"),
            "reading_times": _rows(
                session,
                ReadingTime,
                (ReadingTime.tenant_id == tenant_id) & ReadingTime.voice_id.in_(voices),
                "thread_id",
                "day",
                "seconds",
            ),
            "judgements": _rows(
                session,
                Judgement,
                (Judgement.tenant_id == tenant_id) & Judgement.membership_id.in_(members),
                "panel_id",
                "points",
                "comment",
                "created_at",
                "ended_at",
            ),
            "scores": _rows(
                session,
                Score,
                (Score.tenant_id == tenant_id) & Score.membership_id.in_(members),
                "panel_id",
                "points",
                "maximum",
                "comment",
                "state",
                "sent_at",
            ),
            "choices": _rows(session, ScopeChoice, _is(ScopeChoice, of_person), "scope", "text", "since"),
            **gathered,
            "statements": [
                {"lrs": one.lrs, "state": one.state, "scope": one.scope, "statement": one.statement}
                for one in sent_of_person(session, builder, given.clock(), tenant_id, person_id)
            ],
        }


def _courses(session: Session, tenant_id: UUID, person_id: UUID) -> Iterator[Row]:
    rows = session.execute(
        select(Course, Membership)
        .join(Membership, and_(Membership.tenant_id == Course.tenant_id, Membership.course_id == Course.id))
        .where(Membership.tenant_id == tenant_id, Membership.person_id == person_id)
        .order_by(Membership.created_at)
    )
    for course, member in rows:
        yield {
            **_told(course, "id", "title", "home_page"),
            **_told(member, "role", "active", "created_at", "last_launch_at"),
        }


def _entries(session: Session, tenant_id: UUID, person_id: UUID) -> Iterator[Row]:
    """Removed ones too, as long as their text is kept."""
    texts: dict[UUID, list[Row]] = {}
    own = and_(Voice.tenant_id == Entry.tenant_id, Voice.id == Entry.voice_id, Voice.person_id == person_id)
    for revision in session.scalars(
        select(Revision)
        .join(Entry, and_(Entry.tenant_id == Revision.tenant_id, Entry.id == Revision.entry_id))
        .join(Voice, own)
        .where(Revision.tenant_id == tenant_id)
        .order_by(Revision.number)
    ):
        texts.setdefault(revision.entry_id, []).append(_told(revision, "title", "body", "created_at"))
    for entry in session.scalars(
        select(Entry).join(Voice, own).where(Entry.tenant_id == tenant_id).order_by(Entry.created_at)
    ):
        yield {
            **_told(entry, "id", "panel_id", "parent_id", "kind", "audience", "created_at", "deleted_at"),
            "versions": texts.get(entry.id, []),
        }


def _is(table: Any, values: Row) -> Any:
    return and_(*(getattr(table, name) == value for name, value in values.items()))


def _rows(session: Session, table: Any, condition: Any, *names: str) -> list[Row]:
    columns: list[InstrumentedAttribute[Any]] = [getattr(table, name) for name in names]
    found = session.execute(select(*columns).where(condition))
    return [{name: _plain(value) for name, value in zip(names, row, strict=True)} for row in found]


def _told(row: Any, *names: str) -> Row:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
