"""Groups of the course, arranged by those who run it: by hand, at random, or from a file."""

import json
import secrets
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_tool.bearer import changing, looking
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.responses import nothing
from lti_tool.web import blueprint
from lti_tool.web.forms import GroupNumbers, Moved, Name, Plan, PlanName, from_form
from lti_tool.web.fragments import fragment
from lti_tool.web.presenting import letters
from lti_tool.wording import group_name, set_name
from social_layer.groups import arranging, plans, roll
from social_layer.groups.plans import PlannedGroup, Reading
from social_layer.groups.queries import set_in_use
from social_layer.groups.roll import Pupil
from social_layer.people.models import GroupOrigin
from social_layer.viewer import Viewer

_GROUPS = "/panels/<uuid:panel_id>/groups"
_SET = f"{_GROUPS}/<uuid:set_id>"


@blueprint.get(_GROUPS)
def show_groups(panel_id: UUID) -> Response:
    with looking(panel_id) as (session, viewer):
        return _all_sets(session, viewer)


@blueprint.post(f"{_GROUPS}/drawn")
def draw_groups(panel_id: UUID) -> Response:
    """Shows what would be made. Nothing is kept."""
    with looking(panel_id) as (session, viewer):
        arranging.let_arrange(viewer)
        asked = from_form(GroupNumbers)
        number = asked["number"]
        if asked["how"] == "empty":
            if number > plans.MOST_GROUPS:
                raise Problem("group_numbers_wrong")
            groups: tuple[PlannedGroup, ...] = tuple(PlannedGroup("", ()) for _group in range(number))
        else:
            people = roll.learners(session, viewer)
            groups = plans.drawn(people, secrets.randbits(64), **{asked["how"]: number})
        return _preview(session, viewer, asked["name"] or _("Groups"), Reading(groups), drawn=asked)


@blueprint.post(f"{_GROUPS}/file")
def read_groups(panel_id: UUID) -> Response:
    """Shows whom a file puts where. Nothing is kept."""
    with looking(panel_id) as (session, viewer):
        arranging.let_arrange(viewer)
        name, sent = from_form(PlanName)["name"], request.files.get("file")
        content = sent.read() if sent else b""
        if not content:
            raise Problem("file_missing")
        reading = plans.read_file(content, roll.whole_roll(session, viewer))
        return _preview(session, viewer, name or _("Groups"), reading)


@blueprint.post(_GROUPS)
def make_groups(panel_id: UUID) -> Response:
    """Carries out a plan that was looked at."""
    with changing(panel_id) as (session, viewer):
        arranging.let_arrange(viewer)
        asked = from_form(Plan)
        planned = [PlannedGroup(group["name"], tuple(group["people"])) for group in asked["plan"]]
        set_id = arranging.carry_out(session, parts().clock, viewer, asked["name"], planned)
        return _one_set(session, viewer, set_id, said=_("Saved."))


@blueprint.get(_SET)
def show_set(panel_id: UUID, set_id: UUID) -> Response:
    with looking(panel_id) as (session, viewer):
        return _one_set(session, viewer, set_id)


@blueprint.get(f"{_SET}/people/<uuid:after>")
def more_people(panel_id: UUID, set_id: UUID, after: UUID) -> Response:
    """The people who follow on the list."""
    with looking(panel_id) as (session, viewer):
        arranging.let_arrange(viewer)
        context = _people(session, viewer, set_id, after)
    return fragment("web/groups/people.html", **context)


@blueprint.post(_SET)
def rename_set(panel_id: UUID, set_id: UUID) -> Response:
    with changing(panel_id) as (session, viewer):
        arranging.name_set(session, viewer, set_id, from_form(Name)["name"])
        return _one_set(session, viewer, set_id, said=_("Saved."))


@blueprint.delete(_SET)
def remove_set(panel_id: UUID, set_id: UUID) -> Response:
    with changing(panel_id) as (session, viewer):
        arranging.close_set(session, parts().clock, viewer, set_id)
        session.flush()
        return _all_sets(session, viewer, said=_("Removed."))


@blueprint.post(f"{_SET}/groups")
def add_group(panel_id: UUID, set_id: UUID) -> Response:
    with changing(panel_id) as (session, viewer):
        arranging.add_group_by_hand(session, viewer, set_id, from_form(Name)["name"])
        return _one_set(session, viewer, set_id, said=_("Saved."))


@blueprint.patch(f"{_SET}/groups/<uuid:group_id>")
def rename_group(panel_id: UUID, set_id: UUID, group_id: UUID) -> Response:
    with changing(panel_id) as (session, viewer):
        arranging.name_group(session, viewer, set_id, group_id, from_form(Name)["name"])
        return _one_set(session, viewer, set_id, said=_("Saved."))


@blueprint.delete(f"{_SET}/groups/<uuid:group_id>")
def remove_group(panel_id: UUID, set_id: UUID, group_id: UUID) -> Response:
    with changing(panel_id) as (session, viewer):
        arranging.close_group(session, parts().clock, viewer, set_id, group_id)
        return _one_set(session, viewer, set_id, said=_("Removed."))


@blueprint.put(f"{_SET}/people/<uuid:member_id>")
def move_person(panel_id: UUID, set_id: UUID, member_id: UUID) -> Response:
    moved = from_form(Moved)
    with changing(panel_id) as (session, viewer):
        arranging.put(session, viewer, set_id, member_id, moved["group"])
    return nothing()


def _all_sets(session: Session, viewer: Viewer, said: str = "") -> Response:
    arranging.let_arrange(viewer)
    return fragment(
        "web/groups/sets.html",
        **_words(viewer),
        sets=roll.sets_with_numbers(session, viewer),
        people=len(roll.learners(session, viewer)),
        said=said,
    )


def _one_set(session: Session, viewer: Viewer, set_id: UUID, said: str = "") -> Response:
    arranging.let_arrange(viewer)
    session.flush()
    context = _people(session, viewer, set_id)
    in_use = viewer.panel.group_mode != "everyone" and set_in_use(session, viewer) == set_id
    return fragment("web/groups/set.html", **context, said=said, in_use=in_use)


def _people(session: Session, viewer: Viewer, set_id: UUID, after: UUID | None = None) -> dict[str, Any]:
    one = roll.find_set(session, viewer, set_id)
    page = roll.roll_page(session, viewer, set_id, after=after)
    return {
        **_words(viewer),
        "set": one,
        "by_hand": one.origin == GroupOrigin.hand,
        "groups": roll.groups_of_set(session, viewer, set_id),
        "people": page.items,
        "next": page.next,
    }


def _preview(
    session: Session, viewer: Viewer, name: str, reading: Reading, drawn: dict[str, Any] | None = None
) -> Response:
    known = roll.pupils(session, viewer)
    placed = {person for group in reading.groups for person in group.people}
    plan = [{"name": group.name, "people": [str(one) for one in group.people]} for group in reading.groups]
    return fragment(
        "web/groups/preview.html",
        **_words(viewer),
        name=name,
        drawn=drawn,
        planned=[
            (group_name(group.name, number), [known[one] for one in group.people if one in known])
            for number, group in enumerate(reading.groups, 1)
        ],
        unmatched=reading.unmatched,
        left_out=[pupil for person, pupil in known.items() if person not in placed],
        plan=json.dumps(plan),
    )


def _words(viewer: Viewer) -> dict[str, Any]:
    return {
        "home": url_for("web.panel", panel_id=viewer.panel.id),
        "viewer": viewer,
        "group_name": group_name,
        "set_name": set_name,
        "name_of": name_of,
    }


def name_of(pupil: Pupil) -> str:
    """As the panel calls them; who has not been there yet and has no name is told apart by their membership."""
    return pupil.name or f"{_('Learner')} {letters(pupil.voice_id or pupil.membership_id)}"
