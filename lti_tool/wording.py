"""Words that pages and JSON API have in common: of what people post, and how groups are called."""

from flask_babel import gettext

from social_layer.people.models import GroupOrigin, GroupSet


def step_headings() -> dict[str, str]:
    """The headings of a reflection's steps, in the language of whoever shares it."""
    return {"what": gettext("What?"), "so_what": gettext("So what?"), "now_what": gettext("Now what?")}


def group_name(name: str, number: int) -> str:
    return name or gettext("Group %(number)s", number=number)


def set_name(one: GroupSet) -> str:
    """An LMS's set bears no name where the LMS does not tell one."""
    if one.name:
        return one.name
    return gettext("Groups of your LMS") if one.origin == GroupOrigin.lms else gettext("Groups")
