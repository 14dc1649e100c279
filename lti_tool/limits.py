"""How much one address or one person's panel may ask for, so that a flood of one hurts nobody else.

The defaults let a class of 300 behind one school's address launch within a minute (three requests each).
"""

import ipaddress
import math
import time

from flask import Flask, Response, request
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address

from lti_tool import bearer, counting
from lti_tool.config import Settings
from lti_tool.errors import answer
from lti_tool.problems import Problem

LAUNCHES = "1500 per minute"
REGISTRATIONS = "30 per minute"
# Of one platform; and of all that tell from one address, as the schools of one cloud do.
NOTICES = "120 per minute"
NOTICES_BY_ADDRESS = "1500 per minute"
BY_ONE_ASKER = "600 per minute"


def asker() -> str:
    """Whose panel it is, where a token of ours says so; else the address.

    Neither a made-up token nor one renewed every second makes somebody new. A launch has no token yet.
    """
    if request.blueprint != "lti" and (known := bearer.genuine()):
        return f"{known.membership_id.hex}/{known.panel_id.hex}"
    return address()


def address() -> str:
    """Where a request comes from. Of IPv6 the network: whoever has one address of it mostly has all."""
    told = get_remote_address()
    try:
        found = ipaddress.ip_address(told.partition("%")[0])
    except ValueError:
        return told
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return told


# Without the library's headers: what is left of a limit would be looked up for every answer, and nobody asked for it.
limiter = Limiter(asker, default_limits=[BY_ONE_ASKER], strategy="fixed-window")


def register_limits(app: Flask, settings: Settings) -> None:
    """Before the bearer's own check, so that whoever that turns away is counted too."""
    app.config.update(
        RATELIMIT_ENABLED=settings.rate_limits,
        RATELIMIT_STORAGE_URI=settings.rate_limit_storage or f"{counting.SCHEME}://",
        # A broken counter must not close the house.
        RATELIMIT_SWALLOW_ERRORS=True,
    )
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _refuse)
    limiter.request_filter(
        lambda: request.endpoint in ("static", "health.alive", "health.ready", "health.metrics")
    )


def _refuse(_: RateLimitExceeded) -> Response:
    """Says how many seconds are left of the window, which began with its first request."""
    limit = limiter.current_limit
    seconds = math.ceil(limit.reset_at - time.time()) if limit else 0
    return answer(Problem("too_many_requests", headers={"Retry-After": str(max(1, seconds))}))
