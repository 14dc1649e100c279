"""Assignment and Grade Services 2.0: line items and their results."""

import json
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from lti_tool.sandbox.gradebook import LineItem
from lti_tool.sandbox.registrations import AGS, Registration
from lti_tool.sandbox.services.door import guarded
from lti_tool.sandbox.services.rules import ITEM_TYPE, ITEMS_TYPE, RESULTS_TYPE, ServiceRefusal
from lti_tool.sandbox.world import Course, Link

if TYPE_CHECKING:
    from lti_tool.sandbox.platform import Sandbox

WRITE = f"{AGS}lineitem"
READ = f"{AGS}lineitem.readonly"
RESULTS = f"{AGS}result.readonly"
KNOWN = (
    "id",
    "label",
    "scoreMaximum",
    "resourceId",
    "tag",
    "resourceLinkId",
    "ltiLinkId",
    "submissionReview",
)


def blueprint(sandbox: "Sandbox") -> Blueprint:
    service = Blueprint("line_items", __name__)
    rules, world, book = sandbox.profile.services, sandbox.world, sandbox.gradebook

    def answer(body: Any, media_type: str, status: int = 200) -> Response:
        response = Response(json.dumps(body, ensure_ascii=False), status)
        response.headers["Content-Type"] = f"{media_type}; charset=utf-8"
        return response

    @service.get(rules.items_rule)
    @guarded(sandbox, WRITE, READ)
    def listed(tool: Registration, course: str) -> Response:
        rules.check_accept(request, ITEMS_TYPE)
        here = rules.course_of(world, course)
        found = [item for item in book.items_of(here.key, tool.client_id) if _matches(sandbox, item)]
        page, links = rules.page_of_items(request, rules.items_url(here, tool), len(found))
        shown = found[page.start : page.start + page.size]
        response = answer([rules.item_json(here, each, tool, world) for each in shown], ITEMS_TYPE)
        if links:
            response.headers["Link"] = links
        return response

    @service.post(rules.items_rule)
    @guarded(sandbox, WRITE)
    def create(tool: Registration, course: str) -> Response:
        rules.check_content(request, ITEM_TYPE)
        here = rules.course_of(world, course)
        given = read_item()
        link = link_of(sandbox, here, tool, given.get("resourceLinkId") or given.get("ltiLinkId"))
        item = book.add(here.key, tool.client_id, given["label"], given["scoreMaximum"], **fields_of(given))
        item.link = link.key if link else ""
        # The answer is what was sent, with the id.
        return answer({**given, "id": rules.item_url(here, item, tool)}, ITEM_TYPE, 201)

    @service.get(rules.item_rule)
    @guarded(sandbox, WRITE, READ)
    def one(tool: Registration, course: str, item: str) -> Response:
        rules.check_accept(request, ITEM_TYPE)
        here, found = item_in(sandbox, tool, course, item)
        return answer(rules.item_json(here, found, tool, world), ITEM_TYPE)

    @service.put(rules.item_rule)
    @guarded(sandbox, WRITE)
    def update(tool: Registration, course: str, item: str) -> Response:
        rules.check_content(request, ITEM_TYPE)
        here, found = item_in(sandbox, tool, course, item)
        given = read_item()
        found.label, found.score_maximum = given["label"], given["scoreMaximum"]
        for name, value in fields_of(given).items():
            setattr(found, name, value)
        return answer(rules.item_json(here, found, tool, world), ITEM_TYPE)

    @service.delete(rules.item_rule)
    @guarded(sandbox, WRITE)
    def remove(tool: Registration, course: str, item: str) -> Response:
        _, found = item_in(sandbox, tool, course, item)
        book.remove(found)
        return Response(status=204, mimetype="text/html")

    @service.get(rules.results_rule)
    @guarded(sandbox, RESULTS)
    def results(tool: Registration, course: str, item: str) -> Response:
        rules.check_accept(request, RESULTS_TYPE)
        here, found = item_in(sandbox, tool, course, item)
        grades = book.grades_in(found)
        people = [world.people[key] for key in grades]
        if wanted := request.args.get("user_id"):
            people = [person for person in people if person.sub == wanted]
        people.sort(key=lambda person: (len(person.sub), person.sub))
        page, links = rules.page_of_results(
            request, rules.item_url(here, found, tool, "results"), len(people)
        )
        shown = people[page.start : page.start + page.size]
        body = [rules.result_json(here, found, tool, each, grades[each.key]) for each in shown]
        response = answer(body, RESULTS_TYPE)
        if links:
            response.headers["Link"] = links
        return response

    return service


def item_in(sandbox: "Sandbox", tool: Registration, course: str, number: str) -> tuple[Course, LineItem]:
    """The line item of an address; another tool's is none of this one's. Raises ServiceRefusal."""
    here = sandbox.profile.services.course_of(sandbox.world, course)
    item = sandbox.gradebook.items.get(int(number)) if number.isdecimal() else None
    if item is None or item.course != here.key:
        raise ServiceRefusal(404, f"Not Found: Grade item {number} doesn't exist")
    if item.client_id != tool.client_id:
        raise ServiceRefusal(403, "Invalid LTI id supplied.")
    return here, item


def link_of(sandbox: "Sandbox", course: Course, tool: Registration, link_id: Any) -> Link | None:
    """The link a line item is to belong to. Raises ServiceRefusal for one of another course or tool."""
    if link_id is None:
        return None
    for link in sandbox.world.links_of(course):
        owner = link.client_id or sandbox.registration.client_id
        if link.id == link_id and owner == tool.client_id:
            return link
    raise ServiceRefusal(403, "Forbidden")


def read_item() -> dict[str, Any]:
    """The line item in the body of the request. Raises ServiceRefusal."""
    try:
        given = json.loads(request.get_data())
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ServiceRefusal(400, "Incorrect lineitem received")
    label, maximum = given.get("label"), given.get("scoreMaximum")
    if not label or maximum is None:
        raise ServiceRefusal(400, "No label or Score Maximum")
    if not isinstance(label, str) or not label.strip():
        raise ServiceRefusal(400, "label must be text")
    if not isinstance(maximum, int | float) or isinstance(maximum, bool) or maximum <= 0:
        raise ServiceRefusal(400, "scoreMaximum must be a number above 0")
    if not all(isinstance(given.get(name, ""), str) for name in ("resourceId", "tag")):
        raise ServiceRefusal(400, "resourceId and tag must be text")
    return given


def fields_of(given: dict[str, Any]) -> dict[str, Any]:
    review = given.get("submissionReview")
    return {
        "resource_id": given.get("resourceId", ""),
        "tag": given.get("tag", ""),
        "submission_review": review if isinstance(review, dict) else None,
        "more": {name: value for name, value in given.items() if name not in KNOWN},
    }


def _matches(sandbox: "Sandbox", item: LineItem) -> bool:
    wanted = request.args
    link_id = wanted.get("resource_link_id") or wanted.get("lti_link_id")
    if link_id and (not item.link or sandbox.world.link(item.link).id != link_id):
        return False
    return item.tag == wanted.get("tag", item.tag) and item.resource_id == wanted.get(
        "resource_id", item.resource_id
    )
