"""A launch on its way: begun on a course page, answered once at the authorization endpoint."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from lti_tool.sandbox.config import LoginMethod
from lti_tool.sandbox.world import Course, Link, Person

Target = Literal["iframe", "window", "frame"]
"""`frame` is Moodle's word for the whole existing window."""

HINT_LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class LaunchOptions:
    """What a developer may choose for one launch."""

    variation: str = ""
    names: bool = True
    email: bool = True
    target: Target = "iframe"
    login: LoginMethod = "POST"


@dataclass
class Launch:
    id: str
    person: Person
    course: Course
    link: Link
    begun_at: datetime
    options: LaunchOptions = field(default_factory=LaunchOptions)
    spent: bool = False
