"""The panel itself: its settings, how far its reader has read, previews, and reflections shared in it."""

from collections import Counter
from typing import Any
from uuid import UUID

from flask import Response, jsonify

from lti_tool.api import schemas
from lti_tool.api.answers import panel_json
from lti_tool.api.description import refuses
from lti_tool.api.entries import posted
from lti_tool.api.parsing import ApiBlueprint
from lti_tool.bearer import changing, looking
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.responses import nothing
from lti_tool.wording import step_headings
from social_layer import text
from social_layer.discussion.marks import mark_read
from social_layer.discussion.queries import find_entry
from social_layer.groups.queries import places_of
from social_layer.panels.actions import set_up
from social_layer.panels.models import GroupMode, Kind
from social_layer.panels.queries import find_viewer
from social_layer.panels.settings import DATES
from social_layer.reflection.actions import STEPS, Thoughts, share

blueprint = ApiBlueprint("panels", __name__, description="A social space at one place in a course")
_READ = {"entries": ["6fa459ea-ee8a-3ca4-894e-db77e160355e"]}


@blueprint.get("/panels/<uuid:panel_id>")
@blueprint.response(200, schemas.Panel)
def get_panel(panel_id: UUID) -> Response:
    """The panel's settings, what the viewer may do in it, and the cursor of what is new from now on"""
    with looking(panel_id) as (session, viewer):
        return jsonify(panel_json(viewer, places_of(session, viewer)))


@blueprint.put("/panels/<uuid:panel_id>/setup")
@refuses(
    *("group_set_missing", "group_set_not_found"),
    "not_staff",
    "kind_not_offered",
    "kind_is_fixed",
    "title_missing",
    "dates_out_of_order",
    "text_too_long",
    "too_much_markup",
)
@blueprint.arguments(
    schemas.SetUp,
    example={"kind": "discussion", "title": "Seeds", "purpose": "So that we plan the garden", "prompt": ""},
)
@blueprint.response(200, schemas.Panel)
def set_up_panel(sent: dict[str, Any], panel_id: UUID) -> Response:
    """Gives the panel new settings"""
    with changing(panel_id) as (session, viewer):
        mode = GroupMode(sent["group_mode"]) if sent["group_mode"] else None
        dates = {name: sent.pop(name) for name in DATES if name in sent}
        wanted = {**sent, "dates": dates, "kind": Kind(sent["kind"]), "group_mode": mode}
        set_up(session, parts().clock, viewer, **wanted)
        session.flush()
        after = find_viewer(session, viewer.tenant_id, viewer.membership_id, panel_id, parts().clock())
        if after is None:
            raise Problem("not_member")
        places = places_of(session, after)
    return jsonify(panel_json(after, places))


@blueprint.post("/panels/<uuid:panel_id>/read")
@blueprint.arguments(schemas.Read, example=_READ)
@blueprint.response(204)
def note_reading(sent: dict[str, Any], panel_id: UUID) -> Response:
    """Notes which entries the viewer has seen

    Each thread is read up to the first unread entry, in the order of posting, that is not among them; this never
    goes back. Name what was seen beyond it again with what was left out.

    `reading` says for how many seconds which threads were really read since it was last said; from it comes one
    statement a day.
    """
    with changing(panel_id) as (session, viewer):
        seconds: Counter[UUID] = Counter()
        for one in sent["reading"]:
            seconds[one["thread"]] += one["seconds"]
        mark_read(session, parts().clock, viewer, sent["entries"], seconds)
    return nothing()


@blueprint.post("/panels/<uuid:panel_id>/preview")
@refuses("too_much_markup")
@blueprint.arguments(schemas.MarkdownText, example={"body": "Why do *some* seeds wait for fire?"})
@blueprint.response(200, schemas.Html)
def preview(sent: dict[str, Any], panel_id: UUID) -> Response:
    """Markdown as it will be shown"""
    with looking(panel_id):
        pass
    return jsonify(html=text.render(sent["body"]))


@blueprint.post("/panels/<uuid:panel_id>/reflection")
@refuses(
    *("in_no_group", "group_missing", "group_not_found", "groups_changed"),
    *(
        "may_not_post",
        "panel_not_open",
        "panel_closed",
        "not_a_reflection_panel",
        "step_missing",
        "text_too_long",
        "too_much_markup",
    ),
    "idempotency_key_reused",
)
@blueprint.arguments(schemas.PostingHeaders, location="headers")
@blueprint.arguments(schemas.Thoughts, example={"what": "We sowed.", "so_what": "", "now_what": "Water it."})
@blueprint.response(201, schemas.Entry)
def share_reflection(headers: dict[str, Any], sent: dict[str, Any], panel_id: UUID) -> Response:
    """Shares a reflection with the course"""
    with changing(panel_id) as (session, viewer):
        entry_id = share(
            session,
            parts().clock,
            viewer,
            Thoughts(**{step: sent[step] for step in STEPS}),
            headings=step_headings(),
            title=sent["title"],
            group=sent["group"],
            idempotency_key=headers["key"],
        )
        entry = find_entry(session, viewer, entry_id)
    return posted(entry)
