"""The panel through the API: its settings, set-up, reading, drafts, previews, reflections, tokens."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from lti_tool import bearer
from lti_tool.lti.models import Platform
from lti_tool.lti.registrations import remove
from lti_tool.parts import Parts
from social_layer.discussion.models import ReadingTime
from social_layer.panels.models import Kind
from social_layer.people.models import Role
from tests.lti_tool.api.speaker import Speaker
from tests.room import Room

SETTINGS = {"kind": "discussion", "title": "Seeds", "purpose": "To plan the garden", "prompt": "Why *fire*?"}


def test_a_panel_says_what_it_is_and_what_its_reader_may_do(learner: Speaker) -> None:
    panel = learner.get("{panel}").json
    assert panel["id"] == str(learner.panel_id)
    assert panel["kind"] == "discussion"
    assert panel["viewer"] == {
        "name": "Ada Learner",
        "role": "learner",
        "may_post": True,
        "may_set_up": False,
    }
    assert panel["is_set_up"] is False
    assert panel["cursor"]


def test_staff_set_up_the_panel(instructor: Speaker, learner: Speaker) -> None:
    done = instructor.put("{panel}/setup", SETTINGS)
    assert done.status_code == 200
    panel = learner.get("{panel}").json
    assert {name: panel[name] for name in SETTINGS} == SETTINGS
    assert panel["prompt_html"] == "<p>Why <em>fire</em>?</p>\n"
    assert panel["is_set_up"] is True


def test_learners_do_not_set_up_the_panel(learner: Speaker) -> None:
    refused = learner.put("{panel}/setup", SETTINGS)
    assert (refused.status_code, refused.json["code"]) == (403, "not_staff")


def test_the_kind_is_fixed_once_somebody_posted(instructor: Speaker, learner: Speaker) -> None:
    learner.write()
    refused = instructor.put("{panel}/setup", {**SETTINGS, "kind": "reflection"})
    assert (refused.status_code, refused.json["code"]) == (409, "kind_is_fixed")
    assert instructor.put("{panel}/setup", SETTINGS).status_code == 200


def test_a_kind_that_has_no_pages_yet_cannot_be_chosen(instructor: Speaker) -> None:
    refused = instructor.put("{panel}/setup", {**SETTINGS, "kind": "exchange"})
    assert refused.status_code == 422
    assert "kind" in refused.json["errors"]


def test_what_was_read_is_no_longer_unread(learner: Speaker, instructor: Speaker) -> None:
    topic = instructor.write()
    reply = instructor.write(parent_id=topic["id"])
    read = {"entries": [topic["id"]]}
    assert learner.post("{panel}/read", read).status_code == 204
    assert [item["unread"] for item in learner.get("{panel}/entries").json["items"]] == [False, True]
    learner.post("{panel}/read", {"entries": [reply["id"]]})
    learner.post("{panel}/read", read)
    assert [item["unread"] for item in learner.get("{panel}/entries").json["items"]] == [False, False]


def test_reading_marks_nothing_to_come(learner: Speaker, instructor: Speaker) -> None:
    topic = instructor.write()
    learner.post("{panel}/read", {"entries": [topic["id"], str(uuid4())]})
    reply = instructor.write(parent_id=topic["id"])
    assert learner.get(f"/entries/{reply['id']}").json["unread"] is True


def test_for_how_long_threads_were_read_may_be_said(
    learner: Speaker, instructor: Speaker, room: Room
) -> None:
    thread = instructor.write()["id"]
    for seconds in (1, 3600):
        said = {"entries": [], "reading": [{"thread": thread, "seconds": seconds}] * 2}
        assert learner.post("{panel}/read", said).status_code == 204
    with room.database.read() as session:
        assert session.scalars(select(ReadingTime.seconds)).all() == [2 * 3601]


@pytest.mark.parametrize(
    "reading",
    [
        [{"thread": str(uuid4()), "seconds": seconds}]
        for seconds in (0, -1, 3601, 1.5, "5", True, None, 10**30)
    ]
    + [
        [{"thread": "none", "seconds": 5}],
        [{"seconds": 5}],
        [{"thread": str(uuid4()), "seconds": 5, "more": 1}],
        [{"thread": str(uuid4()), "seconds": 5}] * 51,
        {},
        None,
    ],
)
def test_times_of_reading_are_few_and_short(learner: Speaker, reading: object) -> None:
    refused = learner.post("{panel}/read", {"entries": [], "reading": reading})
    assert (refused.status_code, refused.json["code"]) == (422, "invalid")


def test_drafts_are_kept_for_their_writer_alone(learner: Speaker, speak: Callable[..., Speaker]) -> None:
    topic = learner.write()
    about = f"reply:{topic['id']}"
    assert learner.put(f"{{panel}}/drafts/{about}", {"body": "Half a "}).status_code == 204
    assert learner.put("{panel}/drafts/topic", {"title": "T", "body": "B"}).status_code == 204
    kept = {draft["about"]: draft["fields"] for draft in learner.get("{panel}/drafts").json["items"]}
    assert kept == {about: {"body": "Half a "}, "topic": {"title": "T", "body": "B"}}
    assert speak().get("{panel}/drafts").json == {"items": []}
    assert learner.delete("{panel}/drafts/topic").status_code == 204
    learner.write("Whole", parent_id=topic["id"])
    assert learner.get("{panel}/drafts").json == {"items": []}


def test_a_draft_has_fields_that_can_be_kept(learner: Speaker) -> None:
    for fields in ([], {"body": 7}, {"body": "\ud800"}, {"step": 9}, {"nonsense": "x"}):
        refused = learner.put("{panel}/drafts/topic", fields)
        assert (refused.status_code, refused.json["code"]) == (422, "invalid")


def test_a_draft_has_a_place(learner: Speaker) -> None:
    for response in (
        learner.put("{panel}/drafts/anywhere", {"body": "x"}),
        learner.delete("{panel}/drafts/anywhere"),
    ):
        assert (response.status_code, response.json["code"]) == (422, "draft_misplaced")


def test_a_preview_shows_markdown_as_it_will_be(learner: Speaker) -> None:
    shown = learner.post("{panel}/preview", {"body": "*Yes* <script>alert(1)</script>"})
    assert shown.json == {"html": "<p><em>Yes</em> &lt;script&gt;alert(1)&lt;/script&gt;</p>\n"}


def test_a_reflection_is_shared_with_its_steps(app: Flask, given: Parts, room: Room) -> None:
    panel = room.add_panel(Kind.reflection)
    speaker = Speaker.of(app, given, room, room.join(), panel)
    shared = speaker.post("{panel}/reflection", {"what": "We sowed.", "now_what": "Water it."})
    assert shared.status_code == 201
    assert shared.json["kind"] == "reflection"
    assert shared.json["body"] == "# What?\n\nWe sowed.\n\n# Now what?\n\nWater it."
    assert speaker.get(shared.location.removeprefix("/api/v1")).json == shared.json


def test_a_reflection_has_its_panel_and_its_first_step(
    learner: Speaker, app: Flask, given: Parts, room: Room
) -> None:
    refused = learner.post("{panel}/reflection", {"what": "We sowed."})
    assert (refused.status_code, refused.json["code"]) == (409, "not_a_reflection_panel")
    speaker = Speaker.of(app, given, room, learner.member, room.add_panel(Kind.reflection))
    assert "what" in speaker.post("{panel}/reflection", {"so_what": "It grows."}).json["errors"]


@pytest.mark.usefixtures("platform")
def test_a_token_is_renewed_while_it_holds(learner: Speaker, room: Room) -> None:
    room.clock.pass_by(hours=3)
    renewed = learner.post("/token").json
    room.clock.pass_by(hours=2)
    ended = learner.get("{panel}")
    assert (ended.status_code, ended.json["code"]) == (401, "token_expired")
    assert learner.post("/token").status_code == 401
    learner.headers = {"Authorization": f"Bearer {renewed['token']}"}
    assert learner.get("{panel}").status_code == 200
    assert renewed["expires_at"].endswith("Z")


@pytest.mark.usefixtures("platform")
def test_a_day_after_the_launch_no_token_is_renewed(learner: Speaker, room: Room) -> None:
    launched_at = room.clock.now
    for _ in range(8):
        room.clock.pass_by(hours=2, minutes=59)
        renewed = learner.post("/token").json
        learner.headers = {"Authorization": f"Bearer {renewed['token']}"}
    assert datetime.fromisoformat(renewed["expires_at"]) <= launched_at + timedelta(hours=24, seconds=5)
    assert learner.get("{panel}").status_code == 200
    room.clock.now = launched_at + timedelta(hours=24, seconds=5)
    for ended in (learner.post("/token"), learner.get("{panel}")):
        assert (ended.status_code, ended.json["code"]) == (401, "token_expired")
        assert ended.json["detail"] == "Open the panel again from your course."


def test_a_token_is_not_renewed_once_the_lms_was_removed(
    learner: Speaker, given: Parts, platform: Platform
) -> None:
    with given.database.write() as session:
        remove(session, given.clock, session.get_one(Platform, (platform.tenant_id, platform.id)))
    refused = learner.post("/token")
    assert (refused.status_code, refused.json["code"]) == (403, "platform_unknown")

    with given.database.write() as session:
        session.get_one(Platform, (platform.tenant_id, platform.id)).removed_at = None
    assert learner.post("/token").status_code == 200


def test_a_token_is_not_renewed_in_a_course_of_no_lms(learner: Speaker) -> None:
    assert learner.post("/token").json["code"] == "platform_unknown"


def test_a_token_opens_its_own_panel_only(learner: Speaker, room: Room) -> None:
    learner.panel_id = room.add_panel()
    for response in (
        learner.get("{panel}"),
        learner.get("{panel}/entries"),
        learner.put("{panel}/setup", SETTINGS),
    ):
        assert (response.status_code, response.json["code"]) == (403, "other_panel")


def test_without_a_good_token_nothing_is_said(learner: Speaker) -> None:
    path = f"/entries/{learner.write()['id']}"
    good = learner.headers["Authorization"]
    altered = good[:30] + ("A" if good[30] != "A" else "B") + good[31:]
    for header in ("", "Bearer", "Bearer x.y", "Basic abc", altered):
        learner.headers = {"Authorization": header}
        for response in (
            learner.get(path),
            learner.post("{panel}/entries", {"nonsense": 1}),
            learner.post("/token"),
        ):
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
            assert response.mimetype == "application/problem+json"


def test_who_left_the_course_is_out_at_once(learner: Speaker, room: Room) -> None:
    from social_layer.people.models import Membership

    with room.database.write() as session:
        session.get_one(Membership, (room.tenant_id, learner.member)).active = False
    refused = learner.get("{panel}")
    assert (refused.status_code, refused.json["code"]) == (403, "not_member")


def test_rights_follow_the_role_at_once(learner: Speaker, room: Room) -> None:
    from social_layer.people.models import Membership

    with room.database.write() as session:
        session.get_one(Membership, (room.tenant_id, learner.member)).role = Role.instructor
    assert learner.put("{panel}/setup", SETTINGS).status_code == 200


def test_tokens_last_long_enough_for_a_page(given: Parts, room: Room) -> None:
    _, expires_at = bearer.issue(given, room.tenant_id, room.join(), room.panel_id)
    assert expires_at - room.clock.now >= timedelta(minutes=15)
