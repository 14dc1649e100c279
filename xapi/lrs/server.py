"""Runs the LRS under gunicorn, in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from xapi.lrs.app import create_lrs
from xapi.lrs.migrations import upgrade
from xapi.lrs.settings import LrsSettings


def serve(
    settings: LrsSettings,
    host: str = "127.0.0.1",
    port: int = 8002,
    *,
    workers: int = 1,
    threads: int = 8,
    on_ready: Callable[[], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT. SQLite has one writer at a time, so more workers only help PostgreSQL."""
    upgrade(settings.database_url)  # here, so that a wrong database stops the start and not each worker's

    def when_ready(_server: Any) -> None:
        if on_ready is not None:
            on_ready()

    _Server(
        lambda: create_lrs(settings),
        {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "worker_class": "gthread",
            "workers": workers,
            "threads": threads,
            "keepalive": 30,
            "limit_request_line": 8190,  # the most gunicorn knows; longer queries come as a form
            "timeout": 120,
            "graceful_timeout": 20,
            "loglevel": "warning",
            "proc_name": "alongside-lrs",
            "control_socket_disable": True,
            "when_ready": when_ready,
        },
    ).run()


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, load: Callable[[], Flask], options: dict[str, Any]) -> None:
        self._load = load
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._load()
