"""Moodle. Recorded from 4.5: its launches keep to the standard; what administrators must know is at its other end."""

import re
from dataclasses import dataclass

from flask_babel import LazyString, lazy_gettext

from lti_tool.lti.messages import Message
from lti_tool.lti.platforms.generic import Family, ids_listed

# How Moodle calls a duplicated activity, in the languages that it is most used in.
_DUPLICATE = re.compile(r"(.+) \((?:copy|Kopie|kopie|copie|copia|cópia|kopia)\)")


def _(text: str) -> LazyString:
    return lazy_gettext(text)


@dataclass(frozen=True)
class Moodle(Family):
    def groups(self, message: Message) -> tuple[str, ...] | None:
        """By `$Moodle.Person.userGroupIds`: numbers, without names."""
        return ids_listed(message.custom.get("moodle_groups"))

    def course_activities(self, issuer: str, context_id: str) -> tuple[str, ...]:
        """As its logstore writes them: a context's id is the number of its course."""
        return (f"{issuer}/course/view.php?id={context_id}",)

    def original_title(self, title: str) -> str | None:
        """Moodle says nowhere what a duplicate was made from."""
        found = _DUPLICATE.fullmatch(title)
        return found[1] if found else None


MOODLE = Moodle(
    code="moodle",
    advice=(
        (
            "Moodle refuses by default to fetch this tool's keys from private hosts and from ports other than 80 "
            "and 443; it then shows an error page. What is blocked stands under Site administration, General, "
            "Security, HTTP security."
        ),
        "A non-editing teacher launches as an instructor, and counts as a learner until the first launch.",
    ),
    name="Moodle",
    left_to_do=(
        _("On the page Manage tools, press Activate on the new tool's card."),
        _(
            "In the tool's settings (the cog), choose “Show in activity chooser and as a preconfigured tool”, "
            "and under Privacy always share the launcher's name."
        ),
        _("In a course, More → LTI External tools, switch it on for the activity chooser."),
        _("Add an activity with it and open it once as a teacher."),
    ),
    # Its Names and Roles knows no non-editing teachers (recorded from 4.5).
    list_shortens_roles=True,
)
