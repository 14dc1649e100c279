"""The Course Groups Service, where it is switched on."""

from collections.abc import Callable

from tests.lti_tool.sandbox.conftest import Bench

SCOPE = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
CLAIM = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
MEDIA_TYPE = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"


def test_groups_are_listed_for_the_course_and_for_one_person(bench_for: Callable[..., Bench]) -> None:
    bench = bench_for(groups_service=True)
    bench.sandbox.set_groups("maya", "ecology", "4", "7")
    claim = bench.claims("maya", "food-web")[CLAIM]
    assert claim["scope"] == [SCOPE]
    url, accept = claim["context_groups_url"], {"Accept": MEDIA_TYPE}
    everybody = bench.service("GET", url, SCOPE, headers=accept)
    assert everybody.mimetype == MEDIA_TYPE
    assert [each["id"] for each in everybody.get_json()["groups"]] == ["1", "2", "4", "7"]
    sub = bench.sandbox.world.person("maya").sub
    mine = bench.service("GET", f"{url}?user_id={sub}", SCOPE, headers=accept).get_json()["groups"]
    assert mine == [
        {"id": "4", "name": "Group 4", "set_id": "1"},
        {"id": "7", "name": "Group 7", "set_id": "1"},
    ]
    sets = bench.service("GET", claim["context_group_sets_url"], SCOPE).get_json()["sets"]
    assert sets == [{"id": "1", "name": "Project groups"}]
    assert bench.service("GET", url, "another-scope").status_code == 401


def test_moodle_and_canvas_do_not_offer_it(moodle: Bench, canvas: Bench) -> None:
    for bench in (moodle, canvas):
        assert CLAIM not in bench.claims("maya", "food-web")
        course = bench.sandbox.world.courses["ecology"]
        assert bench.service("GET", f"/api/lti-gs/{course.id}/groups", SCOPE).status_code == 404
