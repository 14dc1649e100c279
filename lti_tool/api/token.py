"""The token's renewal, before it ends."""

from flask import Response, jsonify

from lti_tool import bearer
from lti_tool.api import schemas
from lti_tool.api.answers import instant
from lti_tool.api.description import refuses
from lti_tool.api.parsing import ApiBlueprint
from lti_tool.lti.queries import is_connected
from lti_tool.parts import parts
from lti_tool.problems import Problem

blueprint = ApiBlueprint("token", __name__, description="The bearer token of one tab")


@blueprint.post("/token")
@blueprint.response(200, schemas.Token)
@refuses("platform_unknown")
def renew_token() -> Response:
    """A token for the same panel that holds from now on; the one before stays valid until it ends

    A day after the launch none is longer, and none is given once the course's LMS is no longer registered.
    """
    given, before = parts(), bearer.of_request(None)
    with bearer.looking() as (session, viewer):
        if not is_connected(session, viewer.tenant_id, viewer.panel.course_id):
            raise Problem("platform_unknown")
    token, expires_at = bearer.issue(
        given, viewer.tenant_id, viewer.membership_id, viewer.panel.id, before.launched_at
    )
    return jsonify(token=token, expires_at=instant(expires_at))
