"""What the tool counts, for Prometheus: requests, launches, and how statements are getting on.

gunicorn's processes each count for themselves, in files of one folder, and whichever of them is asked adds them up.
How statements are getting on stands in the database, and is read when it is asked for, but not all the time.
"""

import os
import shutil
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import cast

from flask import Flask, Request, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from lti_tool.config import make_private_folder
from lti_tool.logs import log
from lti_tool.parts import Parts
from xapi.status import Waiting, waiting

_NAME = "alongside.metrics"
# Where prometheus_client looks for the folder that processes share.
_SHARED = "PROMETHEUS_MULTIPROC_DIR"
LAUNCHING = {"lti.begin_login", "lti.go_on", "lti.go_on_in_own_tab", "lti.launch"}
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
# The database is asked at most so often, and spends at most this share of its time on it.
_FRESH = timedelta(seconds=10)
_SHARE = 20


def share_between_processes(folder: Path) -> None:
    """For a server with several processes, before it makes them: counting begins anew, in this folder."""
    shutil.rmtree(folder, ignore_errors=True)
    make_private_folder(folder)
    os.environ[_SHARED] = str(folder)
    values.ValueClass = values.get_value_class()


def register_metrics(app: Flask, given: Parts) -> None:
    app.extensions[_NAME] = _Counted(given)

    @app.after_request
    def counted(response: Response) -> Response:
        count(response.status_code)
        return response


def count(status: int) -> None:
    """The present request, which was answered so."""
    # The request itself: each question to the proxy would look for it again.
    _of_app().request(request._get_current_object(), status)  # type: ignore[attr-defined]


def exposition() -> bytes:
    """All figures in Prometheus's text format."""
    return _of_app().exposition()


def _of_app() -> "_Counted":
    return cast(_Counted, current_app.extensions[_NAME])


class _Counted:
    def __init__(self, given: Parts) -> None:
        self._own = CollectorRegistry()
        self._requests = Counter(
            "alongside_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._own,
        )
        self._seconds = Histogram(
            "alongside_request_seconds",
            "How long requests took.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._own,
        )
        self._launches = Counter(
            "alongside_launches",
            "Launches by how they ended: launched, or the code of the refusal.",
            ("outcome",),
            registry=self._own,
        )
        self._statements = CollectorRegistry()
        self._statements.register(_Statements(given))

    def request(self, asked: Request, status: int) -> None:
        method = asked.method if asked.method in _METHODS else "other"
        route = asked.url_rule.rule if asked.url_rule else "none"
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(time.perf_counter() - g.started)
        if asked.endpoint in LAUNCHING:
            outcome = "launched" if g.get("launched") else g.get("refused_as")
            if outcome:
                self._launches.labels(outcome).inc()

    def exposition(self) -> bytes:
        registry = self._own
        if folder := os.environ.get(_SHARED):
            registry = CollectorRegistry()
            MultiProcessCollector(registry, folder)
        return generate_latest(registry) + generate_latest(self._statements)


class _Statements(Collector):
    """Statements on their way, as the database has them now or had them some seconds ago."""

    def __init__(self, given: Parts) -> None:
        self._given = given
        self._lock = Lock()
        self._found: Waiting | None = None
        self._until = given.clock() - _FRESH

    def describe(self) -> Iterable[Metric]:
        """Nothing is read when the collector is registered."""
        return ()

    def collect(self) -> Iterable[Metric]:
        found = self._read()
        up = GaugeMetricFamily(
            "alongside_database_up", "Whether the database answered when it was last asked."
        )
        up.add_metric((), 0 if found is None else 1)
        yield up
        if found is not None:
            yield from self._families(found)

    def _read(self) -> Waiting | None:
        with self._lock:
            now, started = self._given.clock(), time.monotonic()
            if now < self._until:
                return self._found
            try:
                with self._given.database.read() as session:
                    self._found = waiting(session)
            except SQLAlchemyError as error:
                log.warning("metrics_without_database", error=type(error).__name__)
                self._found = None
            self._until = now + max(_FRESH, timedelta(seconds=(time.monotonic() - started) * _SHARE))
            return self._found

    def _families(self, found: Waiting) -> Iterable[Metric]:
        now = self._given.clock()

        def age(since: object) -> float:
            return max(0.0, (now - since).total_seconds()) if since else 0.0  # type: ignore[operator]

        deliveries = GaugeMetricFamily(
            "alongside_deliveries",
            "Statements on their way to an LRS: pending, or parked because it refused them.",
            labels=("tenant", "lrs", "state"),
        )
        oldest = GaugeMetricFamily(
            "alongside_oldest_pending_seconds",
            "How long ago the oldest thing happened whose statement an LRS has not.",
            labels=("tenant", "lrs"),
        )
        paused = GaugeMetricFamily(
            "alongside_lrs_paused",
            "Whether an LRS is not sent to until an administrator has looked.",
            labels=("tenant", "lrs"),
        )
        delivered = CounterMetricFamily(
            "alongside_delivered",
            "Statements that an LRS took since it was connected.",
            labels=("tenant", "lrs"),
        )
        failures = GaugeMetricFamily(
            "alongside_lrs_failures",
            "How often in a row an LRS failed until now; 0 when it took the last statements.",
            labels=("tenant", "lrs"),
        )
        for lrs in found.lrss:
            deliveries.add_metric((lrs.tenant, lrs.name, "pending"), lrs.pending)
            deliveries.add_metric((lrs.tenant, lrs.name, "parked"), lrs.parked)
            oldest.add_metric((lrs.tenant, lrs.name), age(lrs.oldest_at))
            paused.add_metric((lrs.tenant, lrs.name), lrs.paused)
            delivered.add_metric((lrs.tenant, lrs.name), lrs.delivered)
            failures.add_metric((lrs.tenant, lrs.name), lrs.failures)
        yield from (deliveries, oldest, paused, delivered, failures)
        yield GaugeMetricFamily(
            "alongside_undispatched_events",
            "Events that no worker has looked at yet.",
            value=found.undispatched,
        )
        yield GaugeMetricFamily(
            "alongside_oldest_undispatched_seconds",
            "How long ago the oldest of them happened; if it grows, no worker runs.",
            value=age(found.undispatched_since),
        )
