"""Structured logs: one line a request, with a trace id that the person sees too. Never a token, never a text."""

import logging
import secrets
import sys
import time
from typing import TextIO, cast

import structlog
from flask import Flask, Response, g, request

from lti_tool.config import Settings

log = structlog.get_logger("alongside")


class Output:
    """Where lines go at the moment they are written: loggers are kept longer than some outputs last."""

    chosen: TextIO | None = None

    def write(self, text: str) -> None:
        (self.chosen or sys.stdout).write(text)

    def flush(self) -> None:
        (self.chosen or sys.stdout).flush()


_output = Output()


def configure_logs(settings: Settings, stream: TextIO | None = None) -> None:
    """JSON lines in production, readable ones in development. Called once by each command that serves.

    ``stream``: where they go instead of the standard output, then always as JSON.
    """
    _output.chosen = stream
    shown = logging.getLevelNamesMapping()[settings.log_level]
    renderer = (
        structlog.processors.JSONRenderer()
        if settings.is_production or stream
        else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(shown),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _output)),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=shown, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("alembic", "celery", "kombu", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def register_logs(app: Flask) -> None:
    @app.before_request
    def start() -> None:
        g.trace_id = secrets.token_hex(8)
        g.started = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Trace-Id"] = g.trace_id
        # The request itself: each question to the proxy would look for it again.
        asked = request._get_current_object()  # type: ignore[attr-defined]
        if asked.url_rule is not None and asked.endpoint not in ("static", "health.alive", "health.ready"):
            log.info(
                "request",
                trace_id=g.trace_id,
                method=asked.method,
                route=asked.url_rule.rule,
                status=response.status_code,
                ms=round((time.perf_counter() - g.started) * 1000, 1),
            )
        return response
