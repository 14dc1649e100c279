"""Canvas (Instructure)."""

from dataclasses import dataclass

from lti_tool.lti.claims import Message
from lti_tool.lti.platforms.generic import Family


@dataclass(frozen=True)
class Canvas(Family):
    def panel_title(self, message: Message) -> str | None:
        """In the course navigation and in pages the link's id is the context's, and its title the tool's own name."""
        if message.link_id == message.context_id:
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
)
