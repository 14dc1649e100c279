"""What arrives in the LRS, read back through its standard API and told in a sentence each."""

from dataclasses import dataclass
from typing import Any, Literal

import requests

from lti_tool.sandbox.config import SandboxConfig
from lti_tool.sandbox.profiles import Profile
from lti_tool.sandbox.world import Unknown, World

CONNECT_AND_READ = (1.5, 4.0)
"""Seconds; the page asks again soon, so a slow LRS is better reported than waited for."""

State = Literal["reading", "not_connected", "unreachable", "refused", "unreadable"]


@dataclass(frozen=True)
class Reading:
    state: State
    statements: list[dict[str, Any]]
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"state": self.state, "detail": self.detail, "statements": self.statements}


def read(
    config: SandboxConfig, profile: Profile, world: World, http: requests.Session, limit: int = 40
) -> Reading:
    """The newest statements, newest first; a state in place of an error."""
    if not config.lrs_endpoint:
        return Reading("not_connected", [])
    try:
        answer = http.get(
            f"{config.lrs_endpoint.rstrip('/')}/statements",
            params={"limit": str(limit)},
            headers={"X-Experience-API-Version": "1.0.3"},
            auth=(config.lrs_username, config.lrs_password),
            timeout=CONNECT_AND_READ,
        )
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
    told = [told_plainly(s, profile.issuer, world) for s in found if isinstance(s, dict)]
    return Reading("reading", told)


def told_plainly(statement: dict[str, Any], issuer: str, world: World) -> dict[str, Any]:
    """Who, what, about what, when; and the statement itself."""
    return {
        "id": statement.get("id", ""),
        "who": _who(_part(statement, "actor"), issuer, world),
        "verb": _verb(_part(statement, "verb")),
        "object": _object(_part(statement, "object")),
        "time": statement.get("timestamp") or statement.get("stored") or "",
        "raw": statement,
    }


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


def _verb(verb: dict[str, Any]) -> str:
    return _in_english(verb.get("display")) or _last_part(verb.get("id"))


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
