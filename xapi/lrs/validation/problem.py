"""What is wrong with a statement, and where; and the checks of plain JSON types that all others use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach: a code for machines, a sentence for people, and a path such as `$.actor.mbox`."""

    code: str
    message: str
    path: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


Problems = list[Problem]

_KINDS = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def kind_of(value: Any) -> str:
    return _KINDS.get(type(value), "something that is not JSON")


def step(path: str, key: str) -> str:
    """The path of a property; a key that is no plain word is quoted, as in JSONPath."""
    if key.isidentifier():
        return f"{path}.{key}"
    return f"{path}[{key[:200]!r}]"


def wrong_type(value: Any, expected: str, path: str, out: Problems) -> None:
    if value is None:
        out.append(Problem("null", "null is not allowed outside extensions.", path))
    else:
        out.append(Problem("type", f"Expected {expected}, found {kind_of(value)}.", path))


def is_object(value: Any, path: str, out: Problems) -> bool:
    if type(value) is dict:
        return True
    wrong_type(value, "an object", path, out)
    return False


def known_keys(value: dict[str, Any], allowed: frozenset[str], path: str, out: Problems) -> None:
    """Refuse properties the standard does not name; one that differs only in case is told so (Data 2.2)."""
    if value.keys() <= allowed:
        return
    for key in value:
        if key in allowed:
            continue
        meant = next((name for name in allowed if name.lower() == key.lower()), None)
        hint = f" Did you mean {meant!r}? Keys are case-sensitive." if meant else ""
        out.append(Problem("unknown_property", f"The property is not allowed here.{hint}", step(path, key)))


def required(value: dict[str, Any], key: str, path: str, out: Problems) -> bool:
    if key in value:
        return True
    out.append(Problem("missing", f"The property {key!r} is required.", step(path, key)))
    return False
