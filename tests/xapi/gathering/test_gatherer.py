"""Pulling from an LRS: everything once, whatever happens in between."""

import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from social_layer.clock import Clock, system_clock
from tests.xapi.world import TestClock
from xapi.gathering import segments
from xapi.gathering.gatherer import Stopped, gather
from xapi.gathering.manifest import FolderBusy, FolderWrong, gathering, read_manifest
from xapi.gathering.store import Gathered
from xapi.gathering.taking_out import forget
from xapi.reports.reading import Page, Reader
from xapi.transport import HttpTransport

Json = dict[str, Any]
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=30)


def statement(number: int, person: str = "maya-7", **more: Any) -> Json:
    return {
        "id": str(UUID(int=number, version=4)),
        "actor": {"account": {"homePage": "https://moodle.example.edu", "name": person}},
        "verb": {"id": "http://id.tincanapi.com/verb/viewed"},
        "object": {"id": f"https://moodle.example.edu/mod/page/view.php?id={number % 7}"},
        "timestamp": "2026-03-02T08:00:00.000Z",
        **more,
    }


def voiding(number: int, target: Json) -> Json:
    return statement(
        number,
        verb={"id": "http://adlnet.gov/expapi/verbs/voided"},
        object={"objectType": "StatementRef", "id": target["id"]},
    )


def put(endpoint: str, *statements: Json) -> None:
    answer = requests.post(
        f"{endpoint}/statements",
        json=list(statements),
        auth=("key", "secret"),
        headers={"X-Experience-API-Version": "1.0.3"},
        timeout=10,
    )
    assert answer.ok, answer.text


@pytest.fixture
def clock() -> Clock:
    """Real LRSs go by the time that it is."""
    return system_clock


@pytest.fixture
def reader(endpoint: str) -> Iterator[Reader]:
    transport = HttpTransport(endpoint, "key", "secret", "1.0.3")
    yield Reader(transport, page=4, sleep=lambda _: None)
    transport.close()


def ids(folder: Path) -> list[str]:
    with Gathered([folder]) as found:
        return [str(row[0]) for row in found.rows("SELECT id FROM statement ORDER BY id")]


def everything(folder: Path) -> str:
    """All that stands in the files, voided or not."""
    with Gathered([folder]) as found:
        return str(found.rows("SELECT * FROM kept"))


def fresh(number: int, person: str = "maya-7") -> Json:
    """One LRS serves many tests."""
    return {**statement(number, person), "id": str(uuid4())}


def test_each_statement_is_there_once_however_often_one_pulls(
    endpoint: str, reader: Reader, tmp_path: Path, clock: Clock
) -> None:
    folder = tmp_path / "gathered"
    sent = [fresh(number) for number in range(10)]
    put(endpoint, *sent)
    first = gather(reader, folder, clock, rows=3)
    assert first.read >= first.new >= 10
    assert first.as_of is not None
    more = [fresh(number) for number in range(3)]
    put(endpoint, *more)
    second = gather(reader, folder, clock)
    # Other tests may write to the same LRS meanwhile.
    assert second.new >= 3
    assert second.as_of is not None
    assert second.as_of >= first.as_of
    gather(reader, folder, clock)
    there = ids(folder)
    assert [there.count(one["id"]) for one in (*sent, *more)] == [1] * 13


def test_what_is_voided_goes_from_the_files(
    endpoint: str, reader: Reader, tmp_path: Path, clock: Clock
) -> None:
    folder = tmp_path / "gathered"
    before, after, again = fresh(1, "wrong-1"), fresh(2), fresh(4, "wrong-2")
    put(endpoint, before, after)
    gather(reader, folder, clock)
    voided = {**voiding(3, before), "id": str(uuid4())}
    put(endpoint, voided)
    put(endpoint, again, {**voiding(5, again), "id": str(uuid4())})
    gather(reader, folder, clock)
    there = ids(folder)
    assert after["id"] in there
    assert not {before["id"], again["id"], voided["id"]} & set(there)
    assert "wrong-" not in everything(folder)


def test_what_refers_to_a_statement_is_no_voiding(
    endpoint: str, reader: Reader, tmp_path: Path, clock: Clock
) -> None:
    said = fresh(1)
    comment = {**fresh(2), "object": {"objectType": "StatementRef", "id": said["id"]}}
    put(endpoint, said, comment)
    gather(reader, tmp_path, clock)
    assert {said["id"], comment["id"]} <= set(ids(tmp_path))


def test_many_small_segments_become_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MOST_SMALL", 2)
    for number in range(3):
        pull(tmp_path, *(([stored(one, one)], None) for one in range(3 * number, 3 * number + 3)))
    assert len(read_manifest(tmp_path).segments) == 1
    assert len(ids(tmp_path)) == 9
    assert len(list(tmp_path.glob("*.parquet"))) == 1


class Told:
    """A reader of pages that are told to it: (statements, through). An exception among them is raised."""

    def __init__(self, *pages: Any) -> None:
        self.told = list(pages)
        self.asked: list[dict[str, str]] = []

    def whole_pages(self, **parameters: str) -> Iterator[Page]:
        self.asked.append(parameters)
        for place, page in enumerate(self.told):
            if isinstance(page, Exception):
                raise page
            statements, through = page
            yield Page(statements, through, place == len(self.told) - 1)


def stored(number: int, minute: float, **more: Any) -> Json:
    moment = NOW + timedelta(minutes=minute)
    return {**statement(number, **more), "stored": moment.isoformat().replace("+00:00", "Z")}


def pull(folder: Path, *pages: Any, clock: TestClock | None = None) -> Told:
    told = Told(*pages)
    gather(told, folder, clock or TestClock(LATER), rows=2)  # type: ignore[arg-type]
    return told


def test_what_became_visible_late_is_read_with_the_next_pull(tmp_path: Path) -> None:
    # The LRS vouches only for what was stored until minute 1; number 2 was stored then, and seen later.
    pull(tmp_path, ([stored(1, 0), stored(3, 2)], NOW + timedelta(minutes=1)))
    known = read_manifest(tmp_path)
    assert known.read_to == known.as_of == NOW + timedelta(minutes=1)
    told = pull(tmp_path, ([stored(1, 0), stored(2, 1.5), stored(3, 2)], NOW + timedelta(minutes=9)))
    assert told.asked == [{"since": "2026-03-02T08:56:00.000Z"}]
    assert ids(tmp_path) == [statement(number)["id"] for number in (1, 2, 3)]
    assert read_manifest(tmp_path).as_of == NOW + timedelta(minutes=9)


def test_from_a_page_that_is_not_vouched_for_the_watermark_stays(tmp_path: Path) -> None:
    through = NOW + timedelta(minutes=1)
    pull(
        tmp_path,
        ([stored(1, 0), stored(2, 3)], through),
        ([stored(3, 4)], NOW + timedelta(minutes=9)),
    )
    assert read_manifest(tmp_path).read_to == through


def test_an_lrs_that_vouches_for_nothing_is_read_with_a_longer_overlap(tmp_path: Path) -> None:
    pull(tmp_path, ([stored(1, 0), stored(2, 3)], None))
    assert read_manifest(tmp_path).as_of == NOW + timedelta(minutes=3)
    told = pull(tmp_path, ([stored(2, 3), stored(3, 3)], None))
    assert told.asked == [{"since": "2026-03-02T08:03:00.000Z"}]
    assert len(ids(tmp_path)) == 3


def test_an_lrs_that_holds_a_statement_twice_has_it_once(tmp_path: Path) -> None:
    pull(tmp_path, ([stored(1, 0), stored(1, 1)], None), ([stored(2, 1), stored(1, 2)], None))
    assert len(ids(tmp_path)) == 2


def test_a_statement_whose_stored_changed_is_there_once(tmp_path: Path) -> None:
    pull(tmp_path, ([stored(1, 0), stored(2, 1)], None))
    # The LRS was moved: it stored all of it again.
    pull(tmp_path, ([stored(1, 3000), stored(2, 3001)], None))
    assert ids(tmp_path) == [statement(number)["id"] for number in (1, 2)]


def test_an_lrs_that_does_not_say_when_it_stored_gives_each_statement_once(tmp_path: Path) -> None:
    clock = TestClock()
    for _ in range(2):
        pull(tmp_path, ([statement(1), statement(2)], None), clock=clock)
        clock.advance(2 * 3600)
    assert len(ids(tmp_path)) == 2


@pytest.mark.parametrize("break_at", range(5))
def test_a_pull_that_dies_loses_nothing_and_doubles_nothing(
    tmp_path: Path, break_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each step in which something becomes durable."""
    pages = [([stored(2 * n, 2 * n), stored(2 * n + 1, 2 * n + 1)], None) for n in range(1, 5)]
    steps = 0

    def dies(real: Any) -> Any:
        def step(*arguments: Any, **more: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == break_at + 1:
                raise KeyboardInterrupt
            return real(*arguments, **more)

        return step

    with monkeypatch.context() as patched:
        patched.setattr(segments, "written", dies(segments.written))
        patched.setattr(segments, "write_manifest", dies(segments.write_manifest))
        with pytest.raises(KeyboardInterrupt):
            pull(tmp_path, *pages)
    pull(tmp_path, *pages)
    assert len(ids(tmp_path)) == 8
    named = {one.name for one in read_manifest(tmp_path).segments}
    assert {path.name for path in tmp_path.glob("*.parquet")} == named
    assert not list(tmp_path.glob(".draft-*"))


def test_a_pull_that_is_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    pages = [([stored(n, n), stored(n + 10, n)], None) for n in range(1, 4)]
    told, clock = Told(*pages), TestClock()
    rounds = iter([False, False, True])
    with pytest.raises(Stopped):
        gather(told, tmp_path, clock, rows=2, stopped=lambda: next(rounds))  # type: ignore[arg-type]
    assert len(ids(tmp_path)) == 4
    pull(tmp_path, *pages)
    assert len(ids(tmp_path)) == 6


def test_one_at_a_time_fills_a_folder(tmp_path: Path) -> None:
    with gathering(tmp_path), pytest.raises(FolderBusy):
        pull(tmp_path, ([], None))


def test_a_folder_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"version": 99}))
    with pytest.raises(FolderWrong, match="delete the folder"):
        pull(tmp_path, ([], None))


def test_who_is_forgotten_stays_forgotten(tmp_path: Path) -> None:
    pages = [([stored(1, 0, person="maya-7"), stored(2, 1, person="joel-7")], None)]
    pull(tmp_path, *pages)
    gone = stored(3, 2, person="ines-7")
    pull(tmp_path, ([gone], None))
    assert forget(tmp_path, ["https://moodle.example.edu|maya-7"], [gone["id"]]) == 2
    for name in ("maya-7", "ines-7"):
        assert name not in everything(tmp_path)
    # The overlap brings them again, as long as they are not voided there.
    pull(tmp_path, *pages, ([gone], None))
    for name in ("maya-7", "ines-7"):
        assert name not in everything(tmp_path)
    assert ids(tmp_path) == [statement(2)["id"]]


def test_who_is_forgotten_while_a_pull_is_under_way_does_not_come_back_with_it(tmp_path: Path) -> None:
    pull(tmp_path, ([stored(1, 0, person="maya-7")], None))
    first = [stored(2, 1, person="joel-7"), stored(1, 0, person="maya-7")]

    class Meanwhile(Told):
        def whole_pages(self, **parameters: str) -> Iterator[Page]:
            for page in super().whole_pages(**parameters):
                yield page
                if len(self.asked) == 1:
                    forget(tmp_path, ["https://moodle.example.edu|maya-7"])

    told = Meanwhile((first, None), ([], None))
    gather(told, tmp_path, TestClock())  # type: ignore[arg-type]
    assert len(told.asked) == 2
    assert "maya-7" not in everything(tmp_path)
    assert ids(tmp_path) == [statement(2)["id"]]


def test_mail_addresses_are_forgotten_in_each_spelling(tmp_path: Path) -> None:
    hashed = hashlib.sha1(b"mailto:maya@example.edu").hexdigest()
    pull(
        tmp_path,
        (
            [
                {**stored(1, 0), "actor": {"mbox": "mailto:Maya@Example.edu"}},
                {**stored(2, 0), "actor": {"mbox_sha1sum": hashed.upper()}},
            ],
            None,
        ),
    )
    assert forget(tmp_path, ["mailto:maya@example.edu"]) == 2


def test_reports_go_on_while_segments_change_under_them(tmp_path: Path) -> None:
    pull(tmp_path, ([stored(1, 0), stored(2, 1, person="joel-7")], None))
    with Gathered([tmp_path]) as found:
        forget(tmp_path, ["https://moodle.example.edu|joel-7"])
        assert found.rows("SELECT count(*) FROM statement") == [(1,)]


def test_reading_and_gathering_at_once(tmp_path: Path) -> None:
    pull(tmp_path, ([stored(1, 0)], None))
    stop = threading.Event()
    counts: list[int] = []
    wrong: list[BaseException] = []

    def look() -> None:
        try:
            with Gathered([tmp_path]) as found:
                while not stop.is_set():
                    counts.append(found.rows("SELECT count(*) FROM statement")[0][0])
                    found.open_anew()
        except BaseException as error:
            wrong.append(error)

    looking = threading.Thread(target=look)
    looking.start()
    for number in range(2, 14):
        pull(tmp_path, ([stored(number, number)], None))
    stop.set()
    looking.join()
    assert wrong == []
    assert counts == sorted(counts)


def test_the_same_statement_in_two_lrss_counts_once(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    pull(first, ([stored(1, 0), stored(2, 1)], NOW))
    pull(
        second, ([stored(2, 1), stored(3, 2), {**voiding(9, statement(1)), "stored": NOW.isoformat()}], None)
    )
    with Gathered([first, second], names={first: "Here", second: "There"}) as found:
        assert found.rows("SELECT lrs, count(*) FROM statement GROUP BY lrs ORDER BY lrs") == [
            ("Here", 1),
            ("There", 1),
        ]
        assert found.as_of == NOW


def test_nothing_gathered_yet_is_nothing_to_report(tmp_path: Path) -> None:
    with Gathered([tmp_path / "none"]) as found:
        assert found.rows("SELECT * FROM statement") == found.rows("SELECT * FROM record") == []
        assert found.as_of is None
    with Gathered([]) as found:
        assert found.rows("SELECT * FROM statement") == []


def test_the_bundled_lrs_vouches_for_what_it_gives(bundled: str, tmp_path: Path, clock: Clock) -> None:
    put(bundled, fresh(1))
    transport = HttpTransport(bundled, "key", "secret", "1.0.3")
    done = gather(Reader(transport), tmp_path, clock)
    transport.close()
    known = read_manifest(tmp_path)
    assert known.is_told
    assert known.read_to is not None
    # It vouches for the moment of the answer, which is later than its last statement.
    assert done.as_of is not None
    assert done.as_of > known.read_to
