"""The pages' languages: found, whole, and with the same places for numbers and names as in English."""

import re

import pytest
from babel import Locale
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask

from lti_tool import translations
from lti_tool.paths import PACKAGE
from lti_tool.web.words import script_words

LANGUAGES = translations.offered()[1:]
_PLACES = re.compile(r"%\(\w+\)s|\{\w+\}")


def messages(language: str) -> list[Message]:
    with (translations.FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return [message for message in read_po(file, locale=language) if message.id]


def test_german_is_offered_beside_english() -> None:
    assert translations.offered()[:2] == ("en", "de")


@pytest.mark.parametrize("language", LANGUAGES)
def test_places_for_names_and_numbers_are_the_same(language: str) -> None:
    for message in messages(language):
        translated = message.string if isinstance(message.string, tuple) else (message.string,)
        original = message.id if isinstance(message.id, tuple) else (message.id,)
        for text in filter(None, translated):
            assert set(_PLACES.findall(text)) == set(_PLACES.findall(original[-1])), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_pages_is_translated(language: str) -> None:
    known = {message.id for message in messages(language) if message.string and all(message.string)}
    words = set()
    pages = ("web", "lti", "console")
    for folder, methods in (
        *((PACKAGE / name, [("**.py", "python")]) for name in pages),
        *((PACKAGE.parent / "templates" / name, [("**.html", "jinja2.ext:babel_extract")]) for name in pages),
    ):
        keywords = {"_": None, "gettext": None, "lazy_gettext": None, "plural": (1, 2), "ngettext": (1, 2)}
        found = extract_from_dir(folder, method_map=methods, keywords=keywords)
        words |= {message for _, _, message, _, _ in found}
    assert len(words) > 100
    assert sorted(map(str, words - known)) == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_scripts_have_a_word_for_each_number_of_the_language(app: Flask, language: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        forms = script_words()["new_replies"]
        categories = {Locale(language).plural_form(number) for number in range(200)}
    assert isinstance(forms, dict)
    assert categories <= set(forms)
    assert forms["one"] != forms["other"]


def test_a_language_that_is_not_there_is_english(app: Flask) -> None:
    for asked in ("tlh", "../..", "xx-YY", "", "de;q=x"):
        with app.test_request_context(headers={"Accept-Language": asked}):
            assert script_words()["posted"] in ("Posted.", "Abgesendet.")
