"""Deep linking: what the tool is asked, what of its answer is believed, and what comes of it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from werkzeug.test import TestResponse

from tests.lti_tool.sandbox.conftest import LAUNCH_URL, Bench, Clock, Form

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
ITEM: dict[str, Any] = {
    "type": "ltiResourceLink",
    "title": "Week 1 discussion",
    "text": "Intro <b>text</b> for panel",
    "url": LAUNCH_URL,
    "custom": {"panel_id": "p-100", "uid": "$User.id", "rl": "$ResourceLink.id"},
    "iframe": {"width": 700, "height": 333},
    "lineItem": {
        "scoreMaximum": 10,
        "label": "Week 1 participation",
        "resourceId": "panel-100",
        "tag": "participation",
        "submissionReview": {"url": LAUNCH_URL, "custom": {"review": "1"}},
    },
    "available": {"startDateTime": "2026-11-20T00:00:00Z", "endDateTime": "2026-12-20T00:00:00Z"},
    "submission": {"endDateTime": "2026-12-15T00:00:00Z"},
}


class Chooser:
    """An instructor who went to the tool's page, and a tool that answers as it is told."""

    def __init__(self, bench: Bench, key: RSAPrivateKey) -> None:
        self.bench, self.key = bench, key
        self.asked = self.begin()
        self.settings = self.asked[f"{DL}deep_linking_settings"]

    def begin(self, user: str = "amara") -> dict[str, Any]:
        launch, _ = self.bench.sandbox.deep_links.begin(user, "ecology")
        launch.spent = True
        token = self.bench.sandbox.answer(launch, "n1", "s1")["id_token"]
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        return claims

    def token(self, *items: Any, key: Any = None, header: Any = None, **changes: Any) -> str:
        sandbox = self.bench.sandbox
        now = int(sandbox.config.clock().timestamp())
        usual = {
            "iss": sandbox.registration.client_id,
            "aud": [sandbox.profile.issuer],
            "iat": now,
            "exp": now + 600,
            "nonce": "nonce-1",
            f"{CLAIM}deployment_id": sandbox.registration.deployment_id,
            f"{CLAIM}message_type": "LtiDeepLinkingResponse",
            f"{CLAIM}version": "1.3.0",
            f"{DL}content_items": list(items),
        }
        if "data" in self.settings:
            usual[f"{DL}data"] = self.settings["data"]
        full = {name.replace("dl_", DL).replace("lti_", CLAIM): value for name, value in changes.items()}
        claims = {name: value for name, value in (usual | full).items() if value is not None}
        return jwt.encode(claims, key or self.key, "RS256", header or {"kid": "tool-key"})

    def send(self, token: str) -> TestResponse:
        url = self.settings["deep_link_return_url"].removeprefix("http://lms.test:8001")
        response = self.bench.client.post(url, data={"JWT": token})
        if self.bench.sandbox.config.profile == "moodle":
            # Moodle's page sends the form once more, from its own site.
            form = Form(response)
            assert form.fields == {"JWT": token, "repost": "1"}
            response = self.bench.client.post(form.action, data=form.fields)
        return response

    def placed(self) -> list[Any]:
        return [link for link in self.bench.sandbox.world.links.values() if link.deep_linked]


@pytest.fixture
def chooser_for(
    bench_for: Callable[..., Bench], tool_keys: str, tool_key: RSAPrivateKey
) -> Callable[[str], Chooser]:
    return lambda profile: Chooser(bench_for(profile=profile, tool_jwks_url=tool_keys), tool_key)


@pytest.fixture
def moodle_chooser(chooser_for: Callable[[str], Chooser]) -> Chooser:
    return chooser_for("moodle")


def test_moodle_asks_as_it_was_recorded(moodle_chooser: Chooser) -> None:
    asked, settings = moodle_chooser.asked, dict(moodle_chooser.settings)
    assert asked[f"{CLAIM}message_type"] == "LtiDeepLinkingRequest"
    assert f"{CLAIM}resource_link" not in asked
    assert asked[f"{CLAIM}launch_presentation"] == {"locale": "en"}
    assert "lineitem" not in asked[AGS]
    query = parse_qs(urlsplit(settings.pop("deep_link_return_url")).query)
    assert set(query) == {"course", "id", "sesskey"}
    assert settings == {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["frame", "iframe", "window"],
        "accept_copy_advice": False,
        "accept_multiple": True,
        "accept_unsigned": False,
        "auto_create": False,
        "can_confirm": False,
        "title": "",
        "text": "",
    }


def test_canvas_sends_data_along(chooser_for: Callable[[str], Chooser]) -> None:
    settings = chooser_for("canvas").settings
    assert settings["data"]
    assert settings["accept_multiple"] is True


def test_the_launch_goes_through_the_browser_like_any_other(moodle_chooser: Chooser) -> None:
    bench = moodle_chooser.bench
    client = bench.sandbox.registration.client_id
    page = bench.client.get(f"/as/amara/courses/ecology/add?tool={client}").text
    assert f'src="/as/amara/courses/ecology/add/{client}"' in page
    form = Form(bench.client.get(f"/as/amara/courses/ecology/add/{client}"))
    assert form.action == "http://tool.test:8000/lti/login"
    asked = bench.request() | {name: form.fields[name] for name in ("login_hint", "lti_message_hint")}
    answer = Form(bench.auth(asked)).fields["id_token"]
    claims = jwt.decode(answer, options={"verify_signature": False})
    assert claims[f"{CLAIM}message_type"] == "LtiDeepLinkingRequest"


@pytest.mark.parametrize("who", ["maya", "jonas"])
def test_only_those_who_teach_may_add(moodle_chooser: Chooser, who: str) -> None:
    with pytest.raises(LookupError, match="may not add"):
        moodle_chooser.begin(who)
    client = moodle_chooser.bench.client
    assert client.get(f"/as/{who}/courses/ecology/add").status_code == 404
    assert "Add an activity" not in client.get(f"/as/{who}/courses/ecology/food-webs").text
    assert "Add an activity" in client.get("/as/amara/courses/ecology/food-webs").text


@pytest.mark.parametrize("profile", ["moodle", "canvas"])
def test_what_was_chosen_becomes_an_activity_with_its_line_item(
    profile: str, chooser_for: Callable[[str], Chooser]
) -> None:
    chooser = chooser_for(profile)
    page = chooser.send(chooser.token(ITEM))
    assert page.status_code == 200
    assert "Week 1 discussion" in page.text
    (link,) = chooser.placed()
    bench = chooser.bench
    claims = bench.claims("maya", link.key)
    assert claims[f"{CLAIM}custom"]["panel_id"] == "p-100"
    assert claims[f"{CLAIM}custom"]["uid"] == bench.sandbox.world.person("maya").sub
    assert claims[f"{CLAIM}custom"]["rl"] == claims[f"{CLAIM}resource_link"]["id"] == link.id
    assert claims[f"{CLAIM}resource_link"]["title"] == "Week 1 discussion"
    item = bench.sandbox.gradebook.sole_item_of(link.key)
    assert item is not None
    assert claims[AGS]["lineitem"].count(f"/{item.number}") == 1
    assert (item.score_maximum, item.resource_id, item.tag) == (10, "panel-100", "participation")
    assert item.label == ("Week 1 discussion" if profile == "moodle" else "Week 1 participation")
    outline = bench.client.get("/as/maya/courses/ecology/food-webs").text
    assert f"/as/maya/courses/ecology/links/{link.key}" in outline
    opened = bench.client.get(f"/as/maya/courses/ecology/links/{link.key}").text
    assert f'src="/as/maya/launch/{link.key}"' in opened


def test_several_at_once(moodle_chooser: Chooser) -> None:
    items = [{"type": "ltiResourceLink", "title": name} for name in ("One", "Two", "Three")]
    page = moodle_chooser.send(moodle_chooser.token(*items)).text
    assert [link.title for link in moodle_chooser.placed()] == ["One", "Two", "Three"]
    assert page.index("One") < page.index("Two") < page.index("Three")
    # Without a line item there is none, and without an address the tool's own is used.
    claims = moodle_chooser.bench.claims("maya", moodle_chooser.placed()[0].key)
    assert "lineitem" not in claims[AGS]
    assert claims[f"{CLAIM}target_link_uri"] == LAUNCH_URL


def test_the_same_answer_twice_adds_once(moodle_chooser: Chooser) -> None:
    token = moodle_chooser.token(ITEM)
    moodle_chooser.send(token)
    again = moodle_chooser.send(token)
    assert (again.status_code, len(moodle_chooser.placed())) == (200, 1)
    assert "added already" in again.text
    other = moodle_chooser.send(moodle_chooser.token({**ITEM, "title": "Another"}))
    assert (other.status_code, len(moodle_chooser.placed())) == (400, 1)
    fresh = moodle_chooser.send(moodle_chooser.token({**ITEM, "title": "Another"}, nonce="nonce-2"))
    assert (fresh.status_code, len(moodle_chooser.placed())) == (200, 2)


def test_a_long_title_is_cut(moodle_chooser: Chooser) -> None:
    moodle_chooser.send(moodle_chooser.token({**ITEM, "title": "T" * 300}))
    assert len(moodle_chooser.placed()[0].title) == 255


def test_nothing_chosen_and_an_error_of_the_tool_are_shown_as_text(moodle_chooser: Chooser) -> None:
    assert "Nothing was added" in moodle_chooser.send(moodle_chooser.token()).text
    page = moodle_chooser.send(
        moodle_chooser.token(nonce="n2", dl_errormsg="<i>failed</i>", dl_msg="Sorry")
    ).text
    assert "&lt;i&gt;failed&lt;/i&gt;" in page
    assert "Sorry" in page
    assert moodle_chooser.placed() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "another"},
        {"aud": "another"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"iat": 4102444800},
        {"nonce": None},
        {"nonce": ""},
        {"lti_message_type": "LtiResourceLinkRequest"},
        {"lti_version": "1.1"},
        {"lti_deployment_id": "9"},
        {"dl_data": "another"},
        {"dl_content_items": {"type": "ltiResourceLink"}},
        {"header": {"kid": "unknown"}},
    ],
)
def test_an_answer_that_cannot_be_trusted_adds_nothing(
    chooser_for: Callable[[str], Chooser], changes: dict[str, Any]
) -> None:
    chooser = chooser_for("canvas")
    page = chooser.send(chooser.token(ITEM, **changes))
    assert page.status_code == 400
    assert "Nothing was added" in page.text
    assert chooser.placed() == []


def test_an_answer_of_another_key_or_none_adds_nothing(moodle_chooser: Chooser) -> None:
    foreign = moodle_chooser.token(ITEM, key=generate_private_key(65537, 2048))
    for token in (foreign, "", "a.b.c", "e30.e30.e30"):
        assert moodle_chooser.send(token).status_code == 400
    assert moodle_chooser.placed() == []


@pytest.mark.parametrize(
    "item",
    [
        {"type": "link", "title": "A link", "url": "https://example.org/x"},
        {"type": "html", "html": "<p>Hello</p>"},
        "ltiResourceLink",
        {**ITEM, "title": 7},
        {**ITEM, "url": "https://elsewhere.example/launch"},
        {**ITEM, "custom": {"n": 7}},
        {**ITEM, "custom": ["a"]},
        {**ITEM, "lineItem": {"label": "no maximum"}},
        {**ITEM, "lineItem": {"scoreMaximum": 0}},
        {**ITEM, "lineItem": {"scoreMaximum": "10"}},
        {**ITEM, "available": {"startDateTime": "tomorrow"}},
        {**ITEM, "submission": {"endDateTime": "2026-12-15T00:00:00"}},
    ],
)
def test_an_item_the_platform_cannot_use_adds_nothing_at_all(moodle_chooser: Chooser, item: Any) -> None:
    page = moodle_chooser.send(moodle_chooser.token(ITEM, item))
    assert page.status_code == 400
    assert moodle_chooser.placed() == []


def test_a_way_back_does_not_last_for_ever(moodle_chooser: Chooser, clock: Clock) -> None:
    clock.pass_by(hours=3)
    page = moodle_chooser.send(moodle_chooser.token(ITEM))
    assert (page.status_code, moodle_chooser.placed()) == (400, [])
    assert "Start again from the course" in page.text
