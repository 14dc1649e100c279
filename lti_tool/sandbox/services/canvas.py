"""The services of Canvas: pages of at most 50, full role IRIs, bookmarks that must not be lower-cased."""

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any, ClassVar

from flask import Request, Response

from lti_tool.sandbox.gradebook import Grade, LineItem
from lti_tool.sandbox.registrations import Registration
from lti_tool.sandbox.services.rules import (
    Member,
    Page,
    ServiceRefusal,
    ServiceRules,
    Shown,
    whole,
    with_query,
)
from lti_tool.sandbox.world import Course, Link, Person, Role, World

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
ROOT = "/api/lti/courses/<course>"
CONTEXT_ROLES = {
    Role.INSTRUCTOR: [f"{MEMBERSHIP}#Instructor"],
    Role.ASSISTANT: [
        f"{MEMBERSHIP}#Instructor",
        "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant",
    ],
    Role.LEARNER: [f"{MEMBERSHIP}#Learner"],
    Role.DESIGNER: [f"{MEMBERSHIP}#ContentDeveloper"],
    Role.OBSERVER: [f"{MEMBERSHIP}#Mentor"],
}


def opaque(*parts: str) -> str:
    """Forty hexadecimal digits, as Canvas names contexts and deployments."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:40]


def numbered(*parts: str) -> str:
    """The database number behind an opaque id, which Canvas gives only through its own variables."""
    return str(int(opaque(*parts), 16) % 10**6)


class CanvasServices(ServiceRules):
    members_rule = f"{ROOT}/names_and_roles"
    items_rule = f"{ROOT}/line_items"
    item_rule = f"{ROOT}/line_items/<item>"
    scores_rule = f"{item_rule}/scores"
    results_rule = f"{item_rule}/results"
    score_answers_empty = False
    longest_page = 50
    unchecked: ClassVar[dict[str, Any]] = {"validation_context": None, "errors": {"errors": {}}}

    def _course_url(self, course: Course) -> str:
        return f"{self.base}/api/lti/courses/{numbered('course', course.key)}"

    def members_url(self, course: Course, tool: Registration) -> str:
        return f"{self._course_url(course)}/names_and_roles"

    def items_url(self, course: Course, tool: Registration) -> str:
        return f"{self._course_url(course)}/line_items"

    def item_url(self, course: Course, item: LineItem, tool: Registration, part: str = "") -> str:
        return f"{self._course_url(course)}/line_items/{item.number}{'/' if part else ''}{part}"

    def context_json(self, course: Course) -> dict[str, Any]:
        kind = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"
        return {"id": course.id, "label": course.label, "title": course.title, "type": [kind]}

    def notices_url(self, tool: Registration) -> str:
        # By the number of the deployment, which is what its id begins with.
        return f"{self.base}/api/lti/notice-handlers/{tool.deployment_id.partition(':')[0]}"

    def course_of(self, world: World, named: str) -> Course:
        for course in world.courses.values():
            if numbered("course", course.key) == named:
                return course
        raise ServiceRefusal(404, "The specified resource does not exist.")

    def refuse(self, refusal: ServiceRefusal, request: Request) -> Response:
        kind = {401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict"}
        told = {"errors": {"type": kind.get(refusal.status, "bad_request"), "message": refusal.reason}}
        return Response(json.dumps(told), refusal.status, mimetype="application/json")

    def wrong_type(self, request: Request, status: int) -> ServiceRefusal:
        return ServiceRefusal(status, f"unacceptable media type for {request.path}")

    def start_of(self, request: Request, size: int) -> int:
        page = request.args.get("page", "")
        if not page:
            return 0
        try:
            kept = base64.urlsafe_b64decode(page.removeprefix("bookmark:"))
            start = json.loads(kept)["After"]
        except (ValueError, TypeError, KeyError):
            raise ServiceRefusal(400, "Invalid page") from None
        return start if isinstance(start, int) and start >= 0 else 0

    def members_link(self, request: Request, url: str, page: Page) -> tuple[str, str] | None:
        parts = self._links(request, url, page)
        # Over HTTP/2 header names are in lower case, and a proxy may keep them so.
        return "link", parts

    def _links(self, request: Request, url: str, page: Page) -> str:
        asked = {name: request.args.get(name) for name in ("role", "rlid", "limit")}
        starts = {"current": page.start, "next": page.next_start, "first": 0}
        return ",".join(
            f'<{with_query(url, page=_bookmark(at), **asked)}>; rel="{rel}"'
            for rel, at in starts.items()
            if at is not None
        )

    def members_in_order(self, members: Sequence[Member]) -> list[Member]:
        # The test student is in the course and yet nobody's class mate.
        return [each for each in members if not each.person.test_student]

    def member(self, member: Member, shown: Shown, link: Link | None) -> dict[str, Any]:
        person = member.person
        told: dict[str, Any] = {"status": member.status}
        if shown.names:
            told |= {
                "name": person.name,
                "picture": f"{self.base}/assets/person.svg",
                "given_name": person.given_name,
                "family_name": person.family_name,
            }
        if shown.email and person.email:
            told["email"] = person.email
        if person.sourced_id:
            told["lis_person_sourcedid"] = person.sourced_id
        told |= {
            "user_id": person.sub,
            "lti11_legacy_user_id": opaque("legacy", person.key),
            "roles": CONTEXT_ROLES[member.role],
        }
        if link:
            told["message"] = [
                {
                    "https://purl.imsglobal.org/spec/lti/claim/message_type": "LtiResourceLinkRequest",
                    "https://purl.imsglobal.org/spec/lti/claim/custom": {
                        name: value for name, value in link.custom.items() if not value.startswith("$")
                    },
                }
            ]
        return told

    def has_role(self, member: Member, role: str) -> bool:
        full = role if ":" in role else f"{MEMBERSHIP}#{role}"
        return full in CONTEXT_ROLES[member.role]

    # Assignment and Grades.

    def item_json(self, course: Course, item: LineItem, tool: Registration, world: World) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": self.item_url(course, item, tool),
            "scoreMaximum": float(item.score_maximum),
            "label": item.label,
        }
        if item.tag:
            told["tag"] = item.tag
        if item.resource_id:
            told["resourceId"] = item.resource_id
        if item.link:
            told["resourceLinkId"] = world.link(item.link).id
        return told | item.more

    def page_of_items(self, request: Request, url: str, total: int) -> tuple[Page, str]:
        size = min(whole(request.args.get("limit")) or 10, 100)
        page = Page(self.start_of(request, size), size, total)
        return page, self._links(request, url, page)

    def stale(self, item: LineItem, person: Person, timestamp: str) -> ServiceRefusal:
        return ServiceRefusal(400, f"Provided timestamp of {timestamp} before last updated timestamp")

    def not_gradable(self, received: str) -> ServiceRefusal:
        return ServiceRefusal(422, "User not found in course or is not a student")

    def result_json(
        self, course: Course, item: LineItem, tool: Registration, person: Person, grade: Grade
    ) -> dict[str, Any]:
        url = self.item_url(course, item, tool, "results")
        told: dict[str, Any] = {
            "id": f"{url}/{numbered('result', str(item.number), person.key)}",
            "scoreOf": self.item_url(course, item, tool),
            "userId": person.sub,
        }
        if grade.score is not None:
            told |= {"resultScore": grade.score, "resultMaximum": float(item.score_maximum)}
        return told

    def page_of_results(self, request: Request, url: str, total: int) -> tuple[Page, str]:
        return self.page_of_items(request, url, total)


def _bookmark(start: int) -> str:
    """Opaque to clients, and in mixed case on purpose."""
    return "bookmark:" + base64.urlsafe_b64encode(json.dumps({"After": start}).encode()).decode()
