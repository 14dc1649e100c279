"""The answer to a deep linking request: what was chosen, as items of the standard, signed (LTI deep linking 2.0)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pylti1p3.deep_link import DeepLink
from pylti1p3.deep_link_resource import DeepLinkResource
from sqlalchemy.orm import Session

from lti_tool.lti import placings
from lti_tool.lti.adapter import PlatformRegistration
from lti_tool.lti.claims import DEEP_LINKING_CLAIM, TEMPLATE_PARAMETER
from lti_tool.lti.grades import REVIEW
from lti_tool.lti.placings import Placer
from lti_tool.problems import Problem
from social_layer.clock import Clock
from social_layer.grading.rules import check as check_rule
from social_layer.panels.copying import first_rule_of
from social_layer.panels.settings import NewPanel, checked
from social_layer.refusals import Refusal
from social_layer.text import render

# As long as the library's own answers hold. Sent again later, the LMS would refuse it.
HOLDS = timedelta(minutes=10)
# As wide as a frame in Moodle; Canvas's pages show what is embedded in this size, until the panel tells its height.
FRAME = {"width": 800, "height": 620}
TAG = "participation"


class Item(DeepLinkResource):
    """One panel. The library knows neither dates nor text nor frames, and sends nulls."""

    def __init__(self, claims: Mapping[str, Any]) -> None:
        self._claims = claims

    def to_dict(self) -> dict[str, object]:
        return dict(self._claims)


class Answer(DeepLink):
    """The library's answer, at the time of our clock, with `data` only where the platform sent any."""

    def __init__(self, clock: Clock, registration: PlatformRegistration, placer: Placer) -> None:
        super().__init__(registration, placer.placing.lti_deployment_id, {})
        self._clock = clock
        self._data = placer.placing.data

    def get_message_jwt(self, resources: Sequence[DeepLinkResource]) -> dict[str, object]:
        message = super().get_message_jwt(resources)
        issued = int(self._clock().timestamp())
        message |= {"iat": issued, "exp": issued + int(HOLDS.total_seconds())}
        data = f"{DEEP_LINKING_CLAIM}data"
        message.pop(data)
        return message if self._data is None else message | {data: self._data}


def check(placer: Placer, chosen: Sequence[NewPanel]) -> list[NewPanel]:
    """As they will be stored.

    Raises ``nothing_chosen``, ``one_panel_only``, ``too_many_panels``, and what is wrong with one of them, which
    ``errors`` names by its number.
    """
    if not chosen:
        raise Problem("nothing_chosen")
    if len(chosen) > 1 and not placer.placing.accept_multiple:
        raise Problem("one_panel_only")
    if len(chosen) > placings.MOST_PANELS:
        raise Problem("too_many_panels", most=placings.MOST_PANELS)
    return [_checked(number, one) for number, one in enumerate(chosen)]


def _checked(number: int, one: NewPanel) -> NewPanel:
    try:
        found = checked(one)
        render(found.prompt, field="prompt")
        if not found.graded_alike and (rule := first_rule_of(found)):
            check_rule(rule)
    except Refusal as refusal:
        problem = Problem.of(refusal)
        problem.errors = {"panels": {number: problem.errors or {}}}
        raise problem from None
    return found


def answer_again(clock: Clock, placer: Placer) -> str:
    """What was handed over before, while it holds. Raises ``placed_before``."""
    placing = placer.placing
    if placing.answer is None or not holds(clock, placer):
        raise Problem("placed_before")
    return placing.answer


def holds(clock: Clock, placer: Placer) -> bool:
    """Whether the LMS would still take the answer that was given."""
    answered_at = placer.placing.answered_at
    return answered_at is not None and clock() < answered_at + HOLDS


def answer(
    session: Session,
    clock: Clock,
    registration: PlatformRegistration,
    placer: Placer,
    chosen: Sequence[NewPanel],
    launch_url: str,
) -> str:
    """The signed answer for ``chosen``, and a template for each of them, made once.

    Sent again it is the same answer, so that the LMS adds nothing twice. Raises ``placed_before`` where other panels
    were chosen before, or the answer holds no more.
    """
    placing = placings.hold(session, placer)
    digest = placings.digest_of(chosen)
    if placing.answer is not None:
        if placing.chosen != digest:
            raise Problem("placed_before")
        return answer_again(clock, placer)
    made = placings.make_templates(session, clock, placer, chosen)
    items = [
        Item(item_of(placer, one, template_id, launch_url))
        for one, template_id in zip(chosen, made, strict=True)
    ]
    placing.answer = Answer(clock, registration, placer).get_response_jwt(items)
    placing.answered_at, placing.chosen = clock(), digest
    session.flush()
    return placing.answer


def item_of(placer: Placer, chosen: NewPanel, template_id: UUID, launch_url: str) -> dict[str, Any]:
    """A content item (LTI deep linking, section 5.1.4)."""
    item: dict[str, Any] = {
        "type": placings.ITEM_TYPE,
        "title": chosen.title,
        "text": chosen.purpose,
        "url": launch_url,
        "custom": {TEMPLATE_PARAMETER: str(template_id)},
        "available": _dates(startDateTime=chosen.opens_at, endDateTime=chosen.closes_at),
        "submission": _dates(endDateTime=chosen.due_at),
    }
    if "iframe" in placer.targets or "frame" in placer.targets:
        item["iframe"] = dict(FRAME)
    else:
        item["window"] = {"targetName": "_blank"}
    if chosen.points is not None and placer.placing.accept_line_item:
        item["lineItem"] = {
            "scoreMaximum": chosen.points,
            "label": chosen.title,
            "resourceId": str(template_id),
            "tag": TAG,
            "submissionReview": {**REVIEW, "url": launch_url},
        }
    return {name: value for name, value in item.items() if value}


def _dates(**dates: datetime | None) -> dict[str, str]:
    return {
        name: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, at in dates.items()
        if at is not None
    }
