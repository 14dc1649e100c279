"""Places within a statement: the part of JSONPath that the profile's templates use.

Of what the profile specification allows (section 8.1) these: ``$``, ``.name``, ``['name']``, ``[*]``, ``[0]``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_STEP = re.compile(
    r"""\.(?P<name>[A-Za-z_][A-Za-z0-9_]*)|\['(?P<quoted>[^']+)'\]|\[(?P<index>\d+)\]|\[(?P<all>\*)\]"""
)
_EVERY = object()


class PathWrong(ValueError):
    """No path, or one of a kind that is not read here."""


@dataclass(frozen=True, slots=True)
class Path:
    """Call it with a statement for the values that stand at the place: none, one or several."""

    text: str
    # The steps at the beginning that are mere names, and so lead to one place: most paths are nothing else.
    names: tuple[str, ...]
    others: tuple[Any, ...]

    @classmethod
    def of(cls, text: str) -> "Path":
        """Raises :class:`PathWrong`."""
        if not text.startswith("$"):
            raise PathWrong(f"{text} does not begin with $")
        steps: list[Any] = []
        at = 1
        while at < len(text):
            step = _STEP.match(text, at)
            if step is None:
                raise PathWrong(f"{text}: {text[at:]} is not understood")
            if step["index"] is not None:
                steps.append(int(step["index"]))
            else:
                steps.append(_EVERY if step["all"] else step["name"] or step["quoted"])
            at = step.end()
        names = next((at for at, step in enumerate(steps) if not isinstance(step, str)), len(steps))
        return cls(text, tuple(steps[:names]), tuple(steps[names:]))

    def __call__(self, value: Any) -> list[Any]:
        for name in self.names:
            if not isinstance(value, dict) or name not in value:
                return []
            value = value[name]
        here = [value]
        for step in self.others:
            if step is _EVERY:
                here = [child for one in here for child in _children(one)]
            elif isinstance(step, int):
                here = [one[step] for one in here if isinstance(one, list) and step < len(one)]
            else:
                here = [one[step] for one in here if isinstance(one, dict) and step in one]
            if not here:
                break
        return here


def _children(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return list(value.values()) if isinstance(value, dict) else []


@dataclass(slots=True)
class _Place:
    """What is asked of one place, and of those below it. ``for_value``: what stands there, and not only whether."""

    for_value: bool = False
    below: dict[Any, "_Place"] = field(default_factory=dict)

    def look(self, value: Any, seen: list[Any]) -> None:
        if self.for_value:
            seen.append(value)
        for step, place in self.below.items():
            if type(step) is str:
                if type(value) is not dict or step not in value:
                    seen.append(_NOTHING)
                else:
                    seen.append(_THERE)
                    if place.below or place.for_value:
                        place.look(value[step], seen)
            else:
                for child in _children(value) if step is _EVERY else _at(value, step):
                    seen.append(_THERE)
                    place.look(child, seen)
                seen.append(_NOTHING)


def _at(value: Any, index: int) -> list[Any]:
    return value[index : index + 1] if isinstance(value, list) else []


_NOTHING, _THERE = object(), object()


class Looks:
    """Many places at once, each looked at for its values or only for whether there are any.

    Call it with a statement: two for which the answers are equal are the same at all of these places.
    """

    def __init__(self, places: Mapping[str, bool]) -> None:
        """``places``: paths, and whether for their values. Raises :class:`PathWrong`."""
        self._root = _Place()
        for text, for_values in places.items():
            path, place = Path.of(text), self._root
            for step in (*path.names, *path.others):
                place = place.below.setdefault(step, _Place())
            place.for_value |= for_values

    def __call__(self, statement: Any) -> tuple[Any, ...]:
        seen: list[Any] = []
        self._root.look(statement, seen)
        return tuple(seen)
