"""The tool side of the 1EdTech certification guide for LTI 1.3, section 6, and what careful tools refuse beyond it.

Each row is played through the tool's own addresses: login, the redirect to ourselves, the platform's answer.

Of the guide's table, the bad payloads and the valid launches are here; Deep Linking, Names and Roles, and Assignment
and Grades are in test_services.py. What must not pass between deployments and tenants is in test_apart.py.
"""

import pytest
from werkzeug.test import TestResponse

from lti_tool.problems import PROBLEMS
from lti_tool.sandbox import BAD_PAYLOADS, BEYOND, VALID_LAUNCHES, Variation
from social_layer.people.models import Membership
from tests.lti_tool.lti.launching import Course, Page, config_of

# Why each is refused: the code that the person and the administrator see.
REASONS = {
    "no_kid": "key_id_missing",
    "wrong_kid": "key_unknown",
    "wrong_lti_version": "lti_version_wrong",
    "no_lti_version": "claim_missing",
    "not_lti_message": "nonce_wrong",
    "lti_claims_missing": "claim_missing",
    "wrong_timestamps": "id_token_expired",
    "message_type_missing": "claim_missing",
    "roles_missing": "claim_missing",
    "deployment_id_missing": "claim_missing",
    "resource_link_id_missing": "claim_missing",
    "sub_missing": "claim_missing",
    "wrong_aud": "audience_wrong",
    "several_aud_wrong_azp": "authorized_party_wrong",
    "several_aud_missing_azp": "authorized_party_wrong",
    "replayed_token": "login_used",
    "used_nonce": "login_used",
    "state_of_another_browser": "browser_wrong",
    "state_bound_to_another_nonce": "nonce_wrong",
    "expired": "id_token_expired",
    "future_iat": "issued_in_future",
    "exp_missing": "times_missing",
    "iat_missing": "times_missing",
    "nonce_missing": "nonce_wrong",
    "alg_none": "algorithm_wrong",
    "alg_hs256": "algorithm_wrong",
    "foreign_key": "signature_wrong",
    "unknown_issuer": "platform_unknown",
    "unknown_client": "platform_unknown",
    "unknown_deployment": "deployment_unknown",
    "wrong_type_iss_a_list": "issuer_wrong",
    "wrong_type_aud_a_number": "audience_wrong",
    "wrong_type_aud_an_object": "audience_wrong",
    "wrong_type_nonce_a_list": "nonce_wrong",
    "wrong_type_exp_a_word": "times_missing",
    "wrong_type_exp_null": "times_missing",
    "wrong_type_iat_a_word": "times_missing",
    "wrong_type_sub_null": "claim_missing",
    "wrong_type_version_a_number": "lti_version_wrong",
    "wrong_type_sub_a_number": "claim_wrong",
    "wrong_type_roles_a_string": "claim_wrong",
    "wrong_type_roles_of_numbers": "claim_wrong",
    "wrong_type_context_a_string": "claim_wrong",
    "wrong_type_context_a_list": "claim_wrong",
    "wrong_type_context_id_a_number": "claim_wrong",
    "wrong_type_resource_link_a_string": "claim_wrong",
    "wrong_type_resource_link_a_list": "claim_wrong",
    "wrong_type_resource_link_id_a_number": "claim_wrong",
    "wrong_type_deployment_id_a_number": "claim_wrong",
    "wrong_type_message_type_a_list": "claim_wrong",
    "wrong_type_target_link_uri_a_number": "claim_wrong",
    "wrong_type_custom_a_string": "claim_wrong",
    "wrong_type_launch_presentation_a_string": "claim_wrong",
    "wrong_type_tool_platform_a_string": "claim_wrong",
    "wrong_type_name_an_object": "claim_wrong",
    "wrong_type_email_a_list": "claim_wrong",
}
REFUSED = [v for v in (*BAD_PAYLOADS.values(), *BEYOND.values()) if not v.accepted]
# Takes two browsers, which one altered payload cannot be; played below.
OF_TWO_BROWSERS = "state_of_another_browser"
ACCEPTED_BEYOND = [v for v in BEYOND.values() if v.accepted]


def test_no_row_of_the_table_is_missing() -> None:
    assert set(REASONS) == {variation.name for variation in REFUSED}
    assert (len(BAD_PAYLOADS), len(VALID_LAUNCHES)) == (12, 9)


@pytest.mark.parametrize(
    "variation", [v for v in REFUSED if v.name != OF_TWO_BROWSERS], ids=lambda variation: variation.name
)
def test_a_bad_launch_is_refused_with_a_reason(course: Course, variation: Variation) -> None:
    browser = course.browser()
    assert course.launch("maya", browser=browser).status_code == 200
    assert course.launch("jonas").status_code == 200

    answer = course.launch("maya", variation=variation.name, browser=browser)

    _is_refused(answer, REASONS[variation.name])
    assert len(course.rows(Membership)) == 2


def test_the_state_of_another_browser_is_refused(course: Course) -> None:
    """A launch that another has begun and not finished: whoever posts it here would go on under the other's name."""
    others, browser = course.browser(), course.browser()
    of_other = course.ready(others, "jonas")
    own = course.ready(browser, "maya")

    for fields in (of_other, own | {"state": of_other["state"]}):
        _is_refused(browser.post("/lti/launch", fields), REASONS[OF_TWO_BROWSERS])
    assert course.rows(Membership) == []

    # Nothing was wrong with either but the browser.
    assert config_of(browser.post("/lti/launch", own))["token"]
    assert config_of(others.post("/lti/launch", of_other))["token"]


def test_a_state_that_another_browser_has_used_up_is_refused(course: Course) -> None:
    browser = course.browser()
    assert course.launch("maya", browser=browser).status_code == 200
    assert course.launch("jonas").status_code == 200

    _is_refused(course.launch("maya", variation=OF_TWO_BROWSERS, browser=browser), "login_used")


def _is_refused(answer: TestResponse, code: str) -> None:
    assert answer.status_code == PROBLEMS[code].status
    assert 400 <= answer.status_code < 500
    assert code in answer.text
    assert Page(answer).data == {}


@pytest.mark.parametrize("user", ["maya", "amara"], ids=["student", "teacher"])
@pytest.mark.parametrize("variation", VALID_LAUNCHES.values(), ids=lambda variation: variation.name)
def test_a_valid_launch_opens_the_panel(course: Course, variation: Variation, user: str) -> None:
    config = config_of(course.launch(user, variation=variation.name))

    without_role = variation.name in ("unknown_role", "no_role")
    assert config["roles"] == ["instructor" if user == "amara" and not without_role else "learner"]
    assert config["token"]


@pytest.mark.parametrize("variation", ACCEPTED_BEYOND, ids=lambda variation: variation.name)
def test_an_unusual_launch_opens_the_panel(course: Course, variation: Variation) -> None:
    assert config_of(course.launch(variation=variation.name))["token"]
