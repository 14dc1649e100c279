"""The benchmark tables of `make bench`: CPU per request, queries, and ratios within one run.

Nothing here is a test: machines differ and are noisy, so figures are printed beside their targets and judged by people.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure. ``target``: the most that is asked for, or the least with ``at_least``; None: neither."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target
