"""Reports in the panel's frame: the course's for those who run it, and everybody's own timeline."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, g, jsonify, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.bearer import looking
from lti_tool.links import make_link, read_link
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.reporting.cells import Cell, behind_found, find_cell, table_behind
from lti_tool.reporting.cursor import read_cursor, write_cursor
from lti_tool.reporting.kept import Report, report_of, report_opened
from lti_tool.reporting.lists import SEEN_BY_ALL, page_behind, texts_of
from lti_tool.reporting.naming import Names, names_of
from lti_tool.reporting.opening import Sources, opened, sources_of
from lti_tool.reporting.rules import staff_may_look
from lti_tool.reporting.shown import Words
from lti_tool.reporting.windows import Days, days_between
from lti_tool.web import blueprint
from lti_tool.web.forms import FormerPage, ReportCell, ReportDays, from_query
from lti_tool.web.fragments import fragment
from lti_tool.web.panel_page import speak_to
from lti_tool.web.presenting import Presenter
from social_layer.panels.queries import find_viewer
from social_layer.people.class_list import people_page
from social_layer.people.models import Account, Membership
from social_layer.people.zones import zone_of_course
from social_layer.sealing import SealBroken
from social_layer.viewer import Viewer
from xapi.gathering.store import Gathered
from xapi.installation import find_activity_base
from xapi.reports.acts import tell
from xapi.reports.course import MEASURES, course_report
from xapi.reports.measures import Measure, Window
from xapi.reports.person import Moment, timeline
from xapi.reports.tables import one_as_csv
from xapi.scopes.pseudonyms import pseudonym_in
from xapi.vocabulary import Ids

_REPORTS = "/panels/<uuid:panel_id>/reports"
# What is older than this says so: whoever gathers may have stopped.
_OLD = timedelta(days=1)
_MOST_PEOPLE = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a report is made: its reader, the course's activity id and zone, and what was gathered of it."""

    viewer: Viewer
    base: str
    sources: Sources
    staff_may_look: bool
    zone: ZoneInfo

    @property
    def course(self) -> str:
        return Ids(self.base).course(self.viewer.panel.course_id)


def place_of(session: Session, viewer: Viewer) -> Place:
    given = parts()
    base = find_activity_base(session) or given.settings.public_url
    return Place(
        viewer,
        base,
        sources_of(session, given.settings, viewer.tenant_id, base),
        staff_may_look(session, viewer.tenant_id, viewer.panel.course_id),
        zone_of_course(session, viewer.tenant_id, viewer.panel.course_id),
    )


@blueprint.get(f"{_REPORTS}/course")
def course_page(panel_id: UUID) -> Response:
    """All measures of the course."""
    days = _days()
    with looking(panel_id) as (session, viewer):
        _check(viewer)
        place = place_of(session, viewer)
        members = _members(session, place)
    window = days.window(place.zone)
    report = _kept(place, window)
    with looking(panel_id) as (session, viewer):
        words = _words(session, place, report.measures)
    return fragment(
        "web/reports/course.html",
        **_told(place, report.as_of, report.measures[0].window.zone),
        days=days,
        query=_query(days),
        measures=[words.show(one, place.base) for one in report.measures],
        members=members,
    )


@blueprint.get(f"{_REPORTS}/course/<measure>")
def statements_behind(panel_id: UUID, measure: str) -> Response:
    """The statements behind a number, the newest first; with ``after`` the next page of them. With ``row`` and
    ``column`` those behind one cell of its table."""
    after, days, asked = _after(), _days(), from_query(ReportCell)
    with looking(panel_id) as (session, viewer):
        _check(viewer)
        place = place_of(session, viewer)
    if measure not in MEASURES:
        raise Problem("not_found")
    window = days.window(place.zone)

    def found_in(report: Report) -> tuple[Measure, Cell | None]:
        one = report.measure(measure)
        return one, find_cell(one, **asked, base=place.base) if asked["row"] else None

    def tell_listed(found: Gathered, report: Report) -> None:
        tell(found, window, course=place.course, only=table_behind(*found_in(report)))

    with report_opened(
        place.sources,
        (place.course, window),
        lambda found: course_report(found, place.course, window),
        tell_listed,
    ) as (found, report):
        one, cell = found_in(report)
        behind = behind_found(found, one, cell) if cell else one.behind
        with parts().database.read() as session:
            words = _words(session, place, [one] if cell else [])
        shown, last = page_behind(
            found,
            words,
            behind,
            after,
            tells_whom=place.staff_may_look or measure in SEEN_BY_ALL,
            base=place.base,
        )
    return fragment(
        f"web/reports/{'more_statements' if after else 'statements'}.html",
        home=_home(place),
        measure=measure,
        query=_query(days, cell.query if cell else {}),
        back=_query(days),
        title=words.title(one),
        where=words.where(one, cell) if cell else "",
        listed=shown,
        leaves_out=behind.leaves_out,
        next=write_cursor(last.happened, last.id) if last else None,
    )


@blueprint.post(f"{_REPORTS}/course/<measure>")
def link_to_measure(panel_id: UUID, measure: str) -> Response:
    """Where the measure's table can be fetched within the next minutes."""
    with looking(panel_id) as (_session, viewer):
        _check(viewer)
    if measure not in MEASURES:
        raise Problem("not_found")
    link = make_link(parts(), f"report:{measure}", viewer.tenant_id, viewer.membership_id, panel_id)
    return jsonify(url=url_for("web.download_measure", measure=measure, link=link) + _query(_days()))


@blueprint.get("/reports/<measure>/<link>")
def download_measure(measure: str, link: str) -> Response:
    """By the link alone: a browser that downloads sends no token."""
    tenant_id, membership_id, panel_id = read_link(parts(), f"report:{measure}", link)
    g.tenant_id = tenant_id
    with parts().database.read() as session:
        viewer = find_viewer(session, tenant_id, membership_id, panel_id)
        if viewer is None:
            raise Problem("not_member")
        speak_to(viewer)
        _check(viewer)
        place = place_of(session, viewer)
    if measure not in MEASURES:
        raise Problem("not_found")
    one = _kept(place, _days().window(place.zone)).measure(measure)
    with parts().database.read() as session:
        words = _words(session, place, [one])
    out = io.StringIO()
    one_as_csv(one, out, who=words.names.person)
    response = Response(out.getvalue(), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"{measure}.csv")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get(f"{_REPORTS}/mine")
def own_timeline(panel_id: UUID) -> Response:
    """What the reader did with others, beside what they reached; with ``after`` the next page of it."""
    with looking(panel_id) as (session, viewer):
        place = place_of(session, viewer)
        people = [*_identifiers(session, viewer, viewer.person_id), *_own_pseudonyms(session, place)]
    return _timeline(place, people, name="", path="/reports/mine")


@blueprint.get(f"{_REPORTS}/people/<uuid:membership_id>")
def timeline_of(panel_id: UUID, membership_id: UUID) -> Response:
    """Somebody's of the course, where the institution lets those who run it look. Raises ``timeline_not_given``."""
    with looking(panel_id) as (session, viewer):
        _check(viewer)
        member = session.get(Membership, (viewer.tenant_id, membership_id))
        if member is None or member.course_id != viewer.panel.course_id:
            raise Problem("person_not_found")
        place = place_of(session, viewer)
        if not place.staff_may_look:
            raise Problem("timeline_not_given")
        people = _identifiers(session, viewer, member.person_id)
        names = names_of(session, viewer, place.base, people)
    known = (names.people[one] for one in people if one in names.people)
    name = next(known, "") or names.person(str(membership_id))
    return _timeline(place, people, name=name, path=f"/reports/people/{membership_id}")


def _timeline(place: Place, people: list[str], *, name: str, path: str) -> Response:
    after = _after()
    with opened(place.sources) as found:
        page = timeline(found, people, course=place.course, after=after)
        texts = texts_of(found, {one.id: one.at for one in page.moments}, tells_whom=True, base=place.base)
    with parts().database.read() as session:
        names = names_of(session, place.viewer, place.base, [one.whom for one in page.moments if one.whom])
    # One's own day, not the course's.
    zone = place.viewer.time_zone or place.zone.key
    words = Words(names, zone)
    return fragment(
        f"web/reports/{'more_moments' if after else 'timeline'}.html",
        **_told(place, page.as_of, zone),
        name=name,
        path=path,
        moments=[_moment(words, one, texts(one.id)) for one in page.moments],
        next=write_cursor(*page.next) if page.next else None,
    )


def _moment(words: Words, one: Moment, text: str) -> dict[str, Any]:
    return {
        "at": words.moment(one.at),
        "iso": one.at.isoformat(timespec="seconds"),
        "deed": words.deed(one),
        "is_formal": one.is_formal,
        "of": one.name or words.names.thing(one.panel or one.object),
        "whom": words.names.person(one.whom),
        "score": words.share(one.scaled) if one.scaled is not None else "",
        "text": text,
        "id": one.id,
    }


def _check(viewer: Viewer) -> None:
    if not viewer.is_staff:
        raise Problem("report_not_given")


def _kept(place: Place, window: Window) -> Report:
    return report_of(
        place.sources, (place.course, window), lambda found: course_report(found, place.course, window)
    )


def _days() -> Days:
    """Raises ``ValidationError``."""
    asked = from_query(ReportDays)
    return days_between(asked["first"], asked["last"])


def _query(days: Days, more: Mapping[str, str] = MappingProxyType({})) -> str:
    named = {**days.query, **more}
    return f"?{urlencode(named)}" if named else ""


def _words(session: Session, place: Place, measures: list[Measure]) -> Words:
    people = {who for one in measures if one.key == "network" for row in one.rows for who in row[:2]}
    return Words(names_of(session, place.viewer, place.base, people), place.zone.key)


def _identifiers(session: Session, viewer: Viewer, person_id: UUID) -> list[str]:
    rows = session.execute(
        select(Account.home_page, Account.name).where(
            Account.tenant_id == viewer.tenant_id, Account.person_id == person_id
        )
    )
    return [f"{home_page}|{name}" for home_page, name in rows]


def _own_pseudonyms(session: Session, place: Place) -> list[str]:
    """Under which the reader stands in the LRSs. Whoever else may look at their timeline must not see these."""
    viewer, sealer = place.viewer, parts().sealer
    found = set()
    for lrs_id in place.sources.lrs_ids:
        try:
            found.add(pseudonym_in(session, sealer, viewer.tenant_id, lrs_id, place.base, viewer.person_id))
        except SealBroken:
            # Its key was sealed with a secret that is gone; the doctor says so.
            continue
    return sorted(one for one in found if one is not None)


def _members(session: Session, place: Place) -> list[tuple[UUID, str]]:
    """Whose timelines may be opened."""
    if not place.staff_may_look:
        return []
    found = people_page(session, place.viewer, limit=_MOST_PEOPLE).items
    return [(one.membership_id, one.name) for one in found if one.name and not one.is_test]


def _told(place: Place, as_of: datetime | None, zone: str) -> dict[str, Any]:
    now = parts().clock()
    words = Words(Names({}, {}), zone)
    return {
        "home": _home(place),
        "viewer": place.viewer,
        "has_lrs": bool(place.sources.folders),
        "as_of": words.moment(as_of) if as_of else "",
        "as_of_iso": as_of.isoformat(timespec="seconds") if as_of else "",
        "as_of_ago": Presenter(place.viewer, now).ago(as_of) if as_of else "",
        "is_old": as_of is not None and now - as_of > _OLD,
        "staff_may_look": place.staff_may_look,
        "unread": place.sources.unread,
        "zone": zone,
    }


def _home(place: Place) -> str:
    return url_for("web.panel", panel_id=place.viewer.panel.id)


def _after() -> tuple[datetime, str] | None:
    """Raises ``bad_cursor``."""
    cursor = from_query(FormerPage)["after"]
    return read_cursor(cursor) if cursor else None
