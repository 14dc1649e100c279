"""Which language of a language map a reader wants, by the Accept-Language header (RFC 2616, section 14.4)."""

from __future__ import annotations

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

Preference = tuple[tuple[str, float], ...]


def preference(header: str | None) -> Preference:
    """Language ranges with their weights, the most wanted first; `q=0` means unwanted."""
    if not header:
        return ()
    accepted = parse_accept_header(header, LanguageAccept)
    return tuple((wanted.lower(), quality) for wanted, quality in accepted)


def one_language(texts: dict[str, str], wanted: Preference) -> dict[str, str]:
    """The one entry that fits best; where none fits, the first that is not refused."""
    if len(texts) <= 1:
        return texts
    best = max(texts, key=lambda tag: _quality(tag.lower(), wanted))  # the first of equals
    return {best: texts[best]}


def _quality(tag: str, wanted: Preference) -> float:
    """The weight of the longest range that is a prefix of the tag; slightly above nothing if none is."""
    length, quality = -1, 1e-6
    for language_range, weight in wanted:
        if language_range == "*":
            fits, size = True, 0
        else:
            fits = tag == language_range or tag.startswith(f"{language_range}-")
            size = len(language_range)
        if fits and size > length:
            length, quality = size, weight
    return quality
