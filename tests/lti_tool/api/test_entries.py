"""Entries through the API: posting, reading, changing, removing, reacting."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from flask import Flask

from lti_tool.parts import Parts
from social_layer.discussion.actions import edit
from social_layer.discussion.models import Audience, Entry
from social_layer.people.models import Membership, Role
from tests.lti_tool.api.speaker import Speaker
from tests.room import Room


def test_an_entry_posted_is_there_to_read_with_all_its_fields(learner: Speaker) -> None:
    response = learner.post("{panel}/entries", {"title": "Seeds", "body": "Why do *some* wait?"})
    assert response.status_code == 201
    entry = response.json
    assert response.location.endswith(f"/api/v1/entries/{entry['id']}")
    assert learner.get(f"/entries/{entry['id']}").json == entry
    assert entry == {
        "id": entry["id"],
        "parent_id": None,
        "thread_id": entry["id"],
        "kind": "topic",
        "title": "Seeds",
        "body": "Why do *some* wait?",
        "html": "<p>Why do <em>some</em> wait?</p>\n",
        "author": {"name": "Ada Learner", "role": "learner"},
        "created_at": entry["created_at"],
        "edited_at": None,
        "deleted": False,
        "version": 1,
        "depth": 0,
        "seq": 1,
        "replies": 0,
        "reactions": {"like": 0, "insight": 0, "same": 0},
        "my_reactions": [],
        "mine": True,
        "unread": False,
        "group": None,
    }
    assert entry["created_at"].endswith("Z")


def test_a_reply_stands_below_what_it_answers(learner: Speaker, instructor: Speaker) -> None:
    topic = learner.write()
    reply = instructor.write(parent_id=topic["id"])
    assert (reply["parent_id"], reply["thread_id"], reply["depth"]) == (topic["id"], topic["id"], 1)
    items = learner.get("{panel}/entries").json["items"]
    assert [item["id"] for item in items] == [topic["id"], reply["id"]]
    assert [(item["mine"], item["unread"]) for item in items] == [(True, False), (False, True)]
    assert items[0]["replies"] == 1


def test_a_panel_is_read_page_by_page(learner: Speaker) -> None:
    posted = [learner.write(f"Entry {number}")["id"] for number in range(5)]
    seen, after = [], None
    for _ in range(3):
        page = learner.get(
            "{panel}/entries", query_string={"limit": 2, **({"after": after} if after else {})}
        ).json
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
    assert after is None
    assert seen == posted[::-1]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many", ""])
def test_a_page_has_between_1_and_200_entries(learner: Speaker, limit: str) -> None:
    response = learner.get("{panel}/entries", query_string={"limit": limit})
    assert response.status_code == 422
    assert "limit" in response.json["errors"]


def test_a_cursor_of_elsewhere_is_refused(learner: Speaker) -> None:
    cursor = learner.get("{panel}").json["cursor"]
    response = learner.get("{panel}/entries", query_string={"after": cursor})
    assert (response.status_code, response.json["code"]) == (400, "bad_cursor")


def test_news_are_told_once_and_then_nothing(learner: Speaker, instructor: Speaker) -> None:
    cursor = learner.get("{panel}/entries").json["cursor"]
    assert learner.get("{panel}/updates", query_string={"after": cursor}).status_code == 204
    first, second = instructor.write("First"), instructor.write("Second")
    news = learner.get("{panel}/updates", query_string={"after": cursor}).json
    assert [item["id"] for item in news["items"]] == [first["id"], second["id"]]
    assert news["more"] is False
    nothing = learner.get("{panel}/updates", query_string={"after": news["cursor"]})
    assert (nothing.status_code, nothing.data) == (204, b"")


def test_updates_without_a_cursor_say_where_to_get_one(learner: Speaker) -> None:
    response = learner.get("{panel}/updates")
    assert response.status_code == 422
    assert "cursor" in response.json["errors"]["after"][0]


def test_the_same_key_posts_once(learner: Speaker) -> None:
    sent = {"headers": {"Idempotency-Key": "a key"}, "json": {"body": "Once"}}
    first, second = learner.post("{panel}/entries", **sent), learner.post("{panel}/entries", **sent)
    assert (first.status_code, second.status_code) == (201, 201)
    assert (first.json, first.location) == (second.json, second.location)
    assert len(learner.get("{panel}/entries").json["items"]) == 1
    other = learner.post("{panel}/entries", {"body": "Another"}, headers=sent["headers"])
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")


def test_a_key_is_of_one_person(learner: Speaker, instructor: Speaker) -> None:
    sent = {"headers": {"Idempotency-Key": "1"}, "json": {"body": "Once each"}}
    assert (
        learner.post("{panel}/entries", **sent).json["id"]
        != instructor.post("{panel}/entries", **sent).json["id"]
    )


@pytest.mark.parametrize(("key", "status"), [("k" * 255, 201), ("k" * 256, 422), ("ké", 422), ("~ !", 201)])
def test_a_key_has_up_to_255_printable_characters(learner: Speaker, key: str, status: int) -> None:
    response = learner.post("{panel}/entries", {"body": "Words"}, headers={"Idempotency-Key": key})
    assert response.status_code == status


def test_a_change_makes_the_next_version_and_shows_that_it_was_edited(learner: Speaker) -> None:
    entry = learner.write("Befor", title="A title")
    response = learner.patch(f"/entries/{entry['id']}", {"body": "Before", "version": 1})
    assert response.status_code == 200
    changed = response.json
    assert (changed["body"], changed["title"], changed["version"]) == ("Before", "A title", 2)
    assert changed["edited_at"] > changed["created_at"]
    assert response.headers["ETag"] == '"2"'


def test_a_change_from_an_older_version_is_refused(learner: Speaker) -> None:
    entry = learner.write()
    path = f"/entries/{entry['id']}"
    etag = learner.get(path).headers["ETag"]
    assert learner.patch(path, {"body": "Second"}, headers={"If-Match": etag}).status_code == 200
    by_tag = learner.patch(path, {"body": "Third"}, headers={"If-Match": etag})
    assert (by_tag.status_code, by_tag.json["code"]) == (412, "etag_changed")
    by_number = learner.patch(path, {"body": "Third", "version": 1})
    assert (by_number.status_code, by_number.json["code"]) == (409, "entry_changed")
    assert "version 2" in by_number.json["title"]
    assert learner.get(path).json["body"] == "Second"


def test_a_change_says_which_version_it_changes(learner: Speaker) -> None:
    response = learner.patch(f"/entries/{learner.write()['id']}", {"body": "Changed"})
    assert (response.status_code, response.json["code"]) == (428, "version_missing")


@pytest.mark.parametrize(
    ("tag", "status"), [('"1"', 200), ("*", 200), ('"7", "1"', 200), ('W/"1"', 412), ('"2"', 412)]
)
def test_if_match_compares_strongly(learner: Speaker, tag: str, status: int) -> None:
    path = f"/entries/{learner.write()['id']}"
    assert learner.patch(path, {"body": "Changed"}, headers={"If-Match": tag}).status_code == status


def test_an_entry_is_shown_with_its_reactions_whatever_text_one_has(
    learner: Speaker, instructor: Speaker
) -> None:
    path = f"/entries/{learner.write()['id']}"
    etag = learner.get(path).headers["ETag"]
    instructor.put(f"{path}/reactions/like")
    again = learner.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.headers["ETag"]) == (200, etag)
    assert again.json["reactions"]["like"] == 1


def test_a_removal_says_which_version_it_removes(learner: Speaker) -> None:
    def path() -> str:
        return f"/entries/{learner.write()['id']}"

    refused = learner.delete(path())
    assert (refused.status_code, refused.json["code"]) == (428, "version_missing")
    assert learner.delete(path(), json={"version": 2}).json["code"] == "entry_changed"
    assert learner.delete(path(), json={"version": "1"}).status_code == 422
    for way in ({"json": {"version": 1}}, {"query_string": {"version": 1}}, {"headers": {"If-Match": '"1"'}}):
        assert learner.delete(path(), **way).status_code == 204


def test_an_edit_that_comes_between_a_removals_check_and_the_removal_stops_it(
    learner: Speaker, room: Room
) -> None:
    entry_id = UUID(learner.write()["id"])
    with ThreadPoolExecutor(1) as other_tab:
        with room.database.write() as session:
            edit(session, room.clock, room.look(learner.member), entry_id, version=1, body="Meanwhile")
            removal = other_tab.submit(learner.delete, f"/entries/{entry_id}", headers={"If-Match": '"1"'})
            time.sleep(0.5)
        assert removal.result().status_code in (409, 412)
    assert learner.get(f"/entries/{entry_id}").json["body"] == "Meanwhile"


def test_a_removed_entry_leaves_a_place_and_its_answers(learner: Speaker, instructor: Speaker) -> None:
    topic = learner.write(title="A title")
    instructor.write(parent_id=topic["id"])
    path = f"/entries/{topic['id']}"
    etag = learner.get(path).headers["ETag"]
    assert learner.delete(path, headers={"If-Match": '"2"'}).status_code == 412
    assert learner.delete(path, query_string={"version": 2}).status_code == 409
    removed = learner.delete(path, query_string={"version": 1})
    assert (removed.status_code, removed.data) == (204, b"")
    place, answer = instructor.get("{panel}/entries").json["items"]
    assert (place["deleted"], place["title"], place["body"], place["html"]) == (True, "", "", "")
    assert place["author"] == {"name": None, "role": None}
    assert answer["deleted"] is False
    assert learner.get(path, headers={"If-None-Match": etag}).status_code == 200
    for again in (
        learner.delete(path, json={"version": 1}),
        learner.patch(path, {"body": "Back", "version": 1}),
    ):
        assert (again.status_code, again.json["code"]) == (409, "entry_removed")


def test_only_its_author_changes_an_entry_and_staff_may_remove_it(
    learner: Speaker, instructor: Speaker, speak: Callable[..., Speaker]
) -> None:
    path = f"/entries/{learner.write()['id']}"
    other = speak()
    for refused in (
        other.patch(path, {"body": "Mine", "version": 1}),
        instructor.patch(path, {"body": "Mine", "version": 1}),
        other.delete(path, json={"version": 1}),
    ):
        assert (refused.status_code, refused.json["code"]) == (403, "not_author")
    assert instructor.delete(path, json={"version": 1}).status_code == 204


def test_a_reaction_counts_once_and_can_be_taken_back(learner: Speaker, instructor: Speaker) -> None:
    path = f"/entries/{learner.write()['id']}"
    for _ in range(2):
        given = instructor.put(f"{path}/reactions/insight")
    assert given.status_code == 200
    assert given.json["reactions"] == {"like": 0, "insight": 1, "same": 0}
    assert given.json["my_reactions"] == ["insight"]
    assert learner.get(path).json["my_reactions"] == []
    assert instructor.delete(f"{path}/reactions/insight").json["reactions"]["insight"] == 0
    assert instructor.put(f"{path}/reactions/anger").status_code == 404


def test_an_observer_reads_and_does_not_write(learner: Speaker, speak: Callable[..., Speaker]) -> None:
    observer = speak(Role.observer)
    path = f"/entries/{learner.write()['id']}"
    assert observer.get(path).status_code == 200
    for refused in (
        observer.post("{panel}/entries", {"body": "Words"}),
        observer.put(f"{path}/reactions/like"),
    ):
        assert (refused.status_code, refused.json["code"]) == (403, "may_not_post")


def test_who_became_an_observer_changes_nothing_any_more(learner: Speaker, room: Room) -> None:
    path = f"/entries/{learner.write()['id']}"
    with room.database.write() as session:
        session.get_one(Membership, (room.tenant_id, learner.member)).role = Role.observer
    for refused in (
        learner.patch(path, {"body": "Other", "version": 1}),
        learner.delete(path, json={"version": 1}),
        learner.delete(f"{path}/reactions/like"),
    ):
        assert (refused.status_code, refused.json["code"]) == (403, "may_not_post")


def test_a_reaction_given_again_is_no_news(learner: Speaker, instructor: Speaker) -> None:
    path = f"/entries/{learner.write()['id']}"
    learner.put(f"{path}/reactions/like")
    cursor = instructor.get("{panel}").json["cursor"]
    learner.put(f"{path}/reactions/like")
    learner.delete(f"{path}/reactions/same")
    assert instructor.get("{panel}").json["cursor"] == cursor
    assert instructor.get("{panel}/updates", query_string={"after": cursor}).status_code == 204


def test_what_is_not_for_its_reader_is_no_news(learner: Speaker, instructor: Speaker, room: Room) -> None:
    cursor = learner.get("{panel}").json["cursor"]
    hidden = instructor.write()
    with room.database.write() as session:
        session.get_one(Entry, (room.tenant_id, UUID(hidden["id"]))).audience = Audience.staff
    quiet = learner.get("{panel}/updates", query_string={"after": cursor})
    assert (quiet.status_code, quiet.data) == (204, b"")
    seen = instructor.write()
    news = learner.get("{panel}/updates", query_string={"after": cursor}).json
    assert [item["id"] for item in news["items"]] == [seen["id"]]


def test_markup_that_unfolds_without_measure_is_refused(learner: Speaker, instructor: Speaker) -> None:
    swelling = "[](a)" * 4_000
    path = f"/entries/{learner.write()['id']}"
    for refused in (
        learner.post("{panel}/entries", {"body": swelling}),
        learner.patch(path, {"body": swelling, "version": 1}),
        learner.post("{panel}/preview", {"body": swelling}),
        instructor.put("{panel}/setup", {"kind": "discussion", "title": "T", "prompt": swelling}),
    ):
        assert (refused.status_code, refused.json["code"]) == (422, "too_much_markup")
        assert refused.json["errors"]


def test_entries_of_another_panel_are_not_there(
    learner: Speaker, app: Flask, given: Parts, room: Room
) -> None:
    elsewhere = Speaker.of(app, given, room, learner.member, room.add_panel())
    there = elsewhere.write("Of the other panel")
    path = f"/entries/{there['id']}"
    for missing in (
        learner.get(path),
        learner.patch(path, {"body": "Words", "version": 1}),
        learner.delete(path, json={"version": 1}),
        learner.put(f"{path}/reactions/like"),
        learner.post("{panel}/entries", {"body": "Words", "parent_id": there["id"]}),
        learner.get(f"/entries/{uuid4()}"),
    ):
        assert (missing.status_code, missing.json["code"]) == (404, "entry_not_found")
    assert learner.get("{panel}/entries").json["items"] == []
