"""Counters of requests in this process's memory, for the rate limits of an installation without Redis.

The limits library has such a storage, which starts a thread every few requests to look for counters that ended: a
tenth of what a launch costs. Here they are looked for when a new one begins.
"""

import threading
import time
from typing import Any

from limits.storage import Storage

SCHEME = "process-memory"


class ProcessMemory(Storage):
    """Fixed windows only. A counter is ``[count, end]``, by the key of its limit and asker."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - the library's own form of registration

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:
        self._counters: dict[str, list[float]] = {}
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
                self._counters = {name: one for name, one in self._counters.items() if one[1] > now}
                counter = self._counters[key] = [0, now + expiry]
            counter[0] += amount
            return int(counter[0])

    def get(self, key: str) -> int:
        counter = self._counters.get(key)
        return int(counter[0]) if counter and counter[1] > time.time() else 0

    def get_expiry(self, key: str) -> float:
        counter = self._counters.get(key)
        return counter[1] if counter else time.time()

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        gone = len(self._counters)
        self._counters = {}
        return gone

    def clear(self, key: str) -> None:
        self._counters.pop(key, None)
