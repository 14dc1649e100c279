"""The languages that the pages speak: one folder a language, compiled at build time from its ``.po`` file."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def offered() -> tuple[str, ...]:
    """Language codes, English (the source language) first."""
    return ("en", *sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/messages.mo")))
