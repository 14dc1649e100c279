"""JSON as the LRS reads it: strict, and with the text of each statement kept.

Stricter than `json.loads`: no key twice in an object, no NaN or Infinity, no number beyond a double,
nothing that cannot be written as UTF-8. A statement is answered later with the very text it came in,
so a batch is parsed element by element and each element remembers its text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

DEEPEST = 200
_SPACE = re.compile(r"[ \t\n\r]*")


class BadJson(ValueError):
    """The text is not the JSON we take; the message says why."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise BadJson(f"The key {twice[:100]!r} stands twice in one object.")
    return made


def _float(text: str) -> float:
    number = float(text)
    if number - number != 0.0:
        raise BadJson(f"The number {text[:40]} is too large.")
    return number


def _constant(text: str) -> Any:
    raise BadJson(f"{text} is not JSON.")


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)


def decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(f"The text is not UTF-8 (byte {error.start}).") from None


def _value(text: str, start: int) -> tuple[Any, int]:
    try:
        return _decoder.raw_decode(text, start)
    except BadJson:
        raise
    except json.JSONDecodeError as error:
        raise BadJson(f"Not JSON: {error.msg} (line {error.lineno}, column {error.colno}).") from None
    except RecursionError:
        raise BadJson("The JSON is nested too deeply.") from None
    except ValueError as error:  # a whole number of thousands of digits
        raise BadJson(f"Not JSON we can read: {error}.") from None


def _skip(text: str, start: int) -> int:
    match = _SPACE.match(text, start)
    return match.end() if match else start


def _refuse_unwritable(text: str, value: Any) -> None:
    r"""What could be read but not written again.

    `"\\ud800"` is JSON but no text; and what is nested hundreds deep would fail some later reader.
    """
    if text.count("[") + text.count("{") > DEEPEST:
        _refuse_deep(value)
    if "\\ud" not in text and "\\uD" not in text:
        return
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise BadJson("A string holds half a surrogate pair, which is no Unicode text.") from None


def _refuse_deep(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            child
            for parent in level
            if type(parent) in (dict, list)
            for child in (parent.values() if type(parent) is dict else parent)
        ]
        if not level:
            return
    raise BadJson(f"The JSON is nested more than {DEEPEST} deep.")


def parse(text: str) -> Any:
    """One JSON value, with nothing after it."""
    value, end = _value(text, _skip(text, 0))
    if _skip(text, end) != len(text):
        raise BadJson(f"Not JSON: something follows the value (character {end}).")
    _refuse_unwritable(text, value)
    return value


def elements(text: str) -> Iterator[tuple[Any, str]]:
    """The elements of an array (or the one value that is no array), each with its own text."""
    position = _skip(text, 0)
    if not text.startswith("[", position):
        value = parse(text)
        yield value, text.strip(" \t\n\r")
        return
    position = _skip(text, position + 1)
    if text.startswith("]", position):
        _end(text, position + 1)
        return
    while True:
        value, end = _value(text, position)
        own = text[position:end]
        _refuse_unwritable(own, value)
        yield value, own
        position = _skip(text, end)
        if text.startswith(",", position):
            position = _skip(text, position + 1)
        elif text.startswith("]", position):
            _end(text, position + 1)
            return
        else:
            raise BadJson(f"Not JSON: a comma or ] is missing (character {position}).")


def _end(text: str, position: int) -> None:
    if _skip(text, position) != len(text):
        raise BadJson(f"Not JSON: something follows the array (character {position}).")


def write(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
