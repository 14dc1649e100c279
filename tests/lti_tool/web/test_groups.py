"""Groups as they are seen on the page, and arranged by those who run the course."""

import io
import json
import re
from collections.abc import Callable
from html import unescape
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from lti_tool.parts import Parts
from social_layer.panels.models import GroupMode
from social_layer.people.models import CourseGroup, GroupMember, GroupSet, Role
from tests.lti_tool.web.reader import Reader, entry_ids, words_of
from tests.queries import counted
from tests.social_layer.groups.divided import Divided

ANYBODY = Callable[..., Reader]


@pytest.fixture
def room(given_parts: Parts) -> Divided:
    return Divided(given_parts.database).divide(GroupMode.across)


@pytest.fixture
def given_parts(settings: object) -> object:
    made = Parts.of(settings)  # type: ignore[arg-type]
    yield made
    made.database.close()


@pytest.fixture
def reader(app: Flask, given: Parts, room: Divided) -> Callable[[str], Reader]:
    """``reader("red")``: the page of somebody whom the room knows."""
    return lambda name: Reader.of(app, given, room, room.members[name])


READER = Callable[[str], Reader]


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, html
    return unescape(found[1])


def test_each_group_has_the_page_for_itself(reader: READER) -> None:
    reader("red").write("red thought")
    reader("blue").write("blue thought")
    red, staff = reader("red").sees(), reader("staff").sees()
    assert "Your group red" in red
    assert "red thought" in red
    assert "blue thought" not in red
    assert "red thought" in staff
    assert "blue thought" in staff


def test_staff_switch_between_groups_and_write_to_all_or_one(reader: READER, room: Divided) -> None:
    staff = reader("staff")
    staff.write("dear all")
    staff.write("dear blues", group=str(room.groups["blue"]))
    page = staff.get(f"?group={room.groups['red']}").text
    assert "dear all" in page
    assert "dear blues" not in page
    assert f'<option value="{room.groups["red"]}" selected>red</option>' in page
    assert "dear blues" not in reader("red").sees()
    assert "dear blues" in reader("blue").sees()
    content = staff.get(f"/content?group={room.groups['blue']}").text
    assert "dear blues" in content
    assert f'data-group="{room.groups["blue"]}"' in content


def test_nobody_gets_at_an_entry_of_another_group_by_its_id(reader: READER, room: Divided) -> None:
    theirs = reader("blue").write("blue thought")
    red = reader("red")
    cursor = red.config()["cursor"]
    theirs_again = reader("blue").write("more blue")
    attempts = [
        red.get(f"/entries/{theirs}"),
        red.get(f"/entries/{theirs}/edit"),
        red.send("PATCH", f"/entries/{theirs}", data={"body": "x", "version": "1"}),
        red.send("DELETE", f"/entries/{theirs}"),
        red.send("PUT", f"/entries/{theirs}/reactions/like"),
        red.post("/entries", body="x", parent_id=str(theirs)),
        red.post("/entries", body="x", group=str(room.groups["blue"])),
    ]
    assert [answer.status_code for answer in attempts] == [404] * len(attempts)
    assert not any("blue thought" in answer.text for answer in attempts)
    assert red.get(f"/updates?after={cursor}&group={room.groups['blue']}").status_code == 204
    for group in ("", room.groups["blue"], uuid4()):
        for path in (f"/content?group={group}", f"/entries?group={group}", f"?group={group}"):
            answer = red.get(path)
            assert answer.status_code == 200
            assert {theirs, theirs_again} & set(entry_ids(answer.text)) == set()


def test_who_is_in_no_group_is_told_so_and_can_only_read(read_as: ANYBODY, reader: READER) -> None:
    to_all = reader("staff").write("dear all")
    alone = read_as(name="Nora")
    seen = alone.sees()
    assert "You are not in a group yet." in seen
    assert "dear all" in seen
    assert "Start a thread" not in seen
    for refused in (
        alone.post("/entries", body="hello"),
        alone.post("/entries", body="hello", parent_id=str(to_all)),
    ):
        assert (refused.status_code, refused.json["code"]) == (403, "in_no_group")


def test_who_is_in_two_groups_chooses(reader: READER, room: Divided) -> None:
    room.put(room.members["red"], "blue")
    reader("blue").write("blue thought")
    red = reader("red")
    assert "You are in several groups" in red.sees()
    assert "blue thought" not in red.sees()
    assert "blue thought" in words_of(red.get(f"?group={room.groups['blue']}").text)
    assert red.config()["group"] == str(room.groups["red"])


def test_the_page_takes_few_statements_however_many_groups(reader: READER, room: Divided) -> None:
    for name in ("red", "staff"):
        reader(name).page()
        with counted(room.database.engine) as sent:
            reader(name).page()
        assert len(sent) <= 6, sent
    for number in range(3, 40):
        room.add_group(f"Group {number}", number)
    with counted(room.database.engine) as sent:
        reader("staff").page()
    assert len(sent) <= 6


def test_the_set_up_chooses_mode_and_groups(reader: READER, room: Divided) -> None:
    staff = reader("staff")
    form = staff.get("/setup").text
    assert 'value="across" checked' in form
    assert f'<option value="{room.set_id}" selected>' in form
    wanted = {"kind": "discussion", "title": "Divided", "group_mode": "apart"}
    for group_set, code in ((uuid4(), "group_set_not_found"), ("nonsense", "invalid")):
        assert staff.post("/setup", **wanted, group_set_id=str(group_set)).json["code"] == code
    assert staff.post("/setup", **wanted, group_set_id=str(room.set_id)).status_code == 200
    assert room.staff.panel.group_mode is GroupMode.apart
    assert staff.post("/setup", kind="discussion", title="As before").status_code == 200
    assert room.staff.panel.group_mode is GroupMode.apart


def rows(room: Divided, table: type) -> int:
    from sqlalchemy import func, select

    with room.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_groups_are_drawn_looked_at_and_made(reader: READER, read_as: ANYBODY, room: Divided) -> None:
    people = [read_as(name=f"Pupil {number:02}") for number in range(10)]
    staff = reader("staff")
    before = rows(room, CourseGroup), rows(room, GroupMember)
    preview = staff.post("/groups/drawn", name="Labs", how="size", number="4")
    assert preview.status_code == 200
    assert "Pupil 07" in preview.text
    assert (rows(room, CourseGroup), rows(room, GroupMember)) == before
    plan = json.loads(hidden(preview.text, "plan"))
    assert [len(group["people"]) for group in plan] == [4, 4, 4]
    made = staff.post("/groups", name="Labs", plan=json.dumps(plan))
    assert "Labs" in words_of(made.text)
    assert rows(room, CourseGroup) == before[0] + 3
    assert rows(room, GroupMember) == before[1] + len(people) + 2
    assert "Labs" in words_of(staff.get("/groups").text)


def test_a_file_is_read_matched_and_only_then_carried_out(
    reader: READER, read_as: ANYBODY, room: Divided
) -> None:
    read_as(name="Åsa Öberg")
    read_as(name="Ben Twin")
    read_as(name="Ben Twin")
    clara = read_as(name="Clara Moss")
    staff = reader("staff")
    content = (
        "First name;Last name;Email address;Groups\r\n"
        "åsa;ÖBERG;asa@example.edu;Fen\r\n"
        "Ben;Twin;;Fen\r\n"
        "Clara;Moss;;Heath\r\n"
        "Clara;Moss;;Fen\r\n"
        "Nobody;Here;;Fen\r\n"
        "Åsa;Öberg;;\r\n"
    ).encode("cp1252")
    before = rows(room, GroupSet)
    answer = staff.post("/groups/file", name="Walks", file=(io.BytesIO(content), "groups.csv"))
    assert answer.status_code == 200, answer.text
    seen = words_of(answer.text)
    assert "4 rows are left out" in seen
    for why in (
        "several people are called so",
        "stands in the file with another group",
        "nobody in the course",
    ):
        assert why in seen
    assert rows(room, GroupSet) == before
    plan = json.loads(hidden(answer.text, "plan"))
    assert [(group["name"], len(group["people"])) for group in plan] == [("Fen", 1), ("Heath", 1)]
    assert plan[1]["people"] == [str(clara.viewer.person_id)]
    assert staff.post("/groups", name="Walks", plan=json.dumps(plan)).status_code == 200
    assert rows(room, GroupSet) == before + 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_missing"),
        (b"\x00\x01,\x02", "file_unreadable"),
        (b"only names\nAda\n", "file_without_group"),
        (b"name,colour\nAda,red\n", "file_without_group"),
        (b'a,"' + b"x" * 200_000 + b'"\n', "file_unreadable"),
        (b"a,b\n" * 10_001, "file_too_long"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(reader: READER, content: bytes, code: str) -> None:
    answer = reader("staff").post("/groups/file", file=(io.BytesIO(content), "groups.csv"))
    assert (answer.status_code, answer.json["code"]) == (422, code)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"how": "groups", "number": "501"}, "group_numbers_wrong"),
        ({"how": "groups", "number": "3"}, "group_numbers_wrong"),
        ({"how": "empty", "number": "501"}, "group_numbers_wrong"),
        ({"how": "groups", "number": "0"}, "invalid"),
        ({"how": "sorted", "number": "2"}, "invalid"),
        ({}, "invalid"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(reader: READER, form: dict[str, str], code: str) -> None:
    answer = reader("staff").post("/groups/drawn", **form)
    assert (answer.status_code, answer.json["code"]) == (422, code)


@pytest.mark.parametrize(
    "plan", ["", "nonsense", "[]", "{}", "[1]", '[{"people": ["x"]}]', '[{"name": 1}]', "[" * 100_000, '"a"']
)
def test_a_plan_that_is_none_makes_nothing(reader: READER, room: Divided, plan: str) -> None:
    before = rows(room, GroupSet)
    assert reader("staff").post("/groups", name="X", plan=plan).status_code == 422
    assert rows(room, GroupSet) == before


def test_a_plan_puts_nobody_of_elsewhere_into_a_group_and_nobody_twice(reader: READER, room: Divided) -> None:
    stranger = Divided(room.database).newcomer()
    red = str(room.red.person_id)
    plan = json.dumps(
        [{"name": "A", "people": [red, str(stranger.person_id)]}, {"name": "B", "people": [red]}]
    )
    before = rows(room, GroupMember)
    assert reader("staff").post("/groups", name="X", plan=plan).status_code == 200
    assert rows(room, GroupMember) == before + 1


def test_people_are_moved_by_hand(reader: READER, room: Divided) -> None:
    staff, member = reader("staff"), room.members["red"]

    def move(to: str) -> TestResponse:
        return staff.send("PUT", f"/groups/{room.set_id}/people/{member}", data={"group": to})

    assert "red" in staff.get(f"/groups/{room.set_id}").text
    assert move(str(room.groups["blue"])).status_code == 204
    assert room.names_of_places(room.red) == ["blue"]
    assert move("").status_code == 204
    assert room.red.lacks_group
    assert move(str(uuid4())).json["code"] == "group_not_found"
    gone = staff.send("PUT", f"/groups/{room.set_id}/people/{uuid4()}", data={"group": ""})
    assert gone.json["code"] == "person_not_found"


def test_groups_are_added_named_and_removed_while_entries_stay(reader: READER, room: Divided) -> None:
    staff = reader("staff")
    reader("red").write("red thought")
    home = f"/groups/{room.set_id}"
    assert "Group 3" in staff.post(f"{home}/groups", name="").text
    group = f"{home}/groups/{room.groups['red']}"
    assert "Crimson" in staff.send("PATCH", group, data={"name": "Crimson"}).text
    assert "Crimson" in reader("red").sees()
    assert staff.send("DELETE", group).status_code == 200
    assert "red thought" in reader("red").sees()
    assert "You are not in a group yet." in reader("red").sees()
    assert staff.send("DELETE", group).json["code"] == "group_closed"
    assert staff.send("DELETE", home).status_code == 200
    assert staff.get(home).json["code"] == "group_set_not_found"
    assert "red thought" in staff.sees()
    assert "there are none yet" in staff.sees()


def test_groups_of_the_lms_are_named_here_and_changed_there(reader: READER, room: Divided) -> None:
    with room.rows():
        from tests import factories

        lms = factories.GroupSetFactory(
            tenant_id=room.tenant_id, course_id=room.course_id, origin="lms", name=""
        ).id
    group = room.add_group("", 7, set_id=lms)
    staff, home = reader("staff"), f"/groups/{lms}"
    assert "Groups of your LMS" in words_of(staff.get(home).text)
    assert "Group 7" in staff.get(home).text
    for refused in (
        staff.post(f"{home}/groups", name="More"),
        staff.send("DELETE", f"{home}/groups/{group}"),
        staff.send("DELETE", home),
        staff.send("PUT", f"{home}/people/{room.members['red']}", data={"group": str(group)}),
    ):
        assert (refused.status_code, refused.json["code"]) == (409, "group_of_lms")
    assert "Herons" in staff.send("PATCH", f"{home}/groups/{group}", data={"name": "Herons"}).text


def test_a_long_list_of_people_comes_in_pages(reader: READER, read_as: ANYBODY, room: Divided) -> None:
    for number in range(60):
        room.join(name=f"Pupil {number:02}")
    staff = reader("staff")
    first = staff.get(f"/groups/{room.set_id}").text
    following = re.search(r'hx-get="[^"]*(/groups/[^"]+/people/[^"]+)"', first)
    assert following
    with counted(room.database.engine) as sent:
        second = staff.get(following[1])
    assert len(sent) <= 5
    shown = re.findall(r'<label class="main" for="p-([^"]+)"', first + second.text)
    assert len(shown) == len(set(shown)) == 62


@pytest.mark.parametrize("role", [Role.learner, Role.observer, Role.assistant, Role.designer])
def test_nobody_else_arranges_groups(read_as: ANYBODY, role: Role, room: Divided) -> None:
    reader = read_as(role)
    assert reader.get("/groups").json["code"] == "not_arranging"
    assert reader.post("/groups", name="X", plan='[{"name": "A"}]').json["code"] == "not_arranging"
    home = f"/groups/{room.set_id}"
    assert reader.send("DELETE", home).json["code"] == "not_arranging"
    assert reader.send("PUT", f"{home}/people/{reader.member}", data={"group": ""}).status_code == 403


def test_groups_of_another_course_are_not_there(
    app: Flask, given: Parts, reader: READER, room: Divided
) -> None:
    other = Divided(room.database).divide()
    staff = reader("staff")
    for set_id, group_id in ((other.set_id, other.groups["red"]), (room.set_id, other.groups["red"])):
        answer = staff.send("PATCH", f"/groups/{set_id}/groups/{group_id}", data={"name": "Mine"})
        assert answer.status_code == 404
    moved = staff.send("PUT", f"/groups/{room.set_id}/people/{other.members['red']}", data={"group": ""})
    assert moved.status_code == 404
