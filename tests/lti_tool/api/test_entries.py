"""Entries through the API."""

from tests.lti_tool.api.speaker import Speaker


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
    }
    assert entry["created_at"].endswith("Z")
