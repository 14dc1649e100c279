"""Threads that deliver, one for each LRS, so many at once; whoever waits long for an LRS makes room for others.

A courier that waits costs next to nothing, so that LRSs that hang must not keep those that are well from theirs.
"""

from threading import Lock, Thread
from typing import Protocol
from uuid import UUID

import structlog

log = structlog.get_logger()

# Whoever has waited so long for one answer does not count among those at work.
PATIENCE_SECONDS = 2.0
# So many times as many may stand about in all: a bound for memory, not for the work.
_MOST = 16


# A tenant's LRS, or whatever else is brought things to.
Key = tuple[UUID, UUID]


class Deliverer(Protocol):
    """Brings one destination all that is due there; knows for how many seconds it has waited for an answer."""

    def deliver(self, key: Key) -> None: ...

    def waits_for(self, key: Key) -> float: ...


class Couriers:
    """``at_once``: how many are at work; those that are not started now are asked for again with the next sweep."""

    def __init__(self, bridge: Deliverer, at_once: int) -> None:
        self._bridge = bridge
        self._at_once = at_once
        self._lock = Lock()
        self._out: dict[Key, Thread] = {}

    def send(self, key: Key) -> bool:
        """Delivers what is due at one LRS, in a thread of its own; False where there is no room, or one is out."""
        with self._lock:
            waiting = sum(self._bridge.waits_for(out) > PATIENCE_SECONDS for out in self._out)
            if key in self._out or len(self._out) >= self._at_once * _MOST:
                return False
            if len(self._out) - waiting >= self._at_once:
                return False
            self._out[key] = thread = Thread(target=self._deliver, args=(key,), name="courier", daemon=True)
        thread.start()
        return True

    def wait(self) -> None:
        """Until all are back."""
        while True:
            with self._lock:
                out = list(self._out.values())
            if not out:
                return
            for thread in out:
                thread.join()

    def _deliver(self, key: Key) -> None:
        try:
            self._bridge.deliver(key)
        except Exception:
            # What it held is free again when its lease ends; the next sweep tries again.
            log.exception("courier_failed", to=str(key[1]))
        finally:
            with self._lock:
                del self._out[key]
