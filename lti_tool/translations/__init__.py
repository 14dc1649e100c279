"""The languages that the pages speak: one folder a language, compiled at build time from its ``.po`` file."""

from functools import cache
from gettext import NullTranslations
from pathlib import Path

from flask import Flask, g
from flask_babel import get_translations
from flask_babel import refresh as refresh_locale

FOLDER = Path(__file__).parent


@cache
def offered() -> tuple[str, ...]:
    """Language codes, English (the source language) first."""
    return ("en", *sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/messages.mo")))


def register_translations(app: Flask) -> None:
    """A page asks for fifty translations: which language it speaks is found once for all of them."""
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _spoken().gettext(text),
        lambda one, many, number: _spoken().ngettext(one, many, number),
        newstyle=True,
        pgettext=lambda context, text: _spoken().pgettext(context, text),
        npgettext=lambda context, one, many, number: _spoken().npgettext(context, one, many, number),
    )


def refresh() -> None:
    """To be called when it becomes known within a request who reads its page."""
    g.pop("spoken", None)
    refresh_locale()


def _spoken() -> NullTranslations:
    try:
        spoken: NullTranslations = g.spoken
    except AttributeError:
        spoken = g.spoken = get_translations()
    return spoken
