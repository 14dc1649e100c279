"""Places within a statement: the part of JSONPath that the profile's templates use.

Of what the profile specification allows (section 8.1) these: ``$``, ``.name``, ``['name']``, ``[*]``, ``[0]``.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Place:
    """What is asked of one place, and of those below it. ``for_value``: what stands there. ``leaves``: the names of
    which it is asked only whether they are there."""

    for_value: bool
    leaves: frozenset[str]
    names: tuple[tuple[str, "_Place"], ...]
    others: tuple[tuple[Any, "_Place"], ...]

    @classmethod
    def of(cls, asked: Iterable[tuple[tuple[Any, ...], bool]]) -> "_Place":
        """``asked``: the steps from here to a place, and whether for its values."""
        for_value, below = False, defaultdict(list)
        for steps, for_values in asked:
            if steps:
                below[steps[0]].append((steps[1:], for_values))
            else:
                for_value |= for_values
        places = [(step, cls.of(rest)) for step, rest in below.items()]
        names = [(step, place) for step, place in places if isinstance(step, str)]
        leaves = frozenset(step for step, place in names if place == _LEAF)
        return cls(
            for_value,
            leaves,
            tuple((step, place) for step, place in names if step not in leaves),
            tuple((step, place) for step, place in places if not isinstance(step, str)),
        )

    def look(self, value: Any, seen: list[Any]) -> None:
        if self.for_value:
            seen.append(value)
        if type(value) is dict:
            seen.append(self.leaves.intersection(value))
            for name, place in self.names:
                if name in value:
                    place.look(value[name], seen)
                else:
                    seen.append(_NOTHING)
        else:
            seen.append(_NO_OBJECT)
        for step, place in self.others:
            for child in _children(value) if step is _EVERY else _at(value, step):
                place.look(child, seen)
            seen.append(_NOTHING)


def _at(value: Any, index: int) -> list[Any]:
    return value[index : index + 1] if isinstance(value, list) else []


_LEAF = _Place(for_value=False, leaves=frozenset(), names=(), others=())
_NOTHING, _NO_OBJECT = object(), object()


class Looks:
    """Many places at once, each looked at for its values or only for whether there are any.

    Call it with a statement: two for which the answers are equal are the same at all of these places.
    """

    def __init__(self, places: Mapping[str, bool]) -> None:
        """``places``: paths, and whether for their values. Raises :class:`PathWrong`."""
        paths = [(Path.of(text), for_values) for text, for_values in places.items()]
        self._root = _Place.of([((*path.names, *path.others), for_values) for path, for_values in paths])

    def __call__(self, statement: Any) -> tuple[Any, ...]:
        seen: list[Any] = []
        self._root.look(statement, seen)
        return tuple(seen)
