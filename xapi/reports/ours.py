"""A statement of Alongside's, read back: what of it reports are made from. Anybody else's is passed over."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from xapi import vocabulary as words
from xapi.lrs.validation.formats import parse_timestamp
from xapi.statements import timestamp

Json = dict[str, Any]
_PROFILE = re.compile(r".+/xapi/profile/v\d+(\.\d+)*")
_REACTION = re.compile(r".+/xapi/extensions/reaction")


@dataclass(frozen=True, slots=True)
class Act:
    """``at``: ``happened`` as the statement's profile spells it. ``detail``: which reaction, else empty."""

    id: UUID
    person: str
    object: str
    answers: UUID | None
    course: str | None
    happened: datetime
    detail: str

    @property
    def at(self) -> str:
        return timestamp(self.happened)


def act_of(statement: Json, verb: str) -> Act | None:
    """None for what others wrote, for another verb (a query also finds what refers to a match), and for what lacks
    what each statement of ours has."""
    context = _object(statement.get("context"))
    around = _object(context.get("contextActivities"))
    target = _object(statement.get("object"))
    if _object(statement.get("verb")).get("id") != verb or not _is_ours(around):
        return None
    key, person = _uuid(statement.get("id")), person_of(statement.get("actor"))
    happened = parse_timestamp(str(statement.get("timestamp")))
    if key is None or person is None or happened is None or not isinstance(target.get("id"), str):
        return None
    if target.get("objectType", "Activity") != "Activity":
        return None
    return Act(
        id=key,
        person=person,
        object=target["id"],
        answers=_uuid(_object(context.get("statement")).get("id")),
        course=_course(around),
        happened=happened,
        detail=next(
            (
                str(value)
                for name, value in _object(context.get("extensions")).items()
                if _REACTION.fullmatch(name)
            ),
            "",
        ),
    )


def person_of(actor: Any) -> str | None:
    """``homePage|name``, or whatever else the actor is identified by."""
    actor = _object(actor)
    account = _object(actor.get("account"))
    if account.get("homePage") and account.get("name"):
        return f"{account['homePage']}|{account['name']}"
    found = actor.get("mbox") or actor.get("mbox_sha1sum") or actor.get("openid")
    return found if isinstance(found, str) else None


def _is_ours(around: Json) -> bool:
    return any(_PROFILE.fullmatch(str(one.get("id"))) for one in _activities(around, "category"))


def _course(around: Json) -> str | None:
    for one in (*_activities(around, "grouping"), *_activities(around, "parent")):
        if _object(one.get("definition")).get("type") == words.COURSE and isinstance(one.get("id"), str):
            return str(one["id"])
    return None


def _activities(around: Json, name: str) -> list[Json]:
    """An LRS may give a single activity by itself (Data 2.4.6.2)."""
    found = around.get(name)
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None
