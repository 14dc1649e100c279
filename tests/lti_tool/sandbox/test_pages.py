"""The pages of the college: who sees what, and what the choices in the developer drawer change."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lti_tool import paths
from lti_tool.sandbox import BAD_PAYLOADS, BEYOND, VALID_LAUNCHES, SandboxConfig
from tests.lti_tool.sandbox.conftest import LAUNCH_URL, Bench, Form


def test_the_front_page_lets_one_choose_anybody_and_is_marked_as_a_sandbox(moodle: Bench) -> None:
    page = moodle.client.get("/").text
    for person in moodle.sandbox.world.people.values():
        assert person.name in page
        assert f"/as/{person.key}/" in page
    assert "Sandbox" in page


@pytest.mark.parametrize("profile", ["moodle", "canvas"])
def test_everybody_can_open_every_lesson_of_their_courses(
    profile: str, request: pytest.FixtureRequest
) -> None:
    bench: Bench = request.getfixturevalue(profile)
    world = bench.sandbox.world
    assert {link.custom.get("kind") for link in world.links.values()} >= {"discussion", "reflection"}
    for person in world.people.values():
        for course in world.courses_of(person):
            for lesson in course.lessons:
                page = bench.client.get(f"/as/{person.key}/courses/{course.key}/{lesson.key}")
                assert page.status_code == 200
                for link in lesson.links:
                    assert f'src="/as/{person.key}/launch/{link}"' in page.text
                    assert world.links[link].title in page.text


def test_the_panel_stands_between_paragraphs_of_the_lesson(moodle: Bench) -> None:
    page = moodle.client.get("/as/maya/courses/ecology/food-webs").text
    before, frame, after = page.partition("<iframe")
    assert before.count("<p>") > 3
    assert after.count("<p>") >= 2
    tag = frame + after.partition(">")[0]
    assert 'title="A food web near you"' in tag
    assert 'allow="' in tag
    assert "sandbox=" not in tag


def test_each_course_has_a_discussion_and_a_reflection(moodle: Bench) -> None:
    world = moodle.sandbox.world
    assert len(world.courses) == 2
    for course in world.courses.values():
        kinds = [link.custom["kind"] for link in world.links_of(course)]
        assert {"discussion", "reflection"} <= set(kinds)


def test_the_launch_page_posts_itself_to_the_tool(moodle: Bench) -> None:
    response = moodle.client.get("/as/maya/launch/food-web")
    form = Form(response)
    assert (form.action, form.method) == ("http://tool.test:8000/lti/login", "post")
    assert form.fields["iss"] == "http://lms.test:8001"
    assert form.fields["target_link_uri"] == LAUNCH_URL
    assert "/assets/send.js" in response.text
    assert response.headers["Cache-Control"] == "no-store"


def test_the_login_may_go_by_get(moodle: Bench, bench_for: Callable[..., Bench]) -> None:
    assert Form(moodle.client.get("/as/maya/launch/food-web?login=GET")).method == "get"
    always = bench_for(login_method="GET")
    assert Form(always.client.get("/as/maya/launch/food-web")).method == "get"


def test_the_drawer_offers_every_variation_and_passes_it_to_the_panels_of_this_tab(moodle: Bench) -> None:
    plain = moodle.client.get("/as/maya/courses/ecology/food-webs").text
    for name in (*VALID_LAUNCHES, *BAD_PAYLOADS, *BEYOND):
        assert f'value="{name}"' in plain
    query = "variation=no_kid&no_names=1&login=GET"
    altered = moodle.client.get(f"/as/maya/courses/ecology/food-webs?{query}").text
    assert "Altered launch: No kid in the JWT header." in altered
    assert "/as/maya/launch/food-web?variation=no_kid&amp;no_names=1&amp;login=GET" in altered
    assert "Altered launch" not in moodle.client.get("/as/maya/courses/ecology/food-webs").text


def test_a_panel_may_open_in_a_window_instead(moodle: Bench) -> None:
    page = moodle.client.get("/as/maya/courses/ecology/food-webs?target=window").text
    assert "<iframe" not in page
    assert "/as/maya/launch/food-web?target=window" in page


@pytest.mark.parametrize(
    "path",
    [
        "/as/nobody/",
        "/as/maya/courses/nothing/",
        "/as/maya/courses/ecology/nothing",
        "/as/maya/launch/nothing",
        "/as/maya/courses/ecology/links/nothing",
        "/post_message_forwarding",
        "/assets/../pages.py",
        "/assets/nothing.css",
    ],
)
def test_what_is_not_there_is_a_404(moodle: Bench, path: str) -> None:
    assert moodle.client.get(path).status_code == 404


def test_the_way_back_shows_the_tools_message_as_text(moodle: Bench) -> None:
    page = moodle.client.get("/return?link=food-web&lti_errormsg=<b>no</b>&lti_msg=Done").text
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    assert "Done" in page


def test_no_page_runs_inline_script(moodle: Bench) -> None:
    for path in ("/", "/as/maya/", "/as/maya/courses/ecology/food-webs", "/as/maya/launch/food-web"):
        response = moodle.client.get(path)
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        assert "<script>" not in response.text


def test_templates_are_found_in_the_checkout_and_in_a_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (paths.templates_folder() / "sandbox" / "base.html").is_file()
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "lti_tool")
    assert paths.templates_folder() == tmp_path / "templates"
    (tmp_path / "lti_tool" / "templates").mkdir(parents=True)
    assert paths.templates_folder() == tmp_path / "lti_tool" / "templates"
    assert paths.static_folder() == tmp_path / "lti_tool" / "static"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"tool_launch_urls": ()}, "tool_launch_urls"),
        ({"public_url": "lms.test"}, "public_url"),
        ({"profile": "blackboard"}, "profile"),
    ],
)
def test_a_wrong_setting_is_named(
    config: SandboxConfig, changes: dict[str, object], name: str, bench_for: Callable[..., Bench]
) -> None:
    with pytest.raises(ValueError, match=name):
        bench_for(**changes)


def test_secrets_do_not_show_when_the_configuration_is_printed(bench_for: Callable[..., Bench]) -> None:
    assert "hush" not in repr(bench_for(lrs_password="hush").sandbox.config)
