"""What a reader asks for: the parameters of GET /statements, checked, and the token of the next page.

The token holds the whole query (terms as hashes, so it stays short) and the place to go on from. The server keeps
nothing, a token never goes stale, and a made-up one asks for no more than its sender could ask for anyway.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from xapi.lrs.database import to_microseconds
from xapi.lrs.errors import Refused, bad_request
from xapi.lrs.json_text import BadJson, parse
from xapi.lrs.terms import activity_term, agent_term, registration_term, verb_term
from xapi.lrs.validation import validate_agent_filter
from xapi.lrs.validation.formats import IRI, UUID, parse_timestamp

PARAMETERS = (
    "statementId", "voidedStatementId", "agent", "verb", "activity", "registration", "related_activities",
    "related_agents", "since", "until", "limit", "format", "attachments", "ascending", "more",
)  # fmt: skip
FORMATS = ("ids", "exact", "canonical")
_WITH_ONE = {"statementId", "voidedStatementId", "attachments", "format"}
_MOST_TERMS = 4
_BOUND = 2**62


@dataclass(frozen=True)
class Single:
    id: str
    voided: bool
    format: str
    attachments: bool


@dataclass(frozen=True)
class Query:
    """`terms` must all be met; times are microseconds."""

    terms: tuple[bytes, ...]
    since: int | None
    until: int | None
    ascending: bool
    limit: int
    format: str
    attachments: bool
    after: int | None = None

    def token(self, after: int) -> str:
        values = [
            [term.hex() for term in self.terms], self.since, self.until, int(self.ascending), self.limit,
            FORMATS.index(self.format), int(self.attachments), after,
        ]  # fmt: skip
        return (
            base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")
        )


def read_query(parameters: Mapping[str, str], default_limit: int, maximum_limit: int) -> Single | Query:
    if "more" in parameters:
        if len(parameters) > 1:
            raise bad_request("parameter", "'more' stands alone; it holds the whole query.")
        return _from_token(parameters["more"], maximum_limit)
    if "statementId" in parameters or "voidedStatementId" in parameters:
        return _single(parameters)
    return Query(
        terms=_terms(parameters),
        since=_time(parameters, "since"),
        until=_time(parameters, "until"),
        ascending=_boolean(parameters, "ascending"),
        limit=_limit(parameters.get("limit"), default_limit, maximum_limit),
        format=_format(parameters),
        attachments=_boolean(parameters, "attachments"),
    )


def _single(parameters: Mapping[str, str]) -> Single:
    if "statementId" in parameters and "voidedStatementId" in parameters:
        raise bad_request("parameter", "Ask for statementId or for voidedStatementId, not for both.")
    if not parameters.keys() <= _WITH_ONE:
        raise bad_request("parameter", "With a statement id only 'attachments' and 'format' are allowed.")
    voided = "voidedStatementId" in parameters
    name = "voidedStatementId" if voided else "statementId"
    return Single(
        id=uuid_parameter(parameters, name),
        voided=voided,
        format=_format(parameters),
        attachments=_boolean(parameters, "attachments"),
    )


def uuid_parameter(parameters: Mapping[str, str], name: str) -> str:
    if UUID.fullmatch(parameters[name]) is None:
        raise _wrong(name, "a UUID")
    return parameters[name].lower()


def _terms(parameters: Mapping[str, str]) -> tuple[bytes, ...]:
    related_agents = _boolean(parameters, "related_agents")
    related_activities = _boolean(parameters, "related_activities")
    terms: list[bytes] = []
    if "registration" in parameters:
        terms.append(registration_term(uuid_parameter(parameters, "registration")))
    if "agent" in parameters:
        terms.append(_agent(parameters["agent"], related_agents))
    if "activity" in parameters:
        terms.append(activity_term(_iri(parameters, "activity"), related=related_activities))
    if "verb" in parameters:
        terms.append(verb_term(_iri(parameters, "verb")))
    return tuple(terms)


def _agent(text: str, related: bool) -> bytes:
    try:
        agent = parse(text)
    except BadJson as error:
        raise bad_request("parameter", f"The parameter 'agent' is no JSON: {error}") from None
    problems = validate_agent_filter(agent)
    if problems:
        first = problems[0]
        raise bad_request("parameter", f"The parameter 'agent': {first.message}", path=first.path)
    term = agent_term(agent, related=related)
    assert term is not None, "validate_agent_filter lets only identified ones pass"  # noqa: S101
    return term


def _iri(parameters: Mapping[str, str], name: str) -> str:
    if IRI.fullmatch(parameters[name]) is None:
        raise _wrong(name, "an absolute IRI")
    return parameters[name]


def _time(parameters: Mapping[str, str], name: str) -> int | None:
    if name not in parameters:
        return None
    moment = parse_timestamp(parameters[name])
    if moment is None:
        raise _wrong(name, "an RFC 3339 time")
    return to_microseconds(moment)


def _boolean(parameters: Mapping[str, str], name: str) -> bool:
    value = parameters.get(name, "false")
    if value not in ("true", "false"):
        raise _wrong(name, "true or false")
    return value == "true"


def _format(parameters: Mapping[str, str]) -> str:
    value = parameters.get("format", "exact")
    if value not in FORMATS:
        raise _wrong("format", "one of ids, exact, canonical")
    return value


def _limit(value: str | None, default: int, maximum: int) -> int:
    if value is None:
        return default
    if re.fullmatch(r"[0-9]{1,18}", value) is None:
        raise _wrong("limit", "a whole number that is not negative")
    return min(int(value) or maximum, maximum)


def _wrong(name: str, expected: str) -> Refused:
    return bad_request("parameter", f"The parameter {name!r} must be {expected}.")


def _from_token(token: str, maximum_limit: int) -> Query:
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        terms, since, until, ascending, limit, form, attachments, after = parse(
            base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
        )
        query = Query(
            terms=tuple(bytes.fromhex(term) for term in terms),
            since=since,
            until=until,
            ascending=ascending == 1,
            limit=limit,
            format=FORMATS[form],
            attachments=attachments == 1,
            after=after,
        )
    except (ValueError, TypeError, IndexError, binascii.Error):
        raise _not_ours() from None
    if len(query.terms) > _MOST_TERMS or any(len(term) != 16 for term in query.terms):
        raise _not_ours()
    if type(query.limit) is not int or not 1 <= query.limit <= maximum_limit:
        raise _not_ours()
    for number in (query.since, query.until):
        if number is not None and not _is_time(number):
            raise _not_ours()
    if not _is_time(query.after):
        raise _not_ours()
    return query


def _is_time(number: object) -> bool:
    return type(number) is int and -_BOUND < number < _BOUND


def _not_ours() -> Refused:
    return bad_request("more", "This 'more' was not made by this LRS.")
