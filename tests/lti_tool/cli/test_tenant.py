"""The institutions of an installation, and the zone in which days end where a course has none of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lti_tool import migrations
from lti_tool.cli import main
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from social_layer.grading.queries import find_sheet
from social_layer.panels.actions import make_panel
from social_layer.people.actions import find_or_make_tenant, make_course


@pytest.fixture
def given(tmp_path: Path) -> Iterator[Parts]:
    made = Parts.of(read_settings({"ALONGSIDE_HOME": str(tmp_path)}))
    migrations.upgrade(made.database.engine)
    yield made
    made.database.close()


def run(given: Parts, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["tenant", *arguments], obj=given)


def test_days_of_a_course_without_a_zone_end_in_that_of_its_institution(given: Parts) -> None:
    with given.database.write() as session:
        tenant_id = find_or_make_tenant(session, given.clock, "College").id
        course = make_course(session, given.clock, tenant_id, home_page="https://lms.test", title="Ecology")
        panel_id = make_panel(session, given.clock, tenant_id, course.id, title="Rivers").id
    done = run(given, "zone", "Europe/Berlin", "--tenant", "College")
    assert (done.exit_code, done.stdout) == (0, "College: days end at midnight in Europe/Berlin\n")
    listed = json.loads(run(given, "list", "--json").stdout)
    assert {"name": "College", "time_zone": "Europe/Berlin"} in listed
    assert "Europe/Berlin" in run(given, "list").stdout
    with given.database.read() as session:
        sheet = find_sheet(session, tenant_id, panel_id)
        assert sheet is not None
        assert sheet.zone.key == "Europe/Berlin"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("Mars/Olympus",), "no time zone"),
        (("99",), "no time zone"),
        (("UTC", "--tenant", "Nobody"), "Nobody"),
    ],
)
def test_what_cannot_be_set_is_one_line(given: Parts, arguments: tuple[str, ...], named: str) -> None:
    done = run(given, "zone", *arguments)
    assert done.exit_code == 1
    assert named in done.stderr
    assert done.stderr.count("\n") == 1
