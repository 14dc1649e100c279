"""The authorization endpoint: what it answers, what it refuses, and how, as recorded from Moodle."""

import json
import re

import pytest

from tests.lti_tool.sandbox.conftest import LAUNCH_URL, Bench, Clock, Form


def test_a_correct_request_is_answered_by_a_form_to_the_launch_url(moodle: Bench) -> None:
    response = moodle.auth(moodle.request())
    form = Form(response)
    assert response.status_code == 200
    assert (form.action, form.method) == (LAUNCH_URL, "post")
    assert set(form.fields) == {"id_token", "state"}
    assert form.fields["state"] == "s1"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_request_by_post_is_answered_too(moodle: Bench) -> None:
    response = moodle.client.post("/auth", data=moodle.request())
    assert "id_token" in Form(response).fields


def test_a_state_that_looks_like_markup_stays_text(moodle: Bench) -> None:
    nasty = '"><script>alert(1)</script>'
    response = moodle.auth(moodle.request(state=nasty))
    assert "<script>alert" not in response.text
    assert Form(response).fields["state"] == nasty


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://tool.test:8000/elsewhere"},
        {"redirect_uri": f"{LAUNCH_URL}?x=1"},
        {"redirect_uri": f"{LAUNCH_URL}/"},
        {"redirect_uri": LAUNCH_URL.upper()},
        {"redirect_uri": None},
        {"lti_message_hint": None},
        {"lti_message_hint": "{}"},
        {"lti_message_hint": "[1]"},
        {"lti_message_hint": "not json"},
        {"lti_message_hint": '{"launchid":"ltilaunch1_12345"}'},
        {"scope": "openid profile"},
        {"scope": None},
        {"response_type": "code"},
        {"response_type": None},
        {"nonce": None},
        {"login_hint": None},
        {"client_id": None},
        {"redirect_uri": "http://tool.test:8000/elsewhere", "client_id": "another"},
    ],
)
def test_moodle_shows_a_page_and_tells_the_tool_nothing(
    moodle: Bench, changes: dict[str, str | None]
) -> None:
    response = moodle.auth(moodle.request(**changes))
    assert response.status_code == 404
    assert "Invalid request" in response.text
    assert "id_token" not in response.text
    assert "<form" not in response.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_mode": None}, {"error": "invalid_request", "error_description": "Invalid response_mode"}),
        (
            {"response_mode": "query"},
            {"error": "invalid_request", "error_description": "Invalid response_mode"},
        ),
        ({"prompt": "login"}, {"error": "invalid_request", "error_description": "Invalid prompt"}),
        ({"login_hint": "2"}, {"error": "access_denied"}),
        ({"client_id": "another"}, {"error": "unauthorized_client"}),
    ],
)
def test_moodle_tells_the_tool_by_form_post(
    moodle: Bench, changes: dict[str, str | None], error: dict[str, str]
) -> None:
    form = Form(moodle.auth(moodle.request(**changes)))
    assert form.action == LAUNCH_URL
    assert form.fields == error | {"state": "s1"}


@pytest.mark.parametrize(("changes", "state"), [({"prompt": None}, "s1"), ({"state": None}, "")])
def test_moodle_is_lenient_where_it_was_seen_to_be(
    moodle: Bench, changes: dict[str, str | None], state: str
) -> None:
    form = Form(moodle.auth(moodle.request(**changes)))
    assert "id_token" in form.fields
    assert form.fields["state"] == state


def test_a_hint_works_once(moodle: Bench) -> None:
    asked = moodle.request()
    assert moodle.auth(asked).status_code == 200
    assert moodle.auth(asked).status_code == 404


def test_moodle_spends_the_hint_even_on_a_wrong_request(moodle: Bench) -> None:
    asked = moodle.request()
    assert Form(moodle.auth(asked | {"client_id": "another"})).fields["error"] == "unauthorized_client"
    assert moodle.auth(asked).status_code == 404


@pytest.mark.parametrize("profile", ["moodle", "canvas"])
def test_a_hint_is_no_good_after_ten_minutes(
    profile: str, clock: Clock, request: pytest.FixtureRequest
) -> None:
    bench: Bench = request.getfixturevalue(profile)
    fresh, old = bench.request(), bench.request()
    clock.pass_by(minutes=9)
    assert "id_token" in Form(bench.auth(fresh)).fields
    clock.pass_by(minutes=2)
    assert "id_token" not in bench.auth(old).text


def test_a_hint_of_one_person_is_no_good_for_another(moodle: Bench) -> None:
    mine, theirs = moodle.request("maya"), moodle.request("lucas")
    swapped = mine | {"lti_message_hint": theirs["lti_message_hint"]}
    assert Form(moodle.auth(swapped)).fields["error"] == "access_denied"


def test_the_hint_is_a_json_string_in_moodle_and_opaque_in_canvas(moodle: Bench, canvas: Bench) -> None:
    hint = json.loads(moodle.sandbox.login_params("maya", "food-web")["lti_message_hint"])
    assert set(hint) == {"cmid", "launchid"}
    assert re.fullmatch("[0-9a-f]{64}", canvas.sandbox.login_params("maya", "food-web")["lti_message_hint"])


def test_what_the_login_carries(moodle: Bench, canvas: Bench) -> None:
    login = moodle.sandbox.login_params("maya", "food-web")
    assert list(login) == [
        "iss",
        "target_link_uri",
        "login_hint",
        "lti_message_hint",
        "client_id",
        "lti_deployment_id",
    ]
    assert login["iss"] == "http://lms.test:8001"
    assert login["target_link_uri"] == LAUNCH_URL
    login = canvas.sandbox.login_params("maya", "food-web")
    assert login["iss"] == "https://canvas.instructure.com"
    assert login["lti_storage_target"] == "post_message_forwarding"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"redirect_uri": f"{LAUNCH_URL}?x=1"}, "Invalid redirect_uri"),
        ({"lti_message_hint": None}, "Invalid lti_message_hint"),
    ],
)
def test_canvas_shows_a_page(canvas: Bench, changes: dict[str, str | None], sentence: str) -> None:
    response = canvas.auth(canvas.request(**changes))
    assert response.status_code == 400
    assert sentence in response.text
    assert "<form" not in response.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"prompt": None}, "invalid_request_object"),
        ({"prompt": "login"}, "invalid_request_object"),
        ({"response_mode": "query"}, "invalid_request_object"),
        ({"response_type": "code"}, "invalid_request_object"),
        ({"scope": "openid profile"}, "invalid_request_object"),
        ({"nonce": None}, "invalid_request_object"),
        ({"client_id": "another"}, "unauthorized_client"),
        ({"login_hint": "nobody"}, "login_required"),
        ({"lti_message_hint": "f" * 64}, "launch_no_longer_valid"),
    ],
)
def test_canvas_tells_the_tool_by_form_post(
    canvas: Bench, changes: dict[str, str | None], error: str
) -> None:
    fields = Form(canvas.auth(canvas.request(**changes))).fields
    assert fields["error"] == error
    assert fields["error_description"]
    assert fields["state"] == "s1"
    assert "id_token" not in fields


def test_canvas_says_that_a_hint_was_used(canvas: Bench) -> None:
    asked = canvas.request()
    fields = Form(canvas.auth(asked)).fields
    assert fields["lti_storage_target"] == "post_message_forwarding"
    assert Form(canvas.auth(asked)).fields["error"] == "launch_no_longer_valid"
