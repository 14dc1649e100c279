"""How far what was read of an LRS can be trusted, and from where it is read on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from xapi.gathering.manifest import Manifest
from xapi.lrs.validation.formats import parse_timestamp
from xapi.reports.reading import Page
from xapi.statements import timestamp

# So much before the watermark is asked for again: where the LRS says how far it can be trusted, and where it does not.
OVERLAP, OVERLAP_UNTOLD = timedelta(minutes=5), timedelta(hours=1)
# Clocks differ; by more than this one of them is wrong.
_AHEAD = timedelta(hours=1)
_DISORDERED = (
    "it does not give statements in the order in which it stored them: a reading that is cut off begins anew"
)
_IN_THE_FUTURE = "it tells times that lie in the future: its clock, or that of this machine, is wrong"


class Reach:
    """``manifest``: what is to be written by now; its segments are none of its business. ``remarks``: what is odd.

    What was stored until ``through`` was there when its page was read. What is later may have come in between, so
    that from such a page on the watermark stays.

    It stays, too, until it is seen that statements come in the order in which they were stored, which an LRS may not
    heed: whoever died meanwhile would miss the older ones. After the last page all is read, in whatever order. What an
    LRS says of times to come says nothing: no later reading would begin before them.
    """

    def __init__(self, base: Manifest, now: datetime) -> None:
        past = {
            name: told if told is not None and told <= now + _AHEAD else None
            for name, told in (("read_to", base.read_to), ("as_of", base.as_of))
        }
        self.manifest = self._base = base = replace(base, **past)  # type: ignore[arg-type]
        self.remarks: list[str] = []
        self._first: datetime | None = None
        self._latest: datetime | None = None
        self._read_to: datetime | None = base.read_to
        self._is_sure = self._is_ordered = True

    def since(self) -> dict[str, str]:
        """What to ask the LRS for."""
        if self._base.read_to is None:
            return {}
        return {"since": timestamp(self._base.read_to - (OVERLAP if self._base.is_told else OVERLAP_UNTOLD))}

    def note(self, page: Page, now: datetime) -> None:
        through, is_told = page.through, page.through is not None
        if through is not None and through > now:
            self._remark_if(through > now + _AHEAD, _IN_THE_FUTURE)
            through = now
        is_proven = self._order(page, now, OVERLAP if is_told else OVERLAP_UNTOLD)
        if self._latest is not None and self._is_sure:
            within = self._latest if through is None else min(self._latest, through)
            self._read_to = max(self._read_to or within, within)
            self._is_sure = within == self._latest
        read_to = self._read_to if page.is_last or is_proven else self._base.read_to
        # After the last page all is read that the LRS vouches for; where it vouches for nothing, to its last statement.
        known = through if page.is_last and self._is_sure and through else read_to
        as_of = self._base.as_of if known is None else max(self._base.as_of or known, known)
        self.manifest = replace(self._base, read_to=read_to, as_of=as_of, is_told=is_told)

    def _order(self, page: Page, now: datetime, overlap: timedelta) -> bool:
        """Whether the order is seen by now. What is in disorder by less than the overlap is read again anyway."""
        for stored in self._ends(page, now):
            if self._first is None or self._latest is None:
                self._first = self._latest = stored
            if stored < self._latest - overlap:
                self._is_ordered = False
                self._remark_if(True, _DISORDERED)
            self._latest = max(self._latest, stored)
        if self._first is None or self._latest is None:
            return False
        return self._is_ordered and self._latest - self._first > overlap

    def _ends(self, page: Page, now: datetime) -> Iterator[datetime]:
        """When the first and the last of a page were stored, those passed over that say it will be."""
        for statements in (page.statements, reversed(page.statements)):
            for statement in statements:
                told = statement.get("stored")
                stored = parse_timestamp(told) if isinstance(told, str) else None
                if stored is not None and stored <= now:
                    yield stored
                    break
                self._remark_if(stored is not None and stored > now + _AHEAD, _IN_THE_FUTURE)

    def _remark_if(self, is_so: bool, remark: str) -> None:
        if is_so and remark not in self.remarks:
            self.remarks.append(remark)
