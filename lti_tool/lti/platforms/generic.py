"""What holds for any LMS that keeps to the standard, and the places where one may differ."""

from dataclasses import dataclass

from lti_tool.lti.claims import PANEL_PARAMETER, Message
from lti_tool.lti.models import ID_LENGTH


@dataclass(frozen=True)
class Family:
    """An LMS product. ``advice``: what its administrators should know, a line each."""

    code: str = "generic"
    advice: tuple[str, ...] = ()

    def panel_key(self, message: Message) -> str:
        """What tells several embeds of one resource link apart; empty where there is only one."""
        return message.custom.get(PANEL_PARAMETER, "")[:ID_LENGTH]

    def panel_title(self, message: Message) -> str | None:
        """How a panel that is met for the first time is called; None where the LMS says nothing of use."""
        return message.link_title or self.course_title(message)

    def course_title(self, message: Message) -> str | None:
        return message.context_title or message.context_label


GENERIC = Family()
