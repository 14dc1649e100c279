"""What is about fewer than five people is not told, and cannot be reckoned from what is told.

A cell is hidden where 1 to 4 people stand behind it. Where one cell, or cells of fewer than five people together, are
hidden in a list whose sum is known, the next smallest are hidden too. Where a part of a known whole is told (12 of 15
completed), the rest must not be of 1 to 4 people either.
"""

from collections.abc import Sequence, Set

from xapi.reports.measures import HIDDEN, Hidden

LEAST = 5


def is_small(people: int) -> bool:
    return 0 < people < LEAST


def told(people: int) -> int | Hidden:
    return HIDDEN if is_small(people) else people


def hidden_among(people: Sequence[int], also: Set[int] = frozenset()) -> frozenset[int]:
    """Which of the cells of a list are hidden, by their place in it. ``people``: how many stand behind each. ``also``:
    places that are hidden for another reason.

    >>> sorted(hidden_among([12, 3, 9, 20]))
    [1, 2]
    """
    hidden = {place for place, number in enumerate(people) if is_small(number) or (place in also and number)}
    if not hidden:
        return frozenset()
    others = sorted(
        (number, place) for place, number in enumerate(people) if number >= LEAST and place not in hidden
    )
    while others and (len(hidden) < 2 or sum(people[place] for place in hidden) < LEAST):
        hidden.add(others.pop(0)[1])
    return frozenset(hidden)


def hidden_of(people: Sequence[int], whole: int) -> frozenset[int]:
    """As :func:`hidden_among`, where the cells may share people and it is told how many there are in all of them.

    A cell is hidden, too, where few are in the others alone, and one where few are in several cells.

    >>> sorted(hidden_of([16], 18))
    [0]
    """
    shared = sum(people) - whole
    among = hidden_among([*people, shared if is_small(shared) else 0]) - {len(people)}
    return among | {place for place, number in enumerate(people) if number and is_small(whole - number)}


def part_told(part: int, whole: int) -> int | Hidden:
    """A part of people whose whole is told: hidden where it, or what is left of the whole, is too small."""
    return HIDDEN if is_small(part) or is_small(whole - part) else part
