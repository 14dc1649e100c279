"""Calls to a platform's services, for whoever works for a course without anybody launching: the worker.

    with services.of(given, platform) as lms:
        answer = lms.get(url, scope=MEMBERS, accept=MEMBERS_TYPE)
        answer.status, answer.headers, answer.json, answer.next_url
        lms.post(url, scope=SCORE, json=score, content_type=SCORE_TYPE)

Each address is looked at by the one guard (outbound.py) before every call. Whatever does not end in a status of 2xx
is a :class:`ServiceFailure`, sorted into later, refused and gone. A token that a service does not take is forgotten and
asked for anew, once. No transaction is open while a platform is asked, so call these with no session in hand.
"""

import json as json_format
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import requests

from lti_tool.logs import log
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.outbound import MOST_BYTES, AddressRefused, PlatformSession, address_trouble
from lti_tool.lti.queries import PlatformCard
from lti_tool.lti.service_answers import FailureKind, ServiceAnswer, ServiceFailure, failure_of, host_of
from lti_tool.lti.service_errors import note_failure
from lti_tool.lti.service_tokens import ServiceTokens, Token
from lti_tool.parts import Parts

__all__ = ["FailureKind", "ServiceAnswer", "ServiceFailure", "Services", "of"]

JSON = "application/json"


@contextmanager
def of(given: Parts, platform: PlatformCard) -> Iterator["Services"]:
    """The services of one platform, over connections that are kept for the length of the block."""
    with PlatformSession(given.settings) as session:
        yield Services(given, platform, session)


class Services:
    """``scope``: one, or several that the same token is to have."""

    def __init__(self, given: Parts, platform: PlatformCard, session: requests.Session) -> None:
        self._given = given
        self._platform = platform
        self._session = session
        self._tokens = ServiceTokens(given, platform, ToolKeys(given), self._ask)

    def get(
        self, url: str, *, scope: str | Sequence[str], accept: str = JSON, most_bytes: int = MOST_BYTES
    ) -> ServiceAnswer:
        """``most_bytes``: how long an answer is read, where a long one is right."""
        return self.send("GET", url, scope=scope, accept=accept, most_bytes=most_bytes)

    def post(
        self, url: str, *, scope: str | Sequence[str], json: Any, content_type: str = JSON, accept: str = JSON
    ) -> ServiceAnswer:
        return self.send("POST", url, scope=scope, accept=accept, json=json, content_type=content_type)

    def put(
        self, url: str, *, scope: str | Sequence[str], json: Any, content_type: str = JSON, accept: str = JSON
    ) -> ServiceAnswer:
        return self.send("PUT", url, scope=scope, accept=accept, json=json, content_type=content_type)

    def delete(self, url: str, *, scope: str | Sequence[str], accept: str = JSON) -> ServiceAnswer:
        return self.send("DELETE", url, scope=scope, accept=accept)

    def send(
        self,
        method: str,
        url: str,
        *,
        scope: str | Sequence[str],
        accept: str = JSON,
        json: Any = None,
        content_type: str = JSON,
        most_bytes: int = MOST_BYTES,
    ) -> ServiceAnswer:
        """Raises :class:`ServiceFailure`. ``json`` None sends no body."""
        scopes = (scope,) if isinstance(scope, str) else tuple(scope)
        try:
            return self._sent(method, url, scopes, accept, json, content_type, most_bytes)
        except ServiceFailure as failure:
            note_failure(self._given, self._platform, scopes, failure)
            raise

    def _sent(
        self,
        method: str,
        url: str,
        scopes: tuple[str, ...],
        accept: str,
        json: Any,
        content_type: str,
        most_bytes: int,
    ) -> ServiceAnswer:
        self._check(url)
        headers = {"Accept": accept}
        body = None
        if json is not None:
            headers["Content-Type"] = content_type
            body = json_format.dumps(json).encode()
        token = self._tokens.find(scopes)
        answer = self._with_token(method, url, token, headers, body, most_bytes)
        if answer.status_code == 401:
            self._tokens.forget(token)
            token = self._tokens.find(scopes)
            answer = self._with_token(method, url, token, headers, body, most_bytes)
        if failure := failure_of(answer, url, self._given.clock, token.text):
            log.warning("service failed", host=failure.host, status=failure.status, said=failure.said)
            raise failure
        return ServiceAnswer(url, answer.status_code, answer.headers, answer.content)

    def _with_token(
        self,
        method: str,
        url: str,
        token: Token,
        headers: dict[str, str],
        body: bytes | None,
        most_bytes: int,
    ) -> requests.Response:
        headers = {**headers, "Authorization": f"Bearer {token.text}"}
        return self._ask(method, url, headers=headers, data=body, most_bytes=most_bytes)

    def _ask(self, method: str, url: str, **options: Any) -> requests.Response:
        """Whatever the platform answers; no answer at all is a failure."""
        self._check(url)
        try:
            return self._session.request(method, url, **options)
        except AddressRefused as refused:
            raise ServiceFailure(FailureKind.refused, None, str(refused), host_of(url)) from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, UnicodeError) as error:
            raise ServiceFailure(
                FailureKind.refused, None, f"The request cannot be made: {type(error).__name__}", host_of(url)
            ) from None
        except (requests.RequestException, OSError, ValueError) as error:
            log.info(
                "service gave no answer", host=host_of(url), reason=f"{type(error).__name__}: {error}"[:200]
            )
            raise ServiceFailure(
                FailureKind.later, None, f"No answer: {type(error).__name__}", host_of(url)
            ) from None

    def _check(self, url: str) -> None:
        if trouble := address_trouble(url, self._given.settings):
            raise ServiceFailure(FailureKind.refused, None, f"The address {trouble}.", host_of(url))
