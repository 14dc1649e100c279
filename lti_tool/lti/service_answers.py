"""What a platform's service answers: its status, headers and JSON; and failures, sorted by what may be done."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from lti_tool.lti.claim_fields import tidied
from lti_tool.lti.models import SAID_LENGTH
from lti_tool.lti.outbound import words_of
from social_layer.clock import Clock

_SENTENCES = ("reason", "error_description", "message", "detail", "title", "error")
_LONGEST_WAIT = 3600.0
_LATER = frozenset({408, 425, 429})
_GONE = frozenset({404, 410})
# Header values are read as Latin-1, so Moodle's curly quotes are three strange signs each: passed over with all
# else that is no letter. No part can be matched in two ways, so that a hostile header costs no more than its length.
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r"\brel\s*=[^A-Za-z,;]*([A-Za-z -]+)", re.IGNORECASE)


class FailureKind(StrEnum):
    """``later``: try again after a while; ``refused``: not until somebody changes something; ``gone``: not there."""

    later = "later"
    refused = "refused"
    gone = "gone"


class ServiceFailure(Exception):
    """A service did not do what it was asked.

    ``status``: the platform's, None where no answer came. ``said``: its own words, on one line, at most
    ``SAID_LENGTH`` characters, without tokens; for operators, and escaped like anybody's words.
    ``retry_after``: seconds, where the platform named a time.
    """

    def __init__(
        self,
        kind: FailureKind,
        status: int | None,
        said: str,
        host: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{kind} {status or ''} {host}: {said}")
        self.kind = kind
        self.status = status
        self.said = said[:SAID_LENGTH]
        self.host = host
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """An answer with a status of 2xx. ``headers`` are found under any case."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The body; None where it is empty. Raises :class:`ServiceFailure` where it is something else than JSON."""
        if not self.content.strip():
            return None
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            raise ServiceFailure(
                FailureKind.refused, self.status, "The answer is no JSON.", host_of(self.url)
            ) from None

    @property
    def next_url(self) -> str | None:
        """Where the next page is (RFC 8288), in its own letters. Any address: who follows it looks where it leads."""
        for address, parameters in _LINK.findall(self.headers.get("Link", "")):
            relation = _REL.search(parameters)
            if relation and "next" in relation[1].lower().split():
                # Moodle writes some of them as for HTML.
                address = address.strip().replace("&amp;", "&")
                try:
                    return urljoin(self.url, address)
                except ValueError:
                    # There is a next page, only nowhere: that is not the end of the list.
                    return address
        return None


def failure_of(answer: requests.Response, url: str, clock: Clock, *secrets: str) -> ServiceFailure | None:
    """None for an answer of 2xx. ``secrets``: what must not stand in its words, if the platform repeats it."""
    status = answer.status_code
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        said = "The platform sends the request on to another address, which is not followed."
    else:
        said = _told_in(answer.content) or words_of(answer, 2_000)
        for secret in secrets:
            said = said.replace(secret, "…")
    return ServiceFailure(_kind_of(status), status, said, host_of(url), _wait(answer, clock))


def _told_in(content: bytes) -> str | None:
    """The sentence within an answer in JSON: Moodle calls it reason, Canvas and OAuth message or error_description."""
    try:
        found: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    for _ in range(3):
        if isinstance(found, list) and found:
            found = found[0]
        if not isinstance(found, dict):
            return None
        for name in _SENTENCES:
            if isinstance(found.get(name), str) and (said := tidied(found[name])):
                return said
        found = found.get("errors")
    return None


def host_of(url: str) -> str:
    """For people to read; empty where it is no address."""
    try:
        return (urlsplit(url).hostname or "")[:255]
    except ValueError:
        return ""


def _kind_of(status: int) -> FailureKind:
    if status >= 500 or status in _LATER:
        return FailureKind.later
    return FailureKind.gone if status in _GONE else FailureKind.refused


def _wait(answer: requests.Response, clock: Clock) -> float | None:
    """Seconds until the time that Retry-After names (RFC 9110, section 10.2.3), within reason."""
    told = answer.headers.get("Retry-After", "").strip()[:64]
    try:
        seconds = float(told) if told.isdecimal() else (parsedate_to_datetime(told) - clock()).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)
