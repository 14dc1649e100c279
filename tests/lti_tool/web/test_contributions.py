"""One's own contributions, to take along."""

import json
from collections.abc import Callable

from flask import Flask
from werkzeug.test import TestResponse

from social_layer.people.models import Role
from tests import factories
from tests.lti_tool.web.reader import Reader, words_of
from tests.room import Room

ANYBODY = Callable[..., Reader]


def fetch(app: Flask, url: str) -> TestResponse:
    """As a browser that follows a link: without a token."""
    return app.test_client().get(url)


def link(reader: Reader, form: str = "md") -> str:
    answer = reader.post(f"/contributions?form={form}")
    assert answer.status_code == 200, answer.text
    return str(answer.json["url"])


def test_everybody_downloads_what_they_wrote_and_nothing_of_others(app: Flask, read_as: ANYBODY) -> None:
    ada, bo = read_as(name="Ada"), read_as(name="Bo")
    thought = bo.write("Bo's thought")
    ada.write("My *answer*", parent_id=str(thought))
    ada.write("My thought", title="Seeds")
    gone = ada.write("Taken back")
    ada.send("DELETE", f"/entries/{gone}?version=1")
    assert "My contributions" in words_of(ada.get("/contributions").text)
    answer = fetch(app, link(ada))
    assert answer.mimetype == "text/markdown"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "My *answer*" in answer.text
    assert "## Seeds" in answer.text
    assert "Bo's thought" not in answer.text
    assert "Taken back" not in answer.text
    told = json.loads(fetch(app, link(ada, "json")).text)
    assert [one["body"] for one in told["contributions"]] == ["My *answer*", "My thought"]
    assert told["author"] == "Ada"


def test_former_terms_and_groups_that_one_left_are_in_it(app: Flask, read_as: ANYBODY, room: Room) -> None:
    ada, instructor = read_as(name="Ada"), read_as(Role.instructor)
    ada.write("Last year")
    instructor.post("/terms", term="1")
    ada.write("This year")
    told = json.loads(fetch(app, link(ada, "json")).text)["contributions"]
    assert [(one["term"], one["body"]) for one in told] == [(1, "Last year"), (2, "This year")]
    assert "Term 1" in fetch(app, link(ada)).text
    with room.rows():
        group = factories.CourseGroupFactory(tenant_id=room.tenant_id, course_id=room.course_id)
        made = factories.EntryFactory(
            tenant_id=room.tenant_id,
            panel_id=room.panel_id,
            voice_id=ada.viewer.voice_id,
            group_id=group.id,
            term=2,
        )
        factories.RevisionFactory(tenant_id=room.tenant_id, entry_id=made.id, body="In a group")
    assert "In a group" in fetch(app, link(ada)).text


def test_many_contributions_come_whole_and_in_order(app: Flask, read_as: ANYBODY, room: Room) -> None:
    ada = read_as()
    viewer = ada.viewer
    for number in range(405):
        room.post(viewer, f"Thought {number}")
    told = json.loads(fetch(app, link(ada, "json")).text)["contributions"]
    assert [one["body"] for one in told] == [f"Thought {number}" for number in range(405)]


def test_a_link_holds_for_minutes_and_for_this_alone(app: Flask, read_as: ANYBODY, room: Room) -> None:
    ada = read_as()
    url = link(ada)
    assert fetch(app, url).status_code == 200
    room.clock.pass_by(minutes=6)
    refused = fetch(app, url)
    assert refused.status_code == 403
    assert "run out" in refused.text
    assert fetch(app, "/contributions/" + ada.token).status_code == 401
    assert fetch(app, "/contributions/nonsense").status_code == 401
    assert (
        ada.app.test_client()
        .get(
            f"/panels/{ada.panel_id}",
            headers={"Authorization": f"Bearer {link(ada).split('/')[-1].split('?')[0]}"},
        )
        .status_code
        == 401
    )


def test_who_left_the_course_gets_no_download(app: Flask, read_as: ANYBODY, room: Room) -> None:
    from sqlalchemy import update

    from social_layer.people.models import Membership

    ada = read_as()
    url = link(ada)
    with room.database.write() as session:
        session.execute(update(Membership).where(Membership.id == ada.member).values(active=False))
    assert fetch(app, url).status_code == 403


def test_nothing_written_says_so(app: Flask, read_as: ANYBODY) -> None:
    assert "not written anything" in fetch(app, link(read_as())).text
