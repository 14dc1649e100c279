"""The certification's rows of LTI Advantage: Deep Linking (7), Names and Roles (5), Assignment and Grades.

Each is named as in the guide, and played against an LMS that grants tokens only to assertions it has verified, and
opens its services only to tokens with the right scope. Both kinds of LMS, and a second tenant beside.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import jwt
import pytest
from werkzeug.test import TestResponse

from lti_tool.lti.claims import CLAIM, GRADES_CLAIM, NAMES_AND_ROLES_CLAIM
from lti_tool.parts import Parts
from lti_tool.sandbox import authorize
from lti_tool.sandbox.services.door import Call
from lti_tool.sandbox.world import Link
from tests.certification.conftest import restored
from tests.lti_tool.lti import rostering
from tests.lti_tool.lti.classroom import Classroom, empty_book, one_topic
from tests.lti_tool.lti.launching import Clock, Course, asked_of_platform, config_of
from tests.lti_tool.lti.placing import DL, PANEL, Chooser, claims_of, form_of, items_of

NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
SCORE = "application/vnd.ims.lis.v1.score+json"


@pytest.fixture(params=["moodle", "canvas", "moodle in another tenant"])
def lms(request: pytest.FixtureRequest, given: Parts, clock: Clock, town: rostering.Town) -> Iterator[Course]:
    profile = request.param.partition(" ")[0]
    changes: dict[str, Any] = {"deployment_ids": ()} if profile == "canvas" else {}
    if request.param != profile:
        changes["tenant"] = "elsewhere"
    for course in rostering.registered(given, clock, town, profile, **changes):
        for _ in restored(course.sandbox):
            with empty_book(course):
                yield course


def key_of(lms: Course, token: str) -> Any:
    """The published key that signed it."""
    keys = lms.app.test_client().get("/lti/jwks.json").get_json()["keys"]
    kid = jwt.get_unverified_header(token)["kid"]
    return jwt.PyJWK(next(key for key in keys if key["kid"] == kid)).key


def hand_over(lms: Course, answer: TestResponse) -> Link:
    """As the browser does; the LMS asks for our published key by itself."""
    address, token = form_of(answer)
    (sesskey,) = parse_qs(urlsplit(address).query)["sesskey"]
    (link,) = lms.sandbox.deep_links.accept(sesskey, token).links
    return link


def bearer_of(call: Call) -> str:
    kind, _, token = call.headers["Authorization"].partition(" ")
    assert kind == "Bearer"
    return token


def launch_claims(lms: Course, user: str = "maya") -> dict[str, Any]:
    """What the LMS says of its services when somebody comes, who then is in."""
    browser = lms.browser()
    fields = lms.ready(browser, user)
    config_of(browser.post("/lti/launch", fields))
    found: dict[str, Any] = jwt.decode(fields["id_token"], options={"verify_signature": False})
    return found


class TestDeepLinking:
    def test_request_payload(self, lms: Course) -> None:
        """The request opens the page on which panels are chosen, with what the LMS takes."""
        chooser = Chooser(lms)
        assert chooser.page.status_code == 200
        assert UUID(chooser.config["placing"].rpartition("/")[2])
        assert chooser.config["roles"] == ["instructor"]

    def test_response_received(self, lms: Course) -> None:
        """The LMS, which checks everything itself, takes it, and the panel is where it was placed."""
        chooser = Chooser(lms)
        link = hand_over(lms, chooser.place(PANEL))
        assert link.title == PANEL["title"]
        assert config_of(lms.launch("maya", link.key))["panel_id"]

    def test_format(self, lms: Course) -> None:
        """A form posted by the browser with one field `JWT`, to the address that the request named."""
        chooser = Chooser(lms)
        answer = chooser.place(PANEL)
        address, token = form_of(answer)
        assert address == chooser.settings["deep_link_return_url"]
        assert re.findall(r'<input[^>]* name="([^"]*)"', answer.text) == ["JWT"]
        assert jwt.get_unverified_header(token)["alg"] == "RS256"

    def test_timestamps(self, lms: Course) -> None:
        claims = claims_of(Chooser(lms).place(PANEL))
        assert claims["iat"] == int(lms.clock().timestamp())
        assert 0 < claims["exp"] - claims["iat"] <= 3600

    def test_signature(self, lms: Course) -> None:
        _, token = form_of(Chooser(lms).place(PANEL))
        found = jwt.decode(token, key_of(lms, token), algorithms=["RS256"], options={"verify_aud": False})
        assert found["iss"] == lms.sandbox.registration.client_id
        header, _, signature = token.split(".")
        other = base64.urlsafe_b64encode(b'{"iss":"other"}').decode().rstrip("=")
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(f"{header}.{other}.{signature}", key_of(lms, token), algorithms=["RS256"])

    def test_required_claims(self, lms: Course) -> None:
        chooser = Chooser(lms)
        answer = chooser.place(PANEL)
        claims = claims_of(answer)
        assert claims["iss"] == lms.sandbox.registration.client_id
        assert lms.sandbox.profile.issuer in claims["aud"]
        assert claims["nonce"]
        assert claims[f"{CLAIM}deployment_id"] == lms.sandbox.registration.deployment_id
        assert claims[f"{CLAIM}message_type"] == "LtiDeepLinkingResponse"
        assert claims[f"{CLAIM}version"] == "1.3.0"
        assert claims.get(f"{DL}data") == chooser.settings.get("data")
        (item,) = items_of(answer)
        assert (item["type"], item["url"]) == ("ltiResourceLink", "http://localhost:8000/lti/launch")

    def test_affirm(self, lms: Course) -> None:
        """Placed for a learner too, who sees the panel and no offer to set it up."""
        chooser = Chooser(lms)
        link = hand_over(lms, chooser.place(PANEL))
        page = lms.launch("maya", link.key)
        assert config_of(page)["roles"] == ["learner"]
        assert PANEL["title"] in unescape(page.text)
        assert "set-up-offer" not in page.text

    def test_an_answer_is_of_use_once(self, lms: Course) -> None:
        """Beyond the guide: handed over again within its time it is the same one; later there is none."""
        chooser = Chooser(lms)
        first = form_of(chooser.place(PANEL))[1]
        assert form_of(chooser.place(PANEL))[1] == first
        assert chooser.place({**PANEL, "title": "Another"}).get_json()["code"] == "placed_before"
        lms.clock.pass_by(minutes=11)
        assert chooser.place(PANEL).get_json()["code"] == "placed_before"


class TestNamesAndRoles:
    def call(self, lms: Course) -> Call:
        lms.launch("amara")
        lms.sandbox.door.calls.clear()
        assert rostering.sync(lms)
        return next(iter(lms.sandbox.door.calls))

    def test_launch_with_claim(self, lms: Course) -> None:
        claim = launch_claims(lms, "amara")[NAMES_AND_ROLES_CLAIM]
        assert rostering.roster(lms).url == claim["context_memberships_url"]

    def test_request_received(self, lms: Course) -> None:
        claim = launch_claims(lms, "amara")[NAMES_AND_ROLES_CLAIM]
        call = self.call(lms)
        assert (call.method, call.status) == ("GET", 200)
        assert call.url.startswith(claim["context_memberships_url"].partition("?")[0])

    def test_accept_header(self, lms: Course) -> None:
        expected = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
        assert self.call(lms).headers["Accept"] == expected

    def test_bearer_token(self, lms: Course) -> None:
        call = self.call(lms)
        bearer = lms.sandbox.grants.bearer_of(bearer_of(call))
        assert bearer is not None
        assert bearer.registration.client_id == lms.sandbox.registration.client_id == call.client_id

    def test_scope(self, lms: Course) -> None:
        assert lms.sandbox.grants.scopes_of(bearer_of(self.call(lms))) == {NRPS}


class TestAssignmentAndGrades:
    """A learner launches; what follows is the tool's alone."""

    def calls(self, lms: Course) -> list[Call]:
        room = Classroom(lms)
        room.arrive("maya")
        room.rules(one_topic())
        room.write("maya")
        lms.sandbox.door.calls.clear()
        room.tick()
        assert room.shown("maya") == 10
        return [call for call in lms.sandbox.door.calls if "lineitem" in call.url or "line_item" in call.url]

    def test_learner_launch_with_claim(self, lms: Course) -> None:
        claim = launch_claims(lms)[GRADES_CLAIM]
        assert claim["lineitems"]
        assert {f"{AGS}lineitem", f"{AGS}score"} <= set(claim["scope"])

    def test_line_item_created(self, lms: Course) -> None:
        made = next(call for call in self.calls(lms) if call.method == "POST" and "scores" not in call.url)
        assert made.status in (200, 201)
        assert made.headers["Content-Type"] == LINE_ITEM
        item = json.loads(made.body)
        assert item["scoreMaximum"] == 10
        assert item["label"]
        assert item["resourceLinkId"]

    def test_score_sent(self, lms: Course) -> None:
        (sent,) = [call for call in self.calls(lms) if "/scores" in call.url]
        assert sent.method == "POST"
        assert sent.status in (200, 201, 204)
        assert sent.headers["Content-Type"] == SCORE
        score = json.loads(sent.body)
        assert score["userId"] == lms.sandbox.world.person("maya").sub
        assert (score["scoreGiven"], score["scoreMaximum"]) == (10, 10)
        assert score["activityProgress"] == "Completed"
        assert score["gradingProgress"] == "FullyGraded"
        assert score["timestamp"]

    def test_bearer_token_and_scope_of_each_call(self, lms: Course) -> None:
        """Each call carries a token of this registration, which may do just that and nothing of another service."""
        for call in self.calls(lms):
            bearer = lms.sandbox.grants.bearer_of(bearer_of(call))
            assert bearer is not None
            assert bearer.registration.client_id == lms.sandbox.registration.client_id
            assert all(scope.startswith(AGS) for scope in bearer.scopes), call.url
            if "/scores" in call.url:
                assert f"{AGS}score" in bearer.scopes
            elif call.method != "GET":
                assert f"{AGS}lineitem" in bearer.scopes


def test_no_token_of_a_service_is_kept_in_the_open(lms: Course) -> None:
    """Beyond the guide: neither in the database nor on a page."""
    from lti_tool.lti.models import ServiceToken

    call = TestNamesAndRoles().call(lms)
    token = bearer_of(call)
    kept = lms.rows(ServiceToken)
    assert kept
    for row in kept:
        for value in vars(row).values():
            assert token not in str(value)
    browser = lms.browser()
    _, params = lms.sandbox.begin_launch("amara", "food-web")
    _, fields = authorize(lms.sandbox, asked_of_platform(browser.log_in(params)))
    page = browser.post("/lti/launch", fields).text
    assert token not in page
    assert hashlib.sha256(token.encode()).hexdigest() not in page
