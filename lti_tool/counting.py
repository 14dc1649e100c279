"""Counters of requests in this process's memory, for the rate limits of an installation without Redis.

The limits library has such a storage, which starts a thread every few requests to look for counters that ended: a
tenth of what a launch costs. Here they leave when new ones begin, each looked at once.
"""

import threading
import time
from collections import OrderedDict
from typing import Any

from limits.storage import Storage

SCHEME = "process-memory"
# Some 20 MB. Who asks under more names than this within a window pushes out the oldest counters.
MOST_COUNTERS = 50_000


class ProcessMemory(Storage):
    """Fixed windows only. A counter is ``[count, end]``, by the key of its limit and asker.

    They stand in the order in which they began, which is that of their ends where all windows are of one length. A
    longer one may hold up ended ones behind it; ``MOST_COUNTERS`` bounds how many.
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - the library's own form of registration

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:
        self._counters: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = threading.Lock()
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = time.time()
        with self._lock:
            counter = self._counters.get(key)
            if counter is None or counter[1] <= now:
                self._make_room(now)
                counter = self._counters[key] = [0, now + expiry]
                self._counters.move_to_end(key)
            counter[0] += amount
            return int(counter[0])

    def _make_room(self, now: float) -> None:
        """Every counter is taken out once, so a new one costs the same however many there are."""
        counters = self._counters
        while counters and (len(counters) >= MOST_COUNTERS or counters[next(iter(counters))][1] <= now):
            counters.popitem(last=False)

    def get(self, key: str) -> int:
        counter = self._counters.get(key)
        return int(counter[0]) if counter and counter[1] > time.time() else 0

    def get_expiry(self, key: str) -> float:
        counter = self._counters.get(key)
        return counter[1] if counter else time.time()

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        with self._lock:
            gone = len(self._counters)
            self._counters.clear()
            return gone

    def clear(self, key: str) -> None:
        with self._lock:
            self._counters.pop(key, None)
