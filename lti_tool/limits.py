"""How much one address or one person's panel may ask for, so that a flood of one hurts nobody else.

The defaults let a class of 300 behind one school's address launch within a minute (three requests each).
"""

import ipaddress
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, Response, after_this_request, current_app, request
from limits import RateLimitItem, parse
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from lti_tool import bearer, counting
from lti_tool.config import Settings
from lti_tool.logs import log
from lti_tool.problems import Problem

LAUNCHES = "1500 per minute"
REGISTRATIONS = "30 per minute"
# Of one platform; and of all that tell from one address, as the schools of one cloud do.
NOTICES = "120 per minute"
NOTICES_BY_ADDRESS = "1500 per minute"
# Of each kind of request.
BY_ONE_ASKER = "600 per minute"

_NAME = "alongside.limits"
# A Redis that hangs is waited for so long, and then left alone for a while.
_PATIENCE = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
_REST_SECONDS = 10
_UNCOUNTED = {"static", "health.alive", "health.ready", "health.metrics"}
_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


def asker() -> str:
    """Whose panel it is, where a token of ours says so; else the address.

    Neither a made-up token nor one renewed every second makes somebody new. A launch has no token yet.
    """
    if request.blueprint != "lti" and (known := bearer.genuine()):
        return f"{known.membership_id.hex}/{known.panel_id.hex}"
    return address()


def address() -> str:
    """Where a request comes from. Of IPv6 the network: whoever has one address of it mostly has all."""
    told = request.remote_addr or "127.0.0.1"
    try:
        found = ipaddress.ip_address(told.partition("%")[0])
    except ValueError:
        return told
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return told


def register_limits(app: Flask, settings: Settings) -> None:
    """Before the bearer's own check, so that whoever that turns away is counted too."""
    app.extensions[_NAME] = _Counters(settings)
    launches, by_one_asker = parse(LAUNCHES), parse(BY_ONE_ASKER)

    @app.before_request
    def count_asker() -> None:
        asked = request._get_current_object()  # type: ignore[attr-defined]
        if asked.blueprint == "lti":
            _of_app().count(launches, asker())
        elif asked.endpoint not in _UNCOUNTED:
            _of_app().count(by_one_asker, f"{asked.endpoint} {asker()}")


def limited(
    limit: str, by: Callable[[], str], *, only: Callable[[Response], bool] | None = None
) -> Callable[[Callable[_Given, _Answer]], Callable[_Given, _Answer]]:
    """For a view that has a limit of its own beside the general one.

    ``by``: whose request it is; ``only``: which answers count, where not all do. A request counts before its answer is
    known, and is given back where that does not count: otherwise many at once would all pass before the first counts.
    """
    item = parse(limit)

    def around(view: Callable[_Given, _Answer]) -> Callable[_Given, _Answer]:
        @wraps(view)
        def counted(*args: _Given.args, **kwargs: _Given.kwargs) -> _Answer:
            name = f"{request.endpoint} {by()}"
            if only is None:
                _of_app().count(item, name)
            else:
                _of_app().take(item, name)
                after_this_request(_give_back_unless(only, item, name))
            return view(*args, **kwargs)

        return counted

    return around


def _give_back_unless(
    only: Callable[[Response], bool], item: RateLimitItem, name: str
) -> Callable[[Response], Response]:
    def after(response: Response) -> Response:
        # Turned away by another limit of the same view, it was not looked at.
        if response.status_code == 429 or not only(response):
            _of_app().give_back(item, name)
        return response

    return after


def _of_app() -> "_Counters":
    return cast(_Counters, current_app.extensions[_NAME])


class _Counters:
    """The limits library asked directly: one counter a request, and no search for what applies to it."""

    def __init__(self, settings: Settings) -> None:
        self._is_on = settings.rate_limits
        elsewhere = settings.rate_limit_storage
        found = storage_from_string(elsewhere, **_PATIENCE) if elsewhere else counting.ProcessMemory()
        self._storage = cast(Storage, found)  # none that is asynchronous has a setting here
        self._window = FixedWindowRateLimiter(self._storage)
        self._broken = self._storage.base_exceptions
        self._resting_until = 0.0

    def count(self, limit: RateLimitItem, name: str) -> None:
        """Raises `Problem` where this request is one too many."""
        if not self._ask(self._window.hit, limit, name):
            raise Problem("too_many_requests", headers={"Retry-After": str(self._seconds_left(limit, name))})

    def _seconds_left(self, limit: RateLimitItem, name: str) -> int:
        """Of the window, which began with its first request; all of one where that cannot be read any more."""
        try:
            ends = self._window.get_window_stats(limit, name).reset_time
        except self._broken:
            return limit.get_expiry()
        return max(1, int(ends - time.time()) + 1)

    def take(self, limit: RateLimitItem, name: str) -> None:
        """The same, for what may be given back: a request that is turned away leaves the counter as it was."""
        try:
            self.count(limit, name)
        except Problem:
            self.give_back(limit, name)
            raise

    def give_back(self, limit: RateLimitItem, name: str) -> None:
        """A request that was counted counts no longer. Nothing where its window is over."""
        self._ask(self._uncount, limit, name)

    def _uncount(self, limit: RateLimitItem, name: str) -> bool:
        key = limit.key_for(name)
        if self._storage.get(key) > 0:
            self._storage.incr(key, limit.get_expiry(), amount=-1)
        return True

    def _ask(self, ask: Callable[..., bool], limit: RateLimitItem, name: str) -> bool:
        if not self._is_on or time.monotonic() < self._resting_until:
            return True
        try:
            return ask(limit, name)
        except self._broken as error:
            # A broken counter must not close the house, nor may each request wait for it anew.
            self._resting_until = time.monotonic() + _REST_SECONDS
            log.warning("requests are not counted", error=type(error).__name__)
            return True
