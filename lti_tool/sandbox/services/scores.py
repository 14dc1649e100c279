"""Assignment and Grade Services 2.0: the scores a tool sends, and what each platform makes of them."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from lti_tool.sandbox.gradebook import LineItem, Score, Stale
from lti_tool.sandbox.registrations import AGS, Registration
from lti_tool.sandbox.services.door import guarded
from lti_tool.sandbox.services.line_items import item_in
from lti_tool.sandbox.services.rules import SCORE_TYPE, ServiceRefusal
from lti_tool.sandbox.world import Course, Person, Role, Unknown

if TYPE_CHECKING:
    from lti_tool.sandbox.platform import Sandbox

SUBMISSION = "https://canvas.instructure.com/lti/submission"
ACTIVITY = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
GRADING = ("FullyGraded", "Pending", "PendingManual", "Failed", "NotReady")


def blueprint(sandbox: "Sandbox") -> Blueprint:
    service = Blueprint("scores", __name__)
    rules, book = sandbox.profile.services, sandbox.gradebook

    @service.post(rules.scores_rule)
    @guarded(sandbox, f"{AGS}score")
    def receive(tool: Registration, course: str, item: str) -> Response:
        rules.check_content(request, SCORE_TYPE)
        here, found = item_in(sandbox, tool, course, item)
        raw = request.get_data()
        given = _object(raw)
        person = _learner(sandbox, here, given.get("userId"))
        if person is None:
            raise rules.not_gradable(raw.decode(errors="replace"))
        before = book.grade(found, person.key)
        extension = given.get(SUBMISSION) if not rules.score_answers_empty else {}
        if not isinstance(extension, dict | None):
            raise ServiceRefusal(400, f"{SUBMISSION} must be an object")
        extension = extension or {}
        if extension.get("prioritize_non_tool_grade") and before and before.by == "teacher":
            score = None
        else:
            score = read_score(given, found, extension, strict=not rules.score_answers_empty)
        try:
            if score:
                book.receive(found, person.key, score, whole_seconds=rules.score_answers_empty)
        except Stale:
            raise rules.stale(found, person, str(given.get("timestamp"))) from None
        if rules.score_answers_empty:
            return Response("", mimetype=SCORE_TYPE)
        result = f"{rules.item_url(here, found, tool, 'results')}?user_id={person.sub}"
        return Response(json.dumps({"resultUrl": result}), mimetype=SCORE_TYPE)

    return service


def read_score(given: dict[str, Any], item: LineItem, extension: dict[str, Any], strict: bool) -> Score:
    """`strict` is how Canvas reads timestamps: with a time zone or not at all. Raises ServiceRefusal."""
    activity, grading = given.get("activityProgress"), given.get("gradingProgress")
    if activity not in ACTIVITY or grading not in GRADING:
        raise ServiceRefusal(400, "activityProgress and gradingProgress must be of the words of the standard")
    comment = given.get("comment") or ""
    if not isinstance(comment, str):
        raise ServiceRefusal(400, "comment must be text")
    # A score that does not count erases what was there, unless Canvas is asked to keep it.
    counts = grading in (("FullyGraded", "PendingManual") if strict else ("FullyGraded",))
    return Score(
        given=_points(given, item) if counts else None,
        keeps=extension.get("preserve_score") is True and (not counts or given.get("scoreGiven") is None),
        comment=comment,
        at=_timestamp(given.get("timestamp"), strict),
        activity_progress=activity,
        grading_progress=grading,
        new_submission=extension.get("new_submission", True) is not False
        and extension.get("submission_type") != "none",
    )


def _points(given: dict[str, Any], item: LineItem) -> float | None:
    """In the line item's own points. Above its maximum and below nothing there is nothing."""
    score: Any = given.get("scoreGiven")
    maximum: Any = given.get("scoreMaximum")
    if score is None:
        return None
    if not _is_number(score) or not _is_number(maximum):
        raise ServiceRefusal(400, "scoreGiven and scoreMaximum must be numbers")
    if not maximum > 0:
        raise ServiceRefusal(400, "scoreMaximum must be above 0")
    return min(max(score * item.score_maximum / maximum, 0.0), float(item.score_maximum))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _timestamp(value: Any, strict: bool) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ServiceRefusal(400, "timestamp must be a time in ISO 8601") from None
    if at.tzinfo is None:
        if strict:
            raise ServiceRefusal(400, f"Provided timestamp of {value} not a valid timestamp.")
        # Moodle takes it as its own time.
        at = at.replace(tzinfo=UTC)
    return at.astimezone(UTC)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        given = json.loads(raw)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ServiceRefusal(400, "Incorrect score received")
    return given


def _learner(sandbox: "Sandbox", course: Course, user_id: Any) -> Person | None:
    """Only those who learn in the course have grades."""
    if not isinstance(user_id, str):
        return None
    try:
        person = sandbox.world.person(user_id)
    except Unknown:
        return None
    learns = course.members.get(person.key) is Role.LEARNER and person.key not in course.suspended
    return person if person.sub == user_id and learns else None
