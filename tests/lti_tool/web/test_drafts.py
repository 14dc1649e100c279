"""What somebody is writing is kept for their eyes."""

from collections.abc import Callable

import pytest

from tests.lti_tool.web.reader import Reader

ANYBODY = Callable[..., Reader]


def keep(reader: Reader, about: str, **fields: object) -> int:
    return reader.send_api("PUT", f"/drafts/{about}", fields).status_code


def test_a_topic_half_written_stands_in_its_box_again(learner: Reader, read_as: ANYBODY) -> None:
    assert keep(learner, "topic", title="Half", body="a thought", key="0123456789") == 204
    page = learner.page()
    assert 'value="Half"' in page
    assert "a thought</textarea>" in page
    assert 'name="idempotency_key" value="0123456789"' in page
    assert "Half" not in read_as().page()


def test_a_reply_half_written_is_offered_where_it_belongs(learner: Reader) -> None:
    topic = learner.write("Topic")
    keep(learner, f"reply:{topic}", body="well")
    assert "Continue your reply" in learner.sees()
    assert learner.config()["drafts"][f"reply:{topic}"] == {"body": "well"}


def test_an_edit_half_done_goes_on_from_there(learner: Reader) -> None:
    entry = learner.write("Old words", title="Old title")
    keep(learner, f"edit:{entry}", body="New words")
    assert "Continue editing" in learner.sees()
    form = learner.get(f"/entries/{entry}/edit").text
    assert "New words</textarea>" in form
    assert "Old title" not in form


def test_posting_drops_the_draft(learner: Reader) -> None:
    keep(learner, "topic", body="a thought")
    learner.write("a thought, finished")
    assert learner.config()["drafts"] == {}


def test_a_draft_can_be_let_go(learner: Reader) -> None:
    keep(learner, "topic", body="a thought")
    assert learner.send_api("DELETE", "/drafts/topic").status_code == 204
    assert learner.config()["drafts"] == {}


@pytest.mark.parametrize(
    "about",
    ["", "topics", "reply", "reply:1", "topic:7f1c1f0e-3c7a-4f38-9d43-0a6d6e0e5f11", "x" * 300, "reply:%00"],
)
def test_drafts_are_about_something_there_is(learner: Reader, about: str) -> None:
    assert keep(learner, about, body="x") in (404, 405, 422)
    assert learner.config()["drafts"] == {}


def test_a_draft_can_be_too_long(learner: Reader) -> None:
    refused = learner.send_api("PUT", "/drafts/topic", {"title": "x" * 50_000, "body": "x" * 50_000})
    assert refused.status_code == 422
    assert refused.json["code"] == "draft_too_long"
