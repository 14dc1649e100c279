"""Whatever comes as a body: a clear refusal or a whole entry, never a fault of ours, never half a change."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import func, select

from social_layer.discussion.models import Entry, Revision
from social_layer.events.models import Event
from tests.lti_tool.api.speaker import Speaker
from tests.room import Room

calm = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LONE = "\ud800"
anything = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(some.characters(codec=None, categories=None))
    | some.sampled_from(["", "\x00", LONE, "a\x00b", f"a{LONE}b", "x" * 30_000, "é" * 300]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
fields = some.sampled_from(
    ["body", "title", "parent_id", "version", "what", "kind", "step", "entries", "\x00", LONE]
)
bodies = (
    anything | some.dictionaries(fields, anything, max_size=5) | some.fixed_dictionaries({"body": anything})
)
ROUTES = [
    ("POST", "{panel}/entries"),
    ("PATCH", "/entries/{entry}"),
    ("PUT", "{panel}/setup"),
    ("PUT", "{panel}/drafts/topic"),
    ("POST", "{panel}/read"),
    ("POST", "{panel}/preview"),
    ("POST", "{panel}/reflection"),
]


def whole(room: Room) -> bool:
    """Every entry has its first text and its event, and no event or text stands alone."""
    with room.database.read() as session:
        entries = set(session.scalars(select(Entry.id)))
        texts = set(session.scalars(select(Revision.entry_id).where(Revision.number == 1)))
        posted = set(
            session.scalars(select(Event.id).where(Event.type.in_(["topic_posted", "reply_posted"])))
        )
        versions = session.scalar(select(func.sum(Entry.version)))
        revisions = session.scalar(select(func.count()).select_from(Revision))
        edits = session.scalar(select(func.count()).where(Event.type == "entry_edited"))
    return entries == texts == posted and (versions or 0) == revisions == len(entries) + (edits or 0)


@calm
@given(body=bodies, route=some.sampled_from(ROUTES))
def test_any_json_is_taken_or_refused_whole(
    instructor: Speaker, room: Room, body: Any, route: tuple[str, str]
) -> None:
    method, path = route
    path = path.replace("{entry}", instructor.write()["id"])
    sent = json.dumps(body).encode()
    response = instructor.send(method, path, data=sent, content_type="application/json")
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.mimetype == "application/problem+json"
        assert response.json["code"]
    assert whole(room)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"{", 400, id="half an object"),
        pytest.param(b'{"body": "a"} {"body": "b"}', 400, id="two objects"),
        pytest.param(b"[" * 200_000, 400, id="deep without end"),
        pytest.param(b'{"body": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", (400, 422), id="deep"),
        pytest.param(b'{"body": "\xff\xfe"}', 400, id="not UTF-8"),
        pytest.param('{"body": "words"}'.encode("utf-16"), 400, id="UTF-16"),
        pytest.param(b'\xef\xbb\xbf{"body": "words"}', 400, id="byte order mark"),
        pytest.param(b'{"body": NaN}', 400, id="NaN"),
        pytest.param(b'{"body": ' + b"9" * 10_000 + b"}", 400, id="a number of 10,000 digits"),
        pytest.param(b'{"body": "one", "body": "two"}', 201, id="a key twice: the last one counts"),
        pytest.param(b'{"body": "a\\u0000b"}', 201, id="NUL is left out"),
        pytest.param(b'{"body": "\\u0000"}', 422, id="NUL alone"),
        pytest.param(b'{"body": "\\ud800"}', 422, id="half a character"),
        pytest.param(b'{"body": "\\ud83d\\ude00"}', 201, id="a whole character in two halves"),
        pytest.param(b'{"body": " \\n\\u3000\\u001f"}', 422, id="spaces alone"),
        pytest.param(b'{"body": " \\n words"}', 201, id="spaces, then words"),
        pytest.param(b'{"body": "' + b"x" * 20_001 + b'"}', 422, id="a character too many"),
        pytest.param(b'{"body": "' + b"x" * 1_100_000 + b'"}', 413, id="over a million bytes"),
        pytest.param(b'{"body": "words", "role": "instructor"}', 422, id="a field that is not there"),
        pytest.param(b'{"body": "words", "parent_id": true}', 422, id="a parent that is no id"),
        pytest.param(b'"words"', 422, id="a string"),
        pytest.param(b"[]", 422, id="a list"),
        pytest.param(b"null", 422, id="null"),
    ],
)
def test_a_hostile_body_gets_its_answer(
    learner: Speaker, room: Room, sent: bytes, status: int | tuple[int, ...]
) -> None:
    response = learner.send("POST", "{panel}/entries", data=sent, content_type="application/json")
    assert response.status_code in (status if isinstance(status, tuple) else (status,)), response.text
    posted = len(learner.get("{panel}/entries").json["items"])
    assert posted == (1 if response.status_code == 201 else 0)
    assert whole(room)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
)
def test_a_body_that_is_no_json_is_refused_as_such(learner: Speaker, content_type: str | None) -> None:
    response = learner.send("POST", "{panel}/entries", data=b'{"body": "words"}', content_type=content_type)
    assert (response.status_code, response.json["code"]) == (415, "unsupported_media_type")


def test_a_refusal_names_each_field(learner: Speaker) -> None:
    response = learner.post("{panel}/entries", {"title": "t" * 256, "parent_id": "me", "other": 1})
    assert response.status_code == 422
    assert set(response.json["errors"]) == {"body", "title", "parent_id", "other"}


def test_what_is_not_there_is_said_in_json(learner: Speaker) -> None:
    response = learner.get("/nothing/here")
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    refused = learner.delete("{panel}/entries")
    assert (refused.status_code, refused.json["code"]) == (405, "method_not_allowed")
    assert {"GET", "POST"} <= set(refused.headers["Allow"].split(", "))
