"""Statements as an LRS gives them back, written act by act: a course in which every number can be found by hand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

from xapi import vocabulary as words
from xapi.statements import timestamp
from xapi.vocabulary import Ids, VerbTerm

BASE = "https://alongside.example.edu"
LMS = "https://moodle.example.edu"
# A Monday.
START = datetime(2026, 2, 2, 9, tzinfo=UTC)
SPACE = UUID("6f5c3bc6-9722-4db3-a7f3-c8c267cbdabc")
COURSE = uuid5(SPACE, "ecology")
Json = dict[str, Any]


@dataclass
class Told:
    """``days`` and ``hours`` count from the Monday on which it begins."""

    course: UUID = COURSE
    base: str = BASE
    home_page: str = LMS
    statements: list[Json] = field(default_factory=list)

    @property
    def iri(self) -> str:
        return Ids(self.base).course(self.course)

    @property
    def panel(self) -> str:
        return Ids(self.base).panel(uuid5(self.course, "panel"))

    def open(self, who: str, **when: float) -> Json:
        return self._entry(who, words.CREATED, words.DISCUSSION, when)

    def reflect(self, who: str, **when: float) -> Json:
        return self._entry(who, words.SUBMITTED, Ids(self.base).activity_type("reflection"), when)

    def answer(self, who: str, to: Json, **when: float) -> Json:
        thread = to["context"]["contextActivities"]["grouping"][0]["id"]
        thread = thread if "/entries/" in thread else to["object"]["id"]
        return self._entry(who, words.REPLIED, words.FORUM_REPLY, when, to, thread)

    def thank(self, who: str, to: Json, verb: VerbTerm = words.LIKED, **when: float) -> Json:
        reaction = {Ids(self.base).extension("reaction"): "insight"}
        return self._add(
            who, verb, to["object"], when, to, [to["object"]["id"], self.panel], {"extensions": reaction}
        )

    def delete(self, who: str, entry: Json, verb: VerbTerm = words.DELETED, **when: float) -> Json:
        return self._add(who, verb, entry["object"], when, None, [self.panel])

    def read(self, who: str, **when: float) -> Json:
        panel = {"id": self.panel, "definition": {"type": words.COMMUNITY_SITE}}
        return self._add(who, words.VIEWED, panel, when, None, [])

    def read_thread(self, who: str, thread: Json, seconds: int, **when: float) -> Json:
        told = self._add(who, words.VIEWED, thread["object"], when, None, [self.panel])
        told["result"] = {"duration": f"PT{seconds}S"}
        return told

    def reach(
        self, who: str, activity: str, verb: str = "completed", scaled: float | None = None, **when: float
    ) -> Json:
        """A formal result, as a cmi5 player writes it."""
        result: Json = {"completion": True} if verb == "completed" else {}
        if scaled is not None:
            result["score"] = {"scaled": scaled}
        course = {"id": self.iri, "definition": {"type": words.COURSE}}
        statement = {
            "actor": _actor(who, self.home_page),
            "verb": {"id": f"{words.ADL}verbs/{verb}"},
            "object": {"id": f"{LMS}/quiz/{quote(activity)}", "definition": {"name": {"en": activity}}},
            "context": {"contextActivities": {"grouping": [course]}},
            **({"result": result} if result else {}),
        }
        return self._keep(statement, when)

    def void(self, voided: Json, **when: float) -> Json:
        statement = {
            "actor": _actor("admin", self.base),
            "verb": {"id": words.VOIDED.iri},
            "object": {"objectType": "StatementRef", "id": voided["id"]},
        }
        return self._keep(statement, when)

    def _entry(
        self,
        who: str,
        verb: VerbTerm,
        kind: str,
        when: dict[str, float],
        to: Json | None = None,
        thread: str | None = None,
    ) -> Json:
        entry = {
            "id": Ids(self.base).entry(uuid5(self.course, f"entry {len(self.statements)}")),
            "definition": {"type": kind},
        }
        around = [*([thread] if thread else []), self.panel]
        return self._add(who, verb, entry, when, to, around)

    def _add(
        self,
        who: str,
        verb: VerbTerm,
        thing: Json,
        when: dict[str, float],
        to: Json | None,
        around: list[str],
        more: Json | None = None,
    ) -> Json:
        course = {"id": self.iri, "definition": {"type": words.COURSE, "name": {"en": "Ecology"}}}
        category = {"id": Ids(self.base).profile, "definition": {"type": words.PROFILE}}
        kinds = {self.panel: words.COMMUNITY_SITE}
        grouping = [{"id": one, "definition": {"type": kinds.get(one, words.DISCUSSION)}} for one in around]
        context: Json = {
            "platform": words.PLATFORM,
            "contextActivities": {
                "parent": [to["object"]] if to else [course],
                "grouping": [*grouping, course],
                "category": [category],
            },
            **(more or {}),
        }
        if to:
            context["statement"] = {"objectType": "StatementRef", "id": to["id"]}
        statement = {
            "actor": _actor(who, self.home_page),
            "verb": {"id": verb.iri},
            "object": thing,
            "context": context,
        }
        return self._keep(statement, when)

    def _keep(self, statement: Json, when: dict[str, float]) -> Json:
        at = timestamp(START + timedelta(**when))
        number = len(self.statements)
        whole = {
            "id": str(uuid5(self.course, f"{self.base} {number}")),
            **statement,
            "timestamp": at,
            "stored": at,
        }
        self.statements.append(whole)
        return whole


def identifier(who: str, home_page: str = LMS) -> str:
    return f"{home_page}|{who}"


def _actor(who: str, home_page: str) -> Json:
    """``who`` may be named as ``account=Name``."""
    account, _, name = who.partition("=")
    actor: Json = {"objectType": "Agent", "account": {"homePage": home_page, "name": account}}
    return {**actor, "name": name} if name else actor


PEOPLE = ("ada", "ben", "cleo", "dan", "eva", "finn", "gus", "hana", "ida", "jo", "kim", "lea")


def lively(course: UUID = COURSE, base: str = BASE, home_page: str = LMS) -> Told:
    """Twelve people. First week: all open a thread, and each answers the next one's two hours later. Second week: six
    answer once more; three of them share a reflection. Third week: nobody. Fourth: three open a thread.

    Eleven opened the panel once in the first week. All twelve completed the quiz, the later in the alphabet the better.
    """
    told = Told(course, base, home_page)
    threads = [told.open(who, hours=number) for number, who in enumerate(PEOPLE)]
    for number, who in enumerate(PEOPLE):
        told.answer(who, threads[(number + 1) % 12], hours=(number + 1) % 12 + 2)
    for number, who in enumerate(PEOPLE[:6]):
        told.answer(who, threads[number + 6], days=8, hours=number)
    for who in PEOPLE[:3]:
        told.reflect(who, days=9)
    for who in PEOPLE[:3]:
        told.open(who, days=22)
    for who in PEOPLE[:11]:
        told.read(who, days=1)
    for number, who in enumerate(PEOPLE):
        told.reach(who, "Quiz", scaled=0.3 + number / 20, days=25)
    return told
