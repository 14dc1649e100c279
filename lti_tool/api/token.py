"""The token's renewal, before it ends."""

from flask import Response, jsonify

from lti_tool import bearer
from lti_tool.api import schemas
from lti_tool.api.answers import instant
from lti_tool.api.parsing import ApiBlueprint
from lti_tool.parts import parts

blueprint = ApiBlueprint("token", __name__, description="The bearer token of one tab")


@blueprint.post("/token")
@blueprint.response(200, schemas.Token)
def renew_token() -> Response:
    """A token for the same panel that holds from now on; the one before stays valid until it ends"""
    with bearer.looking() as (_, viewer):
        token, expires_at = bearer.issue(parts(), viewer.tenant_id, viewer.membership_id, viewer.panel.id)
    return jsonify(token=token, expires_at=instant(expires_at))
