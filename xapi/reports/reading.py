"""Statements out of any LRS by the standard API: page by page, with patience, and no further than is safe."""

import gc
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

from xapi.answers import Meaning, explain, meaning, pause_after
from xapi.lrs.validation.formats import parse_timestamp
from xapi.transport import Answer, HttpTransport, NoAnswer, Unreachable, json_of

Json = dict[str, Any]
# So many statements are asked for at once; an LRS may give fewer.
PAGE = 500
# A page that is longer is not read: nothing of ours comes near.
MOST_BYTES = 50_000_000
MOST_TRIES = 6
# An LRS may leave out what we may not see after it has cut its pages; but not for so many in a row.
MOST_EMPTY = 1000
# A wish for a longer pause is not granted, for somebody sits and waits.
LONGEST_PAUSE = 120.0


class ReadingFailed(Exception):
    """Why the LRS cannot be read, and what to do, in one line. ``is_refused``: its credentials may not."""

    def __init__(self, why: str, *, is_refused: bool = False) -> None:
        super().__init__(why)
        self.is_refused = is_refused


@dataclass(frozen=True, slots=True)
class Page:
    """``through``: what was stored until then was there to be read, as the LRS says; None where it does not."""

    statements: list[Json]
    through: datetime | None
    is_last: bool


@dataclass
class Reader:
    """``page``: how many statements are asked for at once. ``waiting`` is told before each pause: seconds, and why."""

    transport: HttpTransport
    page: int = PAGE
    tries: int = MOST_TRIES
    sleep: Callable[[float], None] = time.sleep
    rng: random.Random = field(default_factory=random.SystemRandom)
    waiting: Callable[[float, str], None] = lambda seconds, why: None

    def pages(self, **parameters: str) -> Iterator[list[Json]]:
        """What a query finds, in the order in which it was stored, a page at a time. Raises :class:`ReadingFailed`."""
        for page in self.whole_pages(**parameters):
            yield page.statements

    def whole_pages(self, **parameters: str) -> Iterator[Page]:
        """As :meth:`pages`, with what the LRS says of each. Raises :class:`ReadingFailed`."""
        asked = {**parameters, "ascending": "true", "limit": str(self.page)}
        answer = self._patiently(lambda: self.transport.query(asked))
        # Brent's way to find a circle of any length without keeping all pages: each is compared with one before, which
        # is another one after 1, 2, 4 … pages. By what it holds, too: some make up new addresses without end.
        mark: list[Any] = []
        steps, far, empty = 0, 1, 0
        while True:
            found = _page_of(answer)
            more = found.get("more")
            yield Page(found["statements"], parse_timestamp(answer.through or ""), not more)
            if not more:
                return
            holds = [one.get("id") for one in found["statements"]]
            empty = 0 if holds else empty + 1
            if more in mark or (holds and holds in mark):
                raise ReadingFailed(
                    "the LRS leads in circles: the next page is one that was there before; tell its operator"
                )
            if empty == MOST_EMPTY:
                raise ReadingFailed(f"the LRS gave {empty} empty pages in a row; tell its operator")
            steps += 1
            if steps == far:
                mark, steps, far = [more, holds], 0, 2 * far
            answer = self._patiently(lambda address=more: self.transport.more(address))  # type: ignore[misc]

    def newest(self, most: int, **parameters: str) -> list[Json]:
        """Of what a query finds what was stored last. Raises :class:`ReadingFailed`."""
        answer = self._patiently(lambda: self.transport.query({**parameters, "limit": str(most)}))
        found: list[Json] = _page_of(answer)["statements"]
        return found

    def one(self, statement_id: UUID, *, voided: bool = False) -> Json | None:
        """A statement by its id, among the valid or among the voided ones; None where there is none.

        Raises :class:`ReadingFailed`.
        """
        answer = self._patiently(
            lambda: self.transport.find(statement_id, voided=voided), accepted=(200, 404)
        )
        if answer.status == 404:
            return None
        found = json_of(answer)
        if not isinstance(found, dict):
            raise ReadingFailed(f"the LRS gives no statement for {statement_id}; tell its operator")
        return found

    def _patiently(self, ask: Callable[[], Answer], accepted: tuple[int, ...] = (200,)) -> Answer:
        """The answer, asked for again after growing pauses while the LRS is busy or out of reach."""
        failures = 0
        while True:
            asked_pause = None
            try:
                answer = ask()
            except (Unreachable, NoAnswer) as error:
                trouble = str(error)
            else:
                if answer.status in accepted:
                    if not answer.whole:
                        raise ReadingFailed(
                            "an answer of the LRS is too long or too slow; try it when it is less busy"
                        )
                    return answer
                trouble, asked_pause = explain(answer), answer.retry_after
                if meaning(answer.status) not in (Meaning.busy, Meaning.broken):
                    raise ReadingFailed(_advice(answer), is_refused=answer.status in (401, 403))
            failures += 1
            if failures >= self.tries:
                raise ReadingFailed(f"the LRS was asked {failures} times, and: {trouble}; try again later")
            pause = min(pause_after(failures, self.rng, asked_pause), LONGEST_PAUSE)
            self.waiting(pause, trouble)
            self.sleep(pause)


def _advice(answer: Answer) -> str:
    said = f"the LRS cannot be read: {explain(answer)}"
    if answer.status == 403:
        return f"{said}; ask its operator for the right to read all statements"
    if answer.status in (404, 405, 410):
        return f"{said}; give the address that ends before /statements"
    return said


def _page_of(answer: Answer) -> Json:
    with uncollected:
        found = json_of(answer)
    if not isinstance(found, dict) or not isinstance(found.get("statements"), list):
        raise ReadingFailed("what answers there is no LRS; give the address that ends before /statements")
    return {**found, "statements": [one for one in found["statements"] if isinstance(one, dict)]}


class _Uncollected:
    """JSON makes tens of thousands of objects at once and no circle: looking for circles among them, again and again,
    takes twice as long as reading it. Several threads may be at it: nobody looks until the last one is done."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._was_on = False

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._was_on = gc.isenabled()
                gc.disable()
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._was_on:
                gc.enable()


uncollected = _Uncollected()
