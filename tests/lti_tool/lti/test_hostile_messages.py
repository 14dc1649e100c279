"""Signed messages with any claim wrong, endless or hostile: refused clearly and whole, or shown as text.

Launches, deep linking requests, submission reviews and notices, by their own addresses and on both databases. That the
token itself is sound is the point: whoever runs an LMS, or may type into it, writes these.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import given as for_all
from hypothesis import settings as effort
from hypothesis import strategies as st
from sqlalchemy import inspect, text
from werkzeug.test import TestResponse

from lti_tool.config import Settings
from lti_tool.lti.claims import CLAIM, DEEP_LINKING_CLAIM, GRADES_CLAIM, GROUP_SERVICE, NAMES_AND_ROLES_CLAIM
from lti_tool.parts import Parts
from tests.lti_tool.lti.launching import Browser, config_of, settings_for
from tests.lti_tool.lti.platforms import HOSTILE, JSON, KeyServer, serving_keys, signed
from tests.lti_tool.lti.test_arrival import ISSUER, Lms

# Shown anywhere as it is, each would be a part of the page, of its data for scripts, or of a header.
MARKS = (
    '<b data-hostile="\'&">',
    "</script><script>hostile()",
    '"><img src=x onerror=hostile()>',
    "a\r\nX-Hostile: 1",
)
WORDS = st.sampled_from(MARKS) | HOSTILE | st.text(max_size=60)
VALUE = st.one_of(
    WORDS,
    JSON,
    st.sampled_from(
        [10**400, -1, 1e308, True, [], {}, [[]] * 300, ["x"] * 1000, {"id": MARKS[0]}, "$Foo", "javascript:x"]
    ),
)
LISTED = st.lists(VALUE, max_size=3)
ADDRESS = st.sampled_from(
    ["http://[", "https://lms.example:99999/", "javascript:hostile()", "//x", "https://lms.example/a b"]
)


def claim(*names: str, **known: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), VALUE | ADDRESS, max_size=4).map(
        lambda told: {**known, **told}
    )


CUSTOM = st.dictionaries(
    st.sampled_from(
        [
            "alongside_panel",
            "alongside_template",
            "context_history",
            "link_history",
            "time_zone",
            "moodle_groups",
        ]
        + ["canvas_groups", MARKS[0]]
    ),
    VALUE,
    max_size=4,
)
WRONG: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("sub", "name", "given_name", "family_name", "email", "locale", "zoneinfo"), VALUE),
    **dict.fromkeys(("deployment_id", "message_type", "version", "target_link_uri", "lis", "ext"), VALUE),
    "roles": VALUE | LISTED,
    "context": VALUE | claim("id", "title", "label", "type", id="2"),
    "resource_link": VALUE | claim("id", "title", "description", id="7"),
    "launch_presentation": VALUE | claim("locale", "return_url", "document_target", "width"),
    "tool_platform": VALUE | claim("product_family_code", "name", "guid", "version"),
    "custom": VALUE | CUSTOM,
    "for_user": VALUE | claim("user_id", "name"),
    NAMES_AND_ROLES_CLAIM: VALUE | claim("context_memberships_url", "service_versions"),
    GRADES_CLAIM: VALUE | claim("lineitems", "lineitem", "scope"),
    GROUP_SERVICE: VALUE | claim("context_groups_url", "context_group_sets_url", "service_versions"),
}
# Few at once: with one that is refused, nothing is seen of the others.
CHANGES = st.lists(st.sampled_from(sorted(WRONG)), min_size=1, max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: WRONG[name] for name in names})
)
ENOUGH = effort(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def settings(tables_url: str, tmp_path: Path) -> Settings:
    return settings_for(tables_url, tmp_path)


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    with serving_keys() as server:
        yield server


@pytest.fixture
def lms(given: Parts, keys: KeyServer) -> Lms:
    made = Lms(given, keys.url)
    # Its keys are known, and somebody teaches there.
    config_of(made.launch(sub="amara", roles=["Instructor"]))
    return made


def rows_in(given: Parts) -> dict[str, int]:
    """How many rows each table has that a launch may write, its logs apart."""
    with given.database.engine.connect() as connection:
        tables = [
            name
            for name in inspect(connection).get_table_names()
            if not re.search(r"login|launch|platform_key", name)
        ]
        return {
            name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in tables
        }


def shown_as_text(answer: TestResponse) -> None:
    for mark in MARKS[:3]:
        assert mark not in answer.text
    assert not [name for name, _ in answer.headers if name.lower() == "x-hostile"]
    assert "javascript:" not in answer.text


def judged(lms: Lms, before: dict[str, int], answer: TestResponse) -> bool:
    """Taken, or refused with a code and nothing written; whether it was taken."""
    assert answer.status_code == 200 or 400 <= answer.status_code < 500, answer.text
    shown_as_text(answer)
    if answer.status_code != 200:
        assert "For your administrator: " in answer.text
        assert rows_in(lms.given) == before
        return False
    return True


@ENOUGH
@for_all(changes=CHANGES)
def test_a_launch(lms: Lms, changes: dict[str, Any]) -> None:
    before = rows_in(lms.given)
    answer = lms.launch(**changes)
    if not judged(lms, before, answer):
        return
    config = config_of(answer)
    after = rows_in(lms.given)
    assert after["account"] == after["person"]
    # What was believed is shown by the pages that tell others of it, as text.
    if "panel_id" not in config:
        return
    amara = config_of(lms.launch(sub="amara", roles=["Instructor"]))
    client = lms.app.test_client()
    headers = {"Authorization": f"Bearer {amara['token']}", "HX-Request": "true"}
    for path in ("/people", "/people/list", "/groups", "/settings"):
        page = client.get(f"/panels/{amara['panel_id']}{path}", headers=headers)
        assert page.status_code in (200, 404), (path, page.text)
        shown_as_text(page)


@ENOUGH
@for_all(
    told=claim(
        *("deep_link_return_url", "accept_types", "accept_presentation_document_targets", "accept_multiple"),
        *("accept_lineitem", "data", "title", "text", "auto_create"),
        deep_link_return_url=f"{ISSUER}/return",
        accept_types=["ltiResourceLink"],
        accept_presentation_document_targets=["iframe"],
    )
    | VALUE,
    changes=CHANGES,
)
def test_a_deep_linking_request(lms: Lms, told: Any, changes: dict[str, Any]) -> None:
    before = rows_in(lms.given)
    asked = {"message_type": "LtiDeepLinkingRequest", "roles": ["Instructor"]}
    answer = lms.launch(**{**changes, **asked}, **{f"{DEEP_LINKING_CLAIM}deep_linking_settings": told})
    if not judged(lms, before, answer):
        return
    config = config_of(answer)
    placed = lms.app.test_client().post(
        f"{config['placing']}/answer",
        json={"panels": [{"kind": "discussion", "title": MARKS[0], "purpose": MARKS[1], "prompt": MARKS[2]}]},
        headers={"Authorization": f"Bearer {config['token']}"},
    )
    assert placed.status_code == 200, placed.text
    shown_as_text(placed)
    # A signed answer goes by https to the LMS that asked, whatever was said.
    (action,) = re.findall(r'<form[^>]* action="([^"]*)"', placed.text)
    assert action.startswith(f"{ISSUER}/")


@ENOUGH
@for_all(for_user=claim("user_id", "name", "person_sourcedid", user_id="4") | VALUE, changes=CHANGES)
def test_a_submission_review(lms: Lms, for_user: Any, changes: dict[str, Any]) -> None:
    before = rows_in(lms.given)
    asked = {"message_type": "LtiSubmissionReviewRequest", "for_user": for_user}
    answer = lms.launch(**{**changes, **asked})
    if judged(lms, before, answer):
        opening = config_of(answer).get("opening", "")
        assert opening == "" or re.fullmatch(r"/participation|/grading/learners/[0-9a-f-]{36}", opening)


NOTICE = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("iss", "aud", "azp", "exp", "iat", "nonce"), VALUE),
        **{f"{CLAIM}{name}": VALUE for name in ("version", "deployment_id")},
        f"{CLAIM}notice": VALUE | claim("id", "timestamp", "type", id="1", type="LtiContextCopyNotice"),
        f"{CLAIM}context": VALUE | claim("id", "title", id="copy"),
        f"{CLAIM}origin_contexts": VALUE | LISTED,
    },
)


@ENOUGH
@for_all(
    changes=st.lists(NOTICE, min_size=1, max_size=2), around=JSON | st.none(), kid=VALUE | st.just("one")
)
def test_a_notice(lms: Lms, changes: list[dict[str, Any]], around: Any, kid: Any) -> None:
    at = int(lms.given.clock().timestamp())
    sound = {
        "iss": ISSUER,
        "aud": "tool",
        "iat": at,
        "exp": at + 60,
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}deployment_id": "1",
        f"{CLAIM}notice": {"id": "1", "type": "LtiContextCopyNotice"},
        f"{CLAIM}context": {"id": "copy"},
        f"{CLAIM}origin_contexts": ["2"],
    }
    client = lms.app.test_client()
    for one in changes:
        before = rows_in(lms.given)
        token = signed(sound | one, kid="one", **({} if kid == "one" else {"extra": kid}))
        answer = client.post("/lti/notices", json={"notices": [{"jwt": token}]})
        assert answer.status_code == 200 or 400 <= answer.status_code < 500
        shown_as_text(answer)
        if answer.status_code != 200:
            assert rows_in(lms.given) == before
    body = json.dumps({"notices": around}, allow_nan=True)
    before = rows_in(lms.given)
    for sent in (body, body[:-1], json.dumps(around)):
        answer = client.post("/lti/notices", data=sent, content_type="application/json")
        nothing_told = around == [] and sent == body
        assert answer.status_code == (200 if nothing_told else 400)
    assert rows_in(lms.given) == before


@ENOUGH
@for_all(
    sent=st.dictionaries(
        st.sampled_from(
            ["iss", "login_hint", "target_link_uri", "client_id", "lti_message_hint", "lti_deployment_id"]
            + ["lti_storage_target", "state", "id_token", "error", "error_description", "binding", "nonce"]
            + ["lti_errormsg", "lti_errorlog", "lti_msg", "return_url", "tab"]
        ),
        (WORDS | ADDRESS).filter(lambda told: "\ud800" not in told),
        max_size=6,
    ),
    sound=st.booleans(),
)
def test_what_a_browser_sends_on_the_way(lms: Lms, sent: dict[str, str], sound: bool) -> None:
    """Before any token: parameters of the login, of the way back, and messages that are meant for other tools."""
    begun = {
        "iss": ISSUER,
        "client_id": "tool",
        "login_hint": "h",
        "target_link_uri": "http://localhost:8000/lti/launch",
    }
    browser = Browser(lms.app)
    for path in ("/lti/login", "/lti/launch", "/lti/login/tab"):
        answer = browser.post(path, (begun if sound else {}) | sent)
        assert answer.status_code < 500, answer.text
        shown_as_text(answer)
        # Nobody is sent anywhere but to ourselves, until the platform's own address is known from the registration.
        assert answer.status_code not in (301, 302, 307, 308)
        if answer.status_code == 303:
            assert answer.location.startswith("/lti/login/continue?state=")
    answer = browser.client.get("/lti/login/continue", query_string=sent)
    assert 400 <= answer.status_code < 500
    shown_as_text(answer)
