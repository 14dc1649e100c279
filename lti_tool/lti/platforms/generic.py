"""What holds for any LMS that keeps to the standard, and the places where one may differ."""

import re
from dataclasses import dataclass
from typing import Any

from flask_babel import LazyString, lazy_gettext

from lti_tool.lti.claims import PANEL_PARAMETER
from lti_tool.lti.messages import Message
from lti_tool.lti.models import ID_LENGTH


def _(text: str) -> LazyString:
    return lazy_gettext(text)


MOST_GROUPS = 100
_GROUP_ID = re.compile(r"[A-Za-z0-9_.:-]{1,255}")
_YOUR_LMS = _("your LMS")
_LEFT_TO_DO = (
    _("Activate the tool, if your LMS holds new tools back."),
    _("Offer it in the courses that should have it."),
    _("Put a panel into a course and open it once as a teacher."),
)


@dataclass(frozen=True)
class Family:
    """An LMS product. ``advice``: what its administrators should know, a line each."""

    code: str = "generic"
    advice: tuple[str, ...] = ()
    name: str | LazyString = _YOUR_LMS
    left_to_do: tuple[LazyString, ...] = _LEFT_TO_DO
    """What an administrator does in the LMS after the tool has registered itself."""
    list_shortens_roles: bool = False
    """Whether its list of members calls people learners whom its launches show as staff."""

    def tool_configuration(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The tool's part of a registration, as this product wants it."""
        return asked

    def shares_issuer(self, issuer: str) -> bool:
        """Whether many institutions' LMSs go by this issuer, so that it does not tell which one it is."""
        return False

    def is_of_course(self, message: Message) -> bool:
        """Whether the link is no link of its own, but the course itself."""
        return False

    def course_activities(self, issuer: str, context_id: str) -> tuple[str, ...]:
        """How the LMS's own statements call the course of a context, as far as it can be known."""
        # Open edX (event-routing-backends) has no product family of its own in LTI.
        return (f"{issuer}/course/{context_id}",) if context_id.startswith("course-v1:") else ()

    def original_title(self, title: str) -> str | None:
        """How the link is called that this one was made from in the same course, where the title tells."""
        return None

    def score_extension(self, *, is_first: bool, replaces: bool) -> dict[str, Any]:
        """What a score carries beyond the standard. ``replaces``: it may take the place of somebody else's grade."""
        return {}

    def is_stale(self, status: int | None, said: str) -> bool:
        """Whether a score was refused for not being later than what is there (LTI-AGS 2.0, section 3.4.5)."""
        return status == 409

    def panel_key(self, message: Message) -> str:
        """What tells several embeds of one resource link apart; empty where there is only one."""
        return message.custom.get(PANEL_PARAMETER, "")[:ID_LENGTH]

    def panel_title(self, message: Message) -> str | None:
        """How a panel that is met for the first time is called; None where the LMS says nothing of use."""
        return message.link_title or self.course_title(message)

    def groups(self, message: Message) -> tuple[str, ...] | None:
        """The ids of the groups that the person is in; None where the LMS does not tell. In no group: empty."""
        return None

    def course_title(self, message: Message) -> str | None:
        return message.context_title or message.context_label


def ids_listed(value: str | None) -> tuple[str, ...] | None:
    """Ids between commas, each once; None where it is no such list."""
    if value is None:
        return None
    ids = dict.fromkeys(part.strip() for part in value.split(",")) if value.strip() else {}
    if len(ids) > MOST_GROUPS or not all(_GROUP_ID.fullmatch(one) for one in ids):
        return None
    return tuple(ids)


GENERIC = Family()
