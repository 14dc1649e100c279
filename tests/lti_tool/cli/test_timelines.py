"""Who sees timelines, said on the command line: the institution's word, and a course's own."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from lti_tool import migrations
from lti_tool.cli import main
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from lti_tool.reporting.rules import staff_may_look
from social_layer.people.actions import find_or_make_tenant, make_course


@pytest.fixture
def given(tmp_path: Path) -> Iterator[Parts]:
    made = Parts.of(read_settings({"ALONGSIDE_HOME": str(tmp_path)}))
    migrations.upgrade(made.database.engine)
    yield made
    made.database.close()


def run(given: Parts, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["tenant", "timelines", *arguments], obj=given)


def test_the_institution_says_and_a_course_may_have_its_own_rule(given: Parts) -> None:
    with given.database.write() as session:
        tenant_id = find_or_make_tenant(session, given.clock, "College").id
        one, other = (
            make_course(session, given.clock, tenant_id, home_page="https://lms.test", title=title).id
            for title in ("Ecology", "Statistics")
        )

    def seen() -> list[bool]:
        with given.database.read() as session:
            return [staff_may_look(session, tenant_id, course) for course in (one, other)]

    assert seen() == [False, False]
    asked = run(given, "--tenant", "College")
    assert (asked.exit_code, asked.stdout) == (0, "College: nobody but the person sees a timeline\n")
    assert run(given, "show", "--tenant", "College").exit_code == 2, (
        "nothing that reads like a question decides"
    )
    assert seen() == [False, False], "asking changes nothing"
    assert "see the timelines" in run(given, "allow", "--tenant", "College").stdout
    assert seen() == [True, True]
    assert "nobody but the person" in run(given, "deny", "--tenant", "College", "--course", str(one)).stdout
    assert seen() == [False, True]
    assert run(given, "--tenant", "College", "deny").exit_code == 2, "it would be another institution's"
    asked = run(given, "--tenant", "College", "--json")
    assert json.loads(asked.stdout) == {"institution": True, "courses": {str(one): False}}
    assert f"College, course {one}: nobody" in run(given, "--tenant", "College").stdout


def test_what_is_not_there_is_named(given: Parts) -> None:
    with given.database.write() as session:
        find_or_make_tenant(session, given.clock, "College")
    nobody = run(given, "allow", "--tenant", "Nobody")
    assert (nobody.exit_code, "no institution is called" in nobody.stderr) == (1, True)
    no_course = run(given, "allow", "--tenant", "College", "--course", str(uuid4()))
    assert (no_course.exit_code, "has no course" in no_course.stderr) == (1, True)
