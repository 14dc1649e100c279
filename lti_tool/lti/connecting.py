"""The pages by which an administrator connects an LMS: registration by one pasted address, and the values for those
who type them. They stand in the LMS's frame or window before it is known here, as the pages of a login do.
"""

from flask import Response, jsonify, make_response, render_template, request

from lti_tool.limits import REGISTRATIONS, address, limited
from lti_tool.lti import dynamic_registration, invites
from lti_tool.lti.protocol import protocol
from lti_tool.lti.tool_card import NAME, SERVICES, ToolCard
from lti_tool.lti.views import blueprint
from lti_tool.parts import parts


@blueprint.after_request
def keeps_its_opener(response: Response) -> Response:
    """Some LMSs open the registration in a window of its own, and its closing message must find the way back."""
    if request.path.endswith("/register"):
        response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response


@blueprint.get("/register")
@limited(REGISTRATIONS, by=address)
def show_registration() -> str:
    """Says what will be asked for. Nothing is fetched, and nothing used, before somebody presses the button."""
    given = parts()
    with given.database.read() as session:
        invite = invites.open_invite(session, given.clock, request.args.get("invite", ""))
    asked = dynamic_registration.read_asked(request.args, given.settings)
    return render_template(
        "lti/register.html", asked=asked, invite=invite, services=SERVICES, card=_card(), tool=NAME
    )


@blueprint.post("/register")
@limited(REGISTRATIONS, by=address)
def register() -> str:
    """The invite's secret, which only our page and the LMS have, is the proof that the form is no other site's."""
    given = parts()
    with given.database.read() as session:
        invite = invites.open_invite(session, given.clock, request.form.get("invite", ""))
    asked = dynamic_registration.read_asked(request.form, given.settings)
    done = dynamic_registration.run(given, protocol().session, asked, invite)
    return render_template("lti/registered.html", done=done, tool=NAME)


@blueprint.get("/manual")
def manual_values() -> str:
    return render_template("lti/manual.html", card=_card(), tool=NAME)


@blueprint.get("/canvas.json")
def canvas_key() -> Response:
    return jsonify(_card().canvas_key())


@blueprint.get("/logo.svg")
def logo() -> Response:
    response = make_response(render_template("lti/logo.svg"))
    response.mimetype = "image/svg+xml"
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _card() -> ToolCard:
    return ToolCard(parts().settings.public_url)
