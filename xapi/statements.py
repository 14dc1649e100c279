"""From an occurrence to its xAPI statement: the one module that uses tincan, and the one that freezes bytes.

The duties of a statement provider that tincan leaves to us are kept here: no version, milliseconds and ``Z``, one
identifier per actor, no learner's words in a definition. What is built is then checked by the validator of the bundled
LRS.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, cast
from uuid import UUID, uuid5

import msgspec
from tincan import (
    Activity,
    ActivityDefinition,
    Agent,
    AgentAccount,
    Context,
    LanguageMap,
    StatementRef,
    Verb,
)
from tincan.serializable_base import SerializableBase

from social_layer.events.models import TAKEN_AWAY, EventType
from xapi import vocabulary as words
from xapi.lrs.validation import validate_statement
from xapi.lrs.validation.formats import LANGUAGE
from xapi.models import Scope
from xapi.occurrences import EntryNode, Occurrence, Place, Speaker
from xapi.profile.conforming import Conformity
from xapi.profile.document import profile_document, template_id
from xapi.profile.emitted import EMITTED
from xapi.scopes.pseudonyms import Mask, Masks, answered_as_known, as_known
from xapi.vocabulary import Ids, VerbTerm

Json = dict[str, Any]
# Several times as fast as json.
_JSON = msgspec.json.Encoder()
_ANYTHING = UUID(int=0)
_NOTHING: Mapping[int, Json] = {}
_SOUND: Mapping[str, Json] = {
    "actor": {"mbox": "mailto:a@example.org"},
    "verb": {"id": "urn:a"},
    "object": {"id": "urn:a"},
}
# So many parts that were checked are remembered.
_MOST_SOUND = 20_000
UNKNOWN_LANGUAGE = "und"


class StatementWrong(Exception):
    """What was built breaks the standard or the profile, and must not be sent: our mistake, told in words."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A statement as it is sent, byte for byte, every time."""

    body: bytes
    digest: bytes


@lru_cache(16384)
def statement_id(tenant_id: UUID, event_id: UUID, part: int = 0) -> UUID:
    """The id of a part of an event's statements: it never depends on when or how often the event is sent."""
    return uuid5(tenant_id, f"{event_id}/{part}")


def freeze(statement: Json, sound: Mapping[int, Json] = _NOTHING) -> Frozen:
    """Checks the statement and fixes its bytes. Raises :class:`StatementWrong`.

    ``sound``: by their identity, parts that were checked already, as a :class:`Builder` has them. One that names
    people in ``contextAgents`` is one of xAPI 2.0; every other one is of 1.0.3 and of 2.0.
    """
    version = "2.0.0" if "contextAgents" in statement.get("context", ()) else "1.0.3"
    problems = validate_statement(_without(statement, sound) if sound else statement, version=version)
    if problems:
        raise StatementWrong("it breaks the standard: " + "; ".join(str(problem) for problem in problems))
    body = as_bytes(statement)
    return Frozen(body, hashlib.sha256(body).digest())


def _without(statement: Json, sound: Mapping[int, Json]) -> Json:
    """The statement without the parts that are known to be right: where one must stand, a smaller one does."""
    small = statement | {name: right for name, right in _SOUND.items() if id(statement[name]) in sound}
    context = statement.get("context", {})
    if "contextActivities" in context:
        unsound = {
            role: several
            for role, several in context["contextActivities"].items()
            if any(id(one) not in sound for one in several)
        }
        small["context"] = {**context, "contextActivities": unsound}
    return small


def as_bytes(statement: Json) -> bytes:
    """As it is sent. A lone surrogate, which no UTF-8 can hold, cannot come from us; read back, it is replaced."""
    try:
        return _JSON.encode(statement)
    except UnicodeEncodeError:
        return json.dumps(statement, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def timestamp(instant: datetime) -> str:
    """RFC 3339 with milliseconds and ``Z``."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


class Builder:
    """Builds statements under one base of activity ids.

    Each part is made by tincan's object model; a part that many statements share is made and written out once, for
    writing the same panel and course out again costs more than all the rest. Nobody changes a part once it is made.
    """

    def __init__(self, base: str, masks: Masks | None = None) -> None:
        """``masks``: where pseudonyms are made; without them nothing pseudonymous can be built."""
        self.ids = Ids(base)
        self.masks = masks
        self._verbs = {event: _verb(row.verb) for event, row in EMITTED.items()}
        self._templates = {event: template_id(self.ids, event) for event in EMITTED}
        self._profile = Conformity(profile_document(base))
        self._answered = self.ids.relation("answered")
        self._category = [_activity(self.ids.profile, words.PROFILE)]
        # What is met again and again. With a new title it is another place.
        self._actor = lru_cache(4096)(self._make_actor)
        self._panel = lru_cache(1024)(self._make_panel)
        self._course = lru_cache(1024)(self._make_course)
        self._entry = lru_cache(4096)(self._make_entry)
        # Held here, so that no other part can come by the identity of one of them.
        self._sound: dict[int, Json] = {}
        self._entry_form = lru_cache(64)(self._make_entry_form)
        self._context_form = lru_cache(1024)(self._make_context_form)

    def build(self, occurrence: Occurrence, now: datetime, answered: Speaker | None = None) -> Json:
        """The statement of an event (its part 0), checked against its template of the profile.

        Raises :class:`StatementWrong`.

        ``now``: with the clock of another machine running ahead it is still not in the future. ``answered``: whom it
        names as the one who is answered, which xAPI 1.0.3 has no place for.
        """
        happened = _event_type(occurrence)
        context = self._context(occurrence, happened)
        if answered is not None and "statement" in context:
            context["contextAgents"] = [
                {
                    "objectType": "contextAgent",
                    "agent": self._actor(answered),
                    "relevantTypes": [self._answered],
                }
            ]
        context["contextActivities"] = {
            "parent": [self._parent(occurrence)],
            "grouping": self._grouping(occurrence),
            "category": self._category,
        }
        statement = {
            "id": str(statement_id(occurrence.tenant_id, occurrence.event_id)),
            "actor": self._actor(occurrence.speaker),
            "verb": self._verbs[happened],
            "object": self._object(occurrence, happened),
            "context": context,
            "timestamp": timestamp(min(occurrence.occurred_at, now)),
        }
        if occurrence.text:
            statement["result"] = {"response": occurrence.text}
        if EMITTED[happened].has_duration:
            statement["result"] = {"duration": occurrence.detail}
        if problems := self._profile.problems(statement, self._templates[happened]):
            raise StatementWrong(f"it breaks the template {self._templates[happened]}: {'; '.join(problems)}")
        return statement

    def freeze(self, statement: Json) -> Frozen:
        """As :func:`freeze`, of one that was built here: a part that many statements share is checked once. Raises
        :class:`StatementWrong`."""
        if len(self._sound) > _MOST_SOUND:
            self._sound.clear()
        frozen = freeze(statement, self._sound)
        # All of it was right, and each part that is shared with others is right there too.
        for part in (
            statement["actor"],
            statement["verb"],
            statement["object"],
            *chain.from_iterable(statement["context"]["contextActivities"].values()),
        ):
            if id(part) not in self._sound:
                self._sound[id(part)] = part
        return frozen

    def build_as(
        self, wanted: Iterable[tuple[Occurrence, Scope, Scope | None]], lrs_id: UUID, now: datetime
    ) -> Iterator[tuple[Occurrence, Json | StatementWrong]]:
        """The statements of acts of one tenant as an LRS may know them; for each what keeps it from being built.

        ``wanted``: each act, under which scope, and under which one it names whom it answers, if it does.

        Raises :class:`~social_layer.sealing.SealBroken` where the key of pseudonyms cannot be opened.
        """
        mask: Mask | None = None
        for occurrence, scope, answered_as in wanted:
            if Scope.pseudonymous in (scope, answered_as) and mask is None:
                if self.masks is None:
                    raise ValueError("pseudonyms need a key")
                mask = self.masks.of(occurrence.tenant_id, lrs_id)
            try:
                answered = answered_as_known(occurrence, answered_as, mask)
                yield occurrence, self.build(as_known(occurrence, scope, mask), now, answered)
            except StatementWrong as error:
                yield occurrence, error

    def _object(self, occurrence: Occurrence, happened: EventType) -> Json:
        if happened is EventType.panel_opened:
            return self._panel(occurrence.place)
        if occurrence.entry is None:
            raise StatementWrong(f"the event {occurrence.event_id} names no entry that is there")
        return self._entry(occurrence.entry)

    def _context(self, occurrence: Occurrence, happened: EventType) -> Json:
        # Taking an entry away answers nobody.
        answers = None if happened in TAKEN_AWAY else occurrence.answers_id
        reaction = occurrence.detail if EMITTED[happened].has_reaction else None
        form = self._context_form(
            occurrence.place.language, occurrence.revision is not None, answers is not None, reaction
        )
        context = {**form, "registration": str(occurrence.speaker.registration)}
        if occurrence.revision is not None:
            context["revision"] = str(occurrence.revision)
        if answers is not None:
            # The entry's id is its publishing event's, so that what is answered needs no look-up.
            answered = str(statement_id(occurrence.tenant_id, answers))
            context["statement"] = {**form["statement"], "id": answered}
        return context

    def _make_context_form(
        self, language: str | None, has_revision: bool, has_answer: bool, reaction: str | None
    ) -> Json:
        """A context as tincan makes it, in which what differs from statement to statement is put in afterwards."""
        return _written(
            Context(
                registration=_ANYTHING,
                platform=words.PLATFORM,
                revision="0" if has_revision else None,
                language=_language(language),
                statement=StatementRef(id=_ANYTHING) if has_answer else None,
                extensions={self.ids.extension("reaction"): reaction} if reaction is not None else None,
            )
        )

    def _parent(self, occurrence: Occurrence) -> Json:
        """What directly holds the object: the entry it answers, else the panel, else the course."""
        if occurrence.entry is None:
            return self._course(occurrence.place)
        if occurrence.parent is None:
            return self._panel(occurrence.place)
        return self._entry(occurrence.parent)

    def _grouping(self, occurrence: Occurrence) -> list[Json]:
        """What the object is part of besides: thread, panel and course, but never the object itself."""
        within = []
        if occurrence.entry is not None:
            if occurrence.thread is not None and occurrence.thread != occurrence.entry:
                within.append(self._entry(occurrence.thread))
            within.append(self._panel(occurrence.place))
        return [*within, self._course(occurrence.place)]

    def _make_actor(self, speaker: Speaker) -> Json:
        """The account that the LMS's own records name; for an alias, an account that only this voice has."""
        home_page, name = speaker.home_page, speaker.account
        if home_page is None or name is None:
            home_page, name = self.ids.base, str(speaker.voice_id)
        account = AgentAccount(home_page=home_page, name=name)
        return _written(Agent(account=account, name=speaker.name) if speaker.name else Agent(account=account))

    def _make_entry(self, entry: EntryNode) -> Json:
        return {**self._entry_form(entry.kind), "id": self.ids.entry(entry.id)}

    def _make_entry_form(self, kind: str) -> Json:
        # Without a name: a learner's words never go into a definition.
        return _activity(self.ids.entry(_ANYTHING), self.ids.type_of_entry(kind))

    def _make_panel(self, place: Place) -> Json:
        return _activity(
            self.ids.panel(place.panel_id), words.COMMUNITY_SITE, place.panel_title, place.title_language
        )

    def _make_course(self, place: Place) -> Json:
        return _activity(
            self.ids.course(place.course_id), words.COURSE, place.course_title, place.title_language
        )


def _event_type(occurrence: Occurrence) -> EventType:
    try:
        happened = EventType(occurrence.type)
    except ValueError:
        happened = None
    if happened is None or happened not in EMITTED:
        raise StatementWrong(f"the profile has no template for the event {occurrence.type}")
    return happened


def _written(part: SerializableBase) -> Json:
    return cast(Json, part.as_version())


def _verb(term: VerbTerm) -> Json:
    return _written(Verb(id=term.iri, display=LanguageMap(en=term.display)))


def _activity(iri: str, kind: str, name: str = "", language: str | None = None) -> Json:
    return {**_written(Activity(id=iri)), "definition": _definition(kind, name, _language(language))}


@lru_cache(1024)
def _definition(kind: str, name: str, language: str | None) -> Json:
    names = LanguageMap({language or UNKNOWN_LANGUAGE: name}) if name else None
    return _written(ActivityDefinition(type=kind, name=names))


def _language(tag: str | None) -> str | None:
    """A tag as the standard wants it (RFC 5646), if it can be made into one: an LMS may say ``en_us``."""
    if tag is None:
        return None
    tag = tag.replace("_", "-")
    return tag if LANGUAGE.fullmatch(tag) else None
