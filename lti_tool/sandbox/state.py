"""What a sandbox keeps from one start to the next: keys, tools, and what was done to its courses.

Ids that tools have seen must not be given to something else after a restart: a new activity would open the panel
of an older one. The file holds private keys, and only its owner reads it.
"""

import dataclasses
import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lti_tool.sandbox.gradebook import Grade, Gradebook, LineItem
from lti_tool.sandbox.world import Course, Lesson, Link, Person, Role, World

if TYPE_CHECKING:
    from lti_tool.sandbox.platform import Sandbox


def everything(sandbox: "Sandbox") -> dict[str, Any]:
    own = sandbox.registration
    return {
        "profile": sandbox.config.profile,
        "client_id": own.client_id,
        "deployment_id": own.deployment_id,
        "keys": sandbox.keys.to_state(),
        "registrations": [tool.to_state() for tool in sandbox.tools.values() if tool is not own],
        "world": world_state(sandbox),
    }


def restored(sandbox: "Sandbox", stored: dict[str, Any] | None) -> bool:
    """Whether an earlier start's world could be put back; one of another version is left aside whole."""
    if not stored:
        return False
    try:
        restore_world(sandbox, stored)
    except (KeyError, TypeError, ValueError):
        sandbox.world, sandbox.gradebook = World(), Gradebook()
        return False
    return True


def world_state(sandbox: "Sandbox") -> dict[str, Any]:
    """People, courses, links, line items and grades, in words that JSON has."""
    world, book = sandbox.world, sandbox.gradebook
    return {
        "people": [dataclasses.asdict(each) for each in world.people.values()],
        "courses": [dataclasses.asdict(each) for each in world.courses.values()],
        "links": [dataclasses.asdict(each) for each in world.links.values()],
        "items": [dataclasses.asdict(each) for each in book.items.values()],
        "items_made": book.made,
        "grades": [
            [number, person, {**dataclasses.asdict(grade), "at": grade.at.isoformat()}]
            for (number, person), grade in book.grades.items()
        ],
        "notice_handlers": [[*place, handler] for place, handler in sandbox.notices.handlers.items()],
    }


def restore_world(sandbox: "Sandbox", stored: dict[str, Any]) -> None:
    """What `world_state` gave; the world it is put into must be empty."""
    world, book = sandbox.world, sandbox.gradebook
    for each in stored["people"]:
        world.add_person(Person(**each))
    for each in stored["courses"]:
        lessons = tuple(
            Lesson(**{**lesson, "links": tuple(lesson["links"])}) for lesson in each.pop("lessons")
        )
        members = {who: Role(role) for who, role in each.pop("members").items()}
        groups = {who: tuple(ids) for who, ids in each.pop("groups").items()}
        history = tuple(each.pop("history"))
        course = Course(**each, lessons=lessons, members=members, groups=groups, history=history)
        world.courses[course.key] = course
    for each in stored["links"]:
        link = Link(**{**each, "history": tuple(each["history"])})
        world.links[link.key] = link
    for each in stored["items"]:
        item = LineItem(**each)
        book.items[item.number] = item
    book.made = stored["items_made"]
    for number, person, grade in stored["grades"]:
        book.grades[number, person] = Grade(**{**grade, "at": datetime.fromisoformat(grade["at"])})
    for client_id, notice_type, handler in stored["notice_handlers"]:
        sandbox.notices.handlers[client_id, notice_type] = handler


def keep(path: Path, state: dict[str, Any]) -> None:
    # Private keys: readable by their owner only, and never half written.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(state, file)
    draft.replace(path)


def kept_before(path: Path | None, profile: str) -> dict[str, Any]:
    """What an earlier start kept; nothing when it ran under another profile, whose ids look different."""
    if path is None or not path.exists():
        return {}
    try:
        stored = json.loads(path.read_text())
    except ValueError:
        stored = None
    if not isinstance(stored, dict):
        raise ValueError(f"{path}: not a state file of the sandbox; remove it to start afresh")
    return stored if stored.get("profile") == profile else {}
