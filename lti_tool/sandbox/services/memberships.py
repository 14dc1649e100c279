"""Names and Roles Provisioning Service 2.0: the members of a course, page by page."""

import json
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from lti_tool.sandbox.registrations import NAMES_AND_ROLES, Registration
from lti_tool.sandbox.services.door import guarded
from lti_tool.sandbox.services.rules import MEMBERS_TYPE, Member, ServiceRefusal, Shown
from lti_tool.sandbox.world import Course, Link, World

if TYPE_CHECKING:
    from lti_tool.sandbox.platform import Sandbox


def blueprint(sandbox: "Sandbox") -> Blueprint:
    service = Blueprint("memberships", __name__)
    rules, world = sandbox.profile.services, sandbox.world

    @service.get(rules.members_rule)
    @guarded(sandbox, NAMES_AND_ROLES)
    def members(tool: Registration, course: str, binding: str = "") -> Response:
        # Moodle names the tool in the address too; Canvas does not.
        if binding and binding != tool.deployment_id:
            raise ServiceRefusal(401, "Unauthorized")
        rules.check_accept(request, MEMBERS_TYPE)
        here = rules.course_of(world, course)
        link = _asked_link(sandbox, here, request.args.get("rlid"))
        listed = rules.members_in_order(listed_members(world, here))
        if role := request.args.get("role"):
            listed = [each for each in listed if rules.has_role(each, role)]
        page = rules.page_of_members(request, len(listed))
        url = rules.members_url(here, tool)
        shown = Shown(sandbox.config.release_names, sandbox.config.release_email)
        body = {
            "id": url,
            "context": {"id": here.id, "label": here.label, "title": here.title},
            "members": [
                rules.member(each, shown, link) for each in listed[page.start : page.start + page.size]
            ],
        }
        response = Response(json.dumps(body, ensure_ascii=False), mimetype=MEMBERS_TYPE)
        response.headers["Content-Type"] = f"{MEMBERS_TYPE}; charset=utf-8"
        if following := rules.members_link(request, url, page):
            response.headers[following[0]] = following[1]
        return response

    return service


def listed_members(world: World, course: Course) -> list[Member]:
    """Who is enrolled, in the order of enrolment; the suspended only when a status was chosen for them."""
    return [
        Member(world.people[key], role, course.suspended.get(key, "Active"))
        for key, role in course.members.items()
        if course.suspended.get(key, "Active")
    ]


def _asked_link(sandbox: "Sandbox", course: Course, link_id: str | None) -> Link | None:
    if link_id is None:
        return None
    for link in sandbox.world.links_of(course):
        if link.id == link_id:
            return link
    raise ServiceRefusal(404, f"Not Found: LTI link {link_id} doesn't exist")
