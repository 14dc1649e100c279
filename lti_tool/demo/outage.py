"""The demo's LRS can be stopped and started while the rest runs: what was done meanwhile waits, and arrives."""

from collections.abc import Callable
from pathlib import Path

from lti_tool.demo.processes import DidNotStart, Processes

_STOPPED = "lrs_is_stopped"
NAME = "lrs"


def wish(home: Path, *, running: bool) -> None:
    """Said by another command; the demo looks every second."""
    if running:
        (home / _STOPPED).unlink(missing_ok=True)
    else:
        (home / _STOPPED).touch()


class Outage:
    """Follows what is wished. An LRS that ended by itself, or was killed, is one that is stopped."""

    def __init__(
        self, home: Path, processes: Processes, start: Callable[[], None], told: Callable[[str], None]
    ) -> None:
        self._home, self._processes, self._start, self._told = home, processes, start, told
        wish(home, running=True)

    def look(self) -> None:
        is_running = self._processes.is_running(NAME)
        if not is_running and self._processes.knows(NAME):
            wish(self._home, running=False)
        wanted = not (self._home / _STOPPED).exists()
        if wanted and not is_running:
            try:
                self._start()
            except DidNotStart as error:
                self._told(str(error))
            else:
                self._told("The LRS runs again: what waited arrives now.")
        elif not wanted and self._processes.knows(NAME):
            self._processes.end(NAME)
            self._told(
                "The LRS is stopped. The course goes on, and statements wait. Start it with: alongside demo --lrs start"
            )
