"""Pictures drawn by hand as SVG, for the file that works without a network and without scripts.

A picture has no text that is not in the table beside it, and is marked so. Colours come from the page's styles.
"""

import math
from collections.abc import Callable, Sequence
from random import Random

from markupsafe import Markup

from xapi.reports.measures import HIDDEN, Hidden

_WIDTH, _HEIGHT = 640, 220
_SIDE = 420
_MOST_DRAWN = 60
_MOST_BARS = 15
_STEPS = 200
_WIDEST = 96.0
# So many labels have room beneath the columns; on a narrow page every third of them.
_MOST_LABELS = 8


def columns(labels: Sequence[str], values: Sequence[float | Hidden | None], unit: str) -> Markup:
    """A column for each week; a dashed one where it is hidden."""
    top = _top(values)
    step = min(_WIDEST, (_WIDTH - 40) / max(1, len(values)))
    parts = []
    every = max(1, math.ceil(len(labels) / _MOST_LABELS))
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        left = 36 + place * step
        height = 14.0 if value is HIDDEN else (_HEIGHT - 50) * _number(value) / top
        parts.append(
            Markup(
                '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"></rect>'
            ).format(_look(value), left + step * 0.12, _HEIGHT - 28 - height, step * 0.76, height)
        )
        if place % every == 0:
            parts.append(
                Markup('<text{} x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                    Markup("") if place % (3 * every) == 0 else Markup(' class="wide"'),
                    left + step / 2,
                    _HEIGHT - 10,
                    label,
                )
            )
    parts.append(Markup('<text x="4" y="18">{:g} {}</text>').format(top, unit))
    parts.append(
        Markup('<line class="axis" x1="36" y1="{0}" x2="{1}" y2="{0}"></line>').format(_HEIGHT - 28, _WIDTH)
    )
    return _svg(parts, "columns", _WIDTH, _HEIGHT)


def bars(
    labels: Sequence[str], values: Sequence[float | Hidden | None], told: Sequence[str], unit: str
) -> Markup:
    """A line for each of the first things with names, as wide as the page; a dashed one where it is hidden. ``told``:
    the values as the table has them."""
    top = _top(values)
    parts = [
        Markup(
            '<li>{}: {}<svg focusable="false"><rect class="{}" width="{:.1f}%" height="100%"></rect></svg></li>'
        ).format(label, text, _look(value), 7.0 if value is HIDDEN else 100 * _number(value) / top)
        for label, value, text in list(zip(labels, values, told, strict=True))[:_MOST_BARS]
    ]
    rest = Markup("")
    if len(values) > len(parts):
        rest = Markup("<small>The first {} of {}; all stand in the table.</small>").format(
            len(parts), len(values)
        )
    return Markup('<div class="bars" aria-hidden="true"><p>{}</p><ul>{}</ul>{}</div>').format(
        unit, Markup("").join(parts), rest
    )


def network(pairs: Sequence[tuple[str, str, int]]) -> Markup:
    """Who gives to whom: a circle for each person, a line for each pair; the busiest people only."""
    busy = _busy(pairs)
    drawn = drawn_people(pairs)
    lines = [(one, other, acts) for one, other, acts in pairs if one in drawn and other in drawn]
    where = _laid_out(drawn, lines)
    most = max((acts for *_, acts in lines), default=1)
    parts = [
        Markup(
            '<line class="tie" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke-width="{:.1f}"></line>'
        ).format(*_scaled(where[one]), *_scaled(where[other]), 0.75 + 3 * acts / most)
        for one, other, acts in lines
    ]
    top = max(busy.values(), default=1)
    for number, one in enumerate(drawn, start=1):
        x, y = _scaled(where[one])
        parts.append(
            Markup(
                '<circle class="person" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"></circle>'
                '<text class="number" x="{:.1f}" y="{:.1f}" text-anchor="middle" '
                'dominant-baseline="central">{}</text>'
            ).format(x, y, 11 + 7 * busy[one] / top, x, y, number)
        )
    return _svg(parts, "network", _SIDE, _SIDE)


def drawn_people(pairs: Sequence[tuple[str, str, int]]) -> list[str]:
    """In the order of their numbers in the picture: the busiest first."""
    busy = _busy(pairs)
    return sorted(busy, key=lambda one: (-busy[one], one))[:_MOST_DRAWN]


def _busy(pairs: Sequence[tuple[str, str, int]]) -> dict[str, int]:
    busy: dict[str, int] = {}
    for giving, taking, acts in pairs:
        for one in (giving, taking):
            busy[one] = busy.get(one, 0) + acts
    return busy


def _top(values: Sequence[float | Hidden | None]) -> float:
    return max((_number(value) for value in values), default=0) or 1


def _number(value: float | Hidden | None) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _look(value: float | Hidden | None) -> str:
    return "unknown" if value is HIDDEN else "bar"


def _svg(parts: Sequence[Markup], kind: str, width: int, height: int) -> Markup:
    return Markup('<svg class="{}" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>').format(
        kind, width, height, Markup("").join(parts)
    )


def _scaled(point: tuple[float, float]) -> tuple[float, float]:
    return 24 + point[0] * (_SIDE - 48), 24 + point[1] * (_SIDE - 48)


def _laid_out(people: Sequence[str], lines: Sequence[tuple[str, str, int]]) -> dict[str, tuple[float, float]]:
    """By forces: people push each other away, lines pull (Fruchterman and Reingold, 1991). The same each time."""
    rng = Random(len(people))  # noqa: S311 (a picture, not a secret)
    spots = {one: [rng.random(), rng.random()] for one in people}
    ideal = math.sqrt(1 / max(1, len(people)))
    for step in range(_STEPS):
        pushes = {one: [0.0, 0.0] for one in people}
        for place, one in enumerate(people):
            for other in people[place + 1 :]:
                _apply(pushes, spots, one, other, lambda distance: ideal * ideal / distance)
        for one, other, _ in lines:
            _apply(pushes, spots, one, other, lambda distance: -distance * distance / ideal)
        heat = 0.1 * (1 - step / _STEPS)
        for one, (x, y) in pushes.items():
            length = math.hypot(x, y) or 1.0
            for axis, push in enumerate((x, y)):
                spots[one][axis] = min(1.0, max(0.0, spots[one][axis] + push / length * min(length, heat)))
    return {one: (x, y) for one, (x, y) in spots.items()}


def _apply(
    pushes: dict[str, list[float]],
    spots: dict[str, list[float]],
    one: str,
    other: str,
    force: Callable[[float], float],
) -> None:
    x, y = spots[one][0] - spots[other][0], spots[one][1] - spots[other][1]
    distance = math.hypot(x, y) or 1e-3
    strength = force(distance) / distance
    for axis, part in enumerate((x, y)):
        pushes[one][axis] += part * strength
        pushes[other][axis] -= part * strength
