"""Where notices go is told to platforms that offer it: by the worker, once, again after a failure, and anew."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from click.testing import CliRunner
from flask import Flask
from werkzeug.test import TestResponse

from lti_tool.cli import main
from lti_tool.lti import notice_handlers
from lti_tool.lti.claims import CONTEXT_COPIED
from lti_tool.lti.models import CopiedContext, NoticeService
from lti_tool.lti.notice_handlers import FIRST_RETRY, REFUSED_RETRY, Notices, state_of, tell_due
from lti_tool.lti.tool_card import NOTICES_SCOPE, ToolCard, all_scopes, scopes_for
from lti_tool.parts import Parts
from tests.apps import new_app
from tests.lti_tool.lti.launching import (
    TOOL,
    Clock,
    Course,
    counted_statements,
    register_sandbox,
)
from tests.lti_tool.lti.rostering import own_lms

HANDLER = f"{TOOL}/lti/notices"


class Post:
    """Brings the platform's requests to the tool, as the network would."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.answers: list[TestResponse] = []

    def close(self) -> None:
        """As the connections that it stands in for."""

    def post(self, url: str, **sent: object) -> TestResponse:
        assert url == HANDLER
        self.answers.append(self.app.test_client().post("/lti/notices", json=sent["json"]))
        return self.answers[-1]


@pytest.fixture
def lms(given: Parts, clock: Clock) -> Iterator[Course]:
    """A Canvas-like LMS, which tells of copies whoever has asked for that."""
    with own_lms(given, clock, profile="canvas") as sandbox:
        register_sandbox(given, sandbox, deployment_ids=())
        yield Course(new_app(given), given, sandbox, clock)


def handlers(lms: Course) -> list[str]:
    return [handler for (_, kind), handler in lms.sandbox.notices.handlers.items() if kind == CONTEXT_COPIED]


def puts(lms: Course) -> int:
    return sum(call.method == "PUT" for call in lms.sandbox.door.calls)


def service(lms: Course) -> NoticeService:
    (row,) = lms.rows(NoticeService)
    return row


def test_a_launch_says_where_and_the_worker_tells_it_once(lms: Course) -> None:
    assert tell_due(lms.given) == 0
    lms.launch("amara")
    # Nothing was asked of the platform in the request.
    assert (puts(lms), handlers(lms), state_of(service(lms))) == (0, [], Notices.waiting)
    assert tell_due(lms.given) == 1
    assert (handlers(lms), state_of(service(lms))) == ([HANDLER], Notices.on)
    lms.launch("maya")
    lms.clock.pass_by(days=3)
    assert tell_due(lms.given) == 0
    assert puts(lms) == 1


def test_a_copied_course_is_told_from_then_on(lms: Course) -> None:
    lms.sandbox.http = network = Post(lms.app)  # type: ignore[assignment]
    lms.launch("amara")
    lms.sandbox.copy_course("ecology", "ecology-before")
    tell_due(lms.given)
    copy = lms.sandbox.copy_course("ecology", "ecology-27")
    assert [answer.status_code for answer in network.answers] == [200]
    (noted,) = lms.rows(CopiedContext)
    origin = lms.sandbox.world.course("ecology")
    assert (noted.lti_context_id, noted.origin_context_id) == (copy.id, origin.id)


def test_a_known_launch_asks_and_writes_nothing_more(lms: Course) -> None:
    for _ in range(2):
        lms.launch("amara")
    with counted_statements(lms.given) as seen:
        lms.launch("amara")
    assert [line for line in seen if "notice_service" in line and not line.startswith("SELECT")] == []
    assert sum("notice_service" in line for line in seen) == 1


def test_what_fails_is_tried_again_with_longer_and_longer_pauses(lms: Course) -> None:
    lms.launch("amara")
    lms.sandbox.door.weather = lambda method, path: 503 if method == "PUT" else None
    assert tell_due(lms.given) == 0
    assert (service(lms).failures, service(lms).status, state_of(service(lms))) == (1, 503, Notices.failing)
    assert tell_due(lms.given) == 0
    assert puts(lms) == 1
    lms.clock.pass_by(seconds=FIRST_RETRY.total_seconds() + 1)
    tell_due(lms.given)
    assert (puts(lms), service(lms).failures) == (2, 2)
    lms.clock.pass_by(seconds=FIRST_RETRY.total_seconds() + 1)
    tell_due(lms.given)
    assert puts(lms) == 2
    lms.sandbox.door.weather = None
    lms.clock.pass_by(seconds=FIRST_RETRY.total_seconds() + 1)
    assert tell_due(lms.given) == 1
    assert (handlers(lms), state_of(service(lms)), service(lms).said) == ([HANDLER], Notices.on, None)


def test_what_is_refused_is_tried_again_after_a_day_or_when_somebody_drains(lms: Course) -> None:
    lms.launch("amara")
    tool = lms.sandbox.registration
    granted, tool.scopes = tool.scopes, tuple(scope for scope in tool.scopes if scope != NOTICES_SCOPE)
    assert tell_due(lms.given) == 0
    assert state_of(service(lms)) is Notices.failing
    with lms.given.database.read() as session:
        assert [said for _, said in notice_handlers.untold(session)] == [service(lms).said]
    tool.scopes = granted
    lms.clock.pass_by(hours=2)
    assert tell_due(lms.given) == 0
    assert tell_due(lms.given, at_once=True) == 1
    assert handlers(lms) == [HANDLER]
    with lms.given.database.read() as session:
        assert notice_handlers.untold(session) == []
    assert REFUSED_RETRY.days == 1


def test_another_public_address_and_another_client_id_are_told_anew(lms: Course) -> None:
    lms.launch("amara")
    tell_due(lms.given)
    elsewhere = "http://localhost:9000"
    lms.sandbox.registration.target_link_uri = f"{elsewhere}/lti/launch"
    moved = replace(lms.given, settings=replace(lms.given.settings, public_url=elsewhere))
    assert tell_due(moved) == 1
    assert handlers(lms) == [f"{elsewhere}/lti/notices"]
    assert tell_due(moved) == 0
    with lms.given.database.write() as session:
        row = session.get_one(NoticeService, (service(lms).tenant_id, service(lms).deployment_id))
        row.client_id = "an earlier one"
    assert tell_due(moved) == 1
    assert puts(lms) == 3


def test_two_workers_tell_it_once(lms: Course) -> None:
    lms.launch("amara")
    taken: list[int] = []

    def meanwhile(method: str, path: str) -> None:
        if method == "PUT":
            taken.append(tell_due(lms.given))

    lms.sandbox.door.weather = meanwhile
    assert tell_due(lms.given) == 1
    assert taken == [0]
    assert puts(lms) == 1


def test_an_address_inside_the_network_is_not_asked(lms: Course) -> None:
    lms.launch("amara")
    inside = replace(lms.given.settings, environment="production", allowed_hosts=frozenset())
    assert tell_due(replace(lms.given, settings=inside)) == 0
    assert puts(lms) == 0
    assert state_of(service(lms)) is Notices.failing


def test_an_lms_without_the_service_or_without_the_right_is_left_alone(lms: Course, course: Course) -> None:
    course.launch("amara")
    assert course.rows(NoticeService) == []
    lms.sandbox.profile.services.unchecked = {"scope": ["https://elsewhere.example/scope"]}  # type: ignore[misc]
    lms.launch("amara")
    assert tell_due(lms.given) == 0
    assert state_of(service(lms)) is Notices.not_allowed
    del lms.sandbox.profile.services.unchecked  # type: ignore[misc]
    lms.launch("amara")
    assert tell_due(lms.given) == 1


@pytest.mark.parametrize(
    "claim",
    [
        7,
        [],
        {},
        {"platform_notification_service_url": 7},
        {"platform_notification_service_url": "javascript:alert(1)"},
        {"platform_notification_service_url": "https://x.example/" + "x" * 3000},
        {"platform_notification_service_url": "https://x.example/", "service_versions": ["9.0"]},
        {"platform_notification_service_url": "https://x.example/", "scope": 7},
        {"platform_notification_service_url": "https://x.example/", "scope": [None, {}, "a b"]},
    ],
)
def test_a_claim_of_another_form_refuses_nobody(lms: Course, claim: object) -> None:
    services = lms.sandbox.profile.services
    before = services.claims
    name = "https://purl.imsglobal.org/spec/lti/claim/platformnotificationservice"
    services.claims = lambda launch: {**before(launch), name: claim}  # type: ignore[method-assign]
    assert lms.launch("amara").status_code == 200
    assert tell_due(lms.given) == 0


def test_the_scope_is_asked_for_wherever_the_lms_has_it() -> None:
    assert NOTICES_SCOPE in all_scopes()
    assert NOTICES_SCOPE in scopes_for([NOTICES_SCOPE])
    assert NOTICES_SCOPE not in scopes_for(["openid"])
    card = ToolCard(TOOL)
    assert NOTICES_SCOPE in card.canvas_key()["scopes"]
    assert card.notices_url == HANDLER


def test_the_command_line_says_how_notices_stand(lms: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = CliRunner()
    monkeypatch.setattr("lti_tool.cli.platform.command_parts", lambda: lms.given)
    client_id = lms.sandbox.registration.client_id

    def shown() -> str:
        return runner.invoke(main, ["platform", "show", client_id], catch_exceptions=False).output

    lms.launch("amara")
    assert "at its next turn" in shown()
    lms.sandbox.door.weather = lambda method, path: 500 if method == "PUT" else None
    tell_due(lms.given)
    assert "not yet: the LMS answered '500" in shown()
    lms.sandbox.door.weather = None
    tell_due(lms.given, at_once=True)
    assert f"on, to {HANDLER}" in shown()
    data = json.loads(runner.invoke(main, ["platform", "show", client_id, "--json"]).output)
    assert [one["notices"] for one in data["deployments"]] == ["on"]
