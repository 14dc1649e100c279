"""The administrator's pages: the tools of this LMS, a new one by its registration address, what is switched on."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.sandbox.dynamic_registration import RegistrationRefused
from lti_tool.sandbox.platform import Sandbox
from lti_tool.sandbox.surroundings import refuse_other_sites
from lti_tool.sandbox.world import Person, Unknown


def blueprint(sandbox: Sandbox) -> Blueprint:
    pages = Blueprint("administration", __name__)
    world, desk = sandbox.world, sandbox.desk

    def administrator(key: str) -> Person:
        person = world.person(key)
        if not person.administrator:
            raise Unknown(f"{person.name} does not look after this LMS")
        return person

    @pages.get("/as/<person>/tools")
    def tools(person: str) -> str:
        me = administrator(person)
        return render_template(
            "sandbox/tools.html",
            me=me,
            tools=list(sandbox.tools.values()),
            own=sandbox.registration,
            issuer=sandbox.profile.issuer,
            base=sandbox.config.base,
            token_url=sandbox.grants.token_url,
        )

    @pages.get("/as/<person>/tools/new")
    def new(person: str) -> ResponseReturnValue:
        me = administrator(person)
        address = request.args.get("address", "").strip()
        update = request.args.get("update", "")
        known = [] if update or "new" in request.args else desk.same_domain(address)
        # Only Moodle asks; and only it can be asked to change what is there.
        known = [tool for tool in known if tool.answer] if sandbox.config.profile == "moodle" else []
        try:
            start = "" if known else desk.address(address, update)
        except Unknown as error:
            return render_template("sandbox/refused.html", sentence=f"{error}", advice=address), 400
        return render_template(
            "sandbox/new_tool.html",
            me=me,
            address=address,
            known=known,
            start=start,
            issuer=sandbox.profile.issuer,
            hosts_differ=urlsplit(sandbox.profile.issuer).hostname != urlsplit(sandbox.config.base).hostname,
        )

    @pages.post("/as/<person>/tools/<client_id>")
    def change(person: str, client_id: str) -> ResponseReturnValue:
        me = administrator(person)
        refuse_other_sites()
        match request.form.get("do"):
            case "activate":
                desk.activate(client_id, in_chooser=sandbox.config.profile != "moodle")
            case "show":
                desk.activate(client_id, in_chooser=True)
            case "remove":
                desk.remove(client_id)
            case _:
                abort(400)
        return redirect(url_for(".tools", person=me.key))

    @pages.route("/registration", methods=["POST", "GET"])
    def registration() -> ResponseReturnValue:
        """The registration endpoint; GET shows the holder of an update token what is there."""
        authorization = request.headers.get("Authorization", "")
        try:
            if request.method == "GET":
                ticket = desk.ticket_of(authorization)
                found = sandbox.tools.get(ticket.client_id)
                if not ticket.updates or found is None:
                    raise RegistrationRefused(404, "tool_not_found")
                return jsonify(found.answer)
            if request.mimetype != "application/json":
                raise RegistrationRefused(400, "invalid_content_type")
            return jsonify(desk.register(authorization, request.get_data()))
        except RegistrationRefused as refusal:
            return Response(refusal.error, refusal.status, mimetype="text/plain")

    return pages
