"""Work at LMSs that stands beside the worker's ticks, in one thread of its own: a slow LMS holds up no tick."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from lti_tool.logs import log


class Aside:
    """``work``: does what is due, and looks at the flag between one thing and the next."""

    def __init__(self, name: str, work: Callable[[threading.Event], object]) -> None:
        self._name = name
        self._work = work
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._busy = threading.Lock()
        self._stop = threading.Event()

    def start(self) -> None:
        """Nothing, while it is still at it."""
        if not self._stop.is_set() and self._busy.acquire(blocking=False):
            self._pool.submit(self._do)

    def stop(self) -> None:
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def wait(self) -> None:
        self._pool.shutdown(wait=True)

    def _do(self) -> None:
        try:
            self._work(self._stop)
        except Exception:
            log.exception("work_failed", work=self._name)
        finally:
            self._busy.release()
