"""The pages on which instructors add activities to a course, and where the tool's choice comes back."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.sandbox.deep_linking import Refused
from lti_tool.sandbox.platform import Sandbox
from lti_tool.sandbox.surroundings import around, person_in
from lti_tool.sandbox.world import Unknown


def blueprint(sandbox: Sandbox) -> Blueprint:
    pages = Blueprint("teaching", __name__)
    world = sandbox.world

    @pages.get("/as/<person>/courses/<course>/add")
    def chooser(person: str, course: str) -> str:
        me, here = person_in(world, course, person)
        if not world.may_edit(me, here):
            raise Unknown(f"{me.name} may not add activities to {here.title}")
        offered = [tool for tool in sandbox.tools.values() if tool.active and tool.in_chooser]
        offered = [tool for tool in offered if tool.deep_linking_url]
        chosen = sandbox.tools.get(request.args.get("tool", ""))
        return render_template(
            "sandbox/add.html", **around(world, me, here), tools=offered, tool=chosen, adding=True
        )

    @pages.get("/as/<person>/courses/<course>/add/<client_id>")
    def choose(person: str, course: str, client_id: str) -> ResponseReturnValue:
        """The deep linking launch, by a form that sends itself."""
        launch, fields = sandbox.deep_links.begin(person, course, client_id)
        page = render_template(
            "sandbox/form_post.html",
            url=launch.registration.login_url,
            method=sandbox.config.login_method.lower(),
            fields=fields,
        )
        return page, {"Cache-Control": "no-store"}

    @pages.post("/deep_linking_return")
    def returned() -> ResponseReturnValue:
        token, sesskey = request.form.get("JWT", ""), request.args.get("sesskey", "")
        if sandbox.config.profile == "moodle" and "repost" not in request.form:
            # Its own cookie does not come with a form from another site, so Moodle's page sends it once more.
            fields = {"JWT": token, "repost": "1"}
            return render_template(
                "sandbox/form_post.html", url=request.full_path, method="post", fields=fields
            )
        try:
            placed = sandbox.deep_links.accept(sesskey, token)
        except Refused as refusal:
            return render_template("sandbox/not_placed.html", sentence=refusal.sentence), 400
        return render_template("sandbox/placed.html", placed=placed)

    return pages
