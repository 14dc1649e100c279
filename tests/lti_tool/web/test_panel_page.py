"""The page that a launch ends on, and that a reload brings back."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from flask import Flask

from social_layer.people.models import Role
from tests.lti_tool.web.reader import Reader, config_of, words_of
from tests.room import Room

ANYBODY = Callable[..., Reader]


def test_a_learner_arriving_first_finds_a_working_panel_named_after_the_link(learner: Reader) -> None:
    page = learner.page()
    assert f">{learner.viewer.panel.title}</h1>" in page
    assert "Nothing here yet" in page
    assert "Start a thread" in page
    assert "Set up" not in page


def test_the_config_says_all_that_a_program_needs(learner: Reader, room: Room) -> None:
    config = learner.config()
    assert config["token"] == learner.token
    assert config["panel_id"] == str(room.panel_id)
    assert config["roles"] == ["learner"]
    assert config["api"] == "http://localhost:8000/api/v1"
    ends = datetime.fromisoformat(config["expires_at"])
    assert (ends - room.clock.now).total_seconds() > 15 * 60
    assert learner.get(f"/updates?after={config['cursor']}").status_code == 204


def test_the_set_up_offer_carries_the_config_too(instructor: Reader) -> None:
    page = instructor.page()
    assert "Set up this panel" in words_of(page)
    assert config_of(page)["roles"] == ["instructor"]


def test_nothing_in_the_config_can_end_its_script(read_as: ANYBODY) -> None:
    writer = read_as(name="Ada")
    writer.send_api("PUT", "/drafts/topic", {"body": "</script><script>alert(1)</script><!--"})
    page = writer.page()
    assert config_of(page)["drafts"]["topic"]["body"] == "</script><script>alert(1)</script><!--"
    assert page.count("<script") == 2


@pytest.mark.parametrize("typed", ["<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "a & b"])
def test_titles_and_names_are_shown_as_they_were_typed(read_as: ANYBODY, typed: str) -> None:
    read_as(name=typed).write("text", title=typed)
    page = read_as().page()
    assert "<img" not in page
    assert "<script>alert" not in page
    assert words_of(page).count(typed) == 2


def test_a_text_is_safe_and_its_pictures_are_links(read_as: ANYBODY) -> None:
    read_as().write("![cat](https://a.example/cat.png) [x](javascript:alert(1)) <b onclick=alert(1)>b</b>")
    page = read_as().page()
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert 'href="https://a.example/cat.png"' in page
    assert "&lt;b onclick" in page


def test_who_has_no_name_is_told_apart_by_two_letters(read_as: ANYBODY) -> None:
    nameless = read_as(name=None)
    nameless.write("I have no name")
    first = words_of(read_as().page())
    assert first == words_of(read_as().page())
    assert "Learner " in first


def test_people_who_run_the_course_bear_a_badge(read_as: ANYBODY) -> None:
    read_as(Role.assistant, name="Tom").write("Hello")
    read_as(name="Ada").write("Hello too")
    page = read_as().page()
    assert page.count('class="badge"') == 1
    assert "Teaching assistant" in words_of(page)


def test_each_sees_the_buttons_that_are_theirs(read_as: ANYBODY) -> None:
    author = read_as(name="Ada")
    author.write("Hello")

    def acts(reader: Reader) -> set[str]:
        return {act for act in ("reply", "edit", "remove", "react") if f'data-act="{act}"' in reader.page()}

    assert acts(author) == {"reply", "edit", "remove", "react"}
    assert acts(read_as()) == {"reply", "react"}
    assert acts(read_as(Role.assistant)) == {"reply", "remove", "react"}
    assert acts(read_as(Role.observer)) == set()


def test_an_observer_reads_and_sees_how_others_reacted(read_as: ANYBODY) -> None:
    entry = read_as().write("Hello")
    read_as().send("PUT", f"/entries/{entry}/reactions/like")
    page = read_as(Role.observer).page()
    assert "Like 1" in words_of(page)
    assert "Start a thread" not in words_of(page)


def test_what_was_not_read_is_new_and_not_on_the_first_visit(read_as: ANYBODY) -> None:
    writer, reader = read_as(name="Ada"), read_as()
    first = writer.write("First")
    assert 'class="new"' not in reader.page()
    reader.send_api("POST", "/read", {"entries": [str(first)]})
    writer.write("Second")
    page = reader.page()
    assert page.count('class="new"') == 1
    assert page.index("Second") < page.index("First")


def test_loading_the_address_gives_nothing_away(app: Flask, room: Room) -> None:
    def shell(panel_id: UUID) -> str:
        return app.test_client().get(f"/panels/{panel_id}").text

    assert shell(room.panel_id) == shell(uuid4())
    assert "Open this panel from your course" in shell(room.panel_id)
    assert str(room.panel_id) not in shell(room.panel_id)


def test_the_empty_page_may_stand_in_the_frames_of_its_panels_tenant_only(app: Flask, room: Room) -> None:
    def frames(panel_id: UUID) -> str:
        policy = app.test_client().get(f"/panels/{panel_id}").headers["Content-Security-Policy"]
        return policy.partition("frame-ancestors ")[2]

    assert frames(room.panel_id).startswith("'self'")
    assert frames(uuid4()) == "'none'"


def test_the_page_needs_no_script_or_style_inside_it(learner: Reader) -> None:
    learner.write("Hello", title="Title")
    page = learner.page()
    assert " style=" not in page
    assert "<style" not in page
    assert " on" not in [word[:3] for word in page.split("<") if word.startswith(" on")]
    assert "hx-on" not in page


def test_a_page_looked_at_again_is_one_opening(learner: Reader, room: Room) -> None:
    for _ in range(3):
        learner.page()
    assert room.event_types().count("panel_opened") == 1
    room.clock.pass_by(minutes=31)
    learner.page()
    assert room.event_types().count("panel_opened") == 2


def test_a_person_reads_in_their_language_and_direction(read_as: ANYBODY) -> None:
    assert '<html lang="en" dir="ltr">' in read_as(language="tlh").page()
    german = read_as(language="de-AT").page()
    assert '<html lang="de" dir="ltr">' in german
    assert "Start a thread" not in words_of(german)
