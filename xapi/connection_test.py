"""Tries a connection for the administrator: a statement is sent, read back, and voided."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

from tincan import Activity, ActivityDefinition, Agent, AgentAccount, LanguageMap, StatementRef, Verb

from social_layer.clock import Clock
from xapi import vocabulary as words
from xapi.answers import Meaning, explain, meaning
from xapi.comparison import same
from xapi.statements import Json, freeze, timestamp
from xapi.transport import Answer, HttpTransport, NoAnswer, Unreachable, json_of
from xapi.vocabulary import VerbTerm

# An LRS may show a statement a little after it took it.
_SHOWN_WITHIN = 10.0


class ConnectionFailed(Exception):
    """What went wrong, and what to do about it, in one line."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that went well."""

    name: str
    found: str


def try_connection(
    transport: HttpTransport, base: str, clock: Clock, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Step]:
    """Goes through the steps; raises :class:`ConnectionFailed` at the first that fails."""
    named = versions(transport)
    check_version(transport.version, named)
    yield Step("reached", f"speaks xAPI {', '.join(named) or 'of an unknown version'}")
    statement = _test_statement(base, clock)
    _send(transport, statement)
    yield Step("sent", f"statement {statement['id']}")
    theirs = _read_back(transport, UUID(statement["id"]), sleep)
    if not same(statement, theirs):
        raise ConnectionFailed("the LRS gave back another statement than it was sent; ask its operator")
    yield Step("read back", "the same statement")
    _send(transport, _voiding(statement, clock))
    yield Step("voided", "nothing of the test is left to be seen")


def versions(transport: HttpTransport) -> list[str]:
    """The versions that the LRS says it speaks. Raises :class:`ConnectionFailed`."""
    answer = _ask(transport.about)
    about = json_of(answer)
    if answer.status == 200 and isinstance(about, dict) and isinstance(about.get("version"), list):
        return [str(version) for version in about["version"]]
    if answer.status in (401, 403):
        return []  # the resource needs no credentials by the standard; sending will tell
    if meaning(answer.status) is Meaning.stored:
        raise ConnectionFailed("what answers there is no LRS; give the address that ends before /statements")
    raise ConnectionFailed(f"{explain(answer)}; give the address that ends before /statements")


def check_version(ours: str, named: list[str]) -> None:
    """Raises :class:`ConnectionFailed` where the LRS names its versions, and none goes with ours. The last number does
    not matter (Communication 3.3): 1.0.1 takes what 1.0.3 sends."""
    if named and not any(one.split(".")[:2] == ours.split(".")[:2] for one in named):
        raise ConnectionFailed(
            f"it speaks xAPI {', '.join(named)}, and not {ours}; add it again with another --version"
        )


def sign_in(transport: HttpTransport) -> None:
    """Asks for a statement that is not there. Raises :class:`ConnectionFailed` where the credentials are wrong."""
    answer = _ask(lambda: transport.find(uuid4()))
    if answer.status == 401:
        raise ConnectionFailed(f"{explain(answer)}; add it again with the right ones")


def _ask(request: Callable[[], Answer]) -> Answer:
    try:
        return request()
    except (Unreachable, NoAnswer) as error:
        raise ConnectionFailed(
            f"{error}; check the address, and the network between here and there"
        ) from error


def _send(transport: HttpTransport, statement: Json) -> None:
    answer = _ask(lambda: transport.post([freeze(statement).body]))
    if answer.status == 401:
        raise ConnectionFailed(f"{explain(answer)}; add it again with the right ones")
    if answer.status == 403:
        raise ConnectionFailed(f"{explain(answer)}: give them the right to write statements")
    if meaning(answer.status) is not Meaning.stored:
        raise ConnectionFailed(f"it did not take a statement: {explain(answer)}")


def _read_back(transport: HttpTransport, statement_id: UUID, sleep: Callable[[float], None]) -> Json:
    waited = 0.0
    while True:
        answer = _ask(lambda: transport.find(statement_id))
        theirs = json_of(answer)
        if answer.status == 200 and isinstance(theirs, dict):
            return theirs
        if answer.status in (401, 403):
            raise ConnectionFailed(f"{explain(answer)}: give them the right to read statements")
        if answer.status != 404 or waited >= _SHOWN_WITHIN:
            raise ConnectionFailed(f"it took a statement and does not give it back: {explain(answer)}")
        sleep(0.5)
        waited += 0.5


def _test_statement(base: str, clock: Clock) -> Json:
    what = ActivityDefinition(name=LanguageMap(en="Connection test"))
    target = Activity(id=f"{base}/xapi/connection-test", definition=what)
    return _statement(base, clock, words.VIEWED, target.as_version())


def _voiding(statement: Json, clock: Clock) -> Json:
    base = statement["actor"]["account"]["homePage"]
    return _statement(base, clock, words.VOIDED, StatementRef(id=statement["id"]).as_version())


def _statement(base: str, clock: Clock, verb: VerbTerm, target: Json) -> Json:
    """Without the profile's category: what carries it follows one of the profile's templates."""
    us = Agent(account=AgentAccount(home_page=base, name="alongside"))
    return {
        "id": str(uuid4()),
        "actor": us.as_version(),
        "verb": Verb(id=verb.iri, display=LanguageMap(en=verb.display)).as_version(),
        "object": target,
        "timestamp": timestamp(clock()),
    }
