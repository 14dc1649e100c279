"""Course Groups Service 1.0, where the sandbox is told to offer it: neither Moodle nor Canvas does."""

import json
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from lti_tool.sandbox.registrations import GROUPS, Registration
from lti_tool.sandbox.services.door import guarded
from lti_tool.sandbox.services.rules import ServiceRefusal
from lti_tool.sandbox.world import Course, Unknown

if TYPE_CHECKING:
    from lti_tool.sandbox.platform import Sandbox

CLAIM = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
GROUPS_TYPE = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"
SETS_TYPE = "application/vnd.ims.lti-gs.v1.contextgroupsetcontainer+json"
THE_SET = {"id": "1", "name": "Project groups"}


def claim(base: str, course: Course) -> dict[str, Any]:
    return {
        "scope": [GROUPS],
        "context_groups_url": f"{base}/api/lti-gs/{course.id}/groups",
        "context_group_sets_url": f"{base}/api/lti-gs/{course.id}/sets",
        "service_versions": ["1.0"],
    }


def blueprint(sandbox: "Sandbox") -> Blueprint:
    service = Blueprint("groups", __name__)
    world = sandbox.world

    def answer(body: dict[str, Any], media_type: str) -> Response:
        return Response(json.dumps({"id": request.base_url, **body}), mimetype=media_type)

    def offered(course: str) -> Course:
        if not sandbox.config.groups_service:
            raise ServiceRefusal(404, "Not Found")
        try:
            return world.course(course)
        except Unknown:
            raise ServiceRefusal(404, "Not Found") from None

    @service.get("/api/lti-gs/<course>/groups")
    @guarded(sandbox, GROUPS)
    def groups(tool: Registration, course: str) -> Response:
        here = offered(course)
        sandbox.profile.services.check_accept(request, GROUPS_TYPE)
        held = here.groups
        if wanted := request.args.get("user_id"):
            held = {who: ids for who, ids in held.items() if world.people[who].sub == wanted}
        ids = sorted({each for ids in held.values() for each in ids})
        listed = [{"id": each, "name": f"Group {each}", "set_id": THE_SET["id"]} for each in ids]
        return answer({"groups": listed}, GROUPS_TYPE)

    @service.get("/api/lti-gs/<course>/sets")
    @guarded(sandbox, GROUPS)
    def sets(tool: Registration, course: str) -> Response:
        offered(course)
        return answer({"sets": [THE_SET]}, SETS_TYPE)

    return service
