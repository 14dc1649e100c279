"""`alongside events export`, as an analyst's administrator types it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lti_tool.cli import main
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from social_layer.database import Database
from tests.xapi.scopes.test_leaving import chosen, rule
from tests.xapi.world import BASE, HOME_PAGE, SEALER, TestClock, World
from xapi.eventlog.bookmark import ExportRefused
from xapi.eventlog.rows import EventLog, Wanted
from xapi.models import Scope
from xapi.scopes.models import Level
from xapi.scopes.pseudonyms import Masks
from xapi.scopes.queries import changes_of

Run = Callable[..., Result]


@pytest.fixture
def given(tables_url: str, tmp_path: Path) -> Iterator[Parts]:
    settings = read_settings({"ALONGSIDE_HOME": str(tmp_path), "DATABASE_URL": tables_url})
    database = Database(tables_url)
    yield Parts(settings, database, SEALER, TestClock())
    database.close()


@pytest.fixture
def run(given: Parts) -> Run:
    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["events", "export", *arguments], obj=given, prog_name="alongside")

    return invoke


@pytest.fixture
def world(given: Parts) -> World:
    world = World(given.database, given.clock)
    topic = world.post("maya")
    world.post("joel", parent=topic)
    return world


def test_the_log_is_printed_and_the_summary_stays_apart(run: Run, world: World) -> None:
    done = run("--out", "-", "--json")
    assert done.exit_code == 0, done.output
    assert [json.loads(line)["type"] for line in done.stdout.splitlines()] == ["topic_posted", "reply_posted"]
    assert json.loads(done.stderr) == {
        "out": "-",
        "format": "jsonl",
        "people": "pseudonymous",
        "new": 2,
        "rows": 2,
        "after": 2,
    }
    assert run("--out", "-", "--after", "1").stdout.count("\n") == 1


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_the_same_command_again_adds_what_is_new(run: Run, world: World, tmp_path: Path, form: str) -> None:
    out = str(tmp_path / "log")
    assert json.loads(run("--out", out, "--format", form, "--json").stdout)["new"] == 2
    world.open("maya")
    again = json.loads(run("--out", out, "--format", form, "--json").stdout)
    assert (again["new"], again["rows"], again["after"]) == (1, 3, 3)
    other = run("--out", out, "--format", form, "--people", "identified")
    assert other.exit_code == 1
    assert "another export" in other.output


def test_accounts_are_refused_where_the_institution_gives_out_less(run: Run, world: World) -> None:
    assert f"{HOME_PAGE}|maya-7" in run("--out", "-", "--people", "identified").stdout
    rule(world, Scope.pseudonymous, Level.platform, HOME_PAGE)
    assert run("--out", "-", "--people", "identified").exit_code == 0
    course = str(world.course_id)
    refused = run("--out", "-", "--people", "identified", "--course", course)
    assert refused.exit_code == 1
    assert "scope is pseudonymous" in refused.output
    assert "maya-7" not in refused.output
    rule(world, Scope.identified, Level.course, course)
    assert run("--out", "-", "--people", "identified", "--course", course).exit_code == 0
    rule(world, Scope.nothing)
    assert run("--out", "-", "--people", "identified").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--out", "-", "--format", "parquet"), "folder"),
        (("--out", "-", "--tenant", "nobody"), "no institution is called 'nobody'"),
        (("--out", "-", "--course", "6f5c3bc6-9722-4db3-a7f3-c8c267cbdabc"), "has no course"),
        (("--out", "/nowhere/at/all"), "cannot be written"),
        (("--out", "/proc/parts", "--format", "parquet"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    run: Run, world: World, arguments: tuple[str, ...], says: str
) -> None:
    refused = run(*arguments)
    assert refused.exit_code != 0
    assert says in refused.output
    assert "Traceback" not in refused.output


@pytest.mark.parametrize("after", ["3", "99999999999999999999", "-1", "one"])
def test_no_number_that_the_log_has_not_reached_is_taken(
    run: Run, world: World, tmp_path: Path, after: str
) -> None:
    out = tmp_path / "log"
    for where in (str(out), "-"):
        refused = run("--out", where, "--after", after)
        assert refused.exit_code != 0
        assert "Traceback" not in refused.output
    assert list(tmp_path.glob("log*")) == [], "no bookmark that passes over what comes"


def test_accounts_and_pseudonyms_do_not_meet_in_one_file(run: Run, world: World, tmp_path: Path) -> None:
    out = str(tmp_path / "log")
    assert run("--out", out, "--people", "identified").exit_code == 0
    world.post("maya")
    assert run("--out", out, "--people", "identified").exit_code == 0
    rule(world, Scope.identified, may_choose=True)
    chosen(world, "maya", Scope.pseudonymous)
    world.post("maya")
    before = Path(out).read_bytes()
    refused = run("--out", out, "--people", "identified")
    assert refused.exit_code == 1
    assert "export anew with --anew" in refused.output
    assert Path(out).read_bytes() == before
    assert run("--out", out, "--people", "identified", "--anew").exit_code == 0


def test_scopes_that_change_during_an_export_end_it(given: Parts, world: World) -> None:
    with given.database.read() as session:
        as_of = changes_of(session, world.tenant_id)
    masks = Masks(given.database, SEALER, BASE)
    wanted = Wanted(world.tenant_id, Scope.identified, as_of=as_of)
    log = EventLog(given.database, given.clock, masks, BASE, wanted, portion=1)
    portions = log.portions(0, log.number())
    assert len(next(portions).rows) == 1
    rule(world, Scope.pseudonymous)
    with pytest.raises(ExportRefused, match="have changed"):
        next(portions)
