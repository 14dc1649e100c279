"""Pieces of a page that are the same for everybody who reads it in one language: rendered once in a process.

A template kept so may ask for words and for what it is given, and for nothing of the request: no person, no address
but one that it is given.
"""

from functools import lru_cache

from flask import Flask, render_template
from markupsafe import Markup

from lti_tool.translations import language


def register_kept(app: Flask) -> None:
    app.add_template_global(kept)


def kept(template: str, **given: str) -> Markup:
    """The template in the language of the page."""
    return _rendered(language(), template, tuple(given.items()))


# Some 2 KB each. An installation has few languages, and a few hundred panels that are busy at once.
@lru_cache(2048)
def _rendered(_language: str, template: str, given: tuple[tuple[str, str], ...]) -> Markup:
    return Markup(render_template(template, **dict(given)))  # noqa: S704 (a template's own output is safe)
