"""Reads the lists of members that are due, in threads of the worker's own: a slow LMS holds up no tick and no LRS."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from lti_tool.logs import log
from lti_tool.lti import names_roles, rosters, services
from lti_tool.lti.names_roles import ListWrong
from lti_tool.lti.rosters import Reading
from lti_tool.lti.services import FailureKind, ServiceFailure
from lti_tool.parts import Parts
from social_layer.people.listed import note_listed

# Lists that are read at once.
THREADS = 3
_PROBLEMS = {
    FailureKind.later: "list_unreachable",
    FailureKind.refused: "list_refused",
    FailureKind.gone: "list_gone",
}


class Left(Exception):
    """Another reads on, another address is to be read, or the worker is stopped."""


class Readers:
    """``start`` begins what is due, as far as there is room; what is not begun now is due with the next tick."""

    def __init__(self, given: Parts, at_once: int = THREADS) -> None:
        self._given = given
        self._at_once = at_once
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="roster")
        self._out: set[tuple[UUID, UUID]] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def start(self) -> None:
        with self._lock:
            room = self._at_once - len(self._out)
        if room <= 0 or self._stop.is_set():
            return
        with self._given.database.read() as session:
            found = rosters.due(session, self._given.clock, room)
        for key in found:
            with self._lock:
                if key in self._out:
                    continue
                self._out.add(key)
            self._pool.submit(self._read, key)

    def stop(self) -> None:
        """Readings under way end with their present page, and are due again."""
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def wait(self) -> None:
        """Until all are back."""
        self._pool.shutdown(wait=True)

    def _read(self, key: tuple[UUID, UUID]) -> None:
        try:
            read(self._given, *key, stop=self._stop)
        except Exception:
            log.exception("roster_reading_failed", context=str(key[1]))
        finally:
            with self._lock:
                self._out.discard(key)


def read(given: Parts, tenant_id: UUID, context_id: UUID, stop: threading.Event | None = None) -> bool:
    """Reads one list, if it is due; answers whether all of it was read. Whatever goes wrong stands in its row."""
    with given.database.write() as session:
        reading = rosters.take(session, given.clock, tenant_id, context_id)
    if reading is None:
        return False
    try:
        return _read(given, reading, stop or threading.Event())
    except Left:
        log.info("roster left", context=str(context_id))
        with given.database.write() as session:
            rosters.leave(session, reading)
    except ServiceFailure as failure:
        with given.database.write() as session:
            rosters.fail(
                session,
                given.clock,
                reading,
                _PROBLEMS[failure.kind],
                status=failure.status,
                said=failure.said,
                in_a_while=failure.kind is FailureKind.later,
                at_least=failure.retry_after,
            )
    except ListWrong as wrong:
        log.warning("roster refused", context=str(context_id), problem=wrong.code, said=wrong.said)
        with given.database.write() as session:
            rosters.fail(session, given.clock, reading, wrong.code, said=wrong.said, in_a_while=False)
    except Exception:
        with given.database.write() as session:
            rosters.fail(session, given.clock, reading, "list_not_kept")
        raise
    return False


def _read(given: Parts, reading: Reading, stop: threading.Event) -> bool:
    found = 0
    with services.of(given, reading.platform) as lms:
        for batch in names_roles.batches(lms, reading.url):
            with given.database.write() as session:
                note_listed(session, given.clock, reading.course, batch, reading.began_at)
                if not rosters.go_on(session, given.clock, reading, len(batch)):
                    raise Left
            found += len(batch)
            if stop.is_set():
                raise Left
    if not found:
        # Not even whoever asked: a fault of the service, and no reason to lock everybody out.
        raise ListWrong("list_empty")
    with given.database.write() as session:
        ended = rosters.complete(session, given.clock, reading)
    if ended is None:
        raise Left
    log.info("roster read", context=str(reading.context_id), members=found, ended=ended)
    return True
