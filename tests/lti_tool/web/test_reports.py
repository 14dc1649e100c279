"""The course's report and timelines in the frame: what they say, whom they name, and who may see them."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from lti_tool.parts import Parts
from lti_tool.records.gathering import folder_of
from lti_tool.reporting import opening
from lti_tool.reporting.naming import Names
from lti_tool.reporting.opening import sources_of
from lti_tool.reporting.rules import say, staff_may_look
from social_layer.people.models import Course, Membership, Role, Tenant
from tests.factories import VoiceFactory, made_in
from tests.lti_tool.web.gathering import ReadBack, connected, member, read_back
from tests.lti_tool.web.reader import Reader, words_of
from tests.room import Room
from tests.xapi.gathering.writing import written
from tests.xapi.reports.told import LMS, PEOPLE, Told, lively
from xapi.reports.course import MEASURES
from xapi.scopes.pseudonyms import Masks, make_key

ANYBODY = Callable[..., Reader]


@pytest.fixture
def back(given: Parts, room: Room) -> ReadBack:
    return read_back(given, room)


def test_staff_see_the_course_by_name(back: ReadBack, instructor: Reader) -> None:
    page = unescape(words_of(instructor.get("/reports/course").text))
    assert "Participation by week" in page
    assert "Feb 2, 2026 12 24" in page
    assert "Ada Member Ben Member 1 0 0" in page
    assert "not a cause" in page
    assert "As of" in page
    assert "3 minutes ago" in page
    for key in MEASURES:
        assert f'value="/reports/course/{key}"' in instructor.get("/reports/course").text


def test_days_can_be_chosen_and_everything_follows(
    back: ReadBack, app: Flask, given: Parts, room: Room, instructor: Reader
) -> None:
    """In the zone of the course, wherever its reader is."""
    with room.rows() as session:
        session.get_one(Course, (room.tenant_id, room.course_id)).time_zone = "Asia/Tokyo"
    days = "?from=2026-02-01&to=2026-02-02"
    page = instructor.get(f"/reports/course{days}", headers={"Time-Zone": "America/New_York"}).text
    shown = unescape(words_of(page))
    assert "in the zone Asia/Tokyo" in shown
    assert "Feb 1, 2026, 12:00:00 AM to Feb 3, 2026, 12:00:00 AM" in shown
    # By midnight in Tokyo six had opened a thread, and Lea and three of them had answered one.
    assert "Feb 2, 2026 7 10" in shown
    assert "Completions and scores Nothing of this has been recorded." in shown
    assert 'name="from" type="date" min="2000-01-01" max="2999-12-31" value="2026-02-01"' in page
    behind = f'/reports/course/participation{days.replace("&", "&amp;")}"'
    assert page.count(behind) == 2
    statements = instructor.get(f"/reports/course/participation{days}").text
    # Their four answers; the threads are left out, since it is hidden how many of them wait.
    assert statements.count("<summary>") == 4
    assert "Some are not listed" in statements
    assert f'value="/reports/course{days.replace("&", "&amp;")}"' in statements
    url = instructor.post(f"/reports/course/participation{days}").get_json()["url"]
    rows = list(csv.DictReader(io.StringIO(app.test_client().get(url).text)))
    assert [(row["People"], row["since"], row["time_zone"]) for row in rows] == [
        ("7", "2026-01-31T15:00:00.000Z", "Asia/Tokyo")
    ]
    assert words_of(instructor.get("/reports/course?from=2026-02-02&to=2026-02-01").text).count("Feb 3, 2026")
    assert instructor.get("/reports/course?from=&to=").status_code == 200
    assert instructor.get("/reports/course?from=yesterday").status_code == 422


@pytest.mark.parametrize(
    ("course", "tenant", "told"),
    [
        ("Europe/Berlin", "Asia/Tokyo", "Europe/Berlin"),
        (None, "Asia/Tokyo", "Asia/Tokyo"),
        (None, "localtime", "UTC"),
    ],
)
def test_weeks_are_those_of_the_course_or_the_institution(
    back: ReadBack, room: Room, read_as: ANYBODY, course: str | None, tenant: str, told: str
) -> None:
    """Not its reader's; what the database of numbers does not know is UTC."""
    with room.rows() as session:
        session.get_one(Course, (room.tenant_id, room.course_id)).time_zone = course
        session.get_one(Tenant, room.tenant_id).time_zone = tenant
    reader = read_as(Role.instructor, time_zone="America/New_York")
    assert f"in the zone {told}." in words_of(reader.get("/reports/course").text)


def test_a_german_reader_is_told_in_german(back: ReadBack, read_as: ANYBODY) -> None:
    reader = read_as(Role.instructor, language="de")
    page = unescape(words_of(reader.get("/reports/course").text))
    assert "Beteiligung nach Wochen" in page
    assert "keine Ursache" in page
    assert "verborgen" in page
    assert not re.search(r"\b(the|and|people|threads?)\b", page.replace("As of", ""))


@pytest.mark.parametrize("role", [Role.learner, Role.observer, Role.designer])
def test_nobody_else_sees_the_course(back: ReadBack, read_as: ANYBODY, role: Role) -> None:
    reader = read_as(role)
    for path in ("/reports/course", "/reports/course/network", f"/reports/people/{back.members['ada']}"):
        assert reader.get(path).status_code == 403
    assert reader.post("/reports/course/network").status_code == 403


def test_an_alias_stays_an_alias_and_a_stranger_a_stranger(
    given: Parts, room: Room, instructor: Reader
) -> None:
    base = given.settings.public_url
    with given.database.write() as session, made_in(session):
        alias = VoiceFactory(
            tenant_id=room.tenant_id, course_id=room.course_id, person_id=None, alias="Quiet heron"
        )
    own, masked = Told(room.course_id, base), Told(room.course_id, base, home_page=base)
    thread = own.open("ada", hours=1)
    for who in ("ben", "cleo", "dan", "eva"):
        own.answer(who, thread, hours=2)
    masked.statements += own.statements  # so that ids differ
    masked.answer(str(alias.id), thread, hours=3)
    masked.answer("2b9c4d5e-0000-4000-8000-000000000000", thread, hours=4)
    back = read_back(given, room, masked)
    page = unescape(words_of(instructor.get("/reports/course").text))
    assert back.members
    assert "Quiet heron Ada Member 1" in page
    assert re.search(r"Somebody [A-Z]{3}-[A-Z]{3} Ada Member 1", page)


@pytest.mark.parametrize("may_look", [False, True])
def test_whose_a_pseudonyms_statement_is_is_not_told(
    given: Parts, room: Room, instructor: Reader, may_look: bool
) -> None:
    """Its object is an entry that stands in the panel with its author's name."""
    base = given.settings.public_url
    known, masked = Told(room.course_id, base), Told(room.course_id, base, home_page=base)
    thread = known.open("ada", hours=1)
    for who in PEOPLE[1:6]:
        known.answer(who, thread, hours=2)
    masked.statements += known.statements  # so that ids differ
    for number in range(6):
        masked.answer(f"2b9c4d5e-0000-4000-8000-{number:012}=Ada Member", thread, hours=3)
    read_back(given, room, masked)
    with given.database.write() as session:
        say(session, room.tenant_id, None, may_look=may_look)
    page = unescape(instructor.get("/reports/course/network").text)
    assert "moodle.example.edu|ben" in page
    assert "2b9c4d5e-0000" not in page
    texts = [json.loads(one) for one in re.findall(r"<code>(.*?)</code>", page, re.DOTALL)]
    assert len(texts) == 11
    for text in texts:
        assert text.get("person", LMS).startswith(LMS)
        assert "actor_name" not in text  # which only the pseudonyms' have


def test_sixty_pseudonyms_have_sixty_names(app: Flask) -> None:
    with app.test_request_context():
        called = {Names({}, {}).person(f"https://tool.example|{UUID(int=number)}") for number in range(2000)}
    assert len(called) == 2000


def test_the_statements_behind_a_number_are_listed(back: ReadBack, instructor: Reader) -> None:
    first = instructor.get("/reports/course/network").text
    assert first.count("<summary>") == 18
    assert "replied" in first
    ids = {one["id"] for one in back.told.statements}
    assert set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", words_of(first).split("actor")[0])) & ids


def test_pages_of_statements_follow_each_other(back: ReadBack, room: Room, instructor: Reader) -> None:
    told = back.told
    thread = told.statements[0]
    for number in range(40):
        told.answer(PEOPLE[number % 12], thread, days=1, minutes=number)
    written(back.folder, told.statements[-40:])
    seen: list[str] = []
    path = "/reports/course/participation"
    while True:
        page = instructor.get(path).text
        seen += re.findall(r"· ([0-9a-f-]{36})</span></summary>", page)
        after = re.search(r'"after": "([^"]+)"', page)
        if after is None:
            break
        path = f"/reports/course/participation?after={after[1]}"
    assert len(seen) == len(set(seen)) == 52
    assert instructor.get("/reports/course/participation?after=nonsense").status_code == 400
    assert instructor.get("/reports/course/nothing").status_code == 404


def test_whose_reading_or_result_it_is_is_not_told(
    back: ReadBack, given: Parts, room: Room, instructor: Reader
) -> None:
    for measure in ("reading", "results"):
        page = instructor.get(f"/reports/course/{measure}").text
        assert "<summary>" in page
        assert "moodle.example.edu|" not in page
    assert "moodle.example.edu|ada" in instructor.get("/reports/course/network").text
    with given.database.write() as session:
        say(session, room.tenant_id, None, may_look=True)
    assert "moodle.example.edu|ada" in instructor.get("/reports/course/reading").text


def leading(page: str, measure: str) -> list[tuple[str, str]]:
    """Where the numbers of a measure's table lead, and what they say."""
    found = re.findall(rf'value="(/reports/course/{measure}\?[^"]*row=[^"]+)">([^<]+)</button>', page)
    return [(unescape(path), number) for path, number in found]


def test_a_number_leads_to_its_own_statements(back: ReadBack, instructor: Reader) -> None:
    page = instructor.get("/reports/course").text
    pairs = leading(page, "network")
    assert [number for _, number in pairs] == ["1"] * 18
    listed = [instructor.get(path).text for path, _ in pairs[:2]]
    assert [one.count("<summary>") for one in listed] == [1, 1]
    assert listed[0] != listed[1]
    assert "Ada Member → Ben Member · Answered: 1" in unescape(words_of(listed[0]))
    # Of the weeks one is told, and of reading one; three people's reflections are hidden.
    assert [number for _, number in leading(page, "participation")] == ["12", "24"]
    assert [number for _, number in leading(page, "reading")] == ["11", "11"]
    assert leading(page, "reflections") == []
    (path, _) = leading(page, "reading")[1]
    openings = instructor.get(path).text
    assert openings.count("<summary>") == 11
    assert "Some are not listed" not in openings
    # The number of another row or column is no list; nor is one that is not there any more.
    for wrong in (path.replace("column=2", "column=0"), re.sub(r"row=\w+", "row=abc", path)):
        assert instructor.get(wrong).status_code == 404
    assert instructor.get(path.replace("column=2", "column=all")).status_code == 422


def test_numbers_of_chosen_days_lead_to_these_days_alone(back: ReadBack, instructor: Reader) -> None:
    """The first day of the course's own zone, UTC."""
    page = instructor.get("/reports/course?from=2026-02-02&to=2026-02-02").text
    path, number = leading(page, "participation")[1]
    assert "from=2026-02-02" in path
    listed = instructor.get(path).text
    assert f"Contributions: {number}" in unescape(words_of(listed))
    assert 'value="/reports/course?from=2026-02-02&amp;to=2026-02-02"' in listed


def test_nobody_else_sees_a_list_of_a_number(back: ReadBack, instructor: Reader, read_as: ANYBODY) -> None:
    path, _ = leading(instructor.get("/reports/course").text, "network")[0]
    assert read_as(Role.learner).get(path).status_code == 403


def test_pairs_with_a_pseudonym_have_no_list_nor_whoever_answered_one(
    given: Parts, room: Room, instructor: Reader
) -> None:
    """What Ada did for Ben and Cleo, taken from all that she did, would be what she did for the pseudonym."""
    base = given.settings.public_url
    known, masked = Told(room.course_id, base), Told(room.course_id, base, home_page=base)
    threads = [known.open(who, hours=1) for who in PEOPLE[:6]]
    for who, to in (("ada", 1), ("ada", 2), ("ben", 0), ("cleo", 0), ("dan", 0), ("eva", 1)):
        known.answer(who, threads[to], hours=2)
    masked.statements += known.statements  # so that ids differ
    hidden = masked.open("2b9c4d5e-0000-4000-8000-000000000000", hours=1)
    masked.answer("2b9c4d5e-0000-4000-8000-000000000000", threads[0], hours=3)
    known.statements = masked.statements
    known.answer("ada", hidden, hours=4)
    read_back(given, room, known)
    page = instructor.get("/reports/course").text
    assert re.search(r"Ada Member Somebody [A-Z]{3}-[A-Z]{3} 1", unescape(words_of(page)))
    listed = [unescape(words_of(instructor.get(path).text)) for path, _ in leading(page, "network")]
    of = [re.search(r"(\w+) Member → (\w+) Member", one) for one in listed]
    assert [found.groups() for found in of if found] == [
        ("Ben", "Ada"),
        ("Cleo", "Ada"),
        ("Dan", "Ada"),
        ("Eva", "Ben"),
    ]
    assert len(of) == 4


def test_hidden_numbers_have_no_statements(back: ReadBack, instructor: Reader) -> None:
    """Three people shared a reflection."""
    assert "There are none that can be shown." in instructor.get("/reports/course/reflections").text


def test_a_list_says_what_it_leaves_out_and_tells_no_thread(back: ReadBack, instructor: Reader) -> None:
    """Three people's threads wait for an answer: by the threads of replies one could count them."""
    page = unescape(instructor.get("/reports/course/participation").text)
    assert "Some are not listed, because few people are behind them." in page
    texts = [json.loads(one) for one in re.findall(r"<code>(.*?)</code>", page, re.DOTALL)]
    assert len(texts) == 12
    for text in texts:
        assert {"answers", "around", "object_type"} & set(text) == set()
        assert text["person"].startswith(LMS)


def test_a_picture_is_told_what_is_hidden(back: ReadBack, instructor: Reader) -> None:
    """It draws a stub there, and nothing where there is none."""
    page = instructor.get("/reports/course").text
    drawn = re.search(r'data-picture="participation".*?<script[^>]*>(.*?)</script>', page, re.DOTALL)
    assert drawn
    data = json.loads(unescape(drawn[1]))
    assert data["hidden"] == "hidden"
    assert data["series"][0]["values"] == [12, None, 0, None]


def test_a_table_is_downloaded_by_a_link_for_it_alone(
    back: ReadBack, app: Flask, given: Parts, room: Room, instructor: Reader
) -> None:
    url = instructor.post("/reports/course/network").get_json()["url"]
    browser = app.test_client()
    answer = browser.get(url)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0][:5] == ["Who", "For whom", "Answered", "Thanked", "Accepted or reviewed"]
    assert rows[0][5:] == ["n", "as_of", "since", "until", "time_zone", "definition"]
    ada = next(row for row in rows if row[:2] == ["Ada Member", "Ben Member"])
    assert ada[2:6] == ["1", "0", "0", "12"]
    assert ada[6].startswith("2026-")
    assert browser.get(url.replace("/network/", "/results/")).status_code == 401
    assert browser.get(url[:-3] + "abc").status_code == 401
    room.clock.pass_by(minutes=6)
    assert browser.get(url).status_code == 403


def test_everybody_sees_their_own_timeline(back: ReadBack, app: Flask, given: Parts, room: Room) -> None:
    ada = Reader.of(app, given, room, back.members["ada"])
    page = unescape(words_of(ada.get("/reports/mine").text))
    assert "My timeline" in page
    assert "formal completed 30% Quiz" in page
    assert "wrote an answer" in page
    assert "for Ben Member" in page
    assert "Only you see this page." in page
    assert "Gus" not in page.replace("for Gus Member", "")


@pytest.mark.parametrize("own", [False, True], ids=["the institution's key", "the LRS's own key"])
def test_a_pseudonym_is_joined_for_the_person_alone(
    app: Flask, given: Parts, room: Room, instructor: Reader, own: bool
) -> None:
    base = given.settings.public_url
    lrs = connected(given, room, own_pseudonyms=own)
    ada, ben = member(room, "ada"), member(room, "ben")
    with given.database.write() as session:
        say(session, room.tenant_id, None, may_look=True)
        make_key(session, given.sealer, room.tenant_id, room.tenant_id)
    mask = Masks(given.database, given.sealer, base).of(room.tenant_id, lrs.id)
    with given.database.read() as session:
        person = session.get_one(Membership, (room.tenant_id, ada)).person_id
    told = Told(room.course_id, base, home_page=base)
    thread = told.open(mask.of_person(person).partition("|")[2], hours=1)
    told.answer("2b9c4d5e-0000-4000-8000-000000000000", thread, hours=2)
    written(folder_of(given.settings, room.tenant_id, lrs.id), told.statements)
    own_page = Reader.of(app, given, room, ada).get("/reports/mine").text
    assert own_page.count("<summary>") == 1
    assert thread["id"] in own_page
    others = Reader.of(app, given, room, ben).get("/reports/mine").text
    assert "Nothing has been read back under your account or a pseudonym of yours." in words_of(others)
    looked_at = instructor.get(f"/reports/people/{ada}").text
    assert "<summary>" not in looked_at
    assert "Nothing has been read back under this person’s account." in words_of(looked_at)


def test_a_timeline_is_shown_to_staff_only_where_the_institution_says_so(
    back: ReadBack, app: Flask, given: Parts, room: Room, instructor: Reader
) -> None:
    path = f"/reports/people/{back.members['ada']}"
    assert instructor.get(path).status_code == 403
    assert "Timelines of people" not in instructor.get("/reports/course").text
    with given.database.write() as session:
        say(session, room.tenant_id, None, may_look=True)
    assert "Ada Member" in instructor.get(path).text
    assert path in instructor.get("/reports/course").text
    ada = Reader.of(app, given, room, back.members["ada"])
    assert "The people who run the course can look at this page, but not" in ada.get("/reports/mine").text
    with given.database.write() as session:
        assert say(session, room.tenant_id, room.course_id, may_look=False)
        assert not staff_may_look(session, room.tenant_id, room.course_id)
    assert instructor.get(path).status_code == 403


def test_a_timeline_is_of_this_course_alone(back: ReadBack, app: Flask, given: Parts, room: Room) -> None:
    other = lively(base=given.settings.public_url)
    written(back.folder, other.statements)
    ada = Reader.of(app, given, room, back.members["ada"])
    assert ada.get("/reports/mine").text.count("<summary>") == 7


def test_another_tenants_folder_is_never_opened(
    back: ReadBack, app: Flask, given: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it has the very statements of this course."""
    elsewhere = Room(given.database, given.clock)  # type: ignore[arg-type]
    connected(given, elsewhere)
    opened: list[list[Path]] = []
    gathered = opening.Gathered

    def noted(folders: list[Path], *more: Any, **named: Any) -> Any:
        opened.append(folders)
        return gathered(folders, *more, **named)

    monkeypatch.setattr(opening, "Gathered", noted)
    theirs = Reader.of(app, given, elsewhere, elsewhere.join(Role.instructor))
    assert "Nothing has been read back" in theirs.get("/reports/course").text
    assert theirs.get(f"/reports/people/{back.members['ada']}").status_code == 404
    assert [folder for folders in opened for folder in folders] == []


def test_institutions_on_one_lrs_see_nothing_of_each_other(
    back: ReadBack, app: Flask, given: Parts, room: Room
) -> None:
    """Ada has the same account in both."""
    elsewhere = Room(given.database, room.clock)
    told = Told(elsewhere.course_id, given.settings.public_url)
    own = told.open("ada", hours=1)
    folder = folder_of(given.settings, elsewhere.tenant_id, connected(given, elsewhere).id)
    for each in (folder, back.folder):
        written(each, back.told.statements * (each == folder) + told.statements)
    ada = Reader.of(app, given, elsewhere, member(elsewhere, "ada"))
    page = ada.get("/reports/mine").text
    assert page.count("<summary>") == 1
    assert own["id"] in page
    theirs = Reader.of(app, given, elsewhere, elsewhere.join(Role.instructor))
    shown = words_of(theirs.get("/reports/course").text)
    assert "Feb 2, 2026 hidden hidden" in shown
    assert "Quiz" not in shown
    assert own["id"] not in Reader.of(app, given, room, back.members["ada"]).get("/reports/mine").text


def test_an_lrs_with_pseudonyms_of_its_own_is_never_read_with_another(given: Parts, room: Room) -> None:
    masked = connected(given, room, "Masked", own_pseudonyms=True)
    with given.database.read() as session:
        only = sources_of(session, given.settings, room.tenant_id, given.settings.public_url)
    assert only.folders == (folder_of(given.settings, room.tenant_id, masked.id),)
    known = [connected(given, room, name).id for name in ("One", "Two")]
    with given.database.read() as session:
        both = sources_of(session, given.settings, room.tenant_id, given.settings.public_url)
    assert both.folders == tuple(folder_of(given.settings, room.tenant_id, id_) for id_ in known)


def test_without_an_lrs_or_before_the_first_reading_the_page_says_what_to_do(
    given: Parts, room: Room, instructor: Reader
) -> None:
    assert "No learning record store is connected." in instructor.get("/reports/course").text
    connected(given, room)
    assert "Nothing has been read back" in instructor.get("/reports/course").text
    assert instructor.get("/reports/mine").status_code == 200


def test_old_numbers_say_so(back: ReadBack, given: Parts, instructor: Reader, room: Room) -> None:
    assert "This is old" not in instructor.get("/reports/course").text
    room.clock.now += timedelta(days=2)
    fresh = Reader.of(instructor.app, given, room, instructor.member)
    assert "This is old" in fresh.get("/reports/course").text


def test_hostile_names_are_escaped(given: Parts, room: Room, instructor: Reader) -> None:
    told = Told(room.course_id, given.settings.public_url)
    for who in PEOPLE[:6]:
        told.reach(who, "</script><script>alert(1)</script>", hours=1)
    read_back(given, room, told)
    page = instructor.get("/reports/course").text
    assert "<script>alert" not in page
    assert "\\u003cscript\\u003ealert(1)" in page
    assert member(room, "nobody")
