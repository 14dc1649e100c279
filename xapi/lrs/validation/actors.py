"""Agents, groups, accounts and authorities (Data 2.4.2, 2.4.9)."""

from __future__ import annotations

from typing import Any

from xapi.lrs.validation.formats import check_iri, check_mailto, check_sha1, check_string
from xapi.lrs.validation.problem import Problem, Problems, is_object, known_keys, required, wrong_type

IDENTIFIERS = ("account", "mbox", "mbox_sha1sum", "openid")
_IDENTIFIERS = frozenset(IDENTIFIERS)
_AGENT = _IDENTIFIERS | {"objectType", "name"}
_GROUP = _AGENT | {"member"}
_ACCOUNT = frozenset({"homePage", "name"})


def check_actor(value: Any, path: str, out: Problems) -> None:
    """An agent or a group: what may stand as actor, instructor and, with its objectType, as object."""
    if not is_object(value, path, out):
        return
    kind = value.get("objectType", "Agent")
    if kind == "Group":
        check_group(value, path, out)
    elif kind == "Agent":
        check_agent(value, path, out)
    elif type(kind) is not str:
        wrong_type(kind, "'Agent' or 'Group'", f"{path}.objectType", out)
    else:
        out.append(Problem("object_type", "Must be 'Agent' or 'Group'.", f"{path}.objectType"))


def check_agent(value: Any, path: str, out: Problems) -> None:
    if not is_object(value, path, out):
        return
    if value.get("objectType", "Agent") != "Agent":
        out.append(Problem("object_type", "Must be 'Agent'.", f"{path}.objectType"))
    known_keys(value, _AGENT, path, out)
    if "name" in value:
        check_string(value["name"], f"{path}.name", out)
    if _identifiers(value, path, out) != 1:
        out.append(
            Problem(
                "identifier",
                "An agent has exactly one of account, mbox, mbox_sha1sum and openid.",
                path,
            )
        )


def check_group(value: Any, path: str, out: Problems) -> None:
    if not is_object(value, path, out):
        return
    if value.get("objectType") != "Group":
        out.append(Problem("object_type", "Must be 'Group'.", f"{path}.objectType"))
    known_keys(value, _GROUP, path, out)
    if "name" in value:
        check_string(value["name"], f"{path}.name", out)
    found = _identifiers(value, path, out)
    if found > 1:
        out.append(Problem("identifier", "A group has at most one identifier.", path))
    if "member" in value:
        members = value["member"]
        if type(members) is not list:
            wrong_type(members, "an array", f"{path}.member", out)
            return
        if not members and not found:
            out.append(Problem("missing", "A group without an identifier has members.", f"{path}.member"))
        for index, member in enumerate(members):
            check_agent(member, f"{path}.member[{index}]", out)
    elif not found:
        out.append(Problem("missing", "A group without an identifier has members.", f"{path}.member"))


def _identifiers(value: dict[str, Any], path: str, out: Problems) -> int:
    """Check the identifiers that are there and answer how many."""
    found = 0
    if "account" in value:
        found += 1
        _check_account(value["account"], f"{path}.account", out)
    if "mbox" in value:
        found += 1
        check_mailto(value["mbox"], f"{path}.mbox", out)
    if "mbox_sha1sum" in value:
        found += 1
        check_sha1(value["mbox_sha1sum"], f"{path}.mbox_sha1sum", out)
    if "openid" in value:
        found += 1
        check_iri(value["openid"], f"{path}.openid", out)
    return found


def _check_account(value: Any, path: str, out: Problems) -> None:
    if not is_object(value, path, out):
        return
    known_keys(value, _ACCOUNT, path, out)
    if required(value, "homePage", path, out):
        check_iri(value["homePage"], f"{path}.homePage", out)
    if required(value, "name", path, out):
        check_string(value["name"], f"{path}.name", out)


def check_authority(value: Any, path: str, out: Problems) -> None:
    """An agent, or the pair of application and user that three-legged OAuth makes (Data 2.4.9.s3.b1)."""
    before = len(out)
    check_actor(value, path, out)
    if len(out) > before or value.get("objectType") != "Group":
        return
    if any(key in value for key in IDENTIFIERS) or len(value.get("member", ())) != 2:
        out.append(Problem("authority", "A group as authority is unnamed and has exactly two members.", path))
    elif not any("account" in member for member in value["member"]):
        out.append(Problem("authority", "The application of the pair is identified by account.", path))
