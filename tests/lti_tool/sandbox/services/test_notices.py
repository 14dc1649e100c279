"""Platform notifications: where tools want them, and what they say about a copied course."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from flask import request
from werkzeug.test import TestResponse

from tests.lti_tool.sandbox.conftest import Bench
from tests.lti_tool.sandbox.stand_in import Site

SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"


@pytest.fixture
def bench(bench_for: Callable[..., Bench], site: Site) -> Bench:
    launch = f"{site.address}/lti/launch"
    return bench_for(profile="canvas", tool_launch_urls=(launch,))


@pytest.fixture
def heard(site: Site) -> list[dict[str, Any]]:
    """The claims of each notice that arrived, unverified."""
    notices: list[dict[str, Any]] = []

    def hear() -> tuple[str, int]:
        assert request.is_json
        tokens = [each["jwt"] for each in request.get_json()["notices"]]
        notices.extend(jwt.decode(token, options={"verify_signature": False}) for token in tokens)
        return "", 200

    site.answers["lti/notices"] = hear
    return notices


def put(bench: Bench, handler: Any, kind: str = "LtiContextCopyNotice", **more: Any) -> TestResponse:
    claim = bench.claims("amara", "food-web")[f"{CLAIM}platformnotificationservice"]
    assert claim["scope"] == [SCOPE]
    body = {"notice_type": kind, "handler": handler}
    return bench.service("PUT", claim["platform_notification_service_url"], SCOPE, json=body, **more)


def test_a_copied_course_is_told_to_the_handler(
    bench: Bench, site: Site, heard: list[dict[str, Any]]
) -> None:
    address = f"{site.address}/lti/notices"
    handler = {"notice_type": "LtiContextCopyNotice", "handler": address}
    assert put(bench, address).get_json() == handler
    url = bench.sandbox.profile.services.notices_url(bench.sandbox.registration)
    assert handler in bench.service("GET", url, SCOPE).get_json()["notice_handlers"]
    source = bench.sandbox.world.courses["ecology"]
    copied = bench.sandbox.copy_course("ecology", "ecology-27", "Ecology 2027")
    (notice,) = heard
    assert notice[f"{CLAIM}notice"]["type"] == "LtiContextCopyNotice"
    assert notice[f"{CLAIM}origin_contexts"] == [source.id]
    assert notice[f"{CLAIM}context"]["id"] == copied.id
    assert notice["aud"] == bench.sandbox.registration.client_id
    assert notice[f"{CLAIM}deployment_id"] == bench.sandbox.registration.deployment_id
    assert "sub" not in notice
    (delivered,) = bench.sandbox.notices.sent
    assert delivered.status == 200
    keys = {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(bench.client.get("/jwks").json or {}).keys}
    header = jwt.get_unverified_header(delivered.token)
    options = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    assert jwt.decode(delivered.token, keys[header["kid"]], ["RS256"], options=options) == notice
    assert bench.sandbox.notices.again(delivered) == 200
    assert heard[0] == heard[1]


def test_hello_is_said_at_once(bench: Bench, site: Site, heard: list[dict[str, Any]]) -> None:
    put(bench, f"{site.address}/lti/notices", "LtiHelloWorldNotice")
    assert [each[f"{CLAIM}notice"]["type"] for each in heard] == ["LtiHelloWorldNotice"]


def test_an_empty_handler_ends_it(bench: Bench, site: Site, heard: list[dict[str, Any]]) -> None:
    put(bench, f"{site.address}/lti/notices")
    put(bench, "")
    bench.sandbox.copy_course("ecology", "ecology-27")
    assert heard == []


def test_a_handler_that_does_not_answer_is_not_asked_again_and_stops_nothing(
    bench: Bench, site: Site
) -> None:
    put(bench, f"{site.address}/lti/notices")
    site.answers["lti/notices"] = lambda: ("broken", 500)
    assert bench.sandbox.copy_course("ecology", "ecology-27").title == "Introduction to Ecology (copy)"
    assert [each.status for each in bench.sandbox.notices.sent] == [500]


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        ("https://elsewhere.example/lti/notices", "LtiContextCopyNotice"),
        (7, "LtiContextCopyNotice"),
        (None, "LtiContextCopyNotice"),
        ("{site}/lti/notices", "LtiUnheardOfNotice"),
    ],
)
def test_a_wrong_handler_is_refused(bench: Bench, site: Site, handler: Any, kind: str) -> None:
    address = handler.replace("{site}", site.address) if isinstance(handler, str) else handler
    assert put(bench, address, kind).status_code == 400
    assert bench.sandbox.notices.handlers == {}


def test_the_scope_and_the_own_deployment_are_needed(bench: Bench) -> None:
    url = bench.sandbox.profile.services.notices_url(bench.sandbox.registration)
    assert bench.service("GET", url, "https://purl.imsglobal.org/spec/lti-ags/scope/score").status_code == 401
    assert bench.service("GET", f"{url}x", SCOPE).status_code == 403
    assert bench.service("GET", url, SCOPE).status_code == 200


def test_moodle_has_no_notices(moodle: Bench) -> None:
    assert f"{CLAIM}platformnotificationservice" not in moodle.claims("amara", "food-web")
    assert SCOPE not in moodle.client.get("/.well-known/openid-configuration").get_json()["scopes_supported"]
