"""The people, courses and links of the sandbox: who is enrolled where, and what each link carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a person is in one course."""

    INSTRUCTOR = "instructor"
    ASSISTANT = "assistant"
    LEARNER = "learner"
    DESIGNER = "designer"
    OBSERVER = "observer"


class Unknown(LookupError):
    """Nobody or nothing in the sandbox answers to this name."""


@dataclass(frozen=True)
class Person:
    key: str
    """The name in the sandbox's own addresses; `sub` is what tools see."""
    sub: str
    given_name: str
    family_name: str
    email: str
    username: str
    sourced_id: str = ""
    about: str = ""
    administrator: bool = False
    test_student: bool = False
    extra: bool = False
    """One of many made at once: enrolled like anybody, but left out where one chooses who to be."""

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def initials(self) -> str:
        return (self.given_name[:1] + self.family_name[:1]).upper()


@dataclass(frozen=True)
class Link:
    """A resource link: one place in a course that opens the tool."""

    key: str
    id: str
    course: str
    title: str
    description: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    target_link_uri: str = ""
    placement: str = ""
    """Canvas: where the link stands, such as `course_navigation`."""
    client_id: str = ""
    """The tool it opens; empty for the one the platform started with."""
    deep_linked: bool = False
    """Placed by an instructor with the tool's own page."""
    available: Mapping[str, str] = field(default_factory=dict)
    submission: Mapping[str, str] = field(default_factory=dict)
    """Dates as the tool gave them: startDateTime, endDateTime."""
    history: tuple[str, ...] = ()
    """Ids of the links this one was copied from, nearest first."""


@dataclass(frozen=True)
class Lesson:
    """A page of a course; its template sets the panels of `links` between its paragraphs."""

    key: str
    title: str
    minutes: int
    template: str = "sandbox/lessons/plain.html"
    links: tuple[str, ...] = ()


@dataclass
class Course:
    key: str
    id: str
    title: str
    label: str
    summary: str = ""
    accent: str = "green"
    members: dict[str, Role] = field(default_factory=dict)
    suspended: dict[str, str] = field(default_factory=dict)
    """People who may not enter for now, with the status that Names and Roles shows; empty: left out there."""
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Group ids by the person's key."""
    links: dict[str, str] = field(default_factory=dict)
    """A copy's own links by the key of the link each was copied from."""
    history: tuple[str, ...] = ()
    """Context ids of the courses this one was copied from, nearest first."""
    lessons: tuple[Lesson, ...] = ()
    timezone: str = "Europe/Dublin"


@dataclass
class World:
    """Everything by its key. People, courses and links are also found by the ids that tools see."""

    people: dict[str, Person] = field(default_factory=dict)
    courses: dict[str, Course] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)

    _by_sub: dict[str, Person] = field(default_factory=dict)

    def add_person(self, person: Person) -> None:
        self.people[person.key] = self._by_sub[person.sub] = person

    def person(self, key_or_sub: str) -> Person:
        if found := self.people.get(key_or_sub):
            return found
        if found := self._by_sub.get(key_or_sub):
            return found
        raise Unknown(f"No person {key_or_sub!r}")

    def course(self, key_or_id: str) -> Course:
        if found := self.courses.get(key_or_id):
            return found
        for course in self.courses.values():
            if course.id == key_or_id:
                return course
        raise Unknown(f"No course {key_or_id!r}")

    def link(self, key: str) -> Link:
        try:
            return self.links[key]
        except KeyError:
            raise Unknown(f"No link {key!r}") from None

    def link_here(self, course: Course, key: str) -> Link:
        """The link that a lesson names; in a copied course it is the copy's own."""
        return self.link(course.links.get(key, key))

    def links_of(self, course: Course) -> list[Link]:
        return [link for link in self.links.values() if link.course == course.key]

    def courses_of(self, person: Person) -> list[Course]:
        """Courses the person is enrolled in; an administrator sees all."""
        return [c for c in self.courses.values() if self.may_enter(person, c)]

    def may_enter(self, person: Person, course: Course) -> bool:
        enrolled = person.key in course.members and person.key not in course.suspended
        return person.administrator or enrolled

    def may_edit(self, person: Person, course: Course) -> bool:
        """Add activities, copy and reset the course; a non-editing teacher may not."""
        edits = self.role_of(person, course) in (Role.INSTRUCTOR, Role.DESIGNER)
        return person.administrator or (edits and self.may_enter(person, course))

    def may_grade(self, person: Person, course: Course) -> bool:
        grades = self.role_of(person, course) in (Role.INSTRUCTOR, Role.ASSISTANT)
        return person.administrator or (grades and self.may_enter(person, course))

    def role_of(self, person: Person, course: Course) -> Role | None:
        """None for an administrator who is not enrolled."""
        return course.members.get(person.key)

    def roles_of(self, person: Person) -> set[Role]:
        return {c.members[person.key] for c in self.courses.values() if person.key in c.members}
