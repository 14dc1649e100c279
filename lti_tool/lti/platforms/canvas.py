"""Canvas (Instructure)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask_babel import LazyString, lazy_gettext

from lti_tool.lti.claims import (
    DEEP_LINKING_REQUEST,
    PANEL_PARAMETER,
    RESOURCE_LINK_REQUEST,
    TEMPLATE_PARAMETER,
)
from lti_tool.lti.messages import Message
from lti_tool.lti.models import ID_LENGTH
from lti_tool.lti.platforms.generic import Family, ids_listed

_OWN = "https://canvas.instructure.com/lti/"
# Every school whose Canvas Instructure hosts goes by one of these.
_SHARED = frozenset({"canvas.instructure.com", "canvas.beta.instructure.com", "canvas.test.instructure.com"})
_PLACEMENTS = {
    RESOURCE_LINK_REQUEST: ("course_navigation",),
    DEEP_LINKING_REQUEST: ("link_selection", "assignment_selection", "editor_button"),
}


def _(text: str) -> LazyString:
    return lazy_gettext(text)


@dataclass(frozen=True)
class Canvas(Family):
    def tool_configuration(self, asked: dict[str, Any]) -> dict[str, Any]:
        messages = [
            {
                **message,
                "placements": list(_PLACEMENTS.get(message["type"], ())),
                f"{_OWN}visibility": "public",
                **(
                    {f"{_OWN}course_navigation/default_enabled": True}
                    if message["type"] == RESOURCE_LINK_REQUEST
                    else {}
                ),
            }
            for message in asked["messages"]
        ]
        return {
            **asked,
            "messages": messages,
            f"{_OWN}privacy_level": "public",
            f"{_OWN}tool_id": "alongside",
        }

    def shares_issuer(self, issuer: str) -> bool:
        return urlsplit(issuer).hostname in _SHARED

    def groups(self, message: Message) -> tuple[str, ...] | None:
        """By `$Canvas.group.contextIds`: opaque ids, without names."""
        return ids_listed(message.custom.get("canvas_groups"))

    def is_of_course(self, message: Message) -> bool:
        """In the course navigation and in pages the link's id is the context's."""
        return message.link_id == message.context_id

    def panel_key(self, message: Message) -> str:
        """Panels in pages of a course all have one link, and each its own template."""
        if self.is_of_course(message) and PANEL_PARAMETER not in message.custom:
            return message.custom.get(TEMPLATE_PARAMETER, "")[:ID_LENGTH]
        return super().panel_key(message)

    def score_extension(self, *, is_first: bool, replaces: bool) -> dict[str, Any]:
        """Canvas counts each score as a new attempt, and overwrites a teacher's grade, unless told not to."""
        return {f"{_OWN}submission": {"new_submission": is_first, "prioritize_non_tool_grade": not replaces}}

    def is_stale(self, status: int | None, said: str) -> bool:
        return status == 409 or (status == 400 and "timestamp" in said.lower())

    def panel_title(self, message: Message) -> str | None:
        """The title of a link that is the course's is the tool's own name."""
        if self.is_of_course(message):
            return self.course_title(message) or message.link_title
        return super().panel_title(message)


CANVAS = Canvas(
    code="canvas",
    advice=(
        "Canvas gives no deployment id with a developer key: the first valid launch fixes it, see above.",
        (
            "Schools reach Canvas under addresses of their own, which are learned from valid launches; "
            "add others with: alongside platform frame add https://school.example.edu"
        ),
    ),
    name="Canvas",
    left_to_do=(
        _("Look through the placements and permissions that Canvas shows next, and choose Install & Enable."),
        _("Under Admin → Developer Keys (or Apps → Manage), see that the key's state is ON."),
        _("Where courses should not all show it, take the course navigation placement away there."),
        _("Open it once in a course as a teacher: Canvas's deployment is fixed by this first launch."),
    ),
)
