"""What arrives in the LRS, read back through its standard API and told in a sentence each."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Literal

import requests

from lti_tool.sandbox.config import SandboxConfig
from lti_tool.sandbox.profiles import Profile
from lti_tool.sandbox.world import Unknown, World

CONNECT_AND_READ = (1.5, 4.0)
"""Seconds; the page asks again soon, so a slow LRS is better reported than waited for."""

MOST_LOOKED_UP = 10
"""Statements of one reading that are asked for singly, because others answer them."""

DEEDS = {
    "create": "started a thread",
    "submit": "shared a reflection",
    "replied": "replied",
    "edited": "edited a text",
    "delete": "removed a text",
    "like": "reacted",
    "unlike": "took a reaction back",
    "viewed": "opened",
}
"""How the tool's own verbs are told, by the last part of their id; others as the statement shows them."""
REACTIONS = {"like": "Like", "insight": "Made me think", "same": "Same here"}

State = Literal["reading", "not_connected", "unreachable", "refused", "unreadable"]


@dataclass(frozen=True)
class Reading:
    state: State
    statements: list[dict[str, Any]]
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"state": self.state, "detail": self.detail, "statements": self.statements}


def read(
    config: SandboxConfig,
    profile: Profile,
    world: World,
    http: requests.Session,
    actors: MutableMapping[str, dict[str, Any]],
    limit: int = 100,
) -> Reading:
    """The newest statements, newest first; a state in place of an error.

    ``actors``: who did what others answer, by the statement's id; it is filled, and given again the next time.
    """
    if not config.lrs_endpoint:
        return Reading("not_connected", [])
    try:
        answer = _ask(config, http, limit=str(limit))
    except requests.RequestException:
        return Reading("unreachable", [], config.lrs_endpoint)
    if answer.status_code in (401, 403):
        return Reading("refused", [], config.lrs_endpoint)
    try:
        found = answer.json()["statements"] if answer.ok else None
    except (ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, list):
        return Reading("unreadable", [], f"{config.lrs_endpoint}: {answer.status_code}")
    found = [statement for statement in found if isinstance(statement, dict)]
    _find_actors(config, http, found, actors)
    return Reading("reading", [told_plainly(s, profile.issuer, world, actors) for s in found])


def _ask(config: SandboxConfig, http: requests.Session, **query: str) -> requests.Response:
    return http.get(
        f"{config.lrs_endpoint.rstrip('/')}/statements",
        params=query,
        headers={"X-Experience-API-Version": "1.0.3"},
        auth=(config.lrs_username, config.lrs_password),
        timeout=CONNECT_AND_READ,
    )


def _find_actors(
    config: SandboxConfig,
    http: requests.Session,
    found: list[dict[str, Any]],
    actors: MutableMapping[str, dict[str, Any]],
) -> None:
    """What is answered is mostly among the newest too; of the rest a few are asked for with each reading."""
    actors.update({str(each.get("id")): _part(each, "actor") for each in found})
    missing = {_answered(each) for each in found} - set(actors) - {""}
    for answered in sorted(missing)[:MOST_LOOKED_UP]:
        try:
            answer = _ask(config, http, statementId=answered)
            statement = answer.json() if answer.ok else None
        except (requests.RequestException, ValueError):
            return
        # A reference may arrive before what it refers to, so that what is not there is asked for again.
        if isinstance(statement, dict):
            actors[answered] = _part(statement, "actor")


def told_plainly(
    statement: dict[str, Any],
    issuer: str,
    world: World,
    actors: MutableMapping[str, dict[str, Any]],
) -> dict[str, Any]:
    """Who, what, to whom, about what, when; and the statement itself."""
    answered = actors.get(_answered(statement))
    verb, before_whom = _verb(statement)
    whom = _who(answered, issuer, world) if answered and before_whom else ""
    return {
        "id": statement.get("id", ""),
        "who": _who(_part(statement, "actor"), issuer, world),
        "verb": f"{verb} {before_whom}" if whom else verb,
        "whom": whom,
        "object": _place(statement) or _object(_part(statement, "object")),
        "time": statement.get("timestamp") or statement.get("stored") or "",
        "is_view": _last_part(_part(statement, "verb").get("id")) == "viewed",
        "raw": statement,
    }


def _answered(statement: dict[str, Any]) -> str:
    return str(_part(_part(statement, "context"), "statement").get("id") or "")


def _place(statement: dict[str, Any]) -> str:
    """The panel's name, where the object is an entry in one: entries have no names."""
    if _in_english(_part(_part(statement, "object"), "definition").get("name")):
        return ""
    around = _part(_part(statement, "context"), "contextActivities")
    for activity in [*_list(around.get("parent")), *_list(around.get("grouping"))]:
        definition = _part(activity, "definition") if isinstance(activity, dict) else {}
        if _last_part(definition.get("type")) == "community site":
            return _in_english(definition.get("name"))
    return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _part(statement: dict[str, Any], name: str) -> dict[str, Any]:
    part = statement.get(name)
    return part if isinstance(part, dict) else {}


def _who(actor: dict[str, Any], issuer: str, world: World) -> str:
    account = _part(actor, "account")
    if account.get("homePage") == issuer:
        # The statement names a person only by account, as it should; the LMS knows whose account that is.
        try:
            return world.person(str(account.get("name"))).name
        except Unknown:
            pass
    known = actor.get("name") or account.get("name") or actor.get("mbox") or actor.get("openid")
    return str(known or actor.get("objectType") or "somebody")


def _verb(statement: dict[str, Any]) -> tuple[str, str]:
    """The deed, and the word that leads from it to whoever it answers (empty: it is told of nobody)."""
    verb = _part(statement, "verb")
    deed = _last_part(verb.get("id"))
    shown = _in_english(verb.get("display")) or deed
    if deed not in DEEDS or (not _place(statement) and deed != "viewed"):
        return shown, ""
    extensions = _part(_part(statement, "context"), "extensions")
    kind = next((str(value) for key, value in extensions.items() if _last_part(key) == "reaction"), "")
    if deed in ("like", "unlike") and kind:
        reaction = f"“{REACTIONS.get(kind, kind)}”"
        return (f"gave {reaction}", "to") if deed == "like" else (f"took back {reaction}", "from")
    return DEEDS[deed], "to" if deed in ("replied", "like") else ""


def _object(about: dict[str, Any]) -> str:
    if about.get("objectType") == "StatementRef":
        return f"statement {str(about.get('id', ''))[:8]}"
    definition = _part(about, "definition")
    name = _in_english(definition.get("name"))
    return name or _last_part(definition.get("type")) or str(about.get("id") or about.get("name") or "")


def _in_english(texts: Any) -> str:
    if not isinstance(texts, dict) or not texts:
        return ""
    chosen = next((text for tag, text in texts.items() if str(tag).startswith("en")), None)
    return str(chosen if chosen is not None else next(iter(texts.values())))


def _last_part(iri: Any) -> str:
    return str(iri or "").rstrip("/").rpartition("/")[2].replace("-", " ")
