"""Moodle's services, as recorded from a running 4.5: its refusals, its Link headers, its short roles."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from flask import Request, Response

from lti_tool.sandbox.gradebook import Grade, LineItem
from lti_tool.sandbox.registrations import NOTICES, SCOPES, Registration
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

ROOT = "/mod/lti/services.php"


class MoodleServices(ServiceRules):
    scopes = tuple(scope for scope in SCOPES if scope != NOTICES)
    members_rule = f"{ROOT}/CourseSection/<course>/bindings/<binding>/memberships"
    items_rule = f"{ROOT}/<course>/lineitems"
    item_rule = f"{ROOT}/<course>/lineitems/<item>/lineitem"
    scores_rule = f"{item_rule}/scores"
    results_rule = f"{item_rule}/results"
    score_answers_empty = True
    members_versions: ClassVar[list[str]] = ["1.0", "2.0"]

    def members_url(self, course: Course, tool: Registration) -> str:
        return f"{self.base}{ROOT}/CourseSection/{course.id}/bindings/{tool.deployment_id}/memberships"

    def items_url(self, course: Course, tool: Registration) -> str:
        return f"{self.base}{ROOT}/{course.id}/lineitems?type_id={tool.deployment_id}"

    def item_url(self, course: Course, item: LineItem, tool: Registration, part: str = "") -> str:
        path = f"{ROOT}/{course.id}/lineitems/{item.number}/lineitem{'/' if part else ''}{part}"
        return f"{self.base}{path}?type_id={tool.deployment_id}"

    def context_json(self, course: Course) -> dict[str, Any]:
        return {"id": course.id, "label": course.label, "title": course.title, "type": ["CourseSection"]}

    def course_of(self, world: World, named: str) -> Course:
        for course in world.courses.values():
            if course.id == named:
                return course
        raise ServiceRefusal(404, "Not Found")

    def refuse(self, refusal: ServiceRefusal, request: Request) -> Response:
        told = {
            "status": refusal.status,
            "reason": refusal.reason,
            "request": {
                "method": request.method,
                "url": request.full_path.rstrip("?"),
                "accept": request.headers.get("Accept", ""),
                "contentType": request.content_type or "",
            },
        }
        # The reason goes into the status line, where a header's characters are the only ones allowed.
        line = refusal.reason.encode("ascii", "replace").decode().replace("\r", " ").replace("\n", " ")
        return Response(json.dumps(told), f"{refusal.status} {line}", mimetype="application/json")

    def wrong_type(self, request: Request, status: int) -> ServiceRefusal:
        path = request.path.removeprefix(ROOT)
        accept = request.headers.get("Accept", "") if status == 406 else ""
        return ServiceRefusal(
            400, f"No handler found for {path} {accept} {request.content_type or ''}".strip()
        )

    def start_of(self, request: Request, size: int) -> int:
        return whole(request.args.get("from")) or 0

    def members_link(self, request: Request, url: str, page: Page) -> tuple[str, str] | None:
        if page.next_start is None:
            return None
        asked = {name: request.args.get(name) for name in ("role", "rlid")}
        following = with_query(url, limit=page.size, **{"from": page.next_start}, **asked)
        return "Link", f'<{following}>; rel="next"'

    def members_in_order(self, members: Sequence[Member]) -> list[Member]:
        return sorted(members, key=lambda each: (each.person.family_name, each.person.given_name))

    def member(self, member: Member, shown: Shown, link: Link | None) -> dict[str, Any]:
        person = member.person
        told: dict[str, Any] = {"status": member.status, "roles": [self._role(member)]}
        if link:
            told["message"] = [
                {"https://purl.imsglobal.org/spec/lti/claim/message_type": "LtiResourceLinkRequest"}
            ]
        told |= {"user_id": person.sub, "lis_person_sourcedid": person.sourced_id}
        if shown.names:
            told["name"] = person.name
            told["given_name"] = person.given_name
            told["family_name"] = person.family_name
        if shown.email and person.email:
            told["email"] = person.email
        if shown.names:
            told["ext_user_username"] = person.username
        return told

    def _role(self, member: Member) -> str:
        # A non-editing teacher, who launches as an Instructor, is a Learner here.
        return "Instructor" if member.role in (Role.INSTRUCTOR, Role.DESIGNER) else "Learner"

    def has_role(self, member: Member, role: str) -> bool:
        return self._role(member) == role.rpartition("#")[2]

    # Assignment and Grades.

    def item_json(self, course: Course, item: LineItem, tool: Registration, world: World) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": self.item_url(course, item, tool),
            "label": item.label,
            "scoreMaximum": _plain(item.score_maximum),
            "resourceId": item.resource_id,
            "tag": item.tag,
        }
        if item.link:
            told["resourceLinkId"] = told["ltiLinkId"] = world.link(item.link).id
        if item.submission_review:
            told["submissionReview"] = item.submission_review
        return told

    def page_of_items(self, request: Request, url: str, total: int) -> tuple[Page, str]:
        limit = whole(request.args.get("limit"))
        if limit is None:
            return Page(0, max(total, 1), total), ""
        start = whole(request.args.get("from")) or 0
        page = Page(start, limit, total)
        starts = {"first": 0, "canonical": start, "next": page.next_start}
        if start:
            starts["prev"] = max(0, start - limit)
        starts["last"] = (max(total, 1) - 1) // limit * limit
        # Curly quotes and HTML entities, just as they were recorded; headers are bytes read as Latin-1.
        opening, closing = ("“".encode().decode("latin-1"), "”".encode().decode("latin-1"))
        parts = [
            f"<{with_query(url, limit=limit, **{'from': at})}>".replace("&", "&amp;")
            + f"; rel={opening}{rel}{closing}"
            for rel, at in starts.items()
            if at is not None
        ]
        return page, ", ".join(parts)

    def stale(self, item: LineItem, person: Person, timestamp: str) -> ServiceRefusal:
        where = f"item {item.number} and user {person.sub}"
        return ServiceRefusal(409, f"Refusing score with an earlier timestamp for {where}")

    def not_gradable(self, received: str) -> ServiceRefusal:
        return ServiceRefusal(400, f"Incorrect score received{received}")

    def result_json(
        self, course: Course, item: LineItem, tool: Registration, person: Person, grade: Grade
    ) -> dict[str, Any]:
        url = self.item_url(course, item, tool, "results")
        told: dict[str, Any] = {"id": f"{url}&user_id={person.sub}", "userId": person.sub}
        if grade.score is None:
            return told
        told |= {"resultScore": _plain(grade.score), "resultMaximum": _plain(item.score_maximum)}
        if grade.comment:
            told["comment"] = grade.comment
        told["scoreOf"] = self.item_url(course, item, tool)
        told["timestamp"] = grade.at.strftime("%Y-%m-%dT%H:%M:%S+00:00")
        return told

    def page_of_results(self, request: Request, url: str, total: int) -> tuple[Page, str]:
        if request.args.get("limit"):
            # A bug of Moodle's own: its error page, in place of the first results.
            raise ServiceRefusal(404, "Error")
        return Page(0, max(total, 1), total), ""


def _plain(number: float) -> float | int:
    """`10`, not `10.0`: as it was recorded."""
    return int(number) if float(number).is_integer() else round(number, 5)
