"""A new term: what was written is archived, staff look back, and learners see an empty panel."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from social_layer.people.models import Membership, Role
from tests.lti_tool.web.reader import Reader, words_of
from tests.queries import counted
from tests.room import Room
from tests.social_layer.grading.class_room import sheet_of

ANYBODY = Callable[..., Reader]
OFFER = "A new term seems to have begun."


@pytest.fixture
def instructor(instructor: Reader) -> Reader:
    assert instructor.post("/setup", kind="discussion", title="Rivers").status_code == 200
    return instructor


def test_a_new_term_begins_empty_and_staff_look_back(instructor: Reader, learner: Reader) -> None:
    old = learner.write("Last year's thought", title="Herons")
    learner.write("An answer", parent_id=str(old))
    begun = instructor.post("/terms", term="1")
    assert "A new term has begun." in begun.text
    assert "2 entries" in words_of(begun.text)
    assert "Last year" not in learner.sees()
    assert "Last year" not in instructor.sees()
    assert learner.get(f"/entries/{old}").status_code == 404
    assert instructor.post("/entries", body="late", parent_id=str(old)).status_code == 404
    back = instructor.get("/terms/1")
    assert "Last year's thought" in words_of(back.text)
    assert "An answer" in words_of(back.text)
    assert 'data-act="reply"' not in back.text
    assert 'data-act="remove"' not in back.text
    learner.write("This year's thought")
    assert "This year's thought" in instructor.sees()
    assert "This year" not in instructor.get("/terms/1").text


def test_who_has_the_page_open_hears_that_the_term_is_over(instructor: Reader, learner: Reader) -> None:
    cursor = re.search(r'data-cursor="([^"]+)" data-term="1"', learner.page())
    assert cursor is not None
    assert learner.get(f"/updates?after={cursor[1]}&term=1").status_code == 204
    instructor.post("/terms", term="1")
    told = learner.get(f"/updates?after={cursor[1]}&term=1")
    assert (told.status_code, told.json["code"]) == (409, "term_over")
    assert learner.get(f"/updates?after={cursor[1]}&term=2").status_code == 204
    assert learner.get(f"/updates?after={cursor[1]}&term=soon").json["code"] == "invalid"


def test_a_term_is_ended_once(instructor: Reader) -> None:
    assert instructor.post("/terms", term="1").status_code == 200
    again = instructor.post("/terms", term="1")
    assert (again.status_code, again.json["code"]) == (409, "term_changed")
    assert instructor.post("/terms", term="9").json["code"] == "term_changed"
    assert "Term 1" in words_of(instructor.get("/terms").text)


def test_learners_and_observers_do_not_look_back(
    read_as: ANYBODY, instructor: Reader, learner: Reader
) -> None:
    learner.write("Last year's thought")
    instructor.post("/terms", term="1")
    for reader in (learner, read_as(Role.observer), read_as(Role.designer)):
        for path in ("/terms", "/terms/1"):
            refused = reader.get(path)
            assert (refused.status_code, refused.json["code"]) == (403, "not_staff_here")
        assert reader.post("/terms", term="2").json["code"] == "not_arranging"


def test_assistants_look_back_and_begin_no_term(
    read_as: ANYBODY, instructor: Reader, learner: Reader
) -> None:
    learner.write("Last year's thought")
    instructor.post("/terms", term="1")
    assistant = read_as(Role.assistant)
    assert "Last year" in assistant.get("/terms/1").text
    assert assistant.post("/terms", term="2").json["code"] == "not_arranging"


@pytest.mark.parametrize("number", [0, 1, 2, 99])
def test_there_is_no_looking_at_terms_that_are_not_over(instructor: Reader, number: int) -> None:
    assert instructor.get(f"/terms/{number}").status_code == 404


def test_a_long_term_comes_in_pages(instructor: Reader, learner: Reader, room: Room) -> None:
    for number in range(103):
        room.post(learner.viewer, f"Thought {number:03}")
    instructor.post("/terms", term="1")
    first = instructor.get("/terms/1")
    assert "Show earlier threads" in first.text
    from re import search

    found = search(r'"after": "([^"]+)"', first.text)
    assert found
    with counted(room.database.engine) as sent:
        second = instructor.get(f"/terms/1?after={found[1]}").text
    assert len(sent) <= 3
    assert "Thought 002" in second
    assert "Thought 003" not in second
    assert instructor.get("/terms/1?after=nonsense").json["code"] == "bad_cursor"


def seen_last(room: Room, reader: Reader, **values: object) -> None:
    with room.database.write() as session:
        session.execute(update(Membership).where(Membership.id == reader.member).values(**values))


def test_it_is_offered_when_all_who_wrote_have_left_the_course(
    instructor: Reader, learner: Reader, read_as: ANYBODY, room: Room
) -> None:
    assert OFFER not in instructor.sees()
    learner.write("Thought")
    assert OFFER not in instructor.sees()
    seen_last(room, learner, active=False)
    assert OFFER in instructor.sees()
    assert OFFER not in read_as(Role.assistant).sees()
    assert OFFER not in read_as().sees()
    assert "probably the time" in words_of(instructor.get("/terms").text)
    instructor.post("/terms", term="1")
    assert OFFER not in instructor.sees()


def test_it_is_offered_when_only_others_come_after_a_long_break(
    instructor: Reader, learner: Reader, read_as: ANYBODY, room: Room
) -> None:
    learner.write("Thought")
    now = room.clock.now
    seen_last(room, learner, last_launch_at=now)
    other = read_as()
    seen_last(room, other, created_at=now + timedelta(days=3))
    assert OFFER not in instructor.sees()
    seen_last(room, other, created_at=now + timedelta(days=60))
    assert OFFER in instructor.sees()
    seen_last(room, learner, last_launch_at=now + timedelta(days=61))
    assert OFFER not in instructor.sees()


def test_an_instructors_page_takes_few_statements(instructor: Reader, learner: Reader, room: Room) -> None:
    learner.write("Thought")
    instructor.page()
    with counted(room.database.engine) as sent:
        instructor.page()
    assert len(sent) <= 6


def test_no_days_of_the_former_term_hold_in_the_new_one(
    instructor: Reader, learner: Reader, room: Room
) -> None:
    closes = (room.clock() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    instructor.post("/setup", kind="discussion", title="Rivers", prompt="*Why*", closes_at=closes)
    rule = {
        "replies": "3",
        "points": "10",
        "due_on": "2026-03-14",
        "opens_on": "2026-03-01",
        "by_itself": "true",
    }
    instructor.post("/grading/rules", **{f"stage-0-{name}": value for name, value in rule.items()})
    stage = sheet_of(room).stages[0]
    room.clock.pass_by(hours=2)
    assert learner.post("/entries", body="Late").json["code"] == "panel_closed"
    assert "are cleared" in words_of(instructor.get("/terms").text)
    instructor.post("/terms", term="1")
    assert learner.write("In the new term")
    panel = instructor.viewer.panel
    assert (panel.opens_at, panel.due_at, panel.closes_at) == (None, None, None)
    assert (panel.title, panel.prompt, panel.is_graded) == ("Rivers", "*Why*", True)
    (now,) = sheet_of(room).stages
    assert now.id == stage.id
    assert now.rule == replace(stage.rule, opens_on=None, due_on=None, by_itself=False)


def test_a_panel_without_days_keeps_its_version(instructor: Reader) -> None:
    before = instructor.viewer.panel.template_version_id
    instructor.post("/terms", term="1")
    assert instructor.viewer.panel.template_version_id == before


def test_points_of_a_former_term_stay_readable(
    instructor: Reader, learner: Reader, read_as: ANYBODY, room: Room
) -> None:
    rule = {"openings": "2", "points": "10", "due_on": "2026-12-31"}
    instructor.post("/grading/rules", **{f"stage-0-{name}": value for name, value in rule.items()})
    judged, idle = read_as(name="Bo Learner"), read_as(name="Cy Learner")
    learner.write("Last year's thought")
    address = f"/grading/learners/{judged.member}/stages/{sheet_of(room).stages[0].id}"
    assert instructor.post(address, points="7.5", comment="By word of mouth").status_code == 200
    assert "Points in term" in words_of(instructor.post("/terms", term="1").text)
    seen_last(room, learner, active=False)
    learner_now = read_as(name="Di Learner")
    learner_now.write("This year's thought")
    with counted(room.database.engine) as sent:
        said = words_of(instructor.get("/terms/1/points").text)
    assert len(sent) <= 7
    assert "Ada Learner 5 / 10" in said
    assert "Bo Learner 7.5 / 10 by hand By word of mouth" in said
    assert ("Cy" in said, "Di" in said) == (False, False)
    assert idle.get("/terms/1/points").json["code"] == "not_staff_here"
    assert instructor.get("/terms/2/points").status_code == 404
    # Later rules change nothing of it.
    instructor.post("/grading/rules", **{"stage-0-replies": "1", "stage-0-points": "3"})
    assert "Ada Learner 5 / 10" in words_of(instructor.get("/terms/1/points").text)
