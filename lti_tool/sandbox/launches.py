"""A launch on its way: begun on a course page, answered once at the authorization endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from lti_tool.sandbox.config import LoginMethod
from lti_tool.sandbox.gradebook import LineItem
from lti_tool.sandbox.registrations import Registration
from lti_tool.sandbox.world import Course, Link, Person

Target = Literal["iframe", "window", "frame"]
"""`frame` is Moodle's word for the whole existing window."""

RESOURCE_LINK = "LtiResourceLinkRequest"
DEEP_LINKING = "LtiDeepLinkingRequest"
SUBMISSION_REVIEW = "LtiSubmissionReviewRequest"

HINT_LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class LaunchOptions:
    """What a developer may choose for one launch."""

    variation: str = ""
    names: bool = True
    email: bool = True
    target: Target = "iframe"
    login: LoginMethod = "POST"
    language: str = "en"
    """What the LMS says that the person reads."""


@dataclass
class Launch:
    id: str
    person: Person
    course: Course
    link: Link
    """For deep linking a link that is nowhere yet: its ids are empty."""
    begun_at: datetime
    registration: Registration
    options: LaunchOptions = field(default_factory=LaunchOptions)
    spent: bool = False
    message: str = RESOURCE_LINK
    target_link_uri: str = ""
    """Where the message goes; the link's own target when empty."""
    custom: Mapping[str, str] = field(default_factory=dict)
    """Parameters of this kind of message, beside those of the link and of the tool."""
    for_user: Person | None = None
    """Whose work is reviewed."""
    line_item: LineItem | None = None
    """The one line item of the link, or the one that is reviewed."""
    settings: dict[str, Any] = field(default_factory=dict)
    """The deep_linking_settings claim."""
