"""`alongside person` and `alongside scope`, as an administrator types them; the statements are in a real LRS."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from lti_tool.bridging import bridge_of
from lti_tool.cli import main
from lti_tool.config import read_settings
from lti_tool.migrations import metadata
from lti_tool.parts import Parts
from lti_tool.records.gathering import folder_of
from social_layer.database import Database
from social_layer.discussion.actions import save_draft
from social_layer.discussion.marks import mark_read
from social_layer.discussion.queries import entries_page
from social_layer.people.models import Person, Role
from tests.faults.fake_lrs import FakeLrs
from tests.lti_tool.web.gathering import connected
from tests.room import Room
from tests.xapi.fixtures import bundled
from tests.xapi.gathering.writing import written
from tests.xapi.reports.told import Told
from tests.xapi.scopes.test_leaving import rule
from tests.xapi.world import HOME_PAGE, SEALER, TestClock, World
from xapi.gathering.manifest import read_manifest
from xapi.models import Lrs, Scope
from xapi.scopes.actions import choose
from xapi.scopes.models import Erasure

__all__ = ["bundled"]
Run = Callable[..., Result]
SECRET_WORDS = "What only Maya would write"


@pytest.fixture
def given(tables_url: str, tmp_path: Path) -> Iterator[Parts]:
    settings = read_settings({"ALONGSIDE_HOME": str(tmp_path), "DATABASE_URL": tables_url})
    database = Database(tables_url)
    yield Parts(settings, database, SEALER, TestClock())
    database.close()


@pytest.fixture
def run(given: Parts) -> Run:
    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments), obj=given, prog_name="alongside")

    return invoke


@pytest.fixture
def world(given: Parts, bundled: str) -> World:
    """Maya opened a thread, was answered, answered herself, reacted and has a draft."""
    world = World(given.database, given.clock)
    world.connect(bundled, name="records")
    rule(world, Scope.identified, text=True)
    topic = world.post("maya", SECRET_WORDS)
    reply = world.post("joel", "An answer of somebody else", parent=topic)
    world.post("maya", SECRET_WORDS, parent=reply)
    world.react("maya", reply)
    world.edit("maya", topic)
    viewer = world.viewer("maya")
    with given.database.write() as session:
        save_draft(session, viewer, "topic", {"body": SECRET_WORDS})
        mark_read(session, given.clock, viewer, [topic], {topic: 45})
        choose(session, given.clock, world.tenant_id, viewer.person_id, Scope.identified)
    deliver(given)
    return world


def deliver(given: Parts) -> None:
    bridge = bridge_of(given)
    for key in bridge.sweep():
        bridge.deliver(key)
    bridge.close()


def in_lrs(endpoint: str) -> str:
    """All that the LRS answers when it is asked for everything."""
    asked = requests.get(
        f"{endpoint}/statements",
        params={"limit": "500"},
        headers={"X-Experience-API-Version": "1.0.3"},
        auth=("key", "secret"),
        timeout=10,
    )
    assert asked.status_code == 200
    return asked.text


def in_database(database: Database) -> str:
    with database.read() as session:
        rows = [
            [value.hex() + repr(value) if isinstance(value, bytes) else str(value) for value in row]
            for table in metadata().sorted_tables
            for row in session.execute(select(table))
        ]
    return json.dumps(rows)


class Unwilling(FakeLrs):
    """Refuses whatever it is sent, and repeats it."""

    def post(self, statements: list[dict[str, Any]], size: int, takes: float = 0.0) -> tuple[int, Any]:
        return 400, {"wrong": statements}


@pytest.fixture
def unwilling() -> Iterator[FakeLrs]:
    with Unwilling() as lrs:
        yield lrs


def test_of_an_erased_person_nothing_is_left(
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    given: Parts,
    run: Run,
    world: World,
    bundled: str,
    unwilling: FakeLrs,
) -> None:
    viewer = world.viewer("maya")
    traces = ["maya", "Maya", SECRET_WORDS, "Better words", str(viewer.person_id)]
    world.connect(unwilling.endpoint, name="unwilling")
    assert run("bridge", "replay", "--lrs", "unwilling").exit_code == 0
    deliver(given)
    assert all(trace in in_database(given.database) for trace in traces)
    assert "maya-7" in in_lrs(bundled)
    assert SECRET_WORDS in in_lrs(bundled)
    exporting = ("events", "export", "--people", "identified", "--out", "-")
    assert "maya-7" in run(*exporting).stdout
    done = run("person", "erase", "--account", "maya-7", "--yes", "--json")
    assert done.exit_code == 0, done.output
    deliver(given)
    left = in_database(given.database)
    assert [trace for trace in traces if trace in left] == []
    told = in_lrs(bundled)
    assert [trace for trace in traces if trace in told] == []
    assert "joel-7" in told
    exported = run(*exporting).stdout
    assert [trace for trace in [*traces, str(viewer.voice_id)] if trace in exported] == []
    assert "joel-7" in exported
    assert [trace for trace in traces if trace in done.output] == []
    missing = run("person", "export", "--account", "maya-7")
    assert missing.exit_code == 1
    assert "Traceback" not in missing.output
    # Nothing of it comes back by a replay, and the audit has nothing to complain of.
    assert run("bridge", "replay", "--lrs", "records").exit_code == 0
    deliver(given)
    assert "maya-7" not in in_lrs(bundled)
    assert run("bridge", "audit", "--lrs", "records").exit_code == 0
    printed = capfd.readouterr()
    logged = printed.out + printed.err + caplog.text
    assert logged.count("statement_parked") >= 4, "what is refused is logged"
    assert [trace for trace in traces if trace in logged] == []


def test_threads_stay_readable_and_others_see_that_something_changed(
    given: Parts, run: Run, world: World
) -> None:
    before = world.viewer("joel").panel.counter
    run("person", "erase", "--account", "maya-7", "--yes")
    joel = world.viewer("joel")
    with given.database.read() as session:
        topic, reply, answer = entries_page(session, joel).items
    assert [one.is_erased for one in (topic, reply, answer)] == [True, False, True]
    assert reply.body == "An answer of somebody else"
    assert topic.author_name is None
    assert topic.replies == 1
    assert joel.panel.counter > before


def test_the_receipt_says_how_much_and_cannot_be_changed(given: Parts, run: Run, world: World) -> None:
    receipt = json.loads(run("person", "erase", "--account", "maya-7", "--yes", "--json").output)
    assert receipt["erased_at"][10] == "T"
    assert receipt["counts"]["entries"] == 2
    assert receipt["counts"]["revisions"] == 3
    assert receipt["counts"]["statements_voided"] == 4
    assert json.loads(run("person", "receipts", "--json").output)[0]["genuine"] is True
    with given.database.write() as session:
        session.execute(update(Erasure).values(erased_by="somebody else"))
    refused = run("person", "receipts")
    assert refused.exit_code == 1
    assert "NO" in refused.output


def test_somebody_erased_who_comes_back_is_somebody_new(given: Parts, run: Run, world: World) -> None:
    run("person", "erase", "--account", "maya-7", "--yes")
    old = dict(world._members)
    world._members.clear()
    world.post("maya", "I am back")
    assert world.member("maya") != old["maya"]
    exported = json.loads(run("person", "export", "--account", "maya-7").output)
    assert [one["versions"][-1]["body"] for one in exported["entries"]] == ["I am back"]


def test_an_export_is_the_same_in_a_file(run: Run, world: World, tmp_path: Path) -> None:
    printed = run("person", "export", "--account", "joel-7")
    assert run("person", "export", "--account", "joel-7", "--out", str(tmp_path / "joel.json")).exit_code == 0
    kept = (tmp_path / "joel.json").read_text()
    assert json.loads(kept)["entries"] == json.loads(printed.output)["entries"]
    assert not re.search(r'"\d{4}-\d\d-\d\d \d\d:', kept), "times are RFC 3339"


def test_grades_that_somebody_gave_stay_when_they_are_erased(given: Parts, run: Run, world: World) -> None:
    from social_layer.grading.models import Judgement

    world.member("amara", role=Role.instructor)
    with given.database.write() as session:
        session.add(
            Judgement(
                tenant_id=world.tenant_id,
                panel_id=world.panel_id,
                term=1,
                stage=world.panel_id,
                membership_id=world.member("joel"),
                points=3,
                by_id=world.member("amara"),
                created_at=given.clock(),
            )
        )
        session.commit()
    assert run("person", "erase", "--account", "amara-7", "--yes").exit_code == 0
    with given.database.read() as session:
        assert session.scalar(select(Judgement.points)) == 3
        assert "Amara" not in session.scalars(select(Person.name)).all()


def test_an_erasure_is_confirmed(run: Run, world: World) -> None:
    refused = run("person", "erase", "--account", "maya-7")
    assert refused.exit_code == 1
    assert "--yes" in refused.output
    assert run("person", "export", "--account", "maya-7").exit_code == 0


def test_an_export_holds_what_is_known_and_what_was_sent(
    given: Parts, run: Run, world: World, bundled: str, tmp_path: Path
) -> None:
    out = tmp_path / "maya.json"
    done = run("person", "export", "--account", "maya-7", "--home-page", HOME_PAGE, "--out", str(out))
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(out.read_text())
    assert found["person"]["name"] == "Maya"
    assert found["accounts"] == [{"home_page": HOME_PAGE, "name": "maya-7"}]
    assert [len(one["versions"]) for one in found["entries"]] == [2, 1]
    assert found["drafts"][0]["fields"] == {"body": SECRET_WORDS}
    assert [one["kind"] for one in found["reactions"]] == ["insight"]
    assert [(one["day"], one["seconds"]) for one in found["reading_times"]] == [("2026-03-02", 45)]
    assert "An answer of somebody else" not in out.read_text()
    sent = {one["statement"]["id"] for one in found["statements"]}
    assert len(sent) == 4
    assert not any(one["of_another_person"] for one in found["statements"])
    assert all(key in in_lrs(bundled) for key in sent)
    assert out.stat().st_mode & 0o077 == 0


def test_an_export_holds_what_was_read_back_of_the_person_alone(
    given: Parts, run: Run, world: World, bundled: str
) -> None:
    """From the institution's own folders: another one's has more of the same account."""
    told = Told(home_page=HOME_PAGE)
    told.reach("maya-7", "Quiz", "passed", scaled=0.8, days=1)
    told.reach("joel-7", "Quiz", "failed", days=1)
    with given.database.read() as session:
        lrs = session.scalars(select(Lrs).where(Lrs.tenant_id == world.tenant_id)).one()
    assert run("records", "gather").exit_code == 0
    written(folder_of(given.settings, world.tenant_id, lrs.id), told.statements)
    elsewhere = Room(given.database)
    foreign = Told(home_page=HOME_PAGE, base="https://elsewhere.example")
    foreign.open("maya-7", hours=1)
    foreign.reach("maya-7", "Elsewhere", days=2)
    other = connected(given, elsewhere, "Other")
    written(folder_of(given.settings, elsewhere.tenant_id, other.id), foreign.statements)
    exported = json.loads(run("person", "export", "--account", "maya-7").output)
    assert [(one["lrs"], one["outcome"], one["name"], one["scaled"]) for one in exported["records"]] == [
        ("records", "passed", "Quiz", 0.8),
        ("records", "scored", "Quiz", 0.8),
    ]
    gathered = {one["id"] for one in exported["gathered"]}
    assert gathered == {one["statement"]["id"] for one in exported["statements"]} | {told.statements[0]["id"]}
    assert {one["person"] for one in exported["gathered"]} == {f"{HOME_PAGE}|maya-7"}
    # An erasure takes out as many.
    run("person", "erase", "--account", "maya-7", "--yes")
    (receipt,) = json.loads(run("person", "receipts", "--json").output)
    assert receipt["counts"]["gathered"] == len(gathered)


def test_an_export_over_a_file_that_cannot_be_read_says_what_to_do(
    given: Parts, run: Run, world: World, bundled: str
) -> None:
    assert run("records", "gather").exit_code == 0
    folder = folder_of(given.settings, world.tenant_id, world.lrs("records").id)
    (folder / read_manifest(folder).segments[0].name).write_bytes(b"")
    refused = run("person", "export", "--account", "maya-7")
    assert refused.exit_code == 1
    assert "alongside records gather" in refused.output
    assert run("records", "gather").exit_code == 0
    assert json.loads(run("person", "export", "--account", "maya-7").output)["gathered"]


def test_an_account_that_nobody_has_or_several_is_one_clear_line(
    given: Parts, run: Run, world: World
) -> None:
    for command in ("export", "erase"):
        nobody = run("person", command, "--account", "nobody", *(["--yes"] if command == "erase" else []))
        assert nobody.exit_code == 1
        assert "nobody has the account" in nobody.output
    World(given.database, given.clock, tenant="other").member("maya")
    several = run("person", "export", "--account", "maya-7")
    assert several.exit_code == 1
    assert "--tenant" in several.output
    assert run("person", "export", "--account", "maya-7", "--tenant", "other").exit_code == 0


def test_rules_are_set_listed_and_taken_back(run: Run, world: World) -> None:
    course = str(world.course_id)
    assert run("scope", "set", "pseudonymous", "--may-choose").exit_code == 0
    assert run("scope", "set", "named", "--course", course).exit_code == 0
    listed = json.loads(run("scope", "list", "--json").output)
    assert [(one["level"], one["scope"], one["may_choose"]) for one in listed["rules"]] == [
        ("tenant", "pseudonymous", True),
        ("course", "named", False),
    ]
    assert run("scope", "set", "inherit", "--course", course).exit_code == 0
    assert len(json.loads(run("scope", "list", "--json").output)["rules"]) == 1
    assert "pseudonymous" in run("scope", "list").output


def test_a_rule_for_what_is_not_there_is_refused(run: Run, world: World) -> None:
    for option, target in (
        ("--course", str(world.panel_id)),
        ("--panel", str(world.course_id)),
        ("--platform", "https://unknown.example.org"),
        ("--tenant", "unknown"),
    ):
        refused = run("scope", "set", "nothing", option, target)
        assert refused.exit_code == 1, option
        assert "Traceback" not in refused.output
    assert run("scope", "set", "nothing", "--platform", HOME_PAGE).exit_code == 0


def test_what_an_lrs_keeps_of_voided_statements_is_hidden_and_not_gone(
    given: Parts, run: Run, world: World, tmp_path: Path
) -> None:
    """What docs/administrators/privacy.md says: the standard knows no deleting."""
    run("person", "erase", "--account", "maya-7", "--yes")
    deliver(given)
    with closing(sqlite3.connect(tmp_path / "lrs.db")) as store:
        assert any("maya-7" in line for line in store.iterdump())


def test_what_was_sent_under_more_is_counted_and_recalled_when_it_is_meant(
    given: Parts, run: Run, world: World, bundled: str
) -> None:
    assert "Nothing was sent under more" in run("scope", "recall").output
    assert run("scope", "set", "identified").exit_code == 0
    assert SECRET_WORDS in in_lrs(bundled), "a change alone takes nothing back"
    counted = run("scope", "recall", "--count", "--json")
    assert json.loads(counted.output) == {"tenant": "default", "to_void": 4}
    assert SECRET_WORDS in in_lrs(bundled)
    refused = run("scope", "recall")
    assert refused.exit_code == 1
    assert "4 statements were sent under more" in refused.output
    assert "--yes" in refused.output
    assert json.loads(run("scope", "recall", "--yes", "--json").output) == {"tenant": "default", "voided": 4}
    deliver(given)
    told = in_lrs(bundled)
    assert SECRET_WORDS not in told
    assert "An answer of somebody else" not in told
    assert run("bridge", "audit", "--lrs", "records").exit_code == 0
    assert run("scope", "recall", "--tenant", "nobody").exit_code == 1
    assert run("scope", "set", "nothing", "--text").exit_code == 2
