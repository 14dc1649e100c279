"""LRSs read back by the worker, one at a time, and what is said of one that may not be read."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result

from lti_tool.bridging import bridge_of
from lti_tool.erasing import erase_person
from lti_tool.parts import Parts
from lti_tool.records import gathering, process
from lti_tool.records.gathering import folder_of, gather_due, gather_one
from lti_tool.records.status import ReadBack, readings
from tests.xapi.gathering.test_gatherer import everything, put
from tests.xapi.world import HOME_PAGE, SECRET, World
from xapi.gathering import schedule
from xapi.gathering.store import Gathered
from xapi.models import Lrs
from xapi.stores import disconnect, find_lrs

Run = Callable[..., Result]


def status(given: Parts) -> ReadBack:
    with given.database.read() as session:
        (found,) = readings(session)
    return found


def deliver(given: Parts) -> None:
    bridge = bridge_of(given)
    for key in bridge.sweep():
        bridge.deliver(key)
    bridge.close()


def folder(given: Parts, lrs: Lrs) -> Path:
    return folder_of(given.settings, lrs.tenant_id, lrs.id)


def test_what_was_sent_is_read_back_when_it_is_due(given: Parts, world: World, bundled: str) -> None:
    lrs = world.connect(bundled)
    topic = world.post("maya")
    world.post("joel", parent=topic)
    deliver(given)
    assert gather_due(given) == 1
    assert status(given).statements == 2
    assert gather_due(given) == 0
    world.react("maya", topic)
    deliver(given)
    given.clock.advance(15 * 60)  # type: ignore[attr-defined]
    assert gather_due(given) == 1
    with Gathered([folder(given, lrs)]) as found:
        assert found.rows("SELECT person FROM statement WHERE ours ORDER BY happened") == [
            (f"{HOME_PAGE}|maya-7",),
            (f"{HOME_PAGE}|joel-7",),
            (f"{HOME_PAGE}|maya-7",),
        ]


def test_one_reads_at_a_time(given: Parts, world: World, bundled: str) -> None:
    lrs = world.connect(bundled)
    with given.database.write() as session:
        lease = schedule.take(session, given.clock(), lrs.tenant_id, lrs.id)
    assert lease is not None
    assert gather_due(given) == 0
    assert gather_one(given, lrs.tenant_id, lrs.id) is None
    # Whoever died is followed.
    given.clock.advance(schedule.LEASE.total_seconds())  # type: ignore[attr-defined]
    assert gather_due(given) == 1
    with given.database.write() as session:
        assert not schedule.renew(session, given.clock(), lease)


def test_who_lost_the_lease_stops(
    given: Parts, world: World, bundled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "_RENEWED_EVERY", timedelta(0))
    lrs = world.connect(bundled)
    world.post("maya")
    deliver(given)

    def taken_over(_read: int) -> None:
        raise AssertionError("it went on")

    with monkeypatch.context() as patched:
        patched.setattr(schedule, "renew", lambda *_: False)
        assert gather_one(given, lrs.tenant_id, lrs.id, told=taken_over) is None
    assert status(given).failures == 0
    assert gather_due(given) == 1


def test_the_worker_has_it_read_in_a_process_of_its_own(
    given: Parts, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    class Process:
        def __init__(self, command: list[str], **_: object) -> None:
            started.append(command[3:])
            self.is_ended = False

        def poll(self) -> int | None:
            return 0 if self.is_ended else None

        def terminate(self) -> None:
            self.is_ended = True

        def wait(self, timeout: float | None = None) -> int:
            return 0

    monkeypatch.setattr(process.subprocess, "Popen", Process)
    stop = threading.Event()
    process.gather_aside(given, stop=stop)
    assert started == []
    world.connect("https://lrs.example.org/xAPI")
    stop.set()
    process.gather_aside(given, stop=stop)
    assert started == [["records", "gather", "--due"]]


def test_that_process_begins_and_reads(
    given: Parts, world: World, bundled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALONGSIDE_SECRET_KEY", SECRET)
    monkeypatch.setenv("ALONGSIDE_HOME", str(given.settings.home))
    monkeypatch.setenv("DATABASE_URL", given.settings.database_url)
    world.connect(bundled)
    process.gather_aside(given, stop=threading.Event())
    assert status(given).read_at is not None
    assert status(given).trouble is None


def test_one_that_dies_is_told_of_and_not_begun_again_at_once(
    given: Parts, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    popen, begun = subprocess.Popen, []

    def dying(_: list[str], **options: Any) -> subprocess.Popen[bytes]:
        begun.append(1)
        return popen([sys.executable, "-c", "raise SystemExit(3)"], **options)

    monkeypatch.setattr(process.subprocess, "Popen", dying)
    world.connect("https://lrs.example.org/xAPI")
    for _ in range(2):
        process.gather_aside(given, stop=threading.Event())
    assert begun == [1]
    assert "died (3)" in (status(given).trouble or "")


def test_what_is_due_is_read_by_a_command(
    given: Parts, world: World, run: Run, bundled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lti_tool.cli.records.configure_logs", lambda _: None)
    world.connect(bundled)
    assert run("records", "gather", "--due").exit_code == 0
    assert status(given).read_at is not None
    assert run("records", "gather", "--due", "--json").exit_code == 2


def test_an_lrs_that_may_not_be_read_is_said_and_left_for_a_day(
    given: Parts, world: World, run: Run, bundled: str
) -> None:
    world.connect(bundled, password="wrong")
    assert gather_due(given) == 0
    found = status(given)
    assert found.is_refused
    assert found.trouble is not None
    assert "refuses the user name or password" in found.trouble
    given.clock.advance(6 * 3600)  # type: ignore[attr-defined]
    assert gather_due(given) == 0
    assert status(given).failures == 1
    (told,) = json.loads(run("records", "status", "--json").stdout)
    assert told["may_read"] is False
    assert "refuses" in run("records", "status").stdout
    # By hand it is tried at once.
    tried = run("records", "gather")
    assert tried.exit_code == 1
    assert tried.stderr.startswith("lrs: the LRS cannot be read")
    world.connect(bundled)
    assert run("records", "gather").exit_code == 0
    assert status(given).trouble is None


def test_an_lrs_that_is_out_of_reach_is_tried_after_growing_pauses(
    given: Parts, world: World, bundled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.connect("http://127.0.0.1:9/xAPI")
    monkeypatch.setattr(gathering, "_TRIES", 1)
    tries = 0
    for _ in range(60):
        gather_due(given)
        given.clock.advance(60)  # type: ignore[attr-defined]
        tries = status(given).failures
    assert 4 <= tries <= 6
    assert not status(given).is_refused


def test_the_commands_read_and_tell(given: Parts, world: World, run: Run, bundled: str) -> None:
    assert "No LRS is connected" in run("records", "gather").stdout
    world.connect(bundled, name="ours")
    world.post("maya")
    deliver(given)
    (done,) = json.loads(run("records", "gather", "--lrs", "ours", "--json").stdout)
    assert (done["lrs"], done["read"], done["new"]) == ("ours", 1, 1)
    (told,) = json.loads(run("records", "status", "--json").stdout)
    assert (told["statements"], told["may_read"], told["trouble"]) == (1, True, None)
    assert "complete until" in run("records", "status").stdout
    unknown = run("records", "gather", "--lrs", "theirs")
    assert unknown.exit_code == 1
    assert "no LRS is called 'theirs'" in unknown.stderr


def test_what_was_gathered_goes_with_its_lrs(given: Parts, world: World, bundled: str) -> None:
    lrs = world.connect(bundled)
    gather_due(given)
    assert folder(given, lrs).is_dir()
    with given.database.write() as session:
        disconnect(session, find_lrs(session, None, "lrs"))
    gather_due(given)
    assert not folder(given, lrs).exists()


def test_nothing_of_an_erased_person_is_left(
    given: Parts, world: World, run: Run, bundled: str, tmp_path: Path
) -> None:
    lrs = world.connect(bundled)
    topic = world.post("maya")
    world.post("joel", parent=topic)
    viewer = world.viewer("maya")
    table = tmp_path / "people.csv"
    table.write_text("identifier,account\nmaya@example.edu,maya-7\n")
    assert run("records", "import", str(table)).exit_code == 0
    deliver(given)
    formal = {
        "actor": {"mbox": "mailto:maya@example.edu"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
        "object": {"id": "https://moodle.example.edu/course/view.php?id=2"},
    }
    put(bundled, {"id": str(uuid4()), **formal})
    gather_due(given)
    assert "maya" in everything(folder(given, lrs))
    receipt = erase_person(given, world.tenant_id, viewer.person_id, "a test")
    counts = json.loads(receipt.counts)
    assert (counts["gathered"], counts["identifiers"]) == (2, 1)
    for _ in range(2):
        there = everything(folder(given, lrs))
        assert "maya" not in there
        assert "joel-7" in there
        # The overlap brings the formal record again, and the voiding takes the other one out.
        deliver(given)
        given.clock.advance(3600)  # type: ignore[attr-defined]
        assert gather_due(given) == 1
    for file in folder(given, lrs).iterdir():
        assert b"maya" not in file.read_bytes()


def test_what_is_odd_about_an_lrs_is_said_though_it_was_read(
    given: Parts, world: World, run: Run, bundled: str
) -> None:
    world.connect(bundled)
    world.post("maya")
    deliver(given)
    # Our clock is two hours late.
    given.clock.advance(-2 * 3600)  # type: ignore[attr-defined]
    assert gather_due(given) == 1
    assert status(given).failures == 0
    assert "in the future" in (status(given).trouble or "")
    assert "in the future" in run("records", "gather").stderr
    given.clock.advance(3 * 3600)  # type: ignore[attr-defined]
    assert gather_due(given) == 1
    assert status(given).trouble is None


def test_a_file_that_cannot_be_read_keeps_no_lrs_from_being_read(
    given: Parts, world: World, run: Run, bundled: str
) -> None:
    first, second = world.connect(bundled, "first"), world.connect(bundled, "second")
    world.post("maya")
    deliver(given)
    assert gather_due(given) == 2
    for path in folder(given, first).glob("*.parquet"):
        path.write_bytes(path.read_bytes()[:40])
    given.clock.advance(3600)  # type: ignore[attr-defined]
    assert gather_due(given) == 2
    with given.database.read() as session:
        told = {one.name: (one.statements, one.failures, one.trouble) for one in readings(session)}
    assert told["second"] == (1, 0, None)
    assert told["first"][:2] == (1, 0)
    assert "read anew" in (told["first"][2] or "")
    with Gathered([folder(given, first), folder(given, second)]) as found:
        assert found.rows("SELECT count(*) FROM statement") == [(1,)]
    assert run("records", "gather").exit_code == 0


def test_a_mistake_with_one_lrs_keeps_no_other_from_being_read(
    given: Parts, world: World, bundled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.connect(bundled, "first")
    world.connect(bundled, "second")
    gather = gathering.gather

    def fails(reader: Any, place: Path, *arguments: Any, **more: Any) -> Any:
        if place == folder(given, first):
            raise RuntimeError("nobody thought of it")
        return gather(reader, place, *arguments, **more)

    monkeypatch.setattr(gathering, "gather", fails)
    assert gather_due(given) == 1
    with given.database.read() as session:
        told = {one.name: one.trouble for one in readings(session)}
    assert told == {"first": "a mistake of the tool's own; see its log", "second": None}
