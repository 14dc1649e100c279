"""Copies of courses and activities, and the reset of a course: what is new, what is kept, what is gone."""

import dataclasses
from typing import TYPE_CHECKING

from lti_tool.sandbox.gradebook import LineItem
from lti_tool.sandbox.world import Course, Link, Role

if TYPE_CHECKING:
    from lti_tool.sandbox.platform import Sandbox

STAFF = (Role.INSTRUCTOR, Role.ASSISTANT, Role.DESIGNER)


def copy_course(sandbox: "Sandbox", source: Course, key: str, title: str, label: str = "") -> Course:
    """A course with new ids, the same links and line items, the staff, and neither learners nor grades."""
    course = sandbox.add_course(
        key,
        title,
        label=label or f"{source.label}-{len(sandbox.world.courses) + 1}",
        summary=source.summary,
        accent=source.accent,
        history=(source.id, *source.history),
        lessons=source.lessons,
        members={who: role for who, role in source.members.items() if role in STAFF},
    )
    made = {link.key: copy_link(sandbox, link, course) for link in sandbox.world.links_of(source)}
    for item in sandbox.gradebook.items_of(source.key):
        if not item.link:
            _copy_item(sandbox, item, course, "")
    # Lessons name the links of the course they were written for, through however many copies.
    named = source.links or {key: key for key in made}
    course.links = {lesson_key: made[own].key for lesson_key, own in named.items() if own in made}
    return course


def copy_link(sandbox: "Sandbox", link: Link, course: Course, title: str = "") -> Link:
    """Another link with a new id; custom parameters as they are, line items anew and empty."""
    kept = {
        name: getattr(link, name)
        for name in ("description", "target_link_uri", "placement", "client_id", "deep_linked")
    }
    copied = sandbox.add_link(
        f"{link.key}-{len(sandbox.world.links) + 1}",
        course.key,
        title or link.title,
        custom=link.custom,
        available=link.available,
        submission=link.submission,
        history=(link.id, *link.history),
        **kept,
    )
    for item in sandbox.gradebook.items_of(link.course):
        if item.link == link.key:
            _copy_item(sandbox, item, course, copied.key, label=title)
    return copied


def _copy_item(sandbox: "Sandbox", item: LineItem, course: Course, link: str, label: str = "") -> None:
    kept = {
        field.name: getattr(item, field.name)
        for field in dataclasses.fields(item)
        if field.name in ("resource_id", "tag", "submission_review", "more")
    }
    sandbox.gradebook.add(
        course.key, item.client_id, label or item.label, item.score_maximum, link=link, **kept
    )


def reset_course(sandbox: "Sandbox", course: Course) -> None:
    """The same course with the same ids for a new term: learners, groups and grades are gone."""
    gone = {who: role for who, role in course.members.items() if role not in STAFF}
    sandbox.gradebook.forget_people(course.key, gone)
    for who in gone:
        for held in (course.members, course.suspended, course.groups):
            held.pop(who, None)
    course.groups.clear()
