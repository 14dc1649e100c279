"""Words that pages and JSON API both write into what people post."""

from flask_babel import gettext


def step_headings() -> dict[str, str]:
    """The headings of a reflection's steps, in the language of whoever shares it."""
    return {"what": gettext("What?"), "so_what": gettext("So what?"), "now_what": gettext("Now what?")}
