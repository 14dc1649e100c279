"""The protocol's own addresses: authorization endpoint, keys, configuration, token endpoint."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lti_tool.sandbox.dynamic_registration import RegistrationRefused
from lti_tool.sandbox.grants import GrantRefused
from lti_tool.sandbox.payloads import NothingToReplay
from lti_tool.sandbox.platform import Sandbox
from lti_tool.sandbox.profiles import FormRefusal, PageRefusal


def authorize(sandbox: Sandbox, asked: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Where to post the answer to an authentication request, and its fields.

    Raises PageRefusal when the tool cannot be answered, NothingToReplay for a variation that comes too early.
    """
    state = asked.get("state", "")
    try:
        launch = sandbox.profile.judge(asked, sandbox.tools, sandbox.spend)
    except FormRefusal as refusal:
        fields = {"error": refusal.error, "state": state}
        if refusal.description:
            fields["error_description"] = refusal.description
        return asked["redirect_uri"], fields
    return asked["redirect_uri"], sandbox.answer(launch, asked["nonce"], state)


def blueprint(sandbox: Sandbox) -> Blueprint:
    protocol = Blueprint("oidc", __name__)

    @protocol.route("/auth", methods=["GET", "POST"])
    def auth() -> ResponseReturnValue:
        asked = request.form if request.method == "POST" else request.args
        try:
            url, fields = authorize(sandbox, asked)
        except PageRefusal as refusal:
            page = render_template("sandbox/refused.html", sentence=refusal.sentence)
            return page, refusal.status
        except NothingToReplay as early:
            advice = _("This variation repeats something from an earlier launch, and there was none yet.")
            return render_template("sandbox/refused.html", sentence=f"{early}", advice=advice), 409
        page = render_template("sandbox/form_post.html", url=url, method="post", fields=fields)
        return page, {"Cache-Control": "no-store"}

    @protocol.get("/jwks")
    def jwks() -> Response:
        return jsonify(sandbox.keys.jwks())

    @protocol.get("/.well-known/openid-configuration")
    def configuration() -> Response:
        return jsonify(openid_configuration(sandbox))

    @protocol.get("/api/lti/security/openid-configuration")
    def configuration_for_registration() -> ResponseReturnValue:
        """Canvas's address of it, which opens only with the registration token."""
        try:
            sandbox.desk.ticket_of(request.headers.get("Authorization", ""))
        except RegistrationRefused as refusal:
            return Response(refusal.error, refusal.status, mimetype="text/plain")
        return jsonify(openid_configuration(sandbox))

    @protocol.post("/token")
    def token() -> ResponseReturnValue:
        try:
            status, body = 200, sandbox.grants.grant(request.form)
        except GrantRefused as refusal:
            status, body = 400, {"error": refusal.error, "error_description": refusal.description}
        answer = Response(json.dumps(body), status, mimetype=sandbox.profile.grant_mimetype)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return protocol


def openid_configuration(sandbox: Sandbox) -> dict[str, Any]:
    """OpenID Connect Discovery with the platform part of LTI Dynamic Registration."""
    base, profile = sandbox.config.base, sandbox.profile
    return {
        "issuer": profile.issuer,
        "authorization_endpoint": f"{base}/auth",
        "token_endpoint": sandbox.grants.token_url,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "jwks_uri": f"{base}/jwks",
        "registration_endpoint": f"{base}/registration",
        "scopes_supported": ["openid", *profile.scopes],
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email"],
        "https://purl.imsglobal.org/spec/lti-platform-configuration": profile.platform_configuration(),
    }
