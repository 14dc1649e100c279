"""Requests to one LRS: pooled connections, time-outs, no redirects. What an answer means is decided elsewhere.

The time-outs of connecting and of reading together bound the whole answer too: one that drips is cut off.
"""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import msgspec
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from xapi.addresses import AddressRefused, Guard, allow_all
from xapi.guarded import GuardedAdapter, answered_by, body_by
from xapi.oauth import ClientCredentials, NoToken, Tokens, basic

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
# No answer to what we send is longer; what is, is cut off and closes the connection.
MOST_READ = 4_000_000
# Millions of statements are read back: it takes two thirds of json's time.
_DECODER = msgspec.json.Decoder()


class Unreachable(Exception):
    """No connection came about: the LRS has not seen the request."""


class NoAnswer(Exception):
    """The request may have been carried out: its answer did not come, or was cut off."""


class TimedOut(NoAnswer):
    """The LRS may still be at it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the LRS said. ``retry_after``: how many seconds it asks to wait. ``whole``: it was not cut off.
    ``reason``: what is wrong, in our words, where the status alone does not tell it. ``through``: as it says until when
    everything stored is there for readers (Communication 2.1.3).
    """

    status: int
    body: bytes
    retry_after: float | None = None
    location: str | None = None
    whole: bool = True
    reason: str | None = None
    through: str | None = None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Transport(Protocol):
    """How a courier speaks to an LRS. Each raises :class:`Unreachable` or :class:`NoAnswer`."""

    def post(self, bodies: Sequence[bytes]) -> Answer:
        """Sends statements, each as its frozen bytes, in one request."""

    def find(self, statement_id: UUID, *, voided: bool = False) -> Answer:
        """Asks for one statement, among the valid or among the voided ones."""


class HttpTransport:
    """Speaks HTTP to the endpoint, which is the address before ``/statements``.

    With a ``token_url`` user name and password are a client's id and secret, which go there alone: the LRS is shown
    the token that is given for them.
    """

    def __init__(
        self,
        endpoint: str,
        username: str,
        password: str,
        version: str,
        *,
        token_url: str | None = None,
        oauth_scope: str | None = None,
        guard: Guard = allow_all,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        most_read: int = MOST_READ,
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self.version = version
        self._most_read = most_read
        self._timeout = (connect_seconds, read_seconds)
        self._asked_at: float | None = None
        # The environment's proxies and certificates count; its .netrc must not replace our credentials.
        self._session = _session(guard)
        self._tokens: Tokens | None = None
        if token_url is None:
            self._session.auth = basic(username, password)
        else:
            credentials = ClientCredentials(token_url, username, password, oauth_scope)
            self._tokens = Tokens(credentials, _session(guard), connect_seconds)
        self._session.headers.update(
            {"X-Experience-API-Version": version, "Accept": "application/json", "User-Agent": "Alongside"}
        )

    def post(self, bodies: Sequence[bytes]) -> Answer:
        return self._ask(
            "POST",
            "/statements",
            data=b"[" + b",".join(bodies) + b"]",
            headers={"Content-Type": "application/json"},
        )

    def find(self, statement_id: UUID, *, voided: bool = False) -> Answer:
        name = "voidedStatementId" if voided else "statementId"
        return self._ask("GET", "/statements", params={name: str(statement_id)})

    def query(self, parameters: Mapping[str, str]) -> Answer:
        """Asks for statements; the answer is their first page."""
        return self._ask("GET", "/statements", params=parameters)

    def more(self, address: str) -> Answer:
        """The page that an answer's ``more`` leads to: always on the LRS's own host, whatever host it names, for
        our credentials go along."""
        leads_to = urlsplit(urljoin(f"{self._endpoint}/statements", address))
        own = urlsplit(self._endpoint)
        return self._ask("GET", "", base=leads_to._replace(scheme=own.scheme, netloc=own.netloc).geturl())

    def about(self) -> Answer:
        return self._ask("GET", "/about")

    @property
    def waits(self) -> float:
        """For how many seconds an answer has been waited for; 0 where none is."""
        asked_at = self._asked_at
        return 0.0 if asked_at is None else time.monotonic() - asked_at

    def close(self) -> None:
        self._session.close()
        if self._tokens:
            self._tokens.close()

    def _ask(self, method: str, path: str, *, base: str | None = None, **options: Any) -> Answer:
        """All that it takes ends within the two time-outs together: a lease is longer by a little only."""
        url = f"{base or self._endpoint}{path}"
        self._asked_at = time.monotonic()
        until = self._asked_at + sum(self._timeout)
        try:
            if self._tokens is None:
                return self._send(method, url, until, **options)
            return self._send_with_token(self._tokens, method, url, until, **options)
        finally:
            self._asked_at = None

    def _send_with_token(self, tokens: Tokens, method: str, url: str, until: float, **options: Any) -> Answer:
        """A token that is refused may have been taken back before its time: another one is fetched, once."""
        try:
            answer = self._send(method, url, until, auth=tokens.shown(until), **options)
            if answer.status != 401:
                return answer
            tokens.forget()
            answer = self._send(method, url, until, auth=tokens.shown(until), **options)
        except NoToken as none:
            return Answer(none.status, b"", _retry_after(none.retry_after), reason=str(none))
        if answer.status == 401:
            tokens.forget()
            return replace(answer, reason="it refuses the token that its token server gave (401)")
        return answer

    def _send(self, method: str, url: str, until: float, **options: Any) -> Answer:
        left = until - time.monotonic()
        if left <= 0:
            raise Unreachable("its token server took too long")
        timeout = (min(self._timeout[0], left), min(self._timeout[1], left))
        try:
            with answered_by(until):
                response = self._session.request(
                    method, url, timeout=timeout, allow_redirects=False, stream=True, **options
                )
            with closing(response):
                body, whole = body_by(until, response, self._most_read)
                return Answer(
                    response.status_code,
                    body,
                    _retry_after(response.headers.get("Retry-After")),
                    response.headers.get("Location"),
                    whole,
                    through=response.headers.get("X-Experience-API-Consistent-Through"),
                )
        except AddressRefused as error:
            raise Unreachable(str(error)) from error
        except requests.exceptions.SSLError as error:
            raise Unreachable(f"no secure connection: {_innermost(error)}") from error
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError) as error:
            raise Unreachable(f"no connection: {_innermost(error)}") from error
        except requests.exceptions.ConnectionError as error:
            if _never_connected(error):
                raise Unreachable(f"no connection: {_innermost(error)}") from error
            if time.monotonic() >= until:
                raise TimedOut(self._too_late(until)) from error
            raise NoAnswer(f"the connection broke: {_innermost(error)}") from error
        except requests.exceptions.Timeout as error:
            raise TimedOut(self._too_late(until)) from error
        except requests.exceptions.InvalidURL as error:
            raise Unreachable(f"not an address: {error}") from error
        except requests.exceptions.RequestException as error:
            raise NoAnswer(f"the answer was cut off: {_innermost(error)}") from error

    def _too_late(self, until: float) -> str:
        """An LRS that was silent, or one that dripped until its time was up."""
        if time.monotonic() < until:
            return f"no answer within {self._timeout[1]:g} seconds"
        return f"no whole answer within {sum(self._timeout):g} seconds"


def _session(guard: Guard) -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, GuardedAdapter(guard, pool_maxsize=4))
    return session


def json_of(answer: Answer) -> Any:
    """The answer's JSON, or None where it is none."""
    try:
        return _DECODER.decode(answer.body)
    except (msgspec.MsgspecError, RecursionError):
        pass  # What only json takes, such as half a surrogate pair, is given to it.
    try:
        return json.loads(answer.text)
    except (ValueError, RecursionError):  # the latter for one that is nested without end
        return None


def _retry_after(value: str | None) -> float | None:
    """Seconds, or a date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    """Whether urllib3 failed before it had a connection: refused, no route, no such name."""
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _innermost(error: BaseException) -> str:
    """The plain reason at the bottom of a chain of wrapped errors."""
    seen: BaseException = error
    while True:
        reason = getattr(seen, "reason", None)
        inner = next((arg for arg in seen.args if isinstance(arg, BaseException)), None)
        deeper = reason if isinstance(reason, BaseException) else inner or seen.__cause__
        if deeper is None:
            return str(seen).rpartition(": ")[2] or type(seen).__name__
        seen = deeper
