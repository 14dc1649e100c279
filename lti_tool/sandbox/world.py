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
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Group ids by the person's key."""
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

    def person(self, key_or_sub: str) -> Person:
        if found := self.people.get(key_or_sub):
            return found
        for person in self.people.values():
            if person.sub == key_or_sub:
                return person
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

    def links_of(self, course: Course) -> list[Link]:
        return [link for link in self.links.values() if link.course == course.key]

    def courses_of(self, person: Person) -> list[Course]:
        """Courses the person is enrolled in; an administrator sees all."""
        return [c for c in self.courses.values() if person.administrator or person.key in c.members]

    def role_of(self, person: Person, course: Course) -> Role | None:
        """None for an administrator who is not enrolled."""
        return course.members.get(person.key)

    def roles_of(self, person: Person) -> set[Role]:
        return {c.members[person.key] for c in self.courses.values() if person.key in c.members}
