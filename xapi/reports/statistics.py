"""Relations between two numbers of the same people, with the interval that tells how little is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atanh, sqrt, tanh

# Of the standard normal distribution, for 95 %.
_Z = 1.959963984540054
_NEARLY_ONE = 1 - 1e-12


@dataclass(frozen=True, slots=True)
class Estimate:
    """``low`` and ``high``: the 95 % interval."""

    value: float
    low: float
    high: float


def spearman(pairs: Sequence[tuple[float, float]]) -> Estimate | None:
    """Spearman's rank correlation, ties at their mean rank; None where one side is always the same, or of fewer
    than four pairs.

    The interval is that of Bonett and Wright (Psychometrika 65, 2000): Fisher's z with the variance
    (1 + r²/2) / (n - 3).
    """
    number = len(pairs)
    if number < 4:
        return None
    found = _correlation(_ranks([one for one, _ in pairs]), _ranks([other for _, other in pairs]))
    if found is None:
        return None
    value = max(-1.0, min(1.0, found))
    z = atanh(max(-_NEARLY_ONE, min(_NEARLY_ONE, value)))
    half = _Z * sqrt((1 + value * value / 2) / (number - 3))
    return Estimate(value, tanh(z - half), tanh(z + half))


def wilson(part: int, whole: int) -> Estimate:
    """A share and Wilson's score interval (JASA 22, 1927). Raises ``ZeroDivisionError`` for a whole of none."""
    share = part / whole
    squared = _Z * _Z
    centre = share + squared / (2 * whole)
    half = _Z * sqrt(share * (1 - share) / whole + squared / (4 * whole * whole))
    scale = 1 + squared / whole
    return Estimate(share, (centre - half) / scale, (centre + half) / scale)


def newcombe(part: int, whole: int, other_part: int, other_whole: int) -> Estimate:
    """The difference of two shares, with Newcombe's hybrid score interval (Statistics in Medicine 17, 1998,
    method 10)."""
    one, other = wilson(part, whole), wilson(other_part, other_whole)
    difference = one.value - other.value
    return Estimate(
        difference,
        difference - sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2),
        difference + sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2),
    )


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + end + 1) / 2
        start = end
    return ranks


def _correlation(ones: Sequence[float], others: Sequence[float]) -> float | None:
    mean, other_mean = sum(ones) / len(ones), sum(others) / len(others)
    spread = sum((one - mean) ** 2 for one in ones)
    other_spread = sum((other - other_mean) ** 2 for other in others)
    if not spread or not other_spread:
        return None
    together = sum((one - mean) * (other - other_mean) for one, other in zip(ones, others, strict=True))
    return together / sqrt(spread * other_spread)
