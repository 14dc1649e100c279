"""The course's people, for those who run it: who is in it, who never came, and how fresh the LMS's list is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, url_for

from lti_tool.bearer import changing, looking
from lti_tool.lti import rosters
from lti_tool.lti.rosters import RosterState
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.responses import nothing
from lti_tool.translations import language
from lti_tool.web import blueprint
from lti_tool.web.forms import PeopleSearch, Seen, from_query
from lti_tool.web.fragments import fragment
from lti_tool.web.presenting import TONES, Presenter, initials, letters, role_names
from social_layer.people.class_list import PeoplePage, PersonRow, Shown, count_people, people_page
from social_layer.people.models import Role
from social_layer.viewer import Viewer

_PEOPLE = "/panels/<uuid:panel_id>/people"
# Who has waited so long for the worker is told that it may not run.
_PATIENCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class PersonShown:
    row: PersonRow
    name: str
    badge: str
    initials: str
    tone: int
    ago: str
    iso: str


@blueprint.get(_PEOPLE)
def people(panel_id: UUID) -> Response:
    """The whole screen."""
    with looking(panel_id) as (session, viewer):
        counts = count_people(session, viewer)
        page = people_page(session, viewer)
        state = rosters.state_of(session, parts().clock, viewer)
    context = _listed(viewer, page, Shown.here, "") | _told(viewer, state)
    return fragment("web/people.html", **context, counts=counts)


@blueprint.get(f"{_PEOPLE}/list")
def list_people(panel_id: UUID) -> Response:
    """Those who are asked for; with ``after`` the next page of them."""
    asked = from_query(PeopleSearch)
    search = " ".join(asked["search"].split())
    with looking(panel_id) as (session, viewer):
        page = people_page(session, viewer, shown=asked["show"], search=search, after=asked["after"])
    context = _listed(viewer, page, asked["show"], search, first=asked["after"] is None)
    return fragment("web/people_list.html", **context)


@blueprint.get(f"{_PEOPLE}/progress")
def roster_progress(panel_id: UUID) -> Response:
    """How fresh the list is; 204 while it is as the page has ``seen`` it."""
    seen = from_query(Seen)["seen"]
    with looking(panel_id) as (session, viewer):
        _check(viewer)
        state = rosters.state_of(session, parts().clock, viewer)
        if state is None or _mark(state, parts().clock()) == seen:
            return nothing()
        counts = count_people(session, viewer)
    return fragment("web/people_state.html", **_told(viewer, state), counts=counts)


@blueprint.post(f"{_PEOPLE}/refresh")
def refresh_roster(panel_id: UUID) -> Response:
    """Asks for the list to be read now; who reads it is the worker."""
    with changing(panel_id) as (session, viewer):
        _check(viewer)
        if not rosters.ask_for(session, parts().clock, viewer):
            raise Problem("list_not_offered")
    with looking(panel_id) as (session, viewer):
        state = rosters.state_of(session, parts().clock, viewer)
        counts = count_people(session, viewer)
    return fragment("web/people_state.html", **_told(viewer, state), counts=counts)


def _check(viewer: Viewer) -> None:
    if not viewer.is_staff:
        raise Problem("not_staff")


def _listed(
    viewer: Viewer, page: PeoplePage, shown: Shown, search: str, *, first: bool = True
) -> dict[str, Any]:
    presenter = Presenter(viewer, parts().clock())
    roles = role_names(language())
    return {
        "home": url_for("web.panel", panel_id=viewer.panel.id),
        "people": [_shown(presenter, roles, row) for row in page.items],
        "next": page.next,
        "shown": shown,
        "search": search,
        "first": first,
    }


def _shown(presenter: Presenter, roles: dict[Role, str], row: PersonRow) -> PersonShown:
    number = row.voice_id or row.membership_id
    name = row.name or f"{roles[row.role]} {letters(number)}"
    last = row.last_launch_at
    return PersonShown(
        row=row,
        name=name,
        badge="" if row.role is Role.learner else roles[row.role],
        initials=initials(name),
        tone=number.int % TONES,
        ago=presenter.ago(last) if last else "",
        iso=last.isoformat(timespec="seconds") if last else "",
    )


def _told(viewer: Viewer, state: RosterState | None) -> dict[str, Any]:
    home = url_for("web.panel", panel_id=viewer.panel.id)
    if state is None:
        return {"state": None, "home": home}
    now = parts().clock()
    return {
        "home": home,
        "state": state,
        "mark": _mark(state, now),
        "as_of": Presenter(viewer, now).ago(state.as_of) if state.as_of else "",
        "as_of_iso": state.as_of.isoformat(timespec="seconds") if state.as_of else "",
        "problem": Problem(state.problem) if state.problem else None,
        "waits_long": _waits_long(state, now),
    }


def _waits_long(state: RosterState, now: datetime) -> bool:
    return state.is_awaited and state.due_at is not None and now - state.due_at > _PATIENCE


def _mark(state: RosterState, now: datetime) -> str:
    """Another one whenever the page would say something else."""
    times = [moment.timestamp() if moment else 0 for moment in (state.as_of, state.failed_at)]
    told = (*times, state.is_running, state.is_awaited, _waits_long(state, now), state.read)
    return "-".join(f"{part:.3f}".rstrip("0").rstrip(".") for part in told)
