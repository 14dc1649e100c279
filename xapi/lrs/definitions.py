"""Canonical definitions: what this LRS holds an activity or a verb to be, from all statements that said so.

A later statement adds languages and extensions to what is known and replaces the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from xapi.lrs.chunks import chunked
from xapi.lrs.json_text import parse, write
from xapi.lrs.models import Definition
from xapi.lrs.terms import Json, activity_term, context_activities, verb_term

_MERGED = ("name", "description", "extensions")


def activity_key(iri: str) -> bytes:
    return activity_term(iri, related=False)


def verb_key(iri: str) -> bytes:
    return verb_term(iri)


def activities_of(statement: Json) -> Iterator[Json]:
    """Every activity a statement names, in its SubStatement too."""
    target = statement["object"]
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        yield target
    elif kind == "SubStatement":
        yield from activities_of(target)
    if "context" in statement:
        yield from context_activities(statement["context"])


def verbs_of(statement: Json) -> Iterator[Json]:
    yield statement["verb"]
    if statement["object"].get("objectType") == "SubStatement":
        yield statement["object"]["verb"]


def merged(known: Json, said: Json) -> Json:
    result = {**known, **said}
    for key in _MERGED:
        if key in known and key in said:
            result[key] = {**known[key], **said[key]}
    return result


class Said:
    """What a batch of statements says about activities and verbs, in their order."""

    def __init__(self) -> None:
        self._found: dict[bytes, tuple[str, str, list[Json]]] = {}

    def add(self, statement: Json) -> None:
        for activity in activities_of(statement):
            if activity.get("definition"):
                self._add(activity_key(activity["id"]), "activity", activity["id"], activity["definition"])
        for verb in verbs_of(statement):
            if verb.get("display"):
                self._add(verb_key(verb["id"]), "verb", verb["id"], verb["display"])

    def _add(self, key: bytes, kind: str, iri: str, said: Json) -> None:
        kept = self._found.setdefault(key, (kind, iri, []))[2]
        if not kept or kept[-1] != said:
            kept.append(said)

    def store(self, connection: Connection, stored: int) -> None:
        """Write what is new; call it inside the writers' queue."""
        if not self._found:
            return
        known = load(connection, self._found)
        rows: list[dict[str, Any]] = []
        for key, (kind, iri, all_said) in self._found.items():
            before = known.get(key)
            after = before or {}
            for said in all_said:
                after = merged(after, said)
            if after != before:
                rows.append({"term": key, "iri": iri, "kind": kind, "body": write(after), "updated": stored})
        if not rows:
            return
        insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
        statement = insert(Definition)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[Definition.term],
                set_={"body": statement.excluded.body, "updated": statement.excluded.updated},
            ),
            rows,
        )


def load(connection: Connection, keys: Iterable[bytes]) -> dict[bytes, Json]:
    found: dict[bytes, Json] = {}
    for some in chunked(keys):
        query = select(Definition.term, Definition.body).where(Definition.term.in_(some))
        found.update((term, parse(body)) for term, body in connection.execute(query))
    return found
