"""How far somebody has read."""

from uuid import UUID

from flask import Response

from lti_tool.bearer import changing
from lti_tool.web import blueprint
from lti_tool.web.forms import Reading, from_json
from lti_tool.web.fragments import nothing
from social_layer.discussion.actions import mark_read


@blueprint.post("/panels/<uuid:panel_id>/read")
def note_reading(panel_id: UUID) -> Response:
    read = from_json(Reading)["read"]
    with changing(panel_id) as (session, viewer):
        mark_read(session, viewer, read)
    return nothing()
