"""Pieces of the page that are rendered once: the same for everybody, in each one's own language."""

import re
from collections.abc import Callable

from social_layer.people.models import Role
from tests.lti_tool.web.reader import Reader

ANYBODY = Callable[..., Reader]


def dialog(page: str) -> str:
    found = re.search(r'<dialog id="help".*?</dialog>', page, re.DOTALL)
    assert found
    return found[0]


def test_each_language_has_its_own(read_as: ANYBODY) -> None:
    pages = {language: read_as(language=language).page() for language in ("en", "de", "en-GB", "de-AT")}
    assert dialog(pages["en"]) == dialog(pages["en-GB"]) != dialog(pages["de"]) == dialog(pages["de-AT"])
    assert "How to write here" in dialog(pages["en"])
    assert Reader.config(read_as(language="de"))["words"]["posted"] == "Abgesendet."


def test_they_name_nobody_and_no_address(read_as: ANYBODY) -> None:
    """What one person's page left in memory stands in the next one's."""
    first, second = read_as(Role.instructor, name="Ines Instructor").page(), read_as(name="Ada").page()
    template = r'<template id="reply-form">.*?</template>'
    kept = re.findall(template, first, re.DOTALL) + [dialog(first)]
    assert kept == re.findall(template, second, re.DOTALL) + [dialog(second)]
    assert not re.search(r"/panels/|[0-9a-f]{8}-|Ines", "".join(kept))


def test_who_may_not_post_gets_no_form_for_it(read_as: ANYBODY) -> None:
    read_as().page()
    assert 'id="reply-form"' not in read_as(Role.observer).page()
