"""The pages of grading: rules as sentences, the list of learners, one learner's screen, and a learner's own lines."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from lti_tool.parts import Parts
from social_layer.grading import queries
from social_layer.people.models import Course, Role
from tests.lti_tool.web.reader import Reader, words_of
from tests.queries import counted
from tests.room import Room
from tests.social_layer.grading.class_room import MARCH_14, grade_by, learner, rule, sheet_of

ANYBODY = Callable[..., Reader]
RULES = {
    "stage-0-openings": "2",
    "stage-0-replies": "3",
    "stage-0-points": "10",
    "stage-0-due_on": "2026-03-14",
}


def stage_of(room: Room) -> UUID:
    return sheet_of(room).stages[0].id


def at(reader: Reader, path: str = "") -> str:
    return f"/grading/learners/{reader.member}{path}"


def test_a_rule_is_read_as_one_sentence(instructor: Reader, learner: Reader) -> None:
    form = instructor.get("/grading/rules").text
    assert "2 topics or answers and 3 replies, 10 points" in words_of(form)
    seen = instructor.post("/grading/rules/preview", **RULES).text
    assert words_of(seen) == "2 topics or answers and 3 replies, 10 points; by 14 March"
    assert not instructor.viewer.panel.is_graded
    saved = instructor.post("/grading/rules", **RULES).text
    assert "2 topics or answers and 3 replies, 10 points; by 14 March" in words_of(saved)
    assert "2 topics or answers and 3 replies, 10 points; by 14 March" in words_of(
        learner.get("/participation").text
    )


USUAL = "2 topics or answers and 3 replies, 10 points"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"openings": "1", "replies": "1", "points": "1"},
            "1 topic or answer and 1 reply, 1 point; by 14 March",
        ),
        ({"openings": "", "points": "0,5"}, "3 replies, 0.5 points; by 14 March"),
        (
            {"openings": "0", "replies": "0", "contributions": "5", "due_on": ""},
            "5 contributions, 10 points",
        ),
        ({"giving": "whole"}, f"{USUAL} for all of it and none for a part; by 14 March"),
        ({"opens_on": "2026-03-08"}, f"{USUAL}; from 8 March, by 14 March"),
        ({"late_counts": "true"}, f"{USUAL}; by 14 March, and what comes later counts too"),
        ({"due_on": "2027-01-05"}, f"{USUAL}; by 5 January 2027"),
        ({"name": "Week 1"}, f"Week 1 {USUAL}; by 14 March"),
    ],
)
def test_each_rule_has_its_sentence(instructor: Reader, changes: dict[str, str], sentence: str) -> None:
    wanted = {**RULES, **{f"stage-0-{name}": value for name, value in changes.items()}}
    assert words_of(instructor.post("/grading/rules/preview", **wanted).text) == sentence


def test_several_stages_are_several_sentences(instructor: Reader) -> None:
    wanted = {**RULES, "stage-7-reflections": "1", "stage-7-points": "5"}
    seen = words_of(instructor.post("/grading/rules/preview", **wanted).text)
    assert seen == f"{USUAL}; by 14 March 1 shared reflection, 5 points"


def test_the_sentence_in_german(instructor: Reader) -> None:
    answer = instructor.send("POST", "/grading/rules/preview", data=RULES, headers={"Accept-Language": "de"})
    assert words_of(answer.text) == "2 Themen oder Antworten und 3 Erwiderungen, 10 Punkte; bis 14. März"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stage-0-openings": "0", "stage-0-replies": "0"}, "rule_empty"),
        ({"stage-0-openings": "-1"}, "invalid"),
        ({"stage-0-openings": "many"}, "invalid"),
        ({"stage-0-points": "0"}, "points_wrong"),
        ({"stage-0-points": "1e3"}, "invalid"),
        ({"stage-0-points": ""}, "points_wrong"),
        ({"stage-0-due_on": "14 March"}, "invalid"),
        ({"stage-0-due_on": "9999-12-31"}, "invalid"),
        ({"stage-0-opens_on": "0001-01-01"}, "invalid"),
        ({"stage-0-opens_on": "2026-03-15"}, "dates_crossed"),
        ({"stage-0-id": "nobody"}, "invalid"),
        ({"stage-0-id": "00000000-0000-0000-0000-000000000001"}, "stage_not_found"),
        ({"stage-0-name": "x" * 101}, "invalid"),
        ({f"stage-{number}-points": "1" for number in range(11)}, "invalid"),
    ],
)
def test_what_cannot_be_a_rule_is_refused(
    instructor: Reader, room: Room, changes: dict[str, str], code: str
) -> None:
    refused = instructor.post("/grading/rules", **{**RULES, **changes})
    assert (refused.status_code in (409, 422), refused.json["code"]) == (True, code)
    assert sheet_of(room).stages == ()


def test_a_learner_reads_their_own_lines(room: Room, learner: Reader, instructor: Reader) -> None:
    assert learner.get("/participation").text.strip() == ""
    assert "hx-get" not in re.findall(r'<div id="participation"[^>]*>', learner.page())[0]
    grade_by(room, rule(due_on=MARCH_14))
    assert "/participation" in re.findall(r'<div id="participation"[^>]*>', learner.page())[0]
    topic = learner.write("One", title="One")
    learner.write("Two")
    learner.write("Reply", parent_id=str(topic))
    own = words_of(learner.get("/participation").text)
    assert "2 of 2 topics or answers" in own
    assert "1 of 3 replies" in own
    assert "6 of 10 points" in own
    instructor.post(at(learner, f"/stages/{stage_of(room)}"), points="8", comment="Well *said*")
    own = words_of(learner.get("/participation").text)
    assert "Given by hand: 8 of 10 points" in own
    assert "Well *said*" in own
    assert "Ines Instructor" in own


def test_what_came_late_is_said(room: Room, learner: Reader) -> None:
    grade_by(room, rule(openings=1, replies=0, due_on=MARCH_14))
    room.clock.now = datetime(2026, 3, 15, 8, tzinfo=UTC)
    fresh = Reader.of(learner.app, learner.app.extensions["alongside"], room, learner.member)
    fresh.write("Late")
    own = words_of(fresh.get("/participation").text)
    assert "0 of 1 topic or answer" in own
    assert "1 came late and does not count" in own


def test_staff_see_rules_instead_of_lines_of_their_own(room: Room, instructor: Reader) -> None:
    grade_by(room, rule())
    seen = words_of(instructor.get("/participation").text)
    assert "Your participation" not in seen
    assert "2 topics or answers" in seen


def test_the_list_of_learners(room: Room, learner: Reader, instructor: Reader, read_as: ANYBODY) -> None:
    assert "This panel is not graded" in words_of(instructor.get("/grading").text)
    grade_by(room, rule())
    learner.write("One")
    read_as(name="Zoe Last")
    listed = words_of(instructor.get("/grading").text)
    assert re.search(r"Ada Learner 1 entry · last on .* 2 / 10 Stays here", listed)
    assert re.search(r"Zoe Last 0 entries 0 / 10", listed)
    assert "The LMS takes no grades for this panel" in listed
    looking = words_of(instructor.get("/grading?show=look").text)
    assert "Nobody needs a look" in looking


def test_who_wrote_after_being_judged_needs_a_look(room: Room, learner: Reader, instructor: Reader) -> None:
    grade_by(room, rule())
    instructor.post(at(learner, f"/stages/{stage_of(room)}"), points="8")
    learner.write("More")
    looking = words_of(instructor.get("/grading?show=look").text)
    assert "Ada Learner" in looking
    assert "Has written more since you gave points" in looking


def test_the_list_is_paged_with_a_fixed_number_of_statements(room: Room, instructor: Reader) -> None:
    grade_by(room, rule())
    numbers = []
    for count in (3, 60):
        for number in range(count):
            room.join(name=f"Person {count}-{number:02}")
        with counted(room.database.engine) as statements:
            page = instructor.get("/grading").text
        numbers.append(len(statements))
    assert numbers[0] == numbers[1] <= 8
    assert page.count('class="learner"') == 50
    (after,) = re.findall(r'"after": "([^"]+)"', page)
    rest = instructor.get(f"/grading?after={after}").text
    assert rest.count('class="learner"') == 13
    assert "Show more learners" not in rest


def test_one_learners_screen_counts_nobody_else(
    room: Room, instructor: Reader, learner: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade_by(room, rule())
    for number in range(5):
        room.newcomer(name=f"Bo {number}")
    nameless = room.newcomer(name=None)
    monkeypatch.setattr(queries, "grades", None)
    first = instructor.get(at(learner)).text
    assert "1 of 7" in words_of(first)
    names, page = [], first
    while found := re.search(r'data-act="grade-following" data-member="([^"]+)"', page):
        page = instructor.get(f"/grading/learners/{found[1]}").text
        names.append(re.search(r'id="grading-heading"[^>]*>([^<]*)<', page)[1])  # type: ignore[index]
    assert names[:5] == [f"Bo {number}" for number in range(5)]
    assert (len(names), found) == (6, None)
    assert str(nameless.membership_id) in page


def test_one_learners_whole_contribution(
    room: Room, learner: Reader, instructor: Reader, read_as: ANYBODY
) -> None:
    grade_by(room, rule())
    other = read_as(name="Bela Other")
    question = other.write("Why is it **green**?", title="Green water")
    learner.write("Algae, I think", parent_id=str(question))
    learner.write("Mine", title="My own topic")
    other.write("Not to be seen here")
    screen = words_of(instructor.get(at(learner)).text)
    assert re.search(r"in reply to Bela Other .* Green water Algae, I think .*My own topic .*Mine", screen)
    assert "Not to be seen here" not in screen
    assert "1 of 2 topics or answers, 1 of 3 replies → 4 of 10 points" in screen
    assert "1 of 2" in screen
    page = instructor.get(at(learner)).text
    assert f'data-act="grade-following" data-member="{other.member}"' in page
    assert 'data-act="grade-before" data-member=""' in page


def test_many_entries_are_paged(room: Room, learner: Reader, instructor: Reader) -> None:
    grade_by(room, rule())
    for number in range(101):
        room.post(learner.viewer, f"number {number:03}")
    with counted(room.database.engine) as statements:
        page = instructor.get(at(learner)).text
    assert len(statements) <= 10
    assert page.count('class="entry"') == 100
    (after,) = re.findall(r'"after": "(\d+)"', page)
    rest = instructor.get(at(learner, f"/entries?after={after}")).text
    assert "number 100" in rest
    assert rest.count('class="entry"') == 1


def test_points_by_hand_and_back(room: Room, learner: Reader, instructor: Reader) -> None:
    grade_by(room, rule())
    stage = at(learner, f"/stages/{stage_of(room)}")
    given = instructor.post(stage, points="7,5", comment="Fewer, but better")
    assert "Said by Ines Instructor" in words_of(given.text)
    assert 'value="7.5"' in given.text
    (seen,) = re.findall(r'name="seen" value="([^"]+)"', given.text)
    again = instructor.post(stage, points="3")
    assert (again.status_code, again.json["code"]) == (409, "grade_changed")
    assert instructor.post(stage, points="3", seen=seen).status_code == 200
    (seen,) = re.findall(r'name="seen" value="([^"]+)"', instructor.get(at(learner)).text)
    back = instructor.send("DELETE", f"{stage}?seen={seen}")
    assert "Said by" not in words_of(back.text)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"points": "11"}, "points_beyond"),
        ({"points": "-1"}, "points_beyond"),
        ({"points": "nan"}, "invalid"),
        ({"points": "ten"}, "invalid"),
        ({"points": ""}, "judgement_missing"),
        ({"points": "1", "comment": "x" * 2001}, "text_too_long"),
    ],
)
def test_what_cannot_be_given_is_refused(
    room: Room, learner: Reader, instructor: Reader, form: dict[str, str], code: str
) -> None:
    grade_by(room, rule())
    refused = instructor.post(at(learner, f"/stages/{stage_of(room)}"), **form)
    assert (refused.status_code, refused.json["code"]) == (422, code)


@pytest.mark.parametrize("role", [Role.learner, Role.observer, Role.designer])
def test_nobody_else_sees_others_grades(room: Room, learner: Reader, read_as: ANYBODY, role: Role) -> None:
    grade_by(room, rule())
    reader = read_as(role)
    for path in ("/grading", at(learner), at(learner, "/entries")):
        refused = reader.get(path)
        assert (refused.status_code, refused.json["code"]) == (403, "not_grader"), path
    assert 'data-act="grading"' not in reader.page()


def test_assistants_grade_and_make_no_rules(room: Room, learner: Reader, read_as: ANYBODY) -> None:
    grade_by(room, rule())
    assistant = read_as(Role.assistant)
    assert assistant.get(at(learner)).status_code == 200
    assert assistant.get("/grading/rules").json["code"] == "not_staff"
    assert 'data-act="grading-rules"' not in assistant.get("/grading").text


def test_somebody_of_another_course_is_nobody_here(room: Room, instructor: Reader, given: Parts) -> None:
    from tests import factories

    grade_by(room, rule())
    with room.rows():
        course: Course = factories.CourseFactory(tenant_id=room.tenant_id)
    stranger = room.join(course_id=course.id)
    refused = instructor.get(f"/grading/learners/{stranger}")
    assert (refused.status_code, refused.json["code"]) == (404, "learner_not_found")
    staff = room.join(Role.assistant)
    assert instructor.get(f"/grading/learners/{staff}").status_code == 404


def test_without_a_place_to_go_grades_stay_here(room: Room, learner: Reader, instructor: Reader) -> None:
    grade_by(room, rule())
    for path in ("/grading/sending", "/grading/reading"):
        refused = instructor.post(path)
        assert (refused.status_code, refused.json["code"]) == (409, "grades_stay_here")
    refused = instructor.post(at(learner, f"/stages/{stage_of(room)}/sending"), wish="again")
    assert refused.status_code == 404


def test_what_people_write_is_shown_as_text(room: Room, instructor: Reader, read_as: ANYBODY) -> None:
    hostile = "<script>alert(1)</script>"
    form = instructor.post("/grading/rules", **{**RULES, "stage-0-name": hostile})
    assert hostile not in form.text
    maya = read_as(name=hostile)
    maya.write(hostile, title=hostile)
    stage = at(maya, f"/stages/{stage_of(room)}")
    pages = [
        instructor.post(stage, points="1", comment=hostile),
        instructor.get("/grading"),
        instructor.get("/grading/rules"),
        maya.get("/participation"),
    ]
    assert all(hostile not in page.text for page in pages)
    assert learner(room, maya.viewer).grades[0].comment == hostile
