"""Dynamic registration: what a tool reads, what it must send, what it is told, and what an administrator does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from werkzeug.test import TestResponse

from tests.lti_tool.sandbox.conftest import Bench, Clock, Form

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
REGISTER = "https://tool.test:9443/register"
RECORDED: dict[str, Any] = {
    "application_type": "web",
    "response_types": ["id_token"],
    "grant_types": ["implicit", "client_credentials"],
    "initiate_login_uri": "https://tool.test:9443/login",
    "redirect_uris": ["https://tool.test:9443/launch", "https://tool.test:9443/dl"],
    "client_name": "Probe DynReg",
    "jwks_uri": "http://localhost:9001/jwks",
    "logo_uri": "https://tool.test:9443/logo.png",
    "token_endpoint_auth_method": "private_key_jwt",
    "contacts": ["a@example.com"],
    "scope": f"{AGS}lineitem {AGS}lineitem.readonly {AGS}result.readonly {AGS}score {NRPS}",
    TOOL: {
        "domain": "tool.test:9443",
        "description": "Probe via dynamic registration",
        "target_link_uri": "https://tool.test:9443/launch",
        "custom_parameters": {"rl_id": "$ResourceLink.id", "bogus": "$Bogus.var"},
        "claims": ["iss", "sub", "name", "given_name", "family_name", "email"],
        "messages": [
            {
                "type": "LtiDeepLinkingRequest",
                "target_link_uri": "https://tool.test:9443/launch",
                "label": "Add a probe panel",
                "placements": ["ContentArea", "RichTextEditor"],
                "custom_parameters": {"own": "1"},
            },
            {"type": "LtiResourceLinkRequest"},
            {"type": "LtiSubmissionReviewRequest"},
        ],
    },
}
ABSENT = "absent"


def asked(config: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    body = RECORDED | changes | {TOOL: RECORDED[TOOL] | (config or {})}
    body[TOOL] = {name: value for name, value in body[TOOL].items() if value != ABSENT}
    return {name: value for name, value in body.items() if value != ABSENT}


FOR_CANVAS = asked(
    {"messages": [m for m in RECORDED[TOOL]["messages"] if m["type"] != "LtiSubmissionReviewRequest"]}
)


def send(bench: Bench, body: Any, token: str | None = None, **more: Any) -> TestResponse:
    token = bench.sandbox.desk.invite() if token is None else token
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return bench.client.post("/registration", json=body, headers=headers, **more)


def test_the_frame_goes_to_the_tool_with_a_configuration_and_a_token(moodle: Bench) -> None:
    given = parse_qs(urlsplit(moodle.sandbox.desk.address(f"{REGISTER}?invite=abc")).query)
    assert given["invite"] == ["abc"]
    assert given["openid_configuration"] == ["http://lms.test:8001/.well-known/openid-configuration"]
    told = jwt.decode(given["registration_token"][0], options={"verify_signature": False})
    assert told["scope"] == "reg"
    assert told["exp"] - told["iat"] == 3600


def test_the_configuration_says_what_was_recorded(moodle: Bench) -> None:
    told = moodle.client.get("/.well-known/openid-configuration").get_json()
    assert told["registration_endpoint"] == "http://lms.test:8001/registration"
    assert told[PLATFORM]["messages_supported"] == [
        {"type": "LtiResourceLinkRequest"},
        {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
    ]
    assert "Moodle.Person.userGroupIds" in told[PLATFORM]["variables"]
    assert urlsplit(told["issuer"]).hostname == "lms.test"


def test_canvas_shows_its_configuration_only_with_the_token(canvas: Bench) -> None:
    given = parse_qs(urlsplit(canvas.sandbox.desk.address(REGISTER)).query)
    url = given["openid_configuration"][0].removeprefix("http://lms.test:8001")
    assert canvas.client.get(url).status_code == 401
    headers = {"Authorization": f"Bearer {given['registration_token'][0]}"}
    told = canvas.client.get(url, headers=headers).get_json()
    assert told["issuer"] == "https://canvas.instructure.com"
    assert "LtiContextCopyNotice" in told[PLATFORM]["notice_types_supported"]


def test_moodle_answers_as_it_was_recorded(moodle: Bench) -> None:
    response = send(moodle, RECORDED)
    assert response.status_code == 200
    answer = response.get_json()
    assert answer.pop("client_id") not in ("", moodle.sandbox.registration.client_id)
    assert set(answer.pop("scope").split()) == set(RECORDED["scope"].split())
    config = answer.pop(TOOL)
    assert sorted(config.pop("claims")) == sorted(RECORDED[TOOL]["claims"])
    assert config == {
        "version": "1.3.0",
        "deployment_id": "2",
        "target_link_uri": "https://tool.test:9443/launch",
        "domain": "tool.test:9443",
        "description": "Probe via dynamic registration",
        "messages": [{"type": "LtiDeepLinkingRequest", "target_link_uri": "https://tool.test:9443/launch"}],
        "custom_parameters": RECORDED[TOOL]["custom_parameters"],
    }
    kept = {name: RECORDED[name] for name in answer if name != "grant_types"}
    assert answer == kept | {"grant_types": ["client_credentials", "implicit"]}


def test_canvas_names_no_deployment(canvas: Bench) -> None:
    answer = send(canvas, FOR_CANVAS).get_json()
    assert "deployment_id" not in answer[TOOL]
    assert answer["client_id"].isdecimal()
    assert [each["type"] for each in answer[TOOL]["messages"]] == [
        "LtiDeepLinkingRequest",
        "LtiResourceLinkRequest",
    ]


def test_canvas_refuses_messages_that_it_does_not_send(canvas: Bench) -> None:
    response = send(canvas, RECORDED)
    assert response.status_code == 400
    assert response.text == (
        "messages: LtiSubmissionReviewRequest is not one of LtiResourceLinkRequest, LtiDeepLinkingRequest"
    )
    assert list(canvas.sandbox.tools) == [canvas.sandbox.registration.client_id]


def test_a_registration_without_scopes_claims_and_messages(moodle: Bench) -> None:
    answer = send(
        moodle, asked({"claims": ABSENT, "messages": ABSENT, "custom_parameters": ABSENT}, scope=ABSENT)
    ).get_json()
    assert answer["scope"] == ""
    assert answer[TOOL]["claims"] == ["sub", "iss"]
    assert not {"messages", "custom_parameters"} & set(answer[TOOL])
    tool = moodle.sandbox.tools[answer["client_id"]]
    moodle.sandbox.desk.activate(tool.client_id)
    moodle.sandbox.add_link("bare", "ecology", "Bare", client_id=tool.client_id)
    services = [claim for claim in moodle.claims("maya", "bare") if "lti-ags" in claim or "lti-nrps" in claim]
    assert services == []


def test_moodle_cuts_a_value_at_an_equals_sign(moodle: Bench) -> None:
    answer = send(moodle, asked({"custom_parameters": {"a": "b=c"}})).get_json()
    assert answer[TOOL]["custom_parameters"] == {"a": "b"}


def test_a_token_works_once_and_for_an_hour(moodle: Bench, clock: Clock) -> None:
    desk = moodle.sandbox.desk
    token, late = desk.invite(), desk.invite()
    assert send(moodle, asked(jwks_uri=ABSENT), token).status_code == 400
    assert send(moodle, RECORDED, token).status_code == 200
    again = send(moodle, RECORDED, token)
    assert (again.status_code, again.text) == (401, "token_already_used")
    clock.pass_by(hours=1)
    assert send(moodle, RECORDED, late).status_code == 401
    assert send(moodle, RECORDED, "guessed").status_code == 401
    missing = send(moodle, RECORDED, "")
    assert (missing.status_code, missing.text) == (401, "missing_registration_token")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (asked({"domain": ABSENT}), "missing_domain"),
        (asked({"domain": "elsewhere.test:9443"}), "domain_targetlinkuri_mismatch"),
        (asked({"domain": "tool.test"}), "domain_targetlinkuri_mismatch"),
        (asked({"target_link_uri": ABSENT}), "missing_target_link_uri"),
        (asked(jwks_uri=ABSENT), "missing required attribute jwks_uri"),
        (asked(response_types=ABSENT), "missing required attribute response_types"),
        (asked(redirect_uris=[]), "missing required attribute redirect_uris"),
        (asked(response_types=["code"]), "invalid_response_types"),
        (asked(grant_types=["implicit"]), "invalid_grant_types"),
        (asked(token_endpoint_auth_method="client_secret_post"), "invalid_token_endpoint_auth_method"),
        (asked(application_type="native"), "invalid_application_type"),
        (asked(redirect_uris=["/launch"]), "invalid_redirect_uris"),
        (asked(initiate_login_uri="javascript:alert(1)"), "invalid_initiate_login_uri"),
        (asked(jwks_uri="jwks"), "invalid_jwks_uri"),
        (asked({"custom_parameters": {"n": 1}}), "invalid_custom_parameters"),
        (asked({"messages": ["LtiDeepLinkingRequest"]}), "invalid_messages"),
        (asked({"claims": "iss"}), "invalid_claims"),
        (asked(scope=["a"]), "invalid_scope"),
        (["a list"], "invalid_json"),
        ("text", "invalid_json"),
    ],
)
def test_a_wrong_registration_is_refused_and_leaves_nothing(moodle: Bench, body: Any, error: str) -> None:
    response = send(moodle, body)
    assert (response.status_code, response.text) == (400, error)
    assert list(moodle.sandbox.tools) == [moodle.sandbox.registration.client_id]


@pytest.mark.parametrize("profile", ["moodle", "canvas"])
def test_a_tool_waits_until_it_is_activated_and_then_is_a_client_like_the_first(
    profile: str, bench_for: Callable[..., Bench], tool_keys: str, tool_key: RSAPrivateKey
) -> None:
    bench = bench_for(profile=profile)
    sandbox = bench.sandbox
    client_id = send(bench, FOR_CANVAS | {"jwks_uri": tool_keys}).get_json()["client_id"]
    tool = sandbox.tools[client_id]
    sandbox.add_link("theirs", "ecology", "Theirs", client_id=client_id)
    with pytest.raises(LookupError, match="not active"):
        sandbox.login_params("maya", "theirs")

    def grant() -> TestResponse:
        now = int(sandbox.config.clock().timestamp())
        claims = {"iss": client_id, "sub": client_id, "aud": sandbox.grants.token_url}
        claims |= {"iat": now, "exp": now + 60, "jti": str(sandbox.randomness.random())}
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(claims, tool_key, "RS256", {"kid": "tool-key"}),
            "scope": NRPS,
        }
        return bench.client.post("/token", data=form)

    assert grant().status_code == 400
    page = bench.client.get("/as/ruth/tools").text
    assert "Waiting to be activated" in page
    done = bench.client.post(f"/as/ruth/tools/{client_id}", data={"do": "activate"})
    assert done.status_code == 302
    assert tool.active
    # Moodle has one more switch before instructors find the tool.
    chooser = "/as/amara/courses/ecology/add"
    assert ("Probe DynReg" in bench.client.get(chooser).text) is (profile == "canvas")
    bench.client.post(f"/as/ruth/tools/{client_id}", data={"do": "show"})
    assert "Probe DynReg" in bench.client.get(chooser).text

    login = sandbox.login_params("maya", "theirs")
    assert login["client_id"] == client_id
    assert Form(bench.client.get("/as/maya/launch/theirs")).action == "https://tool.test:9443/login"
    request = bench.request() | {
        "client_id": client_id,
        "redirect_uri": "https://tool.test:9443/launch",
        "lti_message_hint": login["lti_message_hint"],
    }
    answer = Form(bench.auth(request))
    assert answer.action == "https://tool.test:9443/launch"
    claims = jwt.decode(answer.fields["id_token"], options={"verify_signature": False})
    assert claims["aud"] == client_id
    assert claims["https://purl.imsglobal.org/spec/lti/claim/custom"]["bogus"] == "$Bogus.var"
    assert claims["https://purl.imsglobal.org/spec/lti/claim/deployment_id"] == tool.deployment_id
    token = grant().get_json(force=True)["access_token"]
    members = claims["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"]
    assert bench.service("GET", members["context_memberships_url"], token=token).status_code == 200
    # The first tool's address is none of this one's.
    mine = bench.request() | {"client_id": client_id, "redirect_uri": "https://tool.test:9443/launch"}
    assert "id_token" not in bench.auth(mine).text

    bench.client.post(f"/as/ruth/tools/{client_id}", data={"do": "remove"})
    assert bench.service("GET", members["context_memberships_url"], token=token).status_code == 401
    with pytest.raises(LookupError, match="not active"):
        sandbox.login_params("maya", "theirs")


def test_an_administrator_may_trim_scopes(canvas: Bench) -> None:
    client_id = send(canvas, FOR_CANVAS).get_json()["client_id"]
    canvas.sandbox.desk.activate(client_id, scopes=[NRPS])
    canvas.sandbox.add_link("trimmed", "ecology", "Trimmed", client_id=client_id)
    claims = canvas.claims("maya", "trimmed")
    assert "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint" not in claims


def test_moodle_asks_whether_a_known_host_is_an_update(moodle: Bench) -> None:
    client_id = send(moodle, RECORDED).get_json()["client_id"]
    page = moodle.client.get("/as/ruth/tools/new", query_string={"address": REGISTER}).text
    assert "<iframe" not in page
    assert "registered already" in page
    token = moodle.sandbox.desk.invite(update=client_id)
    headers = {"Authorization": f"Bearer {token}"}
    assert moodle.client.get("/registration", headers=headers).get_json()["client_id"] == client_id
    answer = send(moodle, asked(client_name="Renamed"), token).get_json()
    assert (answer["client_id"], answer[TOOL]["deployment_id"]) == (client_id, "2")
    assert moodle.sandbox.tools[client_id].name == "Renamed"
    assert len(moodle.sandbox.tools) == 2
    new = moodle.client.get("/as/ruth/tools/new", query_string={"address": REGISTER, "new": "1"}).text
    assert "registration_token=" in new


def test_only_the_administrator_looks_after_tools(moodle: Bench) -> None:
    assert moodle.client.get("/as/amara/tools").status_code == 404
    assert moodle.client.get("/as/maya/tools/new?address=https://tool.test/").status_code == 404
    client_id = send(moodle, RECORDED).get_json()["client_id"]
    post = f"/as/ruth/tools/{client_id}"
    assert moodle.client.post("/as/amara/tools/x", data={"do": "activate"}).status_code == 404
    refused = moodle.client.post(post, data={"do": "activate"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert not moodle.sandbox.tools[client_id].active
    own = moodle.sandbox.registration.client_id
    assert moodle.client.post(f"/as/ruth/tools/{own}", data={"do": "remove"}).status_code == 404


@pytest.mark.parametrize("address", ["", "tool.test/register", "javascript:alert(1)", "http://"])
def test_what_is_no_address_starts_nothing(moodle: Bench, address: str) -> None:
    page = moodle.client.get("/as/ruth/tools/new", query_string={"address": address})
    assert page.status_code == 400
    assert "<iframe" not in page.text


def test_a_shared_issuer_is_pointed_out(canvas: Bench, bench_for: Callable[..., Bench]) -> None:
    path = f"/as/ruth/tools/new?address={REGISTER}"
    assert "a careful tool refuses" in canvas.client.get(path).text
    own = bench_for(profile="canvas", issuer="http://lms.test:8001")
    assert "a careful tool refuses" not in own.client.get(path).text


def test_a_second_start_keeps_the_tools(bench_for: Callable[..., Bench], tmp_path: Path) -> None:
    state = tmp_path / "sandbox.json"
    first = bench_for(state_file=state, seed=None)
    client_id = send(first, RECORDED).get_json()["client_id"]
    first.sandbox.desk.activate(client_id)
    second = bench_for(state_file=state, seed=None)
    assert second.sandbox.tools[client_id] == first.sandbox.tools[client_id]
