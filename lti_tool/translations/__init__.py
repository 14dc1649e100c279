"""The languages that the pages speak: one folder a language, with the ``.po`` file that translators edit.

It is read when the language is first spoken, in some 20 ms, so nothing needs to be compiled before.
"""

from functools import cache, partial
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations as English
from babel.support import Translations
from flask import Flask, g
from flask_babel import Domain, get_locale
from flask_babel import refresh as refresh_locale
from markupsafe import Markup

FOLDER = Path(__file__).parent


@cache
def offered() -> tuple[str, ...]:
    """Language codes, English (the source language) first."""
    return ("en", *sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/messages.po")))


@cache
def catalogue(language: str) -> NullTranslations:
    """The words of a language; English ones where there are no others."""
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if language not in offered() or not path.exists():
        return English()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


class _Catalogues(Domain):
    """flask_babel's look-up, with the catalogues of this folder."""

    def get_translations(self) -> NullTranslations:
        return _spoken()


def register_translations(app: Flask) -> None:
    """A page asks for fifty translations: which language it speaks is found once for all of them."""
    app.extensions["babel"].instance.domain_instance = _Catalogues()
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _spoken().gettext(text),
        lambda one, many, number: _spoken().ngettext(one, many, number),
        newstyle=True,
        pgettext=lambda context, text: _spoken().pgettext(context, text),
        npgettext=lambda context, one, many, number: _spoken().npgettext(context, one, many, number),
    )
    # The extension's own `_` comes to the same by way of three calls through the template's context. Macros find this
    # one; a page is given one that need not look for its language again with each word.
    app.jinja_env.globals["_"] = lambda text, **values: _say(_spoken(), text, **values)
    app.context_processor(lambda: {"_": partial(_say, _spoken())})


def _say(spoken: NullTranslations, text: str, /, **values: object) -> Markup:
    """A translation is safe as it is; what is put into it is escaped."""
    words = Markup(spoken.gettext(text))  # noqa: S704
    return words % values if values else words


def language() -> str:
    """The code of the language that the present request's page speaks; found once."""
    found: str | None = g.get("spoken_language")
    if found is None:
        found = g.spoken_language = str(get_locale() or "en")
    return found


def refresh() -> None:
    """To be called when it becomes known within a request who reads its page."""
    g.pop("spoken_language", None)
    refresh_locale()


def _spoken() -> NullTranslations:
    return catalogue(language())
