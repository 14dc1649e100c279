"""Profiles beside the recordings of a running Moodle, and beside what is known of Canvas."""

import re
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from lti_tool.sandbox import Role
from tests.lti_tool.sandbox.conftest import Bench

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"

# The claims of a resource link launch recorded from Moodle 4.5.6, but for basic outcomes.
RECORDED = {
    "nonce": str,
    "iat": int,
    "exp": int,
    "iss": str,
    "aud": str,
    "sub": str,
    "given_name": str,
    "family_name": str,
    "name": str,
    "email": str,
    f"{CLAIM}deployment_id": str,
    f"{CLAIM}target_link_uri": str,
    f"{CLAIM}message_type": str,
    f"{CLAIM}version": str,
    f"{CLAIM}roles": list,
    f"{CLAIM}lis": {"person_sourcedid", "course_section_sourcedid"},
    f"{CLAIM}context": {"id", "label", "title", "type"},
    f"{CLAIM}resource_link": {"title", "description", "id"},
    f"{CLAIM}ext": {"user_username", "lms"},
    f"{CLAIM}launch_presentation": {"locale", "document_target", "return_url"},
    f"{CLAIM}tool_platform": {"product_family_code", "version", "guid", "name", "description"},
    f"{CLAIM}custom": dict,
    "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {"scope", "lineitems"},
    "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
        "context_memberships_url",
        "service_versions",
    },
}
MEMBERS = "http://lms.test:8001/mod/lti/services.php/CourseSection/2/bindings/1/memberships"


def claims_of(bench: Bench, user: str, link: str = "food-web", **options: Any) -> dict[str, Any]:
    token = bench.sandbox.launch_token(user, link, "n1", **options)
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_moodle_sends_the_claims_that_were_recorded_and_no_others(moodle: Bench) -> None:
    claims = claims_of(moodle, "maya")
    assert set(claims) == set(RECORDED)
    for name, shape in RECORDED.items():
        if isinstance(shape, set):
            assert set(claims[name]) == shape
        else:
            assert isinstance(claims[name], shape)


def test_moodle_ids_are_small_integers_as_strings(moodle: Bench) -> None:
    claims = claims_of(moodle, "maya")
    ids = (claims["sub"], claims[f"{CLAIM}context"]["id"], claims[f"{CLAIM}resource_link"]["id"])
    assert all(each.isdecimal() and int(each) < 100 for each in ids)
    assert claims[f"{CLAIM}context"]["type"] == ["CourseSection"]
    assert jwt.get_unverified_header(moodle.sandbox.launch_token("maya", "food-web", "n"))["typ"] == "JWT"


def test_moodle_knows_two_context_roles(moodle: Bench) -> None:
    roles = {user: claims_of(moodle, user)[f"{CLAIM}roles"] for user in ("amara", "jonas", "maya", "ruth")}
    assert roles["amara"] == roles["jonas"] == [f"{MEMBERSHIP}#Instructor"]
    assert roles["maya"] == [f"{MEMBERSHIP}#Learner"]
    assert roles["ruth"] == [
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
        f"{MEMBERSHIP}#Instructor",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator",
    ]


def test_the_assistant_of_one_course_learns_in_the_other(moodle: Bench) -> None:
    assert claims_of(moodle, "jonas", "two-schools")[f"{CLAIM}roles"] == [f"{MEMBERSHIP}#Learner"]


CUSTOM = {
    "panel_id": "77",
    "full": "$Person.name.full",
    "email": "$Person.email.primary",
    "login": "$User.username",
    "groups": "$Moodle.Person.userGroupIds",
    "history": "$Context.id.history",
    "bogus": "$Nope.nothing",
    "MixedCase Key": "Value;with=semi",
}


def test_moodle_fills_in_custom_variables_as_recorded(moodle: Bench) -> None:
    moodle.sandbox.add_link("custom", "ecology", "Custom", custom=CUSTOM)
    moodle.sandbox.world.courses["ecology"].groups["maya"] = ("1", "2")
    assert claims_of(moodle, "maya", "custom")[f"{CLAIM}custom"] == {
        "panel_id": "77",
        "full": "Maya Chen",
        "email": "maya@fernhill.example",
        "login": "maya",
        "groups": "1,2",
        "history": "",
        "bogus": "$Nope.nothing",
        "mixedcase_key": "Value;with=semi",
        "MixedCase Key": "Value;with=semi",
        "context_memberships_url": MEMBERS,
    }


def test_moodle_withholds_names_by_absence_and_variables_by_null(bench_for: Callable[..., Bench]) -> None:
    bench = bench_for(release_names=False, release_email=False)
    bench.sandbox.add_link("custom", "ecology", "Custom", custom=CUSTOM)
    claims = claims_of(bench, "maya", "custom")
    assert not {"name", "given_name", "family_name", "email"} & set(claims)
    assert claims[f"{CLAIM}lis"]["person_sourcedid"] == "S-101"
    assert claims[f"{CLAIM}ext"] == {"lms": "moodle-2"}
    custom = claims[f"{CLAIM}custom"]
    assert (custom["full"], custom["email"], custom["login"]) == (None, None, "maya")


@pytest.mark.parametrize(("target", "container"), [("iframe", "3"), ("window", "4"), ("frame", "5")])
def test_moodle_names_the_launch_container(moodle: Bench, target: str, container: str) -> None:
    presentation = claims_of(moodle, "maya", target=target)[f"{CLAIM}launch_presentation"]
    assert presentation["document_target"] == target
    assert presentation["return_url"].endswith(f"launch_container={container}")


def test_a_link_may_have_its_own_target(moodle: Bench) -> None:
    uri = "http://tool.test:8000/lti/launch?panel=9"
    moodle.sandbox.add_link("own", "ecology", "Own", target_link_uri=uri)
    assert moodle.sandbox.login_params("maya", "own")["target_link_uri"] == uri
    assert claims_of(moodle, "maya", "own")[f"{CLAIM}target_link_uri"] == uri


def test_a_copied_course_tells_where_it_came_from(moodle: Bench) -> None:
    old = moodle.sandbox.world.courses["ecology"]
    moodle.sandbox.add_course("copy", "Ecology again", history=(old.id,), members={"maya": "learner"})
    moodle.sandbox.add_link("again", "copy", "Again", custom={"history": "$Context.id.history"})
    assert claims_of(moodle, "maya", "again")[f"{CLAIM}custom"]["history"] == old.id


def test_canvas_shares_its_issuer_and_hides_its_ids(canvas: Bench) -> None:
    claims = claims_of(canvas, "maya")
    assert claims["iss"] == "https://canvas.instructure.com"
    assert claims["azp"] == claims["aud"] == canvas.sandbox.registration.client_id
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", claims["sub"])
    assert re.fullmatch(r"[0-9a-f]{40}", claims[f"{CLAIM}context"]["id"])
    assert re.fullmatch(r"\d+:[0-9a-f]{40}", claims[f"{CLAIM}deployment_id"])
    assert claims[f"{CLAIM}tool_platform"]["product_family_code"] == "canvas"


def test_a_second_canvas_gives_the_same_people_the_same_ids(
    canvas: Bench, bench_for: Callable[..., Bench]
) -> None:
    again = bench_for(profile="canvas", seed=2)
    assert claims_of(canvas, "maya")["sub"] == claims_of(again, "maya")["sub"]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (
            Role.ASSISTANT,
            {
                f"{MEMBERSHIP}#Instructor",
                "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant",
            },
        ),
        (Role.OBSERVER, {f"{MEMBERSHIP}#Mentor"}),
        (Role.DESIGNER, {f"{MEMBERSHIP}#ContentDeveloper"}),
        (Role.LEARNER, {f"{MEMBERSHIP}#Learner"}),
    ],
)
def test_canvas_always_sends_institution_roles_beside_the_context_ones(
    canvas: Bench, role: Role, expected: set[str]
) -> None:
    canvas.sandbox.add_user("kim", "Kim", "Park", courses={"ecology": role})
    roles = set(claims_of(canvas, "kim")[f"{CLAIM}roles"])
    assert expected <= roles
    assert any("/institution/person#" in each for each in roles)


def test_canvas_marks_its_test_student(canvas: Bench, moodle: Bench) -> None:
    assert (
        "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
        in claims_of(canvas, "test-student")[f"{CLAIM}roles"]
    )
    assert "test-student" not in moodle.sandbox.world.people


def test_canvas_gives_a_course_menu_entry_the_id_of_the_course(canvas: Bench) -> None:
    claims = claims_of(canvas, "maya", "ecology-commons")
    assert claims[f"{CLAIM}resource_link"]["id"] == claims[f"{CLAIM}context"]["id"]
    assert claims["https://www.instructure.com/placement"] == "course_navigation"


def test_canvas_leaves_withheld_and_unknown_variables_as_they_are(canvas: Bench) -> None:
    canvas.sandbox.add_link("custom", "ecology", "Custom", custom=CUSTOM)
    custom = claims_of(canvas, "maya", "custom", names=False)[f"{CLAIM}custom"]
    assert custom["full"] == "$Person.name.full"
    assert custom["bogus"] == "$Nope.nothing"
    assert "mixedcase_key" not in custom


@pytest.mark.parametrize("profile", ["moodle", "canvas"])
def test_the_issuer_may_differ_from_the_host(profile: str, bench_for: Callable[..., Bench]) -> None:
    bench = bench_for(profile=profile, issuer="https://lms.example")
    assert claims_of(bench, "maya")["iss"] == "https://lms.example"
    assert bench.client.get("/.well-known/openid-configuration").json["issuer"] == "https://lms.example"


def test_the_configuration_names_the_addresses(moodle: Bench) -> None:
    told = moodle.client.get("/.well-known/openid-configuration").json
    assert told["authorization_endpoint"] == "http://lms.test:8001/auth"
    assert told["token_endpoint"] == "http://lms.test:8001/token"
    assert moodle.client.get(told["jwks_uri"]).json["keys"]
