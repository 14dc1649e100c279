"""Whatever is sent, the answer is a clear problem: a sentence and a next step, and never a 500."""

from typing import Any

import pytest
from flask import Flask

from tests.lti_tool.web.reader import Reader
from tests.room import Room

# Fixed, since it stands in the names of tests, which all processes of a run must agree on.
NOBODY = "6c0e1f3a-0000-4000-8000-00000000d0e5"
CASES: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("POST", "/entries", {}, 422, "body_missing"),
    ("POST", "/entries", {"data": {"body": " \n\t "}}, 422, "body_missing"),
    ("POST", "/entries", {"data": {"body": "x" * 20_001}}, 422, "text_too_long"),
    ("POST", "/entries", {"data": {"body": "x", "title": "t" * 256}}, 422, "text_too_long"),
    ("POST", "/entries", {"data": {"body": "x", "parent_id": "7"}}, 422, "invalid"),
    ("POST", "/entries", {"data": {"body": "x", "parent_id": NOBODY}}, 404, "entry_not_found"),
    ("POST", "/entries", {"data": {"body": "x", "idempotency_key": "short"}}, 422, "invalid"),
    ("POST", "/entries", {"data": {"body": "x" * 1_100_000}}, 413, "too_large"),
    ("POST", "/preview", {"data": {"body": "x" * 90_000}}, 422, "invalid"),
    ("POST", "/preview", {"data": {"body": "[](a)" * 4_000}}, 422, "too_much_markup"),
    (
        "POST",
        "/reflection/preview",
        {"data": {"what": "x" * 15_000, "so_what": "x" * 15_000}},
        422,
        "text_too_long",
    ),
    ("GET", "/entries?after=nonsense", {}, 400, "bad_cursor"),
    ("GET", "/entries?after=cAAAAA%00", {}, 400, "bad_cursor"),
    ("GET", "/updates", {}, 400, "bad_cursor"),
    ("GET", "/updates?after=é", {}, 400, "bad_cursor"),
    ("GET", f"/entries/{NOBODY}", {}, 404, "entry_not_found"),
    ("GET", f"/entries/{NOBODY}/edit", {}, 404, "entry_not_found"),
    ("GET", "/entries/7", {}, 404, "not_found"),
    ("PATCH", f"/entries/{NOBODY}", {"data": {"version": 1, "body": "x"}}, 404, "entry_not_found"),
    ("PATCH", f"/entries/{NOBODY}", {"data": {"body": "x"}}, 422, "invalid"),
    ("PATCH", f"/entries/{NOBODY}", {"data": {"version": "1e9", "body": "x"}}, 422, "invalid"),
    ("PATCH", f"/entries/{NOBODY}", {"data": {"version": str(10**30), "body": "x"}}, 422, "invalid"),
    ("DELETE", f"/entries/{NOBODY}", {}, 404, "entry_not_found"),
    ("DELETE", f"/entries/{NOBODY}?version=-1", {}, 422, "invalid"),
    ("PUT", f"/entries/{NOBODY}/reactions/like", {}, 404, "entry_not_found"),
    ("PUT", f"/entries/{NOBODY}/reactions/hate", {}, 404, "not_found"),
    ("POST", f"/entries/{NOBODY}/reactions/like", {}, 405, "method_not_allowed"),
    ("POST", "/setup", {"data": {"kind": "discussion", "title": "x"}}, 403, "not_staff"),
    ("GET", "/nowhere", {}, 404, "not_found"),
]


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "code"),
    CASES,
    ids=[f"{case[0]} {case[1][:40]} {case[4]}" for case in CASES],
)
def test_a_clear_problem(
    learner: Reader, method: str, path: str, sent: dict[str, Any], status: int, code: str
) -> None:
    response = learner.send(method, path, **sent)
    assert response.status_code == status, response.text
    assert response.json["code"] == code
    assert response.json["title"]
    assert response.json["detail"]


@pytest.mark.parametrize(
    "body", ["\x00", "a\x00b", "\u202e", "\ufffe", "🜁" * 50, "]]>", "\r\n\r\n", "%s %(x)s {0}"]
)
def test_odd_characters_are_kept_or_refused_but_break_nothing(learner: Reader, body: str) -> None:
    assert learner.post("/entries", body=body, title=body).status_code in (200, 422)
    assert learner.post("/preview", body=body).status_code == 200
    assert learner.send_api("PUT", "/drafts/topic", {"body": body}).status_code == 204
    learner.page()


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer \xff", "Bearer " + "a." * 5000]
)
def test_a_pass_that_is_none(app: Flask, room: Room, authorization: str) -> None:
    response = app.test_client().get(f"/panels/{room.panel_id}", headers={"Authorization": authorization})
    assert response.status_code == 401
    assert response.json["detail"] == "Open the panel again from your course."


def test_a_pass_of_one_panel_opens_no_other(learner: Reader, room: Room) -> None:
    learner.panel_id = room.add_panel()
    for path in ("", "/entries", "/updates?after=x", "/setup"):
        assert learner.get(path).json["code"] == "other_panel"


def test_a_pass_ends(learner: Reader, room: Room) -> None:
    room.clock.pass_by(hours=5)
    refused = learner.get()
    assert (refused.status_code, refused.json["code"]) == (401, "token_expired")
