"""The LRSs: how far their statements have come, what they refused, and sending that again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import format_timedelta
from flask_babel import gettext as _

from lti_tool.console import blueprint, store_queries
from lti_tool.console.forms import Listing, Retry, from_form, from_query
from lti_tool.console.guard import me, scope
from lti_tool.logs import log
from lti_tool.parts import parts
from xapi.parked import Why, retry
from xapi.stores import resume


@blueprint.get("/stores")
def stores() -> str:
    asked = from_query(Listing)
    given = parts()
    with given.database.read() as session:
        page = store_queries.stores_page(session, scope(), asked["after"])
    return render_template("console/stores.html", page=page, asked=asked, **_times(given.clock()))


@blueprint.get("/stores/<uuid:lrs_id>")
def store(lrs_id: UUID) -> str:
    asked = from_query(Listing)
    given = parts()
    with given.database.read() as session:
        row = store_queries.find_store(session, scope(), lrs_id)
        refused = store_queries.refused_page(session, row.lrs, asked["after"])
    return render_template(
        "console/store.html", row=row, refused=refused, asked=asked, todo=_todo, **_times(given.clock())
    )


@blueprint.post("/stores/<uuid:lrs_id>/resumption")
def resume_store(lrs_id: UUID) -> Response:
    """One that was paused, or is left alone for a while, is sent to at once."""
    with parts().database.write() as session:
        row = store_queries.find_store(session, scope(), lrs_id)
        resume(session, row.lrs)
    log.info("lrs resumed", operator=me().name, lrs=row.lrs.name)
    return _back(lrs_id, "resumed")


@blueprint.get("/stores/<uuid:lrs_id>/retries")
def confirm_retries(lrs_id: UUID) -> str:
    with parts().database.read() as session:
        row = store_queries.find_store(session, scope(), lrs_id)
    return render_template("console/retry_all.html", row=row)


@blueprint.post("/stores/<uuid:lrs_id>/retries")
def retry_refused(lrs_id: UUID) -> Response:
    """One of them, or all."""
    sent = from_form(Retry)
    given = parts()
    with given.database.write() as session:
        lrs = store_queries.find_store(session, scope(), lrs_id).lrs
        which = None if sent["statement"] is None else [sent["statement"]]
        again = retry(session, given.clock(), lrs.tenant_id, lrs.id, statements=which)
    log.info("statements retried", operator=me().name, lrs=lrs.name, statements=again)
    return _back(lrs_id, "retried" if again else "gone")


def _times(now: datetime) -> dict[str, Any]:
    def age(since: datetime | None) -> str:
        return str(format_timedelta(now - since)) if since else "–"

    return {"now": now, "age": age}


def _back(lrs_id: UUID, done: str) -> Response:
    # To the page of the list where the button was.
    after = request.args.get("after") or None
    return make_response(redirect(url_for("console.store", lrs_id=lrs_id, done=done, after=after), 303))


def _todo(why: Why) -> str:
    return {
        Why.ours: _("It is our own mistake and was not sent. Report it with this answer."),
        Why.taken: _("Somebody else wrote under our id. Ask the LRS's operator."),
        Why.too_big: _("The LRS takes no request of this size. Have its limit raised, then retry."),
        Why.refused: _("Mend what the LRS complains of, then retry."),
    }[why]
