"""Whether an LRS refuses single statements, or everything: then it is the connection's fault, and none is given up."""

from dataclasses import dataclass, field
from uuid import UUID

# So many in a row, and none taken: no statement of ours is that bad, so it is the version or a right.
ENOUGH = 10


@dataclass(slots=True)
class Refusals:
    """Of one LRS: those refused since it last took something, as (delivery, status)."""

    _row: list[tuple[UUID, int]] = field(default_factory=list)

    def note(self, delivery_id: UUID, status: int, attempts: int) -> None:
        """What was refused before, and came again when an administrator had looked, is its own fault: it does not
        count, or it would hold up all others for ever."""
        if attempts == 1:
            self._row.append((delivery_id, status))

    @property
    def are_enough(self) -> bool:
        return len(self._row) >= ENOUGH

    @property
    def number(self) -> int:
        return len(self._row)

    def taken_back(self) -> list[UUID]:
        """Those that were refused as the last one was; the row begins anew."""
        last = self._row[-1][1]
        found = [delivery_id for delivery_id, status in self._row if status == last]
        self._row.clear()
        return found

    def forget(self) -> None:
        """It took something."""
        self._row.clear()
