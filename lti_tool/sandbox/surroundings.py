"""What every course page shows around its own content: who is looking, the outline, what they may do here."""

from typing import Any

from flask import abort, request

from lti_tool.sandbox.world import Course, Lesson, Link, Person, Unknown, World


def refuse_other_sites() -> None:
    """Nobody is logged in here, so a form of another site must not change anything either."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        abort(403)


def person_in(world: World, course_key: str, person_key: str) -> tuple[Person, Course]:
    """Raises Unknown when the person may not enter the course."""
    person, course = world.person(person_key), world.course(course_key)
    if not world.may_enter(person, course):
        raise Unknown(f"{person.name} is not enrolled in {course.title}")
    return person, course


def lessons_of(world: World, course: Course) -> tuple[Lesson, ...]:
    if course.lessons:
        return course.lessons
    links = tuple(link.key for link in world.links_of(course) if not link.placement and not link.deep_linked)
    return (Lesson("all", course.title, 5, links=links),)


def stands_alone(course: Course, link: Link) -> bool:
    """Whether the outline names the link because no lesson holds it."""
    held = {course.links.get(key, key) for lesson in course.lessons for key in lesson.links}
    apart = link.deep_linked or (bool(course.lessons) and link.key not in held)
    return apart and not link.placement


def around(world: World, person: Person, course: Course) -> dict[str, Any]:
    """The names that course.html needs."""
    links = world.links_of(course)
    return {
        "me": person,
        "course": course,
        "outline": lessons_of(world, course),
        "commons": [link for link in links if link.placement],
        "activities": [link for link in links if stands_alone(course, link)],
        "may_edit": world.may_edit(person, course),
        "may_grade": world.may_grade(person, course),
    }
