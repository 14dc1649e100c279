"""Reflections: private, in three steps, shared when their author wants to."""

from collections.abc import Callable

import pytest
from flask import Flask

from lti_tool.parts import Parts
from social_layer.panels.models import Kind
from social_layer.people.models import Role
from tests.lti_tool.web.reader import Reader, words_of
from tests.room import Room

THOUGHTS = {"what": "The weir was dry.", "so_what": "We *planned* for water.", "now_what": ""}


@pytest.fixture
def think_as(app: Flask, given: Parts, room: Room) -> Callable[..., Reader]:
    """Somebody new with a reflection panel open; all of them the same one."""
    panel = room.add_panel(Kind.reflection)

    def think(role: Role = Role.learner, **person: object) -> Reader:
        return Reader.of(app, given, room, room.join(role, **person), panel)

    return think


def test_it_says_that_it_is_private_and_begins_with_the_first_step(think_as: Callable[..., Reader]) -> None:
    seen = think_as().sees()
    assert "Private: only you can see this until you share it." in seen
    assert seen.index("What happened?") < seen.index("What does it mean?") < seen.index("What will you do")


def test_its_author_finds_it_at_the_step_where_they_left(think_as: Callable[..., Reader]) -> None:
    author, other = think_as(), think_as()
    author.send_api("PUT", "/drafts/reflection", {**THOUGHTS, "step": 1})
    page = author.page()
    assert 'data-step="1"' in page
    assert "The weir was dry.</textarea>" in page
    assert "The weir was dry." not in other.page()


def test_the_preview_is_what_is_shared(think_as: Callable[..., Reader]) -> None:
    author, reader = think_as(name="Ada"), think_as()
    preview = author.post("/reflection/preview", **THOUGHTS).text
    assert "<h3>What?</h3>" in preview
    assert "Now what?" not in preview
    assert "The weir was dry." not in reader.page()
    shared = author.post("/reflection", title="Dry", **THOUGHTS)
    assert preview.strip() in shared.text
    assert "The weir was dry." in reader.sees()
    assert author.config()["drafts"] == {}


def test_a_shared_reflection_can_be_answered(think_as: Callable[..., Reader]) -> None:
    author, reader = think_as(name="Ada"), think_as(name="Bo")
    shared = author.post("/reflection", **THOUGHTS, idempotency_key="0123456789")
    entry = shared.text.partition('id="t-')[2].partition('"')[0]
    reader.write("I saw that too", parent_id=entry)
    assert "I saw that too" in author.sees()


def test_without_its_first_step_there_is_nothing_to_share(think_as: Callable[..., Reader]) -> None:
    refused = think_as().post("/reflection", what="  ", so_what="x")
    assert refused.status_code == 422
    assert refused.json["code"] == "step_missing"


def test_a_discussion_takes_no_reflections(learner: Reader) -> None:
    refused = learner.post("/reflection", **THOUGHTS)
    assert (refused.status_code, refused.json["code"]) == (409, "not_a_reflection_panel")


def test_an_observer_is_not_asked_to_reflect(think_as: Callable[..., Reader]) -> None:
    assert "Your reflection" not in words_of(think_as(Role.observer).page())
