"""The words that the page's scripts say, in the language of the request."""

import json
from functools import lru_cache

from babel import Locale
from flask_babel import gettext, ngettext

from lti_tool.translations import language


def script_words() -> dict[str, object]:
    return _words(language())


@lru_cache(64)
def script_words_as_json(locale: str) -> str:
    return as_json(_words(locale))


def as_json(value: object) -> str:
    """JSON that may stand inside a ``<script>``."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


@lru_cache(64)
def _words(locale: str) -> dict[str, object]:
    """Where a number decides, a word for each plural category of the language; scripts put it in for ``{n}``."""
    numbers = _a_number_of_each_category(locale)

    def plural(singular: str, several: str) -> dict[str, str]:
        return {category: ngettext(singular, several, number) for category, number in numbers.items()}

    return {
        "just_now": gettext("just now"),
        "draft_saved": gettext("Draft saved"),
        "draft_not_saved": gettext("Draft not saved yet"),
        "posted": gettext("Posted."),
        "saved": gettext("Saved."),
        "shared": gettext("Shared with the course."),
        "shared_just_now": gettext("You shared one just now."),
        "discarded": gettext("Discarded."),
        "removed": gettext("Removed."),
        "people_listed": plural("{n} person is listed", "{n} people are listed"),
        "list_read": gettext("The list of people is up to date."),
        "more_shown": gettext("Earlier entries are shown."),
        "try_again": gettext("Try again"),
        "offline": [
            gettext("The server cannot be reached just now."),
            gettext("Your text is still here. Check your connection, then try again."),
        ],
        "expired": [
            gettext("This page was open for so long that its pass has run out."),
            gettext("What you wrote is still here: copy it, then open the panel again from your course."),
        ],
        "posted_before": [
            gettext("An earlier version of this text was posted already."),
            gettext("You find it below. Post again only if you want both."),
        ],
        "number": gettext("Number for your administrator: {id}"),
        "topic": gettext("Start a thread…"),
        "topic_on": gettext("Continue your thread…"),
        "reply": gettext("Reply"),
        "reply_on": gettext("Continue your reply"),
        "edit": gettext("Edit"),
        "edit_on": gettext("Continue editing"),
        "in_reply_to": gettext("in reply to {name}"),
        "only_for": gettext("Read by {group} and the people who run the course."),
        "showing": gettext("Now showing: {group}"),
        "new_threads": plural("{n} new thread", "{n} new threads"),
        "new_reflections": plural("{n} new reflection", "{n} new reflections"),
        "new_replies": plural("{n} new reply", "{n} new replies"),
        "panel_added": gettext("A panel was added below."),
        "panel_removed": gettext("The panel was removed; you can take it back."),
        "panels": plural("{n} panel", "{n} panels"),
        "stage": gettext("Stage {n}"),
        "step": gettext("Step {n} of {of}"),
        "preview_empty": gettext("There is nothing to preview yet."),
    }


def _a_number_of_each_category(locale: str) -> dict[str, int]:
    category_of = Locale.parse(locale).plural_form
    numbers: dict[str, int] = {}
    for number in (*range(201), 1_000_000):
        numbers.setdefault(category_of(number), number)
    return {"other": 2, **numbers}
