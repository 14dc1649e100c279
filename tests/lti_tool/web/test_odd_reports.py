"""Reports over files that cannot be read, and over statements that no LRS should hold: said plainly, never a 500."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask

from lti_tool.parts import Parts
from lti_tool.reporting.naming import Names
from lti_tool.reporting.rules import say
from lti_tool.reporting.shown import Words
from social_layer.people.models import Role
from tests.lti_tool.web.gathering import read_back
from tests.lti_tool.web.reader import Reader, words_of
from tests.room import Room
from tests.xapi.reports.told import lively
from xapi.gathering.manifest import read_manifest
from xapi.gathering.store import Gathered


@pytest.mark.parametrize("spoilt", ["segment", "manifest"])
def test_what_cannot_be_read_is_not_readable_now(
    given: Parts, room: Room, instructor: Reader, spoilt: str
) -> None:
    folder = read_back(given, room).folder
    name = read_manifest(folder).segments[0].name if spoilt == "segment" else "manifest.json"
    (folder / name).write_bytes(b"")
    instructor.app.config["PROPAGATE_EXCEPTIONS"] = False
    for path in ("/reports/course", "/reports/course/network", "/reports/mine"):
        answer = instructor.get(path)
        assert answer.status_code == 503
        assert "cannot be read just now" in answer.text


def test_a_report_over_more_than_its_memory_says_so(
    given: Parts, room: Room, instructor: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_back(given, room)
    ask = Gathered.rows
    monkeypatch.setattr(
        Gathered,
        "rows",
        lambda found, *_: ask(found, "SELECT list(number) FROM range(200000000) AS t(number)"),
    )
    instructor.app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = instructor.get("/reports/course")
    assert answer.status_code == 503
    assert "more behind this report than it has memory for" in answer.text


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.000Z"])
def test_a_time_that_leaves_the_calendar_is_that_of_storing(
    given: Parts, room: Room, read_as: Callable[..., Reader], time: str
) -> None:
    told = lively(course=room.course_id, base=given.settings.public_url)
    odd = told.reach("ada", "Essay", days=2)
    odd["timestamp"] = time
    back = read_back(given, room, told)
    with given.database.write() as session:
        say(session, room.tenant_id, None, may_look=True)
    for zone in ("America/New_York", "Pacific/Auckland"):
        answer = read_as(Role.instructor, time_zone=zone).get(f"/reports/people/{back.members['ada']}")
        assert answer.status_code == 200
        assert "Feb 4, 2026" in words_of(answer.text)


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland"])
def test_any_time_can_be_shown(app: Flask, zone: str) -> None:
    with app.test_request_context():
        words = Words(Names({}, {}), zone)
        for at in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)):
            assert str(at.year) in words.moment(at)
