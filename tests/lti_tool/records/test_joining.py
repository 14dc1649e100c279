"""By what else people are known, imported whole or not at all; and which activities are which courses."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import Result
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lti_tool.bridging import base_of
from lti_tool.lti.models import Deployment, LtiContext, Platform
from lti_tool.parts import Parts
from lti_tool.records import importing
from lti_tool.records.importing import Verdict, normal
from lti_tool.records.joining import courses_by_activity, known_as
from tests.xapi.world import HOME_PAGE, World
from xapi.gathering.models import PersonIdentifier

Run = Callable[..., Result]
EDX = "https://edx.example.edu|32e08e30-f8ae"


def imported(run: Run, folder: Path, *lines: str, preview: bool = False) -> Result:
    file = folder / "people.csv"
    file.write_text("\n".join(("Identifier,Account", *lines)) + "\n", encoding="utf-8-sig")
    return run("records", "import", str(file), "--json", *(["--preview"] if preview else []))


def known(given: Parts, world: World) -> dict[str, str]:
    with given.database.read() as session:
        return known_as(session, world.tenant_id)


def test_a_preview_writes_nothing(given: Parts, world: World, run: Run, tmp_path: Path) -> None:
    world.member("maya")
    told = imported(run, tmp_path, "Maya@Example.edu,maya-7", preview=True)
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["new"] == 1
    assert known(given, world) == {}


def test_a_file_is_imported_and_may_be_again(given: Parts, world: World, run: Run, tmp_path: Path) -> None:
    world.member("maya")
    world.member("joel")
    lines = ("Maya@Example.edu,maya-7", f"{EDX},{HOME_PAGE}|joel-7")
    assert json.loads(imported(run, tmp_path, *lines).stdout)["written"] is True
    assert known(given, world) == {
        "mailto:maya@example.edu": f"{HOME_PAGE}|maya-7",
        EDX: f"{HOME_PAGE}|joel-7",
    }
    again = json.loads(imported(run, tmp_path, *lines).stdout)
    assert (again["new"], again["known"]) == (0, 2)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("ines@example.edu,nobody", Verdict.unknown),
        ("maya,maya-7", Verdict.wrong),
        (",maya-7", Verdict.wrong),
        ("first@example.edu,joel-7", Verdict.conflict),
        ("there@example.edu,joel-7", Verdict.conflict),
        (f"{HOME_PAGE}|joel-7,maya-7", Verdict.conflict),
        ("{base}|0b3d,maya-7", Verdict.ours),
    ],
)
def test_one_line_that_is_wrong_stops_all(
    given: Parts, world: World, run: Run, tmp_path: Path, line: str, verdict: Verdict
) -> None:
    world.member("maya")
    world.member("joel")
    imported(run, tmp_path, "there@example.edu,maya-7")
    before = known(given, world)
    line = line.replace("{base}", base_of(given))
    told = imported(run, tmp_path, "first@example.edu,maya-7", line)
    assert told.exit_code == 1
    (problem,) = json.loads(told.stdout)["problems"]
    assert (problem["line"], problem["verdict"]) == (3, verdict)
    assert known(given, world) == before


def test_lines_about_people_who_have_not_come_are_left_out_on_demand(
    given: Parts, world: World, run: Run, tmp_path: Path
) -> None:
    world.member("maya")
    file = tmp_path / "people.csv"
    file.write_text("identifier;account\nines@example.edu;nobody\nmaya@example.edu;maya-7\n")
    told = run("records", "import", str(file), "--without-unknown")
    assert told.exit_code == 0, told.output
    assert "Imported: 1 new, 0 known already; 1 left out." in told.stdout
    assert list(known(given, world)) == ["mailto:maya@example.edu"]
    file.write_text("identifier;account\nines@example.edu;nobody\nmaya;maya-7\n")
    assert run("records", "import", str(file), "--without-unknown").exit_code == 1


def test_two_who_import_the_same_at_once_both_succeed(
    given: Parts, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.member("maya")
    text = "identifier,account\nmaya@example.edu,maya-7\n"
    first = importing._write
    seen: list[int] = []

    def late(session: Session, now: datetime, tenant_id: UUID, found: importing.Preview) -> None:
        seen.append(found.count(Verdict.new))
        if len(seen) == 1:
            raise IntegrityError("the other was first", None, Exception())
        first(session, now, tenant_id, found)

    monkeypatch.setattr(importing, "_write", late)
    found, is_written = importing.bring_in(
        given.database, given.clock(), world.tenant_id, base_of(given), text
    )
    assert is_written
    assert found.count(Verdict.new) == 1
    assert seen == [1, 1]


def test_a_file_for_more_than_a_university_is_refused(world: World, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    with file.open("wb") as sparse:
        sparse.truncate(importing.MOST_MEGABYTES * 1_000_000 + 1)
    told = run("records", "import", str(file))
    assert told.exit_code == 1
    assert "more than 50 MB" in told.stderr


def test_problems_are_shown_in_words(world: World, run: Run, tmp_path: Path) -> None:
    world.member("maya")
    file = tmp_path / "people.csv"
    file.write_text("identifier,account\nines@example.edu,nobody\nmaya@example.edu,maya-7\n")
    told = run("records", "import", str(file))
    assert told.exit_code == 1
    assert "nobody here has this account" in told.stdout
    assert "Nothing was written: 1 new, 0 known already, 1 with problems." in told.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"mail,account\na@example.edu,maya-7\n", "missing: identifier"),
        (b"", "missing: identifier, account"),
        (b"identifier,account\n\xff\xfe,maya-7\n", "not in UTF-8"),
    ],
)
def test_what_is_no_such_file_is_said_in_one_line(
    world: World, run: Run, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    told = run("records", "import", str(file))
    assert told.exit_code == 1
    assert said in told.stderr
    assert told.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("Ann@Example.edu", "mailto:ann@example.edu"),
        ("mailto:Ann@example.edu", "mailto:ann@example.edu"),
        ("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        (EDX, EDX),
        ("https://ann.example.edu/", "https://ann.example.edu/"),
        ("Ann", None),
        ("|7", None),
        ("x|", None),
        ("https://a.example.edu|" + "7" * 600, None),
    ],
)
def test_identifiers_are_kept_as_they_are_compared(told: str, kept: str | None) -> None:
    assert normal(told) == kept


def test_activities_are_mapped_listed_and_unmapped(given: Parts, world: World, run: Run) -> None:
    activity = "https://content.example.edu/au/1"
    base = base_of(given)
    for named in ("Ecology", str(world.course_id), f"{base}/xapi/courses/{world.course_id}"):
        assert run("records", "map", "--activity", activity, "--course", named).exit_code == 0
    (one,) = json.loads(run("records", "maps", "--json").stdout)
    assert one == {"activity": activity, "course": str(world.course_id), "title": "Ecology"}
    assert "Ecology" in run("records", "maps").stdout
    with given.database.read() as session:
        assert courses_by_activity(session, world.tenant_id, base) == {
            activity: f"{base}/xapi/courses/{world.course_id}"
        }
    assert run("records", "unmap", "--activity", activity).exit_code == 0
    assert json.loads(run("records", "maps", "--json").stdout) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("map", "--activity", "no IRI", "--course", "Ecology"), "is no activity id"),
        (("map", "--activity", "https://a.example.edu/1", "--course", "Botany"), "no course is 'Botany'"),
        (("unmap", "--activity", "https://a.example.edu/1"), "is not mapped"),
        (("maps", "--tenant", "elsewhere"), "no institution is called"),
    ],
)
def test_what_cannot_be_mapped_is_one_line(
    world: World, run: Run, arguments: tuple[str, ...], said: str
) -> None:
    told = run("records", *arguments)
    assert told.exit_code == 1
    assert said in told.stderr
    assert told.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("family", "context_id", "activity"),
    [
        ("moodle", "2", f"{HOME_PAGE}/course/view.php?id=2"),
        (None, "course-v1:edX+DemoX+2026", f"{HOME_PAGE}/course/course-v1:edX+DemoX+2026"),
        ("canvas", "4dde05e8", None),
    ],
)
def test_launches_tell_which_course_an_lms_means(
    given: Parts, world: World, family: str | None, context_id: str, activity: str | None
) -> None:
    base = base_of(given)
    with given.database.write() as session:
        platform = Platform(
            tenant_id=world.tenant_id,
            name="An LMS",
            issuer=HOME_PAGE,
            client_id="1",
            auth_login_url=HOME_PAGE,
            auth_token_url=HOME_PAGE,
            jwks_url=HOME_PAGE,
            family=family,
            created_at=given.clock(),
        )
        session.add(platform)
        session.flush()
        deployment = Deployment(
            tenant_id=world.tenant_id,
            platform_id=platform.id,
            lti_deployment_id="1",
            created_at=given.clock(),
        )
        session.add(deployment)
        session.flush()
        session.add(
            LtiContext(
                tenant_id=world.tenant_id,
                deployment_id=deployment.id,
                lti_context_id=context_id,
                course_id=world.course_id,
            )
        )
    course = f"{base}/xapi/courses/{world.course_id}"
    with given.database.read() as session:
        found = courses_by_activity(session, world.tenant_id, base)
        assert found == ({activity: course} if activity else {})
        assert session.scalars(select(PersonIdentifier)).all() == []
