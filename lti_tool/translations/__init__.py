"""The languages that the pages speak: one folder a language, with the ``.po`` file that translators edit.

It is read when the language is first spoken, in some 20 ms, so nothing needs to be compiled before.
"""

from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations as English
from babel.support import Translations
from flask import Flask, g
from flask_babel import Domain, get_locale, get_translations
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
        return catalogue(str(get_locale() or "en"))


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
    # The extension's own `_` comes to the same by way of three calls through the template's context.
    app.jinja_env.globals["_"] = _in_template


def _in_template(text: str, **values: object) -> Markup:
    """A translation is safe as it is; what is put into it is escaped."""
    words = Markup(_spoken().gettext(text))  # noqa: S704
    return words % values if values else words


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
