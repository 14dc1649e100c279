"""Tables: tenant, person, account, course, membership, groups, voice and its sealed owner."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from social_layer.database import Base, Tenanted, of_tenant, refers_to


class Role(StrEnum):
    """What somebody is in a course. Ordered from most to least rights over the panel."""

    administrator = "administrator"
    instructor = "instructor"
    designer = "designer"
    assistant = "assistant"
    learner = "learner"
    observer = "observer"


STAFF = frozenset({Role.administrator, Role.instructor, Role.assistant})
# Who divides a course into groups, and begins and ends its terms.
MAY_ARRANGE = frozenset({Role.administrator, Role.instructor})
MAY_SET_UP = frozenset({Role.administrator, Role.instructor, Role.designer})


class Installation(Base):
    """What was fixed at first start and holds for every tenant, such as the base of all activity ids."""

    __tablename__ = "installation"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(2048))


class Tenant(Base):
    """An institution; owns everything below."""

    __tablename__ = "tenant"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    language: Mapped[str] = mapped_column(String(35), default="en")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    created_at: Mapped[datetime]


class Person(Tenanted, Base):
    """Somebody a tenant knows. The name is the one that the LMS gave last, and none where it withheld it then."""

    __tablename__ = "person"
    __table_args__ = (of_tenant(),)
    name: Mapped[str | None] = mapped_column(String(255))
    language: Mapped[str | None] = mapped_column(String(35))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Account(Tenanted, Base):
    """A name by which a home page knows a person: for LTI ``(issuer, sub)``."""

    __tablename__ = "account"
    __table_args__ = (
        refers_to("person", "person_id"),
        UniqueConstraint("tenant_id", "home_page", "name"),
        Index(None, "tenant_id", "person_id"),
    )
    person_id: Mapped[UUID]
    home_page: Mapped[str] = mapped_column(String(512))
    name: Mapped[str] = mapped_column(String(255))


class Course(Tenanted, Base):
    """An LTI context. ``home_page`` names the accounts by which its LMS knows its people."""

    __tablename__ = "course"
    __table_args__ = (of_tenant(),)
    home_page: Mapped[str] = mapped_column(String(512))
    title: Mapped[str] = mapped_column(String(255))
    label: Mapped[str | None] = mapped_column(String(255))
    language: Mapped[str | None] = mapped_column(String(35))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    # Raised when an instructor starts a new term: older entries are then archived, not deleted.
    term: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class Membership(Tenanted, Base):
    """Ties a person to a course with a role. Not ``active`` means: was in the course, may not look in any more."""

    __tablename__ = "membership"
    __table_args__ = (
        refers_to("person", "person_id"),
        refers_to("course", "course_id"),
        UniqueConstraint("tenant_id", "course_id", "person_id"),
        Index(None, "tenant_id", "person_id"),
    )
    person_id: Mapped[UUID]
    course_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(String(16))
    # What the last launch said; the LMS's list of members may say less.
    launch_role: Mapped[str | None] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=True)
    # The LMS's own test student: may do everything, leaves no statements.
    is_test: Mapped[bool] = mapped_column(default=False)
    # Launched with rights over the institution: the course's own list need not name them.
    from_outside: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    # None: known from the LMS's list alone, never came.
    last_launch_at: Mapped[datetime | None]
    # When the LMS's list of members last named them.
    listed_at: Mapped[datetime | None]


class CourseTerm(Base):
    """A term of a course that is over: its entries bear its number, and are archived."""

    __tablename__ = "course_term"
    __table_args__ = (refers_to("course", "course_id"),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    course_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime]


class GroupOrigin(StrEnum):
    """Who says which groups there are, and who is in them."""

    lms = "lms"
    hand = "hand"


class GroupSet(Tenanted, Base):
    """One way of dividing a course. Without a name it is that of its LMS, which gave none."""

    __tablename__ = "group_set"
    __table_args__ = (refers_to("course", "course_id"), Index(None, "tenant_id", "course_id"))
    course_id: Mapped[UUID]
    origin: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[datetime]
    # Offered no more; entries written for its groups stay as they are.
    removed_at: Mapped[datetime | None]


class CourseGroup(Tenanted, Base):
    """A group of people within a course. Without a name it is called by its number."""

    __tablename__ = "course_group"
    __table_args__ = (
        refers_to("course", "course_id"),
        refers_to("group_set", "set_id"),
        Index(None, "tenant_id", "course_id"),
        Index(None, "tenant_id", "set_id"),
    )
    course_id: Mapped[UUID]
    set_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(String(255), default="")
    # Nobody writes in it any more; those who were in it, and staff, read what was written.
    removed_at: Mapped[datetime | None]


class GroupMember(Base):
    """A person in a group."""

    __tablename__ = "group_member"
    __table_args__ = (
        refers_to("course_group", "group_id"),
        refers_to("person", "person_id"),
        Index(None, "tenant_id", "person_id"),
    )
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    group_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)


class Voice(Tenanted, Base):
    """The name under which entries are written: a person's own in a course, or an alias.

    An own voice names its person. An alias names nobody: who is behind it stands sealed in ``voice_owner``.
    ``registration`` is the random UUID by which statements made under this voice belong together.
    """

    __tablename__ = "voice"
    __table_args__ = (
        refers_to("course", "course_id"),
        refers_to("person", "person_id"),
        UniqueConstraint("tenant_id", "course_id", "person_id"),
    )
    course_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    alias: Mapped[str | None] = mapped_column(String(64))
    registration: Mapped[UUID] = mapped_column(default=uuid4)
    is_test: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    # Whose it was asked for everything to be removed: nobody is behind it any more.
    erased_at: Mapped[datetime | None]


class VoiceOwner(Base):
    """Who is behind an alias, sealed. ``finder`` is a keyed digest by which owners find their own aliases."""

    __tablename__ = "voice_owner"
    __table_args__ = (refers_to("voice", "voice_id"), Index(None, "tenant_id", "finder"))
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    voice_id: Mapped[UUID] = mapped_column(primary_key=True)
    finder: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_person: Mapped[str] = mapped_column(String(255))
