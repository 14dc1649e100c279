"""The worker: Celery carries ticks, and all that matters stands in the database under leases.

A tick that is lost or doubled does no harm. Worker threads and the clock live in one process, so that the broker may
be this process's own memory; more workers join over Redis or RabbitMQ, without a clock of their own.
"""

import os
import sys
import threading
import warnings
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from celery import Celery, signals
from celery.beat import EmbeddedService, Scheduler
from celery.exceptions import SecurityWarning

from lti_tool.bridging import bridge_of
from lti_tool.console.sessions import sweep_sessions
from lti_tool.lti import group_names, notice_handlers
from lti_tool.lti.aside import Aside
from lti_tool.lti.grade_courier import Grader
from lti_tool.lti.keys import keep_keys
from lti_tool.lti.launch_log import sweep_attempts
from lti_tool.lti.logins import sweep_logins
from lti_tool.lti.reading import Readers
from lti_tool.lti.service_errors import sweep_service_errors
from lti_tool.lti.service_tokens import sweep_tokens
from lti_tool.parts import Parts
from lti_tool.records.process import gather_aside
from social_layer.discussion.reading import tell_readings
from xapi.bridge import Bridge
from xapi.couriers import Couriers

log = structlog.get_logger("alongside.worker")

# LRSs that are served at once.
THREADS = 16
# For the ticks themselves. Each is short: who delivers is a thread beside them, so that an LRS stops no tick.
_TICK_THREADS = 4
# A stop waits so long for the request that is under way; a lease left behind by then runs out by itself.
GRACE_SECONDS = 20.0
_SWEEP = "alongside.sweep"
_DELIVER = "alongside.deliver"
_KEEP_HOUSE = "alongside.keep_house"
_KEEP_HOUSE_SECONDS = 600.0
_NOTE_READINGS = "alongside.note_readings"
_READINGS_SECONDS = 60.0
_READ_ROSTERS = "alongside.read_rosters"
_ROSTER_SECONDS = 2.0
_READ_GROUP_NAMES = "alongside.read_group_names"
_GROUP_NAMES_SECONDS = 20.0
_TELL_HANDLERS = "alongside.tell_handlers"
_HANDLER_SECONDS = 15.0
_SEND_GRADES = "alongside.send_grades"
_GRADE_SECONDS = 3.0
_GATHER_RECORDS = "alongside.gather_records"
_GATHER_SECONDS = 30.0
# Grade book columns that are worked at at once.
_GRADE_THREADS = 4


def make_celery(broker_url: str, bridge: Bridge, couriers: Couriers, *, every: float = 1.0) -> Celery:
    """The Celery app: a tick ``every`` second sweeps, and sends a courier to each LRS with something due."""
    if broker_url == "memory://":
        broker_url = "memory://localhost"  # kombu warns of a missing host, even where none is meant
    app = Celery("alongside", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        accept_content=["json"],
        task_default_queue="alongside",
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"polling_interval": 0.1} if broker_url.startswith("memory:") else {},
        # Old ticks are worth nothing: while no worker runs they must not pile up.
        beat_schedule={"sweep": {"task": _SWEEP, "schedule": every, "options": {"expires": 5 * every}}},
        beat_max_loop_interval=every,
    )

    @app.task(name=_SWEEP, shared=False)
    def sweep() -> None:
        for tenant_id, lrs_id in bridge.sweep():
            app.send_task(_DELIVER, (str(tenant_id), str(lrs_id)), expires=5 * every)

    @app.task(name=_DELIVER, shared=False)
    def deliver(tenant_id: str, lrs_id: str) -> None:
        couriers.send((UUID(tenant_id), UUID(lrs_id)))

    return app


def keep_house(app: Celery, given: Parts) -> None:
    """Adds the tick that clears away what has served its time, and changes the tool's signing key when that is due."""

    @app.task(name=_KEEP_HOUSE, shared=False)
    def clear_away() -> None:
        with given.database.write() as session:
            gone = sweep_logins(session, given.clock)
            sweep_tokens(session, given.clock)
        log.debug("logins swept", gone=gone)
        with given.database.write() as session:
            sweep_attempts(session, given.clock)
            sweep_service_errors(session, given.clock)
            sweep_sessions(session, given.clock)
        with given.database.write() as session:
            made = keep_keys(
                session, given.clock, given.sealer, timedelta(days=given.settings.key_rotation_days)
            )
        if made is not None:
            log.info("signing key made", kid=made.kid, begins_at=made.begins_at.isoformat())

    app.conf.beat_schedule[_KEEP_HOUSE] = {
        "task": _KEEP_HOUSE,
        "schedule": _KEEP_HOUSE_SECONDS,
        "options": {"expires": _KEEP_HOUSE_SECONDS},
    }


def note_readings(app: Celery, given: Parts) -> None:
    """Adds the tick that makes events of what was read, once the reading is over."""

    @app.task(name=_NOTE_READINGS, shared=False)
    def tell() -> None:
        if told := tell_readings(given.database, given.clock):
            log.debug("readings told", readings=told)

    app.conf.beat_schedule[_NOTE_READINGS] = {
        "task": _NOTE_READINGS,
        "schedule": _READINGS_SECONDS,
        "options": {"expires": _READINGS_SECONDS},
    }


def read_rosters(app: Celery, readers: Readers) -> None:
    """Adds the tick that has the lists of members read that are due."""

    @app.task(name=_READ_ROSTERS, shared=False)
    def begin() -> None:
        readers.start()

    app.conf.beat_schedule[_READ_ROSTERS] = {
        "task": _READ_ROSTERS,
        "schedule": _ROSTER_SECONDS,
        "options": {"expires": 5 * _ROSTER_SECONDS},
    }


def read_group_names(app: Celery, readers: Aside) -> None:
    """Adds the tick that has the names of groups read, where an LMS tells them."""

    @app.task(name=_READ_GROUP_NAMES, shared=False)
    def begin() -> None:
        readers.start()

    app.conf.beat_schedule[_READ_GROUP_NAMES] = {
        "task": _READ_GROUP_NAMES,
        "schedule": _GROUP_NAMES_SECONDS,
        "options": {"expires": 5 * _GROUP_NAMES_SECONDS},
    }


def tell_handlers(app: Celery, tellers: Aside) -> None:
    """Adds the tick that tells LMSs where their notices go, where they do not know."""

    @app.task(name=_TELL_HANDLERS, shared=False)
    def begin() -> None:
        tellers.start()

    app.conf.beat_schedule[_TELL_HANDLERS] = {
        "task": _TELL_HANDLERS,
        "schedule": _HANDLER_SECONDS,
        "options": {"expires": 5 * _HANDLER_SECONDS},
    }


def send_grades(app: Celery, grader: Grader, couriers: Couriers) -> None:
    """Adds the tick that counts what has changed, and sends a courier to each column with something due."""

    @app.task(name=_SEND_GRADES, shared=False)
    def sweep_grades() -> None:
        for key in grader.sweep():
            couriers.send(key)

    app.conf.beat_schedule[_SEND_GRADES] = {
        "task": _SEND_GRADES,
        "schedule": _GRADE_SECONDS,
        "options": {"expires": 5 * _GRADE_SECONDS},
    }


def gather_records(app: Celery, gatherer: Aside) -> None:
    """Adds the tick that has the LRSs read back that are due."""

    @app.task(name=_GATHER_RECORDS, shared=False)
    def begin() -> None:
        gatherer.start()

    app.conf.beat_schedule[_GATHER_RECORDS] = {
        "task": _GATHER_RECORDS,
        "schedule": _GATHER_SECONDS,
        "options": {"expires": 5 * _GATHER_SECONDS},
    }


def run(given: Parts, *, beat: bool = True, threads: int = THREADS) -> int:
    """Works until SIGTERM or SIGINT; answers the exit code."""
    bridge = bridge_of(given)
    couriers = Couriers(bridge, threads)
    app = make_celery(given.settings.broker_url, bridge, couriers)
    keep_house(app, given)
    note_readings(app, given)
    readers = Readers(given)
    read_rosters(app, readers)
    name_readers = Aside("groups", lambda stop: group_names.read_due(given, stop=stop))
    read_group_names(app, name_readers)
    tellers = Aside("notice-handlers", lambda stop: notice_handlers.tell_due(given, stop=stop))
    tell_handlers(app, tellers)
    gatherer = Aside("gathering", lambda stop: gather_aside(given, stop=stop))
    if given.settings.gather_minutes:
        gather_records(app, gatherer)
    grader = Grader(given)
    grade_couriers = Couriers(grader, _GRADE_THREADS)
    send_grades(app, grader, grade_couriers)
    # Celery warns of root because of pickle, which we do not take; its advice names an option that we do not have.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    # Without a receiver Celery would set up logging its own way.
    signals.setup_logging.connect(_keep_our_logs)
    signals.worker_shutting_down.connect(
        _stopping(bridge, grader, readers, name_readers, tellers, gatherer), weak=False
    )
    # A thread, where Celery's own -B would fork: with another process memory:// shares nothing.
    clock: Any = EmbeddedService(app, thread=True, max_interval=1, scheduler_cls=Scheduler) if beat else None
    worker = app.Worker(
        pool="threads",
        concurrency=_TICK_THREADS,
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel=given.settings.log_level,
    )
    if clock:
        clock.start()
    log.info(
        "worker_started", broker=given.settings.broker_url.partition("://")[0], beat=beat, threads=threads
    )
    worker.start()
    if clock:
        clock.stop()
    readers.wait()
    name_readers.wait()
    tellers.wait()
    gatherer.wait()
    couriers.wait()
    grade_couriers.wait()
    bridge.close()
    log.info("worker_stopped")
    return worker.exitcode or 0


def _keep_our_logs(**_: Any) -> None:
    """configure_logs() has already said how."""


def _stopping(bridge: Bridge, grader: Grader, *readers: Readers | Aside) -> Any:
    def stop(**_: Any) -> None:
        if bridge.stop.is_set():
            return
        bridge.stop.set()
        grader.stop.set()
        for one in readers:
            one.stop()
        last = threading.Timer(GRACE_SECONDS, _leave)
        last.daemon = True
        last.start()

    return stop


def _leave() -> None:
    # Threads that wait for an LRS or LMS cannot be interrupted, and would hold up the end of the process.
    log.warning(
        "worker_left",
        why="an LRS or LMS did not answer in time; what it was asked is asked again when the lease ends",
    )
    sys.stdout.flush()
    os._exit(0)
