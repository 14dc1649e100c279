"""A panel's set-up."""

import re
from collections.abc import Callable

import pytest

from social_layer.people.models import Role
from tests.lti_tool.web.reader import Reader, words_of

ANYBODY = Callable[..., Reader]
WANTED = {
    "kind": "reflection",
    "title": "Looking back",
    "purpose": "Leave with one plan",
    "prompt": "What **changed**?",
}


@pytest.mark.parametrize("role", [Role.instructor, Role.designer, Role.administrator])
def test_who_runs_the_course_is_offered_the_set_up_first(read_as: ANYBODY, role: Role) -> None:
    page = read_as(role).page()
    assert "Set up this panel" in words_of(page)
    assert re.search(r'<div id="panel" data-kind="discussion"[^>]* hidden>', page)


@pytest.mark.parametrize("role", [Role.learner, Role.assistant, Role.observer])
def test_nobody_else_is(read_as: ANYBODY, role: Role) -> None:
    reader = read_as(role)
    assert "Set up" not in words_of(reader.page())
    assert reader.get("/setup").status_code == 403
    assert reader.post("/setup", **WANTED).json["code"] == "not_staff"


def test_the_panel_is_as_it_was_set_up(instructor: Reader, learner: Reader) -> None:
    changed = instructor.post("/setup", **WANTED)
    assert "<title>Looking back</title>" in changed.text
    assert "Set up this panel" not in words_of(changed.text)
    seen = learner.sees()
    assert "Leave with one plan" in seen
    assert "<strong>changed</strong>" in learner.page()
    assert "Your reflection" in seen
    assert "Set up this panel" not in words_of(instructor.page())


def test_the_set_up_can_be_changed_later_but_not_the_kind(instructor: Reader, learner: Reader) -> None:
    instructor.post("/setup", **{**WANTED, "kind": "discussion"})
    learner.write("Hello")
    form = instructor.get("/setup").text
    assert 'value="Looking back"' in form
    assert "the kind stays as it is" in words_of(form)
    refused = instructor.post("/setup", **WANTED)
    assert (refused.status_code, refused.json["code"]) == (409, "kind_is_fixed")
    assert instructor.post("/setup", **{**WANTED, "kind": "discussion", "title": "New"}).status_code == 200
    assert "New" in learner.sees()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": " "}, "title_missing"),
        ({"title": "x" * 256}, "text_too_long"),
        ({"purpose": "x" * 501}, "text_too_long"),
        ({"prompt": "x" * 20_001}, "text_too_long"),
        ({"kind": "exchange"}, "kind_not_offered"),
        ({"kind": "nonsense"}, "invalid"),
    ],
)
def test_what_cannot_be_taken_is_named(instructor: Reader, changes: dict[str, str], code: str) -> None:
    refused = instructor.post("/setup", **{**WANTED, **changes})
    assert (refused.status_code, refused.json["code"]) == (422, code)
