"""What every resource works with, and how a request becomes a call of a known user."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, request

from xapi.lrs.authentication import Authentication
from xapi.lrs.call import Call, read_call
from xapi.lrs.database import Database
from xapi.lrs.settings import LrsSettings


@dataclass(frozen=True)
class Service:
    settings: LrsSettings
    database: Database
    authentication: Authentication

    def call(self) -> Call:
        """The current request, whichever syntax it uses. No check of user or version yet."""
        return read_call(request, self.settings.max_body_bytes, self.settings.max_multipart_bytes)

    def known_call(self) -> tuple[Call, str]:
        """The current request of a user whose credentials are right, in a version we speak."""
        alternate = request.method == "POST" and "method" in request.args
        if not alternate:  # before reading what a stranger sends
            self.authentication.user(request.headers.get("Authorization"))
        call = self.call()
        user = self.authentication.user(call.headers.get("Authorization"))
        call.check_version()
        g.version = call.version
        return call, user
