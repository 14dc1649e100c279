"""Drafts: what somebody is writing is kept for them while they write."""

import re
from uuid import UUID

from flask import Response, abort

from lti_tool.bearer import changing
from lti_tool.parts import parts
from lti_tool.web import blueprint
from lti_tool.web.forms import DraftFields, from_json
from lti_tool.web.fragments import nothing
from social_layer.discussion.actions import drop_draft, save_draft

_ID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ABOUT = re.compile(f"topic|reflection|(reply|edit):{_ID}")


@blueprint.put("/panels/<uuid:panel_id>/drafts/<about>")
def keep_draft(panel_id: UUID, about: str) -> Response:
    if not _ABOUT.fullmatch(about):
        abort(404)
    kept = {name: value for name, value in from_json(DraftFields).items() if value}
    with changing(panel_id) as (session, viewer):
        save_draft(session, parts().clock, viewer, about, kept)
    return nothing()


@blueprint.delete("/panels/<uuid:panel_id>/drafts/<about>")
def forget_draft(panel_id: UUID, about: str) -> Response:
    with changing(panel_id) as (session, viewer):
        drop_draft(session, viewer, about)
    return nothing()
