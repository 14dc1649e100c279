"""The pages on which instructors look after a course: activities added, people, copies, a reset."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.sandbox.deep_linking import Refused
from lti_tool.sandbox.platform import Sandbox
from lti_tool.sandbox.surroundings import around, person_in, refuse_other_sites
from lti_tool.sandbox.world import Course, Person, Unknown

MOST_SHOWN = 100


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
        # A page of Canvas takes an activity in; what stands there has no link of its own.
        inside_pages = sandbox.config.profile == "canvas"
        return render_template(
            "sandbox/add.html",
            **around(world, me, here),
            tools=offered,
            tool=chosen,
            adding=True,
            inside_pages=inside_pages,
            placement=request.args.get("placement", ""),
        )

    @pages.get("/as/<person>/courses/<course>/add/<client_id>")
    def choose(person: str, course: str, client_id: str) -> ResponseReturnValue:
        """The deep linking launch, by a form that sends itself."""
        launch, fields = sandbox.deep_links.begin(
            person,
            course,
            client_id,
            placement="editor_button" if request.args.get("placement") == "editor_button" else "",
        )
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

    def edited(person: str, course: str) -> tuple[Person, Course]:
        me, here = person_in(world, course, person)
        if not world.may_edit(me, here):
            raise Unknown(f"{me.name} does not look after {here.title}")
        return me, here

    @pages.get("/as/<person>/courses/<course>/manage")
    def manage(person: str, course: str) -> str:
        me, here = edited(person, course)
        people = [(world.people[key], role) for key, role in here.members.items()]
        return render_template(
            "sandbox/manage.html",
            **around(world, me, here),
            managing=True,
            people=people[:MOST_SHOWN],
            hidden=max(len(people) - MOST_SHOWN, 0),
            links=world.links_of(here),
        )

    @pages.post("/as/<person>/courses/<course>/manage")
    def change(person: str, course: str) -> ResponseReturnValue:
        me, here = edited(person, course)
        refuse_other_sites()
        asked = request.form
        match asked.get("do"):
            case "copy":
                key = f"{here.key}-{len(world.courses) + 1}"
                copied = sandbox.copy_course(here.key, key, asked.get("title", "").strip())
                sandbox.save()
                return redirect(url_for("pages.course", person=me.key, course=copied.key))
            case "reset":
                sandbox.reset_course(here.key)
            case "duplicate":
                sandbox.duplicate(asked.get("link", ""))
            case "suspend":
                sandbox.suspend(asked.get("who", ""), here.key)
            case "readmit":
                sandbox.readmit(asked.get("who", ""), here.key)
            case "remove":
                sandbox.remove(asked.get("who", ""), here.key)
            case _:
                abort(400)
        sandbox.save()
        return redirect(url_for(".manage", person=me.key, course=here.key))

    return pages
