"""One factory for each table of the domain: rows as they come, each with what it needs around it.

``with made_in(session): CourseFactory()``. What a factory is not told, it makes: a course makes its tenant.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from factory import LazyAttribute, LazyFunction, Sequence
from factory.alchemy import SQLAlchemyModelFactory
from sqlalchemy.orm import Session

from social_layer.discussion.models import (
    Audience,
    Draft,
    Entry,
    EntryKind,
    Reaction,
    ReactionKind,
    ReadingTime,
    ReadMark,
    Revision,
)
from social_layer.discussion.paths import depth_of, reply_path, thread_path
from social_layer.events.models import Event, EventType
from social_layer.panels.models import Kind, Panel, Template, TemplateVersion
from social_layer.people.models import (
    Account,
    Course,
    CourseGroup,
    GroupMember,
    GroupOrigin,
    GroupSet,
    Membership,
    Person,
    Role,
    Tenant,
    Voice,
    VoiceOwner,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_session: ContextVar[Session] = ContextVar("session")


@contextmanager
def made_in(session: Session) -> Iterator[Session]:
    """Factories write into ``session`` meanwhile."""
    token = _session.set(session)
    try:
        yield session
    finally:
        _session.reset(token)


class Rows(SQLAlchemyModelFactory):
    class Meta:
        abstract = True
        sqlalchemy_session_factory = _session.get
        sqlalchemy_session_persistence = "flush"


def _made(factory: str, *shared: str) -> LazyAttribute:
    """The id of a row made for it, which shares the named columns."""
    return LazyAttribute(lambda row: globals()[factory](**{name: getattr(row, name) for name in shared}).id)


class TenantFactory(Rows):
    class Meta:
        model = Tenant

    id = LazyFunction(uuid4)
    name = Sequence("tenant-{}".format)
    created_at = NOW


class _OfTenant(Rows):
    class Meta:
        abstract = True

    tenant_id = _made("TenantFactory")
    id = LazyFunction(uuid4)


class CourseFactory(_OfTenant):
    class Meta:
        model = Course

    home_page = "https://lms.example.edu"
    title = Sequence("Course {}".format)
    created_at = NOW


class PersonFactory(_OfTenant):
    class Meta:
        model = Person

    name = Sequence("Person {}".format)
    created_at = NOW


class AccountFactory(_OfTenant):
    class Meta:
        model = Account

    person_id = _made("PersonFactory", "tenant_id")
    home_page = "https://lms.example.edu"
    name = Sequence("account-{}".format)


class MembershipFactory(_OfTenant):
    class Meta:
        model = Membership

    course_id = _made("CourseFactory", "tenant_id")
    person_id = _made("PersonFactory", "tenant_id")
    role = Role.learner
    created_at = NOW


class VoiceFactory(_OfTenant):
    class Meta:
        model = Voice

    course_id = _made("CourseFactory", "tenant_id")
    person_id = _made("PersonFactory", "tenant_id")
    created_at = NOW


class VoiceOwnerFactory(Rows):
    class Meta:
        model = VoiceOwner

    tenant_id = _made("TenantFactory")
    voice_id = LazyAttribute(
        lambda row: VoiceFactory(tenant_id=row.tenant_id, person_id=None, alias="Quiet Otter").id
    )
    finder = b"f" * 32
    sealed_person = "sealed"


class GroupSetFactory(_OfTenant):
    class Meta:
        model = GroupSet

    course_id = _made("CourseFactory", "tenant_id")
    origin = GroupOrigin.hand
    name = Sequence("Groups {}".format)
    created_at = NOW


class CourseGroupFactory(_OfTenant):
    class Meta:
        model = CourseGroup

    course_id = _made("CourseFactory", "tenant_id")
    set_id = _made("GroupSetFactory", "tenant_id", "course_id")
    name = Sequence("Group {}".format)


class GroupMemberFactory(Rows):
    class Meta:
        model = GroupMember

    tenant_id = _made("TenantFactory")
    group_id = _made("CourseGroupFactory", "tenant_id")
    person_id = _made("PersonFactory", "tenant_id")


class TemplateFactory(_OfTenant):
    class Meta:
        model = Template

    created_at = NOW


class TemplateVersionFactory(_OfTenant):
    class Meta:
        model = TemplateVersion

    template_id = _made("TemplateFactory", "tenant_id")
    number = 1
    kind = Kind.discussion
    title = Sequence("Panel {}".format)
    created_at = NOW


class PanelFactory(_OfTenant):
    class Meta:
        model = Panel

    course_id = _made("CourseFactory", "tenant_id")
    template_version_id = _made("TemplateVersionFactory", "tenant_id")
    created_at = NOW


class EntryFactory(_OfTenant):
    """Its number within the panel is told apart by a sequence, not by the panel's counter."""

    class Meta:
        model = Entry

    class Params:
        below: Entry | None = None

    panel_id = _made("PanelFactory", "tenant_id")
    voice_id = _made("VoiceFactory", "tenant_id")
    seq = Sequence(lambda number: number + 1_000)
    changed_seq = LazyAttribute(lambda row: row.seq)
    thread_id = LazyAttribute(lambda row: row.below.thread_id if row.below else row.id)
    parent_id = LazyAttribute(lambda row: row.below.id if row.below else None)
    path = LazyAttribute(
        lambda row: reply_path(row.below.path, row.seq) if row.below else thread_path(row.seq)
    )
    depth = LazyAttribute(lambda row: depth_of(row.path))
    kind = LazyAttribute(lambda row: EntryKind.reply if row.below else EntryKind.topic)
    audience = Audience.course
    term = 1
    created_at = NOW


class RevisionFactory(Rows):
    class Meta:
        model = Revision

    tenant_id = _made("TenantFactory")
    entry_id = _made("EntryFactory", "tenant_id")
    number = 1
    title = ""
    body = "Some words"
    html = "<p>Some words</p>"
    created_at = NOW


class ReactionFactory(Rows):
    class Meta:
        model = Reaction

    tenant_id = _made("TenantFactory")
    entry_id = _made("EntryFactory", "tenant_id")
    voice_id = _made("VoiceFactory", "tenant_id")
    kind = ReactionKind.like
    created_at = NOW


class ReadMarkFactory(Rows):
    class Meta:
        model = ReadMark

    tenant_id = _made("TenantFactory")
    person_id = _made("PersonFactory", "tenant_id")
    thread_id = _made("EntryFactory", "tenant_id")
    seq = 1


class ReadingTimeFactory(Rows):
    class Meta:
        model = ReadingTime

    tenant_id = _made("TenantFactory")
    panel_id = _made("PanelFactory", "tenant_id")
    voice_id = _made("VoiceFactory", "tenant_id")
    thread_id = _made("EntryFactory", "tenant_id")
    day = NOW.date()
    seconds = 60
    last_at = NOW
    over_at = NOW


class DraftFactory(Rows):
    class Meta:
        model = Draft

    tenant_id = _made("TenantFactory")
    panel_id = _made("PanelFactory", "tenant_id")
    person_id = _made("PersonFactory", "tenant_id")
    about = "topic"
    fields = LazyFunction(lambda: {"body": "Half a thought"})


class EventFactory(_OfTenant):
    class Meta:
        model = Event

    type = EventType.panel_opened
    occurred_at = NOW
    voice_id = _made("VoiceFactory", "tenant_id")
    panel_id = _made("PanelFactory", "tenant_id")
    object_id = LazyAttribute(lambda row: row.panel_id)


def member_of(tenant_id: UUID, course_id: UUID, role: Role = Role.learner, **person: Any) -> Membership:
    """Somebody who arrived in the course: person, membership and own voice."""
    somebody = PersonFactory(tenant_id=tenant_id, **person)
    VoiceFactory(tenant_id=tenant_id, course_id=course_id, person_id=somebody.id)
    membership: Membership = MembershipFactory(
        tenant_id=tenant_id, course_id=course_id, person_id=somebody.id, role=role
    )
    return membership
