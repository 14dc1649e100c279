"""Reading LRSs back in a process of its own.

Reading in a million statements keeps Python busy for a minute; in the worker's own process it would take that time from
whoever delivers, and the memory would stay.
"""

import subprocess
import sys
import threading

import structlog

from lti_tool.parts import Parts
from xapi.gathering import schedule

log = structlog.get_logger("alongside.records")
_LOOKED_AFTER_EVERY = 0.5
_GRACE_SECONDS = 10.0


def gather_aside(given: Parts, *, stop: threading.Event) -> None:
    """Reads what is due, if anything is. It is ended with the worker; its lease then runs out by itself."""
    with given.database.read() as session:
        if not schedule.due(session, given.clock()):
            return
    process = subprocess.Popen(
        [sys.executable, "-m", "lti_tool", "records", "gather", "--due"], stdin=subprocess.DEVNULL
    )
    while process.poll() is None:
        if stop.wait(_LOOKED_AFTER_EVERY):
            process.terminate()
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            return
    if process.returncode:
        _note(given, process.returncode)


def _note(given: Parts, code: int) -> None:
    """It died before it could say of an LRS what is wrong: that is said here, or it would be tried without end."""
    log.error("reading_back_died", code=code)
    with given.database.write() as session:
        now = given.clock()
        for tenant_id, lrs_id in schedule.due(session, now):
            if lease := schedule.take(session, now, tenant_id, lrs_id):
                schedule.fail(
                    session,
                    now,
                    lease,
                    f"the process that reads it back died ({code}); its log says why: alongside records gather",
                )
