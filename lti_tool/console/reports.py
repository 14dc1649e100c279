"""An institution over its courses and platforms, from what was read back of its LRSs."""

import io
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask import Response, render_template, request
from sqlalchemy import select

from lti_tool.console import blueprint, queries
from lti_tool.console.guard import scope
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.reporting.cells import Cell, behind_found, find_cell, table_behind
from lti_tool.reporting.cursor import read_cursor, write_cursor
from lti_tool.reporting.kept import Report, report_of, report_opened
from lti_tool.reporting.lists import page_behind
from lti_tool.reporting.naming import Names
from lti_tool.reporting.opening import Sources, own_of, sources_of
from lti_tool.reporting.shown import Words
from social_layer.people.models import Course
from xapi.gathering.store import Gathered
from xapi.installation import find_activity_base
from xapi.reports.acts import Own, tell
from xapi.reports.cells import key_of
from xapi.reports.institution import MEASURES, institution_report
from xapi.reports.measures import Measure, Window
from xapi.reports.tables import one_as_csv
from xapi.vocabulary import Ids

_OLD = timedelta(days=1)
_MOST_COURSES = 2000


@blueprint.get("/reports")
def reports() -> str:
    """Of the operator's institution, or of the first one of all."""
    with parts().database.read() as session:
        if not queries.tenants_to_choose(session, scope()):
            return render_template("console/no_institution.html")
    return _page(None)


@blueprint.get("/reports/<uuid:tenant_id>")
def reports_of(tenant_id: UUID) -> str:
    return _page(tenant_id)


def _page(tenant_id: UUID | None) -> str:
    chosen = _chosen(tenant_id)
    measures, as_of = [], None
    if chosen.sources.folders:
        words = Words(chosen.names, "UTC")
        report = _kept(chosen)
        measures, as_of = [words.show(one) for one in report.measures], report.as_of
    with parts().database.read() as session:
        tenants = queries.tenants_to_choose(session, scope())
    return render_template(
        "console/reports.html",
        measures=measures,
        as_of=as_of,
        tenants=tenants,
        chosen=chosen,
        is_old=as_of is not None and parts().clock() - as_of > _OLD,
    )


@blueprint.get("/reports/<uuid:tenant_id>/<table>")
def report_statements(tenant_id: UUID, table: str) -> str:
    """The statements behind a number, or with ``row`` and ``column`` behind one cell; whose they are is not told."""
    _check(table)
    chosen = _chosen(tenant_id)
    after = read_cursor(request.args["after"]) if "after" in request.args else None
    row, column = request.args.get("row"), request.args.get("column", type=int)
    words = Words(chosen.names, "UTC")

    def found_in(report: Report) -> tuple[Measure, Cell | None]:
        one = report.measure(table)
        return one, find_cell(one, row, column) if row else None

    def tell_listed(found: Gathered, report: Report) -> None:
        one, cell = found_in(report)
        only = table_behind(one, cell)
        # Results contradict each other within a course; an act may be taken back in another one.
        course = key_of(one, cell.place, cell.column) if cell and only == "result" else None
        tell(found, Window(), own=chosen.own, course=course, only=only)

    with report_opened(
        chosen.sources, _asked(chosen), lambda found: _report(chosen, found, lists=True), tell_listed
    ) as (found, report):
        one, cell = found_in(report)
        behind = behind_found(found, one, cell) if cell else one.behind
        shown, last = page_behind(found, words, behind, after, tells_whom=False)
    return render_template(
        "console/statements.html",
        table=table,
        title=words.title(one),
        where=words.where(one, cell) if cell else "",
        cell=cell.query if cell else {},
        chosen=chosen,
        listed=shown,
        leaves_out=behind.leaves_out,
        next=write_cursor(last.happened, last.id) if last else None,
    )


@blueprint.get("/reports/<uuid:tenant_id>/<table>/csv")
def report_csv(tenant_id: UUID, table: str) -> Response:
    _check(table)
    out = io.StringIO()
    one_as_csv(_kept(_chosen(tenant_id)).measure(table), out)
    response = Response(out.getvalue(), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"{table}.csv")
    return response


@dataclass(frozen=True, slots=True)
class _Chosen:
    """An institution, its courses' titles, its LRSs, and what there is its own: others may send to the same."""

    tenant_id: UUID
    tenant: str
    base: str
    names: Names
    sources: Sources
    own: Own


def _check(table: str) -> None:
    """Raises ``not_found``."""
    if table not in MEASURES:
        raise Problem("not_found")


def _kept(chosen: _Chosen) -> Report:
    return report_of(chosen.sources, _asked(chosen), lambda found: _report(chosen, found, lists=False))


def _asked(chosen: _Chosen) -> Hashable:
    own = chosen.own
    return chosen.base, tuple(own.courses), tuple(own.homes), own.prefix


def _report(chosen: _Chosen, found: Gathered, *, lists: bool) -> list[Measure]:
    return institution_report(tell(found, Window(), own=chosen.own, lists=lists), chosen.base)


def _chosen(tenant_id: UUID | None) -> _Chosen:
    """Raises ``not_found``, for one that is not the operator's too."""
    given = parts()
    with given.database.read() as session:
        tenant = queries.chosen_tenant(session, scope(), tenant_id)
        base = find_activity_base(session) or given.settings.public_url
        courses = session.execute(
            select(Course.id, Course.title).where(Course.tenant_id == tenant.id).limit(_MOST_COURSES)
        )
        names = Names({}, {Ids(base).course(id_): title for id_, title in courses})
        sources = sources_of(session, given.settings, tenant.id, base)
        own = own_of(session, tenant.id, base)
        return _Chosen(tenant.id, tenant.name, base, names, sources, own)
