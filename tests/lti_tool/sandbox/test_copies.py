"""Course copies, duplicates, resets and pages with panels: which ids are new, what travels along, what is gone."""

from collections.abc import Callable
from typing import Any

import pytest

from lti_tool.sandbox.gradebook import Score
from tests.lti_tool.sandbox.conftest import Bench

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
CUSTOM = {
    "panel_template": "7d6e",
    "courses": "$Context.id.history",
    "links": "$ResourceLink.id.history",
}


@pytest.fixture(params=["moodle", "canvas"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """Ecology with one graded activity that was placed by deep linking, and a grade in it."""
    made: Bench = request.getfixturevalue(request.param)
    sandbox = made.sandbox
    link = sandbox.add_link("placed-1", "ecology", "Week 1", custom=CUSTOM, deep_linked=True)
    item = sandbox.gradebook.add(
        "ecology", sandbox.registration.client_id, "Week 1", 10, link=link.key, tag="part", resource_id="r1"
    )
    score = Score(7, "", sandbox.config.clock(), "Completed", "FullyGraded")
    sandbox.gradebook.receive(item, "maya", score)
    return made


def place(claims: dict[str, Any]) -> tuple[str, str]:
    return claims[f"{CLAIM}context"]["id"], claims[f"{CLAIM}resource_link"]["id"]


def test_a_copy_has_new_ids_and_the_same_parameters(bench: Bench) -> None:
    sandbox = bench.sandbox
    copied = sandbox.copy_course("ecology", "ecology-27", "Ecology 2027")
    (link,) = [each for each in sandbox.world.links_of(copied) if each.deep_linked]
    before, after = bench.claims("amara", "placed-1"), bench.claims("amara", link.key)
    assert not set(place(before)) & set(place(after))
    custom = after[f"{CLAIM}custom"]
    assert custom["panel_template"] == "7d6e"
    assert custom["courses"] == place(before)[0]
    # Only Canvas knows where a link came from; Moodle leaves the variable as it is.
    moodle = sandbox.config.profile == "moodle"
    assert custom["links"] == ("$ResourceLink.id.history" if moodle else place(before)[1])
    again = sandbox.copy_course("ecology-27", "ecology-28")
    (second,) = [each for each in sandbox.world.links_of(again) if each.deep_linked]
    custom = bench.claims("amara", second.key)[f"{CLAIM}custom"]
    assert custom["courses"] == f"{copied.id},{place(before)[0]}"


def test_a_copy_has_line_items_of_its_own_and_no_learners_or_grades(bench: Bench) -> None:
    sandbox = bench.sandbox
    copied = sandbox.copy_course("ecology", "ecology-27")
    (link,) = [each for each in sandbox.world.links_of(copied) if each.deep_linked]
    item = sandbox.gradebook.sole_item_of(link.key)
    old = sandbox.gradebook.sole_item_of("placed-1")
    assert item is not None
    assert old is not None
    assert item.number != old.number
    assert (item.tag, item.resource_id, item.score_maximum) == ("part", "r1", 10)
    assert sandbox.gradebook.grades_in(item) == {}
    assert list(sandbox.gradebook.grades_in(old)) == ["maya"]
    assert (
        bench.claims("amara", link.key)[AGS]["lineitem"] != bench.claims("amara", "placed-1")[AGS]["lineitem"]
    )
    assert set(copied.members) == {"amara", "jonas"}
    with pytest.raises(LookupError, match="not enrolled"):
        sandbox.login_params("maya", link.key)


def test_the_lessons_of_a_copy_open_its_own_links(bench: Bench) -> None:
    copied = bench.sandbox.copy_course("ecology", "ecology-27")
    copied = bench.sandbox.copy_course(copied.key, "ecology-28")
    page = bench.client.get("/as/amara/courses/ecology-28/food-webs").text
    own = copied.links["food-web"]
    assert f'src="/as/amara/launch/{own}"' in page
    assert '/as/amara/launch/food-web"' not in page
    assert place(bench.claims("amara", own))[0] == copied.id


def test_a_duplicate_stands_in_the_same_course(bench: Bench) -> None:
    sandbox = bench.sandbox
    link = sandbox.duplicate("placed-1")
    before, after = bench.claims("maya", "placed-1"), bench.claims("maya", link.key)
    assert place(before)[0] == place(after)[0]
    assert place(before)[1] != place(after)[1]
    assert after[f"{CLAIM}custom"]["panel_template"] == "7d6e"
    assert after[AGS]["lineitem"] != before[AGS]["lineitem"]
    outline = bench.client.get("/as/maya/courses/ecology/food-webs").text
    assert f'/links/{link.key}"' in outline
    # One that stood in a lesson is found in the outline too.
    assert (
        f'/links/{sandbox.duplicate("food-web").key}"'
        in bench.client.get("/as/maya/courses/ecology/food-webs").text
    )


def test_a_reset_keeps_every_id_and_nobody_who_learned(bench: Bench) -> None:
    sandbox = bench.sandbox
    before = bench.claims("amara", "placed-1")
    sandbox.reset_course("ecology")
    after = bench.claims("amara", "placed-1")
    assert place(before) == place(after)
    assert before[AGS] == after[AGS]
    course = sandbox.world.courses["ecology"]
    assert set(course.members) == {"amara", "jonas"}
    assert course.groups == {}
    item = sandbox.gradebook.sole_item_of("placed-1")
    assert item is not None
    assert sandbox.gradebook.grades_in(item) == {}
    # The other course has its people still.
    assert sandbox.login_params("maya", "two-schools")


def test_canvas_pages_give_every_panel_in_them_the_id_of_the_course(canvas: Bench) -> None:
    for name in ("a", "b"):
        canvas.sandbox.add_link(
            f"in-page-{name}", "ecology", f"Panel {name}", custom={"panel": name}, placement="editor_button"
        )
    first, second = canvas.claims("maya", "in-page-a"), canvas.claims("maya", "in-page-b")
    assert place(first) == place(second)
    assert place(first)[0] == place(first)[1]
    assert (first[f"{CLAIM}custom"]["panel"], second[f"{CLAIM}custom"]["panel"]) == ("a", "b")


def test_canvas_offers_to_embed_in_a_page(canvas: Bench, moodle: Bench) -> None:
    assert "Embed in a page" in canvas.client.get("/as/amara/courses/ecology/add").text
    assert "Embed in a page" not in moodle.client.get("/as/amara/courses/ecology/add").text
    launch, _ = canvas.sandbox.deep_links.begin("amara", "ecology", placement="editor_button")
    claims = canvas.sandbox.profile.token_claims(launch, None, "n", canvas.sandbox.config.clock())
    assert claims["https://www.instructure.com/placement"] == "editor_button"


def test_groups_come_as_each_platform_names_them(bench_for: Callable[..., Bench]) -> None:
    for profile, variable, expected in (
        ("moodle", "$Moodle.Person.userGroupIds", "4,7"),
        ("canvas", "$Canvas.group.contextIds", None),
    ):
        bench = bench_for(profile=profile)
        bench.sandbox.set_groups("maya", "ecology", "4", "7")
        bench.sandbox.add_link("grouped", "ecology", "Grouped", custom={"groups": variable})
        groups = bench.claims("maya", "grouped")[f"{CLAIM}custom"]["groups"]
        assert len(groups.split(",")) == 2
        assert expected in (None, groups)
        bench.sandbox.set_groups("maya", "ecology")
        assert bench.claims("maya", "grouped")[f"{CLAIM}custom"]["groups"] == ""


def test_the_page_to_look_after_a_course(moodle: Bench) -> None:
    path, client, world = "/as/amara/courses/ecology/manage", moodle.client, moodle.sandbox.world
    assert "Maya Chen" in client.get(path).text
    client.post(path, data={"do": "suspend", "who": "maya"})
    assert ">suspended<" in client.get(path).text
    assert client.get("/as/maya/courses/ecology/food-webs").status_code == 404
    client.post(path, data={"do": "readmit", "who": "maya"})
    assert client.get("/as/maya/courses/ecology/food-webs").status_code == 200
    client.post(path, data={"do": "duplicate", "link": "food-web"})
    client.post(path, data={"do": "remove", "who": "lucas"})
    assert "lucas" not in world.courses["ecology"].members
    done = client.post(path, data={"do": "copy", "title": "Ecology <2027>"})
    assert "Ecology &lt;2027&gt;" in client.get(done.location, follow_redirects=True).text
    client.post(path, data={"do": "reset"})
    assert set(world.courses["ecology"].members) == {"amara", "jonas"}
    assert client.post(path, data={"do": "explode"}).status_code == 400
    assert (
        client.post(path, data={"do": "reset"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    )
    for who in ("jonas", "maya"):
        assert client.get(path.replace("amara", who)).status_code == 404
        assert client.post(path.replace("amara", who), data={"do": "reset"}).status_code == 404
