"""The exported log: what is in it and what never is, by which rules, and that nothing is passed over."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pytest
from sqlalchemy import update

from social_layer.database import Database
from social_layer.people.models import Voice
from social_layer.sealing import SealBroken, Sealer
from tests.factories import VoiceFactory, made_in
from tests.xapi.scopes.test_leaving import Store, chosen, rule, send
from tests.xapi.world import BASE, HOME_PAGE, SEALER, TestClock, World
from xapi.eventlog.bookmark import ExportRefused
from xapi.eventlog.columns import COLUMNS, NAMES
from xapi.eventlog.exporting import export
from xapi.eventlog.files import Lines, Parts, Stream
from xapi.eventlog.rows import EventLog, Wanted
from xapi.models import Scope
from xapi.scopes.erasing import take_back
from xapi.scopes.pseudonyms import Masks

Row = dict[str, Any]
ASKED = {"of": "a test"}


@pytest.fixture
def world(tables_url: str) -> Iterator[World]:
    with closing(Database(tables_url)) as database:
        yield World(database, TestClock())


def log_of(world: World, portion: int = 3, **wanted: Any) -> EventLog:
    masks = Masks(world.database, SEALER, BASE)
    return EventLog(
        world.database, world.clock, masks, BASE, Wanted(world.tenant_id, **wanted), portion=portion
    )


def exported(world: World, after: int = 0, **wanted: Any) -> list[Row]:
    out = BytesIO()
    export(log_of(world, **wanted), Stream(out, after))
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_event_is_a_row_that_says_what_was_done_to_what(world: World) -> None:
    world.open("maya")
    topic = world.post("maya")
    reply = world.post("joel", parent=topic)
    world.react("maya", reply)
    world.edit("joel", reply)
    world.remove("joel", reply)
    rows = exported(world)
    assert [tuple(row) for row in rows] == [NAMES] * 6
    assert [row["number"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [
        (row["type"], row["object_kind"], row["answers"], row["revision"], row["detail"]) for row in rows
    ] == [
        ("panel_opened", "panel", None, None, None),
        ("topic_posted", "topic", None, 1, "topic"),
        ("reply_posted", "reply", str(topic), 1, "reply"),
        ("reaction_added", "reply", str(reply), None, "insight"),
        ("entry_edited", "reply", str(topic), 2, "reply"),
        ("entry_deleted", "reply", str(topic), None, "reply"),
    ]
    assert {row["course"] for row in rows} == {str(world.course_id)}
    assert {row["panel"] for row in rows} == {str(world.panel_id)}
    assert [row["thread"] for row in rows] == [None, *[str(topic)] * 5]
    assert rows[1]["event"] == rows[1]["object"] == str(topic)
    assert datetime.fromisoformat(rows[0]["occurred_at"]) < world.clock.now


def test_no_text_and_no_name_is_in_it(world: World) -> None:
    world.post("maya", "What only Maya would write")
    told = json.dumps([exported(world), exported(world, most=Scope.identified)])
    assert not any(word in told for word in ("Maya", "What only", "learner's title", "Food webs", "Ecology"))


def test_people_are_the_pseudonyms_that_an_lrs_is_told(world: World) -> None:
    world.connect("https://lrs.example.org/xAPI")
    rule(world, Scope.pseudonymous)
    world.post("maya")
    store = Store()
    send(world, store)
    account = store.statements[0]["actor"]["account"]
    (row,) = exported(world)
    assert row["person"] == f"{account['homePage']}|{account['name']}"
    assert row["person_is"] == "pseudonym"


def test_accounts_are_told_only_where_the_rules_and_the_person_allow_it(world: World) -> None:
    rule(world, Scope.identified, may_choose=True)
    world.post("maya")
    chosen(world, "joel", Scope.pseudonymous)
    world.post("joel")
    rows = exported(world, most=Scope.identified)
    assert [row["person_is"] for row in rows] == ["account", "pseudonym"]
    assert rows[0]["person"] == f"{HOME_PAGE}|maya-7"
    assert rows[1]["person"].startswith(f"{BASE}|")
    assert {row["person_is"] for row in exported(world)} == {"pseudonym"}


def test_what_may_not_leave_is_left_out(world: World) -> None:
    rule(world, Scope.identified, may_choose=True)
    world.post("maya")
    chosen(world, "maya", Scope.nothing)
    world.post("maya")
    world.post("joel")
    world.member("probe", is_test=True)
    world.post("probe")
    rows = exported(world)
    assert len(rows) == 1
    rule(world, Scope.nothing)
    assert exported(world) == []


def test_an_edit_does_not_join_a_pseudonym_with_the_account_of_before(world: World) -> None:
    topic = world.post("maya")
    rule(world, Scope.pseudonymous)
    rule(world, Scope.identified)
    assert {row["person_is"] for row in exported(world, most=Scope.identified)} == {"account"}
    chosen(world, "maya", None)
    rule(world, Scope.identified, may_choose=True)
    chosen(world, "maya", Scope.pseudonymous)
    world.edit("maya", topic)
    chosen(world, "maya", None)
    rows = exported(world, most=Scope.identified)
    assert [(row["type"], row["person_is"]) for row in rows] == [("topic_posted", "account")]


def test_an_alias_is_an_account_of_its_own(world: World) -> None:
    topic = world.post("maya")
    with world.database.write() as session, made_in(session):
        alias = VoiceFactory(
            tenant_id=world.tenant_id, course_id=world.course_id, person_id=None, alias="Quiet heron"
        )
        session.flush()
        from sqlalchemy import insert

        from social_layer.events.models import Event

        session.execute(
            insert(Event).values(
                tenant_id=world.tenant_id,
                id=alias.id,
                type="reaction_added",
                occurred_at=world.clock(),
                voice_id=alias.id,
                panel_id=world.panel_id,
                object_id=topic,
                answers_id=topic,
                detail="like",
            )
        )
    for most in (Scope.pseudonymous, Scope.identified):
        mine, other = exported(world, most=most)
        assert (other["person"], other["person_is"]) == (f"{BASE}|{alias.id}", "alias")
        assert mine["person"] != other["person"]
        assert "Quiet heron" not in json.dumps(other)


def test_of_somebody_erased_nothing_is_left_and_nobody_answers_them(world: World) -> None:
    topic = world.post("maya")
    world.post("joel", parent=topic)
    viewer = world.viewer("maya")
    with world.database.write() as session:
        take_back(session, BASE, world.tenant_id, viewer.person_id, world.clock())
        session.execute(
            update(Voice).where(Voice.id == viewer.voice_id).values(person_id=None, erased_at=world.clock())
        )
    (row,) = exported(world)
    assert row["type"] == "reply_posted"
    assert row["answers"] is None


def test_only_what_was_asked_for_is_in_it(world: World) -> None:
    world.post("maya")
    middle = world.clock()
    world.post("joel")
    assert [row["number"] for row in exported(world, since=middle)] == [2]
    assert [row["number"] for row in exported(world, until=middle)] == [1]
    assert exported(world, course_id=uuid4()) == []
    assert len(exported(world, course_id=world.course_id)) == 2
    assert [row["number"] for row in exported(world, after=1)] == [2]


def test_it_goes_on_where_it_stopped_with_whole_lines_each_once(world: World, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    for _ in range(4):
        world.post("maya")
    export(log_of(world), Lines(out, ASKED))
    whole = out.read_bytes()
    # Killed while it wrote: what stands after the cursor is cut off.
    out.write_bytes(whole + b'{"number": 5, "eve')
    world.post("joel")
    summary = export(log_of(world), Lines(out, ASKED))
    assert (summary.new, summary.rows, summary.after) == (1, 5, 5)
    assert out.read_bytes().startswith(whole)
    rows = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert [row["number"] for row in rows] == [1, 2, 3, 4, 5]
    assert export(log_of(world), Lines(out, ASKED)).new == 0
    assert out.stat().st_mode & 0o077 == 0


def test_another_export_does_not_go_on_in_the_same_file(world: World, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    world.post("maya")
    export(log_of(world), Lines(out, ASKED))
    with pytest.raises(ExportRefused, match="another export"):
        Lines(out, {"of": "another"})
    with pytest.raises(ExportRefused, match="by itself"):
        Lines(out, ASKED, after=7)
    out.write_bytes(b"")
    with pytest.raises(ExportRefused, match="shorter"):
        Lines(out, ASKED)
    assert export(log_of(world), Lines(out, {"of": "another"}, anew=True)).rows == 1
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(ExportRefused, match="no cursor beside it"):
        Lines(tmp_path / "mine.txt", ASKED)
    assert (tmp_path / "mine.txt").read_text() == "kept"


def test_parquet_holds_the_same_rows_in_their_own_types(world: World, tmp_path: Path) -> None:
    topic = world.post("maya")
    for _ in range(6):
        world.post("joel", parent=topic)
    folder = tmp_path / "it's events"
    assert export(log_of(world), Parts(folder, ASKED, part_rows=3)).rows == 7
    # Killed while it wrote a part, and before it said so.
    (folder / "part-000009.parquet").write_bytes(b"half")
    (folder / ".rows.jsonl").write_bytes(b"half")
    world.open("maya")
    summary = export(log_of(world), Parts(folder, ASKED, part_rows=3))
    assert (summary.new, summary.rows) == (1, 8)
    assert sorted(one.name for one in folder.iterdir()) == [
        "cursor.json",
        *(f"part-{number:06}.parquet" for number in range(1, 5)),
    ]
    with duckdb.connect() as store:
        relation = store.from_parquet(str(folder / "*.parquet"))
        assert list(zip(relation.columns, map(str, relation.types), strict=True)) == [
            (column.name, {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}.get(column.type, column.type))
            for column in COLUMNS
        ]
        found = relation.order("number").project(
            "number, event::VARCHAR, answers::VARCHAR, person, "
            "strftime(occurred_at::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%fZ')"
        )
        rows = found.fetchall()
    names = ("number", "event", "answers", "person", "occurred_at")
    assert rows == [tuple(row[name] for name in names) for row in exported(world)]


def test_parquet_goes_into_a_folder_of_its_own(world: World, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.txt").write_text("kept")
    with pytest.raises(ExportRefused, match=r"mine\.txt"):
        Parts(tmp_path / "mine", ASKED)


def test_a_key_that_cannot_be_opened_is_told_before_the_first_portion(world: World) -> None:
    world.post("maya")
    exported(world)
    other = Masks(world.database, Sealer(["another secret key of the tests, long enough"]), BASE)
    log = EventLog(world.database, world.clock, other, BASE, Wanted(world.tenant_id))
    up_to = log.number()
    with pytest.raises(SealBroken):
        log.portions(0, up_to)
