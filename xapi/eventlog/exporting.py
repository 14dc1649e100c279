"""One export: from where its target stopped to where the log reaches now."""

from collections.abc import Callable
from dataclasses import dataclass

from xapi.eventlog.bookmark import ExportRefused
from xapi.eventlog.files import Target
from xapi.eventlog.rows import EventLog

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """``new``: rows written by this export, of ``rows`` that the target holds. ``after``: where the next one begins."""

    new: int
    rows: int
    after: int


def export(log: EventLog, target: Target, told: Told = lambda done, of: None) -> Summary:
    """``told``: how many events were gone through, of how many. Raises :class:`ExportRefused`."""
    before, start = target.rows, target.after
    up_to = log.number()
    check_after(start, up_to)
    for portion in log.portions(start, up_to):
        target.take(portion)
        told(portion.up_to - start, up_to - start)
    target.finish()
    return Summary(target.rows - before, target.rows, target.after)


def check_after(after: int, up_to: int) -> None:
    """Raises :class:`ExportRefused` for a number that the log has not reached: all that comes until then would be
    passed over."""
    if after > up_to:
        raise ExportRefused(f"the log goes up to number {up_to}: nothing can come after {after} yet")
