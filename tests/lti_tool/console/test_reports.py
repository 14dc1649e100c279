"""The institution's report in the console: its courses by name, few people hidden, and only one's own institution."""

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import insert, select

import lti_tool.console.reports as console_reports
from lti_tool.config import read_settings
from lti_tool.lti.models import Platform
from lti_tool.parts import Parts
from lti_tool.records.gathering import folder_of
from lti_tool.reporting import opening
from social_layer.people.models import Course, Tenant
from tests.apps import new_app
from tests.factories import CourseFactory
from tests.lti_tool.console.desk import Desk, make_operator
from tests.lti_tool.web.gathering import connected
from tests.lti_tool.web.reader import words_of
from tests.room import Room
from tests.xapi.gathering.writing import written
from tests.xapi.reports.told import PEOPLE, Told, identifier, lively
from xapi.gathering.models import LrsReading
from xapi.gathering.store import Gathered
from xapi.gathering.taking_out import forget
from xapi.models import Lrs


@pytest.fixture
def given(tables_url: str, tmp_path: Path) -> Iterator[Parts]:
    settings = read_settings(
        {"DATABASE_URL": tables_url, "ALONGSIDE_HOME": str(tmp_path), "ALONGSIDE_RATE_LIMITS": "off"}
    )
    made = Parts.of(settings)
    yield made
    made.database.close()


@pytest.fixture
def room(given: Parts) -> Room:
    room = Room(given.database)
    lrs = connected(given, room)
    base = given.settings.public_url
    with room.rows():
        second = CourseFactory(tenant_id=room.tenant_id).id
        third = CourseFactory(tenant_id=room.tenant_id, title="Rivers").id
    few, many = Told(second, base), Told(third, base)
    for who in PEOPLE[:3]:
        few.open(who, hours=1)
    for number in range(40):
        many.open(f"person {number}", hours=2)
    statements = lively(room.course_id, base).statements + few.statements + many.statements
    written(folder_of(given.settings, room.tenant_id, lrs.id), statements)
    return room


def desk_of(given: Parts, tenant: str | None = None) -> Desk:
    make_operator(given, tenant=tenant)
    desk = Desk(new_app(given))
    assert desk.sign_in().status_code == 303
    return desk


def test_courses_are_told_by_name_and_few_people_are_hidden(given: Parts, room: Room) -> None:
    desk = desk_of(given)
    page = desk.get(f"/reports/{room.tenant_id}").text
    shown = unescape(words_of(page))
    with given.database.read() as session:
        title = session.get_one(Course, (room.tenant_id, room.course_id)).title
    # Three people are hidden, and so is the other course, of which the sum would else tell.
    assert f"{title} hidden hidden hidden 12 12" in shown
    assert "52 79 18" in shown  # by platform
    assert "Feb 2, 2026 52 67" in shown  # by week
    assert "console-reports" in page
    table = list(csv.reader(io.StringIO(desk.get(f"/reports/{room.tenant_id}/platforms/csv").text)))
    assert table[1][1:4] == ["52", "79", "18"]
    weeks = list(csv.reader(io.StringIO(desk.get(f"/reports/{room.tenant_id}/participation/csv").text)))
    assert weeks[1][:3] == ["2026-02-02", "52", "67"]
    assert desk.get(f"/reports/{room.tenant_id}/nothing").status_code == 404


def test_an_lrs_that_was_never_read_hides_nothing_of_the_others_and_is_named(
    given: Parts, room: Room
) -> None:
    with given.database.write() as session:
        at = given.clock()
        session.execute(
            insert(LrsReading).values(
                tenant_id=room.tenant_id,
                lrs_id=select(Lrs.id).where(Lrs.tenant_id == room.tenant_id).scalar_subquery(),
                due_at=at, read_at=at, statements=1, failures=0, is_refused=False,
            )
        )  # fmt: skip
    desk = desk_of(given)
    assert "Not read back yet" not in desk.get(f"/reports/{room.tenant_id}").text
    connected(given, room, name="second")
    shown = unescape(words_of(desk.get(f"/reports/{room.tenant_id}").text))
    assert "Not read back yet, so that what stands only there is missing: second." in shown
    assert "52 79 18" in shown


def test_statements_are_listed_by_number_and_what_is_left_out_is_said(given: Parts, room: Room) -> None:
    desk = desk_of(given)
    page = desk.get(f"/reports/{room.tenant_id}").text
    for table in ("participation", "courses", "platforms"):
        statements = desk.get(f"/reports/{room.tenant_id}/{table}").text
        assert "<summary>" in statements
        assert "Some are not listed, because few people are behind them." in statements
        assert "moodle.example.edu|" not in statements
    (link,) = re.findall(
        rf'href="/admin(/reports/{room.tenant_id}/courses\?row=\w+&amp;column=2)">40</a>', page
    )
    seen: list[str] = []
    while True:
        listed = desk.get(unescape(link)).text
        assert "Rivers · Contributions: 40" in unescape(words_of(listed))
        assert "Some are not listed" not in listed
        seen += re.findall(r"· ([0-9a-f-]{36})</span></summary>", listed)
        more = re.search(r'href="/admin([^"]+after=[^"]+)"', listed)
        if more is None:
            break
        link = more[1]
    assert len(seen) == len(set(seen)) == 40
    for row in ("row=nothing&column=2", "row=&column=x"):
        assert desk.get(f"/reports/{room.tenant_id}/courses?{row}").status_code == (
            404 if "no" in row else 200
        )


def test_a_report_is_made_anew_when_something_was_read_back(
    given: Parts, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, made = desk_of(given), []
    gathered = opening.Gathered

    def noted(*told: Any, **named: Any) -> Any:
        made.append(told)
        return gathered(*told, **named)

    monkeypatch.setattr(opening, "Gathered", noted)
    page = f"/reports/{room.tenant_id}"
    assert words_of(desk.get(page).text) == words_of(desk.get(page).text)
    assert len(made) == 1
    with room.rows() as session:
        lrs = session.scalars(select(Lrs).where(Lrs.tenant_id == room.tenant_id)).one()
        folder = folder_of(given.settings, room.tenant_id, lrs.id)
    more = Told(room.course_id, f"{given.settings.public_url}")
    more.statements = lively(room.course_id, given.settings.public_url).statements
    new = more.open("somebody new", hours=3)
    written(folder, [new])
    assert "Feb 2, 2026 53 68" in unescape(words_of(desk.get(page).text))
    assert len(made) == 2
    # Who is erased is gone at once.
    forget(folder, [identifier("somebody new")])
    assert "Feb 2, 2026 52 67" in unescape(words_of(desk.get(page).text))
    assert len(made) == 3


def test_a_list_is_of_the_report_that_is_kept_and_never_of_a_later_state(
    given: Parts, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, made, later = desk_of(given), [], []
    report, tell = console_reports.institution_report, console_reports.tell

    def noted(*told: Any) -> Any:
        made.append(told)
        return report(*told)

    def overtaken(found: Gathered, *told: Any, **named: Any) -> Any:
        if later:
            written(folder, [later.pop()])
            found.open_anew()
        return tell(found, *told, **named)

    monkeypatch.setattr(console_reports, "institution_report", noted)
    monkeypatch.setattr(console_reports, "tell", overtaken)
    with room.rows() as session:
        lrs = session.scalars(select(Lrs).where(Lrs.tenant_id == room.tenant_id)).one()
        folder = folder_of(given.settings, room.tenant_id, lrs.id)
        rivers_id = session.scalars(select(Course.id).where(Course.title == "Rivers")).one()
    page = f"/reports/{room.tenant_id}"
    link = re.compile(rf'href="/admin({page}/courses\?row=\w+&amp;column=2)">(\d+)</a>')
    (rivers, number), *_ = link.findall(desk.get(page).text)
    before = desk.get(unescape(rivers)).text
    assert f"Contributions: {number}" in unescape(words_of(before))
    assert len(made) == 1
    more = Told(rivers_id, given.settings.public_url)
    for who in (*(f"person {number}" for number in range(40)), "somebody new"):
        new = more.open(who, hours=2)
    later.append(new)
    assert f"Contributions: {int(number) + 1}" in unescape(words_of(desk.get(unescape(rivers)).text))
    assert (len(made), later) == (2, [])


def test_an_operator_sees_their_own_institution_alone(given: Parts, room: Room) -> None:
    elsewhere = Room(given.database, room.clock)
    with given.database.read() as session:
        name = session.get_one(Tenant, elsewhere.tenant_id).name
    desk = desk_of(given, tenant=name)
    assert "No learning record store is connected." in desk.get("/reports").text
    for path in ("", "/platforms", "/platforms/csv"):
        assert desk.get(f"/reports/{room.tenant_id}{path}").status_code == 404


def test_institutions_on_one_lrs_see_nothing_of_each_other(given: Parts) -> None:
    """Both folders hold all that the LRS has."""
    rooms = [Room(given.database)]
    rooms.append(Room(given.database, rooms[0].clock))
    homes = ("https://moodle.north.example", "https://moodle.south.example")
    shared, base = "https://canvas.example", given.settings.public_url
    statements = []
    for number, (room, home) in enumerate(zip(rooms, homes, strict=True)):
        for issuer in (home, shared):
            with given.database.write() as session:
                session.add(
                    Platform(
                        tenant_id=room.tenant_id,
                        name=issuer,
                        issuer=issuer,
                        client_id=str(room.tenant_id),
                        auth_login_url=f"{issuer}/auth",
                        auth_token_url=f"{issuer}/token",
                        jwks_url=f"{issuer}/jwks",
                        created_at=given.clock(),
                    )
                )
        course = lively(room.course_id, base, home_page=home)
        # Formal results that nobody mapped: in a course of the LMS's own, and in one that names no course.
        unmapped = Told(home_page=home)
        for who in PEOPLE[: 8 + number]:
            unmapped.reach(who, f"exam-{number}", days=20)
        for one in unmapped.statements:
            one["context"]["contextActivities"]["grouping"][0]["id"] = f"{home}/course/view.php?id=7{number}"
        everybodys = Told(home_page=shared)
        for who in PEOPLE[:7]:
            everybodys.reach(who, f"everybodys-{number}", days=20)
        for one in everybodys.statements:
            del one["context"]
        # The same account, known to both, in each one's course.
        statements += course.statements + _anew(unmapped, number) + _anew(everybodys, 10 + number)
    for room in rooms:
        written(folder_of(given.settings, room.tenant_id, connected(given, room).id), statements)
    with given.database.read() as session:
        names = [session.get_one(Tenant, room.tenant_id).name for room in rooms]
    for number, (name, room) in enumerate(zip(names, rooms, strict=True)):
        desk = Desk(new_app(given))
        make_operator(given, name=f"operator-{number}", tenant=name)
        assert desk.sign_in(f"operator-{number}").status_code == 303
        other = 1 - number
        seen = ""
        for table in ("", "/courses", "/platforms", "/courses/csv", "/platforms/csv"):
            seen += unescape(desk.get(f"/reports/{room.tenant_id}{table}").text)
        assert homes[number] in seen
        assert f"view.php?id=7{number}" in seen
        assert "12" in seen
        for foreign in (homes[other], str(rooms[other].course_id), f"id=7{other}", f"exam-{other}", shared):
            assert foreign not in seen, foreign


def _anew(told: Told, number: int) -> list[dict[str, Any]]:
    """Ids of its own."""
    return [{**one, "id": str(uuid5(UUID(one["id"]), str(number)))} for one in told.statements]
