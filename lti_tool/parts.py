"""The parts that an app, a command or a worker is put together from."""

from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from lti_tool.config import Settings
from social_layer.clock import Clock, system_clock
from social_layer.database import Database
from social_layer.sealing import Sealer


@dataclass(frozen=True)
class Parts:
    """Settings, database, sealer and clock: everything that comes from outside the domain."""

    settings: Settings
    database: Database
    sealer: Sealer
    clock: Clock = field(default=system_clock)

    @classmethod
    def of(
        cls, settings: Settings, clock: Clock = system_clock, *, statement_seconds: int | None = None
    ) -> "Parts":
        """``statement_seconds``: as :class:`Database` takes it."""
        database = Database(settings.database_url, statement_seconds=statement_seconds)
        return cls(settings, database, Sealer(settings.secret_keys), clock)


def parts() -> Parts:
    """The parts of the app that serves the present request."""
    return cast(Parts, current_app.extensions["alongside"])
