"""What a statement can be found by: its agents, activities, verb and registration, each as a hash.

There are two lists of agents and of activities: the narrow one (actor and object) that a plain filter asks,
and the wide one that `related_agents` and `related_activities` ask (Communication 2.1.3).
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from xapi.lrs.validation.statement import CONTEXT_ACTIVITIES, CONTEXT_PEOPLE

Json = dict[str, Any]


def _hash(kind: bytes, value: str) -> bytes:
    return blake2b(value.encode("utf-8"), digest_size=16, person=kind).digest()


def agent_term(agent: Json, *, related: bool) -> bytes | None:
    """None for a group without an identifier: two of those are never the same (Data 2.4.2.2.s3.b1)."""
    key = agent_key(agent)
    return None if key is None else _hash(b"agents" if related else b"agent", key)


def activity_term(iri: str, *, related: bool) -> bytes:
    return _hash(b"activities" if related else b"activity", iri)


def verb_term(iri: str) -> bytes:
    return _hash(b"verb", iri)


def registration_term(uuid: str) -> bytes:
    return _hash(b"registration", uuid.lower())


def agent_key(agent: Json) -> str | None:
    """One string per identity. What may be written in either case is folded: hosts of mail, hex digits."""
    if "account" in agent:
        account = agent["account"]
        return f"account {account['homePage']} {account['name']}"  # an IRI holds no space
    if "mbox" in agent:
        name, _, host = agent["mbox"].rpartition("@")
        return f"mbox {name}@{host.lower()}"
    if "mbox_sha1sum" in agent:
        return f"sha1 {agent['mbox_sha1sum'].lower()}"
    if "openid" in agent:
        return f"openid {agent['openid']}"
    return None


def statement_terms(statement: Json, authority: Json) -> set[bytes]:
    """All terms of one valid statement."""
    terms: set[bytes] = set()
    target = statement["object"]
    terms.add(verb_term(statement["verb"]["id"]))
    registration = statement.get("context", {}).get("registration")
    if registration is not None:
        terms.add(registration_term(registration))
    _add_agents(terms, statement["actor"], narrow=True)
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        terms.add(activity_term(target["id"], related=False))
    elif kind in ("Agent", "Group"):
        _add_agents(terms, target, narrow=True)
    elif kind == "SubStatement":
        _add_related(terms, target)
    _add_related(terms, statement)
    _add_agents(terms, authority, narrow=False)
    return terms


def _add_related(terms: set[bytes], statement: Json) -> None:
    """The wide lists, of a statement or of the SubStatement it holds."""
    target = statement["object"]
    kind = target.get("objectType", "Activity")
    _add_agents(terms, statement["actor"], narrow=False)
    if kind == "Activity":
        terms.add(activity_term(target["id"], related=True))
    elif kind in ("Agent", "Group"):
        _add_agents(terms, target, narrow=False)
    context = statement.get("context")
    if context is None:
        return
    for role in ("instructor", "team"):
        if role in context:
            _add_agents(terms, context[role], narrow=False)
    for name, _, member in CONTEXT_PEOPLE:
        for one in context.get(name, ()):
            _add_agents(terms, one[member], narrow=False)
    for activity in context_activities(context):
        terms.add(activity_term(activity["id"], related=True))


def context_activities(context: Json) -> list[Json]:
    found: list[Json] = []
    activities = context.get("contextActivities")
    if activities:
        for role in CONTEXT_ACTIVITIES:
            value = activities.get(role)
            if value is not None:
                found.extend(value if type(value) is list else [value])
    return found


def _add_agents(terms: set[bytes], agent: Json, *, narrow: bool) -> None:
    """An agent, or a group with its members: a group is found by each of them."""
    for one in (agent, *agent.get("member", ())):
        key = agent_key(one)
        if key is not None:
            terms.add(_hash(b"agent" if narrow else b"agents", key))
