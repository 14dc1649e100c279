"""Names and Roles: who is listed, how pages hang together, and what is told about people."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lti_tool.sandbox import Role
from tests.lti_tool.sandbox.conftest import Bench, Clock

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"


def address(bench: Bench, link: str = "food-web") -> str:
    url: str = bench.claims("amara", link)[CLAIM]["context_memberships_url"]
    return url


def ask(bench: Bench, url: str = "", accept: str | None = MEDIA_TYPE, **more: Any) -> TestResponse:
    headers = {"Accept": accept} if accept is not None else {}
    return bench.service("GET", url or address(bench), SCOPE, headers=headers, **more)


def members(bench: Bench, query: str = "") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = ask(bench, address(bench) + query).get_json()["members"]
    return listed


def next_of(response: TestResponse) -> str | None:
    found = re.search(r'<([^>]+)>; rel="next"', response.headers.get("Link", ""))
    return found.group(1) if found else None


def all_pages(bench: Bench, url: str) -> list[list[dict[str, Any]]]:
    pages: list[list[dict[str, Any]]] = []
    following: str | None = url
    while following:
        response = ask(bench, following)
        pages.append(response.get_json()["members"])
        following = next_of(response)
    return pages


def test_moodle_lists_the_course_as_it_was_recorded(moodle: Bench) -> None:
    response = ask(moodle)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == f"{MEDIA_TYPE}; charset=utf-8"
    body = response.get_json()
    assert body["id"] == "http://lms.test:8001/mod/lti/services.php/CourseSection/2/bindings/1/memberships"
    assert body["context"] == {"id": "2", "label": "ECO101", "title": "Introduction to Ecology"}
    maya = next(each for each in body["members"] if each["name"] == "Maya Chen")
    assert maya == {
        "status": "Active",
        "roles": ["Learner"],
        "user_id": moodle.sandbox.world.person("maya").sub,
        "lis_person_sourcedid": "S-101",
        "name": "Maya Chen",
        "given_name": "Maya",
        "family_name": "Chen",
        "email": "maya@fernhill.example",
        "ext_user_username": "maya",
    }
    families = [each["family_name"] for each in body["members"]]
    assert families == sorted(families)
    # The administrator is in no course.
    assert "Ruth" not in {each["given_name"] for each in body["members"]}


def test_moodle_calls_a_non_editing_teacher_a_learner_here_and_an_instructor_at_launch(moodle: Bench) -> None:
    jonas = next(each for each in members(moodle) if each["given_name"] == "Jonas")
    assert jonas["roles"] == ["Learner"]
    launched = moodle.claims("jonas", "food-web")["https://purl.imsglobal.org/spec/lti/claim/roles"]
    assert launched == [f"{MEMBERSHIP}#Instructor"]


def test_canvas_gives_full_roles_and_leaves_out_the_test_student(canvas: Bench) -> None:
    listed = {each["given_name"]: each for each in members(canvas)}
    assert listed["Jonas"]["roles"] == [
        f"{MEMBERSHIP}#Instructor",
        "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant",
    ]
    assert "Test" not in listed
    assert listed["Maya"]["user_id"] == canvas.sandbox.world.person("maya").sub


@pytest.mark.parametrize(("profile", "sizes"), [("moodle", [213]), ("canvas", [50, 50, 50, 50, 13])])
def test_a_long_roster_comes_in_pages_that_name_everybody_once(
    profile: str, sizes: list[int], request: pytest.FixtureRequest
) -> None:
    bench: Bench = request.getfixturevalue(profile)
    added = bench.sandbox.add_members("ecology", 205)
    pages = all_pages(bench, address(bench))
    assert [len(page) for page in pages] == sizes
    listed = [each["user_id"] for page in pages for each in page]
    assert len(listed) == len(set(listed))
    assert {person.sub for person in added} <= set(listed)
    # They would bury the menu in which one chooses who to be.
    assert added[0].name not in bench.client.get("/").text


def test_moodle_pages_by_limit_and_from(moodle: Bench) -> None:
    url = address(moodle)
    response = ask(moodle, f"{url}?limit=2")
    assert response.headers["Link"] == f'<{url}?limit=2&from=2>; rel="next"'
    assert len(all_pages(moodle, f"{url}?limit=2&role=Learner")) == 4
    everybody = [each for page in all_pages(moodle, f"{url}?limit=3") for each in page]
    assert everybody == members(moodle)


def test_canvas_pages_are_found_only_with_the_address_as_it_was_written(canvas: Bench) -> None:
    response = ask(canvas, f"{address(canvas)}?limit=3")
    following = next_of(response)
    assert following is not None
    assert following != following.lower()
    assert ask(canvas, following.lower()).status_code == 400
    assert "link" in [name for name, _ in response.headers]
    assert len(ask(canvas, f"{address(canvas)}?limit=500").get_json()["members"]) <= 50


@pytest.mark.parametrize(
    ("role", "who"),
    [
        ("Instructor", {"Amara"}),
        (f"{MEMBERSHIP}%23Instructor", {"Amara"}),
        ("Mentor", set()),
    ],
)
def test_moodle_filters_by_short_and_full_role(moodle: Bench, role: str, who: set[str]) -> None:
    assert {each["given_name"] for each in members(moodle, f"?role={role}")} == who


def test_members_may_be_asked_for_by_link(moodle: Bench, canvas: Bench) -> None:
    listed = members(moodle, "?rlid=1")
    kind = "https://purl.imsglobal.org/spec/lti/claim/message_type"
    assert {each["message"][0][kind] for each in listed} == {"LtiResourceLinkRequest"}
    missing = ask(moodle, address(moodle) + "?rlid=9999")
    assert (missing.status_code, missing.get_json()["reason"]) == (
        404,
        "Not Found: LTI link 9999 doesn't exist",
    )
    assert missing.status == "404 Not Found: LTI link 9999 doesn't exist"
    # A link of another course is none of this one's.
    other = moodle.sandbox.world.links["two-schools"].id
    assert ask(moodle, f"{address(moodle)}?rlid={other}").status_code == 404
    link = canvas.sandbox.world.links["food-web"].id
    assert members(canvas, f"?rlid={link}")[0]["message"][0][kind] == "LtiResourceLinkRequest"


def test_what_is_withheld_at_launch_is_withheld_here(bench_for: Callable[..., Bench]) -> None:
    private = bench_for(release_names=False, release_email=False)
    for each in members(private):
        assert set(each) == {"status", "roles", "user_id", "lis_person_sourcedid"}
    canvas = bench_for(profile="canvas", release_names=False, release_email=False)
    for each in members(canvas):
        assert not {"name", "given_name", "family_name", "email", "picture"} & set(each)


def test_the_suspended_vanish_and_come_back(moodle: Bench) -> None:
    moodle.sandbox.suspend("maya", "ecology")
    assert "Maya" not in {each["given_name"] for each in members(moodle)}
    with pytest.raises(LookupError, match="not enrolled"):
        moodle.sandbox.login_params("maya", "food-web")
    assert moodle.sandbox.login_params("maya", "two-schools")
    moodle.sandbox.readmit("maya", "ecology")
    assert "Maya" in {each["given_name"] for each in members(moodle)}


def test_a_status_may_be_shown_instead(canvas: Bench) -> None:
    canvas.sandbox.suspend("maya", "ecology", shown_as="Inactive")
    status = {each["given_name"]: each["status"] for each in members(canvas)}
    assert (status["Maya"], status["Lucas"]) == ("Inactive", "Active")


def test_who_was_removed_is_gone_and_who_joins_is_there(moodle: Bench) -> None:
    moodle.sandbox.remove("lucas", "ecology")
    moodle.sandbox.add_user("ida", "Ida", "Moen", courses={"ecology": Role.LEARNER})
    names = {each["given_name"] for each in members(moodle)}
    assert "Lucas" not in names
    assert "Ida" in names


@pytest.mark.parametrize(("profile", "status"), [("moodle", 400), ("canvas", 406)])
def test_another_media_type_is_refused(profile: str, status: int, request: pytest.FixtureRequest) -> None:
    bench: Bench = request.getfixturevalue(profile)
    assert ask(bench, accept="application/json").status_code == status
    assert ask(bench, accept=None).status_code == 200
    assert ask(bench, accept="*/*").status_code == 200


def test_moodle_names_the_path_it_has_no_handler_for(moodle: Bench) -> None:
    reason = ask(moodle, accept="application/json").get_json()["reason"]
    assert reason == "No handler found for /CourseSection/2/bindings/1/memberships application/json"


@pytest.mark.parametrize("profile", ["moodle", "canvas"])
def test_a_bearer_with_the_scope_is_needed(
    profile: str, clock: Clock, request: pytest.FixtureRequest
) -> None:
    bench: Bench = request.getfixturevalue(profile)
    url = address(bench).removeprefix("http://lms.test:8001")
    assert bench.client.get(url).status_code == 401
    assert bench.client.get(url, headers={"Authorization": "Bearer guessed"}).status_code == 401
    assert bench.service("GET", url, SCORE).status_code == 401
    token = bench.sandbox.grants.issue(bench.sandbox.registration, [SCOPE])
    assert bench.service("GET", url, token=token).status_code == 200
    clock.pass_by(hours=1)
    assert bench.service("GET", url, token=token).status_code == 401


@pytest.mark.parametrize("profile", ["moodle", "canvas"])
def test_a_course_or_binding_that_is_not_there(profile: str, request: pytest.FixtureRequest) -> None:
    bench: Bench = request.getfixturevalue(profile)
    url = address(bench)
    if profile == "moodle":
        assert ask(bench, url.replace("bindings/1", "bindings/2")).status_code == 401
        assert ask(bench, url.replace("/2/", "/99/")).status_code == 404
    else:
        assert ask(bench, re.sub(r"courses/\d+", "courses/1", url)).status_code == 404


def test_calls_are_kept_and_bad_weather_can_be_made(moodle: Bench) -> None:
    moodle.sandbox.door.weather = lambda method, path: 429
    response = ask(moodle)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
    moodle.sandbox.door.weather = None
    ask(moodle)
    last = moodle.sandbox.door.calls[-1]
    assert (last.status, last.headers["Accept"]) == (200, MEDIA_TYPE)
    assert last.client_id == moodle.sandbox.registration.client_id
