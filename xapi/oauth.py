"""Tokens for an LRS that wants OAuth 2: fetched with client credentials (RFC 6749, 4.4), kept in memory for a while."""

import json
import re
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import requests

from xapi.addresses import AddressRefused
from xapi.guarded import answered_by, body_by

# A token is not used any more so long before it ends: a request takes its time.
_SPARE_SECONDS = 60.0
# Where nothing is said of its life, and for the longest one that is believed.
_USUAL_SECONDS = 300.0
_LONGEST_SECONDS = 24 * 3600.0
# For the whole answer of a token server.
_PATIENCE_SECONDS = 10.0
_MOST_READ = 100_000
# The name of an error, such as invalid_client; longer ones, with spaces, could hold anything.
_ERROR = re.compile(r"[A-Za-z_]{1,40}")
# What can be mended by waiting (RFC 9110); the rest only by the administrator.
_PASSING = frozenset({408, 425, 429, *range(500, 600)})


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """``token_url``: where tokens are fetched; ``scope``: which are asked for, if any is named."""

    token_url: str
    client_id: str
    client_secret: str
    scope: str | None = None


class Authorized(requests.auth.AuthBase):
    """Says this of who asks; where a request has none, requests looks into the environment's .netrc."""

    def __init__(self, header: str) -> None:
        self._header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


def basic(username: str, password: str) -> Authorized:
    """Basic credentials in UTF-8 (RFC 7617); requests' own are Latin-1."""
    return Authorized("Basic " + b64encode(f"{username}:{password}".encode()).decode())


class NoToken(Exception):
    """Without a token nothing was sent. ``status``: as if the LRS itself had said so: 503, or 401 for what only
    the administrator can mend."""

    def __init__(self, said: str, status: int, retry_after: str | None = None) -> None:
        super().__init__(said)
        self.status = status
        self.retry_after = retry_after


class Tokens:
    """The token of one LRS, for one request at a time; ``session`` holds to the guard of addresses."""

    def __init__(
        self,
        credentials: ClientCredentials,
        session: requests.Session,
        connect_seconds: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._asked_with = credentials
        self._session = session
        self._connect_seconds = connect_seconds
        self._now = now
        self._token = ""
        self._good_until = 0.0

    def shown(self, until: float) -> Authorized:
        """For a request. Raises :class:`NoToken`. ``until``: of ``time.monotonic``, when it must be there."""
        if self._now() >= self._good_until:
            self._fetch(min(until, time.monotonic() + _PATIENCE_SECONDS))
        return Authorized(f"Bearer {self._token}")

    def forget(self) -> None:
        """The LRS does not take it any more, whatever was said of its life."""
        self._good_until = 0.0

    def close(self) -> None:
        self._session.close()

    def _fetch(self, until: float) -> None:
        asked_at = self._now()
        answer, body = self._ask(until)
        if answer.status_code != 200:
            said = f"{self._error(body)} ({answer.status_code})".strip()
            raise NoToken(
                f"its token server gives no token: {said}",
                # None of the statements is to blame, so it is not as if the LRS itself had broken over them.
                503 if answer.status_code in _PASSING else 401,
                answer.headers.get("Retry-After"),
            )
        token, kind = body.get("access_token"), body.get("token_type")
        if not isinstance(token, str) or not _is_plain(token):
            raise NoToken("its token server gives no token: its answer holds none", 401)
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise NoToken("its token server gives tokens of another kind than Bearer", 401)
        self._token = token
        self._good_until = asked_at + _life(body.get("expires_in"))

    def _error(self, body: dict[str, Any]) -> str:
        """What it calls the error (RFC 6749, 5.2): the name only. Its description is free text, which may repeat the
        secret, and would be kept and logged."""
        said, given = body.get("error"), self._asked_with
        if not isinstance(said, str) or not _ERROR.fullmatch(said):
            return ""
        return "" if given.client_secret in said or given.client_id in said else said

    def _ask(self, until: float) -> tuple[requests.Response, dict[str, Any]]:
        given = self._asked_with
        form = {"grant_type": "client_credentials", **({"scope": given.scope} if given.scope else {})}
        left = max(0.1, until - time.monotonic())
        try:
            with answered_by(until):
                answer = self._session.post(
                    given.token_url,
                    data=form,
                    headers={"Accept": "application/json"},
                    # Both are encoded before they are joined (RFC 6749, 2.3.1).
                    auth=basic(quote_plus(given.client_id), quote_plus(given.client_secret)),
                    timeout=(min(self._connect_seconds, left), left),
                    allow_redirects=False,
                    stream=True,
                )
            with closing(answer):
                body, whole = body_by(until, answer, _MOST_READ)
        except AddressRefused as error:
            raise NoToken(f"its token server: {error}", 401) from error
        except (requests.RequestException, OSError) as error:
            raise NoToken(f"its token server cannot be reached: {type(error).__name__}", 503) from error
        if not whole:
            raise NoToken("its token server does not answer in time", 503)
        return answer, _object(body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_plain(token: str) -> bool:
    """Nothing else can stand in a header (RFC 6750, 2.1)."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def _life(said: object) -> float:
    """For how many seconds a token is used; some servers write the number as text."""
    try:
        seconds = float(str(said)) if said is not None else _USUAL_SECONDS
    except ValueError:
        seconds = _USUAL_SECONDS
    if not seconds > 0:  # nor a NaN
        seconds = _USUAL_SECONDS
    seconds = min(seconds, _LONGEST_SECONDS)
    return seconds - min(_SPARE_SECONDS, seconds / 2)
