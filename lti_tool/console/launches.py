"""The launch log: why did it not open for this person? By the number on their page, or by their account in the LMS."""

import re
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import render_template
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_tool.console import blueprint, queries
from lti_tool.console.forms import Launches, from_query
from lti_tool.console.guard import scope
from lti_tool.lti import launch_log
from lti_tool.parts import parts
from lti_tool.problems import PROBLEMS

# As the page's own links write an account; nobody else can.
_ACCOUNT = re.compile(r"account:([0-9a-f]{32})")


@blueprint.get("/launches")
def launches() -> str:
    asked = from_query(Launches)
    with parts().database.read() as session:
        page = queries.launches_page(session, scope(), _wanted(session, asked), asked["after"])
        platforms = queries.platform_names(session, scope())
    filters = {name: value for name, value in asked.items() if value and name != "after"}
    return render_template(
        "console/launches.html",
        page=page,
        asked=asked,
        filters=filters,
        platforms=platforms,
        explain=explain,
        kept=launch_log.KEPT.days,
    )


def explain(outcome: str) -> tuple[str, str]:
    """What the person read, and was told to do. What the case put into the sentence stands beside it in the log."""
    if outcome == launch_log.LAUNCHED:
        return _("The panel opened."), ""
    kind = PROBLEMS.get(outcome) or PROBLEMS["unexpected"]
    blank: dict[str, str] = defaultdict(lambda: "…")
    return str(kind.sentence) % blank, str(kind.next_step) % blank


def _wanted(session: Session, asked: dict[str, Any]) -> queries.Wanted:
    find: str = asked["find"]
    return queries.Wanted(
        outcome=asked["outcome"],
        platform_id=asked["platform"],
        since=_begin(asked["since"]),
        until=_begin(asked["until"], days=1),
        trace_id=find.lower() if find and not _ACCOUNT.fullmatch(find) else "",
        accounts=_accounts(session, find) if find else (),
    )


def _accounts(session: Session, find: str) -> list[bytes]:
    if link := _ACCOUNT.fullmatch(find):
        return [bytes.fromhex(link[1])]
    return launch_log.attempts_of(parts().sealer, queries.issuers(session, scope()), find)


def _begin(day: date | None, days: int = 0) -> datetime | None:
    return datetime.combine(day + timedelta(days), time(), UTC) if day else None
