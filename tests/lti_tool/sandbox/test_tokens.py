"""Tokens as an independent reader sees them: PyJWT with nothing but the published keys."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from lti_tool.sandbox import LaunchOptions, Role
from tests.lti_tool.sandbox.conftest import Bench, Form


def verified(bench: Bench, token: str, **options: Any) -> dict[str, Any]:
    """The claims, after the signature was checked against the key set as served."""
    keys = {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(bench.client.get("/jwks").json).keys}
    kid = jwt.get_unverified_header(token)["kid"]
    # Time is the sandbox's own in these tests.
    claims: dict[str, Any] = jwt.decode(
        token,
        keys[kid],
        algorithms=["RS256"],
        audience=bench.sandbox.registration.client_id,
        issuer=bench.sandbox.profile.issuer,
        options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "aud", "iss", "sub"]},
        **options,
    )
    return claims


@pytest.mark.parametrize(
    ("profile", "life"), [("moodle", timedelta(seconds=60)), ("canvas", timedelta(hours=1))]
)
def test_the_token_of_the_browser_verifies_and_lives_as_long_as_the_profile_says(
    profile: str, life: timedelta, request: pytest.FixtureRequest
) -> None:
    bench: Bench = request.getfixturevalue(profile)
    claims = verified(bench, Form(bench.auth(bench.request())).fields["id_token"])
    assert claims["nonce"] == "n1"
    assert claims["iat"] == bench.sandbox.config.clock().timestamp()
    assert claims["exp"] - claims["iat"] == life.total_seconds()
    assert claims["sub"] == bench.sandbox.world.person("maya").sub


def test_the_published_keys_hold_nothing_private(moodle: Bench) -> None:
    key = moodle.client.get("/jwks").json["keys"][0]
    assert set(key) == {"kty", "alg", "use", "kid", "n", "e"}


def test_after_a_rotation_that_keeps_the_old_key_both_tokens_verify(moodle: Bench) -> None:
    before = moodle.sandbox.launch_token("maya", "food-web", "n1")
    moodle.sandbox.rotate_keys(keep_old=True)
    after = moodle.sandbox.launch_token("maya", "food-web", "n2")
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    assert verified(moodle, before)["nonce"] == "n1"
    assert verified(moodle, after)["nonce"] == "n2"


def test_after_a_rotation_that_drops_the_old_key_only_the_new_token_verifies(moodle: Bench) -> None:
    before = moodle.sandbox.launch_token("maya", "food-web", "n1")
    moodle.sandbox.rotate_keys(keep_old=False)
    with pytest.raises(KeyError):
        verified(moodle, before)
    assert verified(moodle, moodle.sandbox.launch_token("maya", "food-web", "n2"))


def test_the_drawer_rotates_keys_and_another_site_cannot(moodle: Bench) -> None:
    kid = moodle.sandbox.keys.current.kid
    refused = moodle.client.post("/keys", headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert moodle.sandbox.keys.current.kid == kid
    done = moodle.client.post("/keys", data={"old": "keep", "back": "/as/maya/"})
    assert done.location == "/as/maya/"
    assert [key["kid"] for key in moodle.client.get("/jwks").json["keys"]][1] == kid
    assert moodle.client.post("/keys", data={"back": "//elsewhere.example"}).location == "/"


def test_a_second_start_keeps_keys_registration_and_people(
    bench_for: Callable[..., Bench], tmp_path: Path
) -> None:
    state = tmp_path / "made" / "sandbox.json"
    first = bench_for(state_file=state, seed=None)
    first.sandbox.rotate_keys(keep_old=True)
    token = first.sandbox.launch_token("maya", "food-web", "n1")
    second = bench_for(state_file=state, seed=None)
    assert verified(second, token)["sub"] == second.sandbox.world.person("maya").sub
    assert second.sandbox.registration == first.sandbox.registration
    assert state.stat().st_mode & 0o777 == 0o600


def test_a_state_file_of_the_other_profile_lends_no_ids(
    bench_for: Callable[..., Bench], tmp_path: Path
) -> None:
    state = tmp_path / "sandbox.json"
    moodle = bench_for(state_file=state)
    canvas = bench_for(state_file=state, profile="canvas")
    assert canvas.sandbox.registration.deployment_id != moodle.sandbox.registration.deployment_id


def test_a_broken_state_file_is_named(bench_for: Callable[..., Bench], tmp_path: Path) -> None:
    state = tmp_path / "sandbox.json"
    state.write_text("{")
    with pytest.raises(ValueError, match=r"sandbox\.json: not a state file"):
        bench_for(state_file=state)


def test_people_courses_and_links_can_be_added(moodle: Bench) -> None:
    sandbox = moodle.sandbox
    sandbox.add_course("music", "Listening to Music", members={"amara": "instructor"})
    ida = sandbox.add_user("ida", "Ida", "Moen", courses={"music": Role.LEARNER})
    link = sandbox.add_link("first", "music", "First hearing", custom={"panel": "a", "who": "$User.id"})
    claims = verified(moodle, sandbox.launch_token("ida", "first", "n1"))
    assert claims["sub"] == ida.sub
    assert claims["https://purl.imsglobal.org/spec/lti/claim/resource_link"]["id"] == link.id
    custom = claims["https://purl.imsglobal.org/spec/lti/claim/custom"]
    assert (custom["panel"], custom["who"]) == ("a", ida.sub)
    page = moodle.client.get("/as/ida/courses/music/", follow_redirects=True)
    assert "First hearing" in page.text
    assert len({person.sub for person in sandbox.world.people.values()}) == len(sandbox.world.people)
    with pytest.raises(ValueError, match="ida"):
        sandbox.add_user("ida", "Ida", "Again")


def test_nobody_launches_into_a_course_they_are_not_in(moodle: Bench) -> None:
    moodle.sandbox.add_user("stray", "Stray", "Visitor")
    with pytest.raises(LookupError, match="not enrolled"):
        moodle.sandbox.launch_token("stray", "food-web", "n1")
    assert moodle.client.get("/as/stray/launch/food-web").status_code == 404


def test_an_option_of_one_launch_changes_no_other(moodle: Bench) -> None:
    withheld = moodle.sandbox.launch_token("maya", "food-web", "n1", names=False)
    usual = moodle.sandbox.launch_token("maya", "food-web", "n2")
    assert "name" not in verified(moodle, withheld)
    assert verified(moodle, usual)["name"] == "Maya Chen"
    assert LaunchOptions().names


@pytest.mark.parametrize("profile", ["moodle", "canvas"])
def test_a_second_start_gives_no_id_to_something_else(
    bench_for: Callable[..., Bench], tmp_path: Path, profile: str
) -> None:
    state = tmp_path / "sandbox.json"
    first = bench_for(state_file=state, profile=profile).sandbox
    copied = first.copy_course("ecology", "ecology-27", "Ecology 2027")
    placed = first.add_link("placed-1", "ecology", "Placed", custom={"panel": "a"}, deep_linked=True)
    item = first.gradebook.add("ecology", first.registration.client_id, "Week 1", 10, link="placed-1")
    first.set_grade(item, "maya", 7.5, "Good")
    first.suspend("lucas", "ecology")
    first.set_groups("maya", "ecology", "4")
    ida = first.add_user("ida", "Ida", "Moen", courses={"ecology": "learner"})
    first.save()
    second = bench_for(state_file=state, profile=profile).sandbox
    assert second.world.people == first.world.people
    assert second.world.courses == first.world.courses
    assert second.world.links == first.world.links
    assert second.gradebook == first.gradebook
    assert second.world.person(ida.sub) == ida
    new = second.add_link("placed-2", "ecology", "Another")
    assert new.id not in {link.id for link in first.world.links.values()}
    assert (second.world.link("placed-1").id, second.world.course(copied.id).key) == (placed.id, "ecology-27")


def test_what_is_done_on_the_pages_is_kept(bench_for: Callable[..., Bench], tmp_path: Path) -> None:
    state = tmp_path / "sandbox.json"
    bench_for(state_file=state).client.post(
        "/as/amara/courses/ecology/manage", data={"do": "remove", "who": "maya"}
    )
    assert "maya" not in bench_for(state_file=state).sandbox.world.courses["ecology"].members


def test_a_world_of_another_version_is_left_aside(bench_for: Callable[..., Bench], tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    first = bench_for(state_file=path).sandbox
    stored = json.loads(path.read_text())
    stored["world"]["links"][3]["unheard_of"] = 1
    path.write_text(json.dumps(stored))
    second = bench_for(state_file=path).sandbox
    assert second.registration == first.registration
    assert second.world.links == first.world.links
