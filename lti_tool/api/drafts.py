"""Drafts: what the viewer is writing, for their eyes only."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from lti_tool.api import schemas
from lti_tool.api.description import refuses
from lti_tool.api.parsing import ApiBlueprint
from lti_tool.bearer import changing, looking
from lti_tool.problems import Problem
from lti_tool.responses import nothing
from social_layer.discussion import actions, queries

blueprint = ApiBlueprint("drafts", __name__, description="What the viewer is writing, for their eyes only")
_ABOUT = [
    {
        "name": "about",
        "in": "path",
        "required": True,
        "description": "Where it belongs: a new topic, the reply to an entry, an entry's change, a reflection.",
        "schema": {"type": "string", "pattern": f"^(?:{actions.ABOUT.pattern})$"},
        "example": "topic",
    }
]


@blueprint.get("/panels/<uuid:panel_id>/drafts")
@blueprint.response(200, schemas.Drafts)
def list_drafts(panel_id: UUID) -> Response:
    """The viewer's drafts in this panel"""
    with looking(panel_id) as (session, viewer):
        kept = queries.drafts(session, viewer)
    return jsonify(items=[{"about": about, "fields": fields} for about, fields in kept.items()])


@blueprint.route("/panels/<uuid:panel_id>/drafts/<about>", methods=["PUT"], parameters=_ABOUT)
@refuses("may_not_post", "panel_not_open", "in_no_group", "draft_misplaced", "draft_too_long")
@blueprint.arguments(schemas.DraftFields, example={"title": "Seeds", "body": "Why do some"})
@blueprint.response(204)
def keep_draft(sent: dict[str, Any], panel_id: UUID, about: str) -> Response:
    """Keeps a draft in place of the one before"""
    with changing(panel_id) as (session, viewer):
        actions.save_draft(session, viewer, about, sent)
    return nothing()


@blueprint.route("/panels/<uuid:panel_id>/drafts/<about>", methods=["DELETE"], parameters=_ABOUT)
@refuses("draft_misplaced")
@blueprint.response(204)
def drop_draft(panel_id: UUID, about: str) -> Response:
    """Throws a draft away; that there is none is fine"""
    if not actions.ABOUT.fullmatch(about):
        raise Problem("draft_misplaced")
    with changing(panel_id) as (session, viewer):
        actions.drop_draft(session, viewer, about)
    return nothing()
