"""An institution over its courses and platforms, from what was read back of its LRSs."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.console import blueprint, queries
from lti_tool.console.guard import scope
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.reporting.cursor import read_cursor, write_cursor
from lti_tool.reporting.lists import page_behind
from lti_tool.reporting.naming import Names
from lti_tool.reporting.opening import Sources, opened, sources_of
from lti_tool.reporting.shown import Words
from social_layer.people.models import Course, Tenant
from xapi.gathering.store import Gathered
from xapi.installation import find_activity_base
from xapi.reports.acts import tell
from xapi.reports.institution import MEASURES
from xapi.reports.measures import Measure, Window
from xapi.reports.tables import one_as_csv
from xapi.vocabulary import Ids

_OLD = timedelta(days=1)
_MOST_COURSES = 2000


@blueprint.get("/reports")
def reports() -> str:
    """Of the operator's institution; who sees several chooses one."""
    tenant, names, sources = _chosen()
    told: dict[str, Any] = {"measures": [], "as_of": None}
    if sources.folders:
        with opened(sources) as found:
            everything = tell(found, Window())
            words = Words(names, "UTC")
            told = {
                "measures": [words.show(one(everything)) for one in MEASURES.values()],
                "as_of": found.as_of,
            }
    with parts().database.read() as session:
        tenants = queries.tenant_names(session, scope())
    as_of = told["as_of"]
    return render_template(
        "console/reports.html",
        **told,
        tenants=tenants,
        tenant=tenant,
        has_lrs=bool(sources.folders),
        is_old=as_of is not None and parts().clock() - as_of > _OLD,
    )


@blueprint.get("/reports/<measure>")
def report_statements(measure: str) -> str:
    """The statements behind a number; whose they are is not told."""
    tenant, names, _sources = _chosen()
    after = read_cursor(request.args["after"]) if "after" in request.args else None
    words = Words(names, "UTC")
    with _measured(measure) as (found, one):
        shown, last = page_behind(found, words, one.behind, after, tells_whom=False)
        title = words.show(one).title
    return render_template(
        "console/statements.html",
        measure=measure,
        title=title,
        tenant=tenant,
        listed=shown,
        next=write_cursor(last.happened, last.id) if last else None,
    )


@blueprint.get("/reports/<measure>/csv")
def report_csv(measure: str) -> Response:
    with _measured(measure) as (_found, one):
        out = io.StringIO()
        one_as_csv(one, out)
    response = Response(out.getvalue(), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"{measure}.csv")
    return response


@contextmanager
def _measured(measure: str) -> Iterator[tuple[Gathered, Measure]]:
    """Raises ``not_found``."""
    if measure not in MEASURES:
        raise Problem("not_found")
    _tenant, _names, sources = _chosen()
    with opened(sources) as found:
        yield found, MEASURES[measure](tell(found, Window()))


def _chosen() -> tuple[str, Names, Sources]:
    """The institution, its courses' titles, and its LRSs. Raises ``not_found``, for one of another operator too."""
    given = parts()
    with given.database.read() as session:
        tenant = _tenant(session, request.args.get("tenant", ""))
        base = find_activity_base(session) or given.settings.public_url
        courses = session.execute(
            select(Course.id, Course.title).where(Course.tenant_id == tenant.id).limit(_MOST_COURSES)
        )
        names = Names({}, {Ids(base).course(id_): title for id_, title in courses})
        return tenant.name, names, sources_of(session, given.settings, tenant.id)


def _tenant(session: Session, name: str) -> Tenant:
    query = select(Tenant).order_by(Tenant.created_at, Tenant.id).limit(1)
    restricted: UUID | None = scope()
    if restricted is not None:
        query = query.where(Tenant.id == restricted)
    if name:
        query = query.where(Tenant.name == name)
    found = session.scalar(query)
    if found is None:
        raise Problem("not_found")
    return found
