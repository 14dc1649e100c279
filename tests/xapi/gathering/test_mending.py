"""Files that became unreadable: what stood in them is read anew, and nothing else is lost."""

import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.xapi.gathering.test_gatherer import everything, ids, pull, statement, stored
from xapi.gathering import gatherer, segments
from xapi.gathering.manifest import FolderWrong, read_manifest
from xapi.gathering.mending import Unreadable
from xapi.gathering.segments import ERASED
from xapi.gathering.store import Gathered
from xapi.gathering.taking_out import forget

MAYA = "https://moodle.example.edu|maya-7"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def spoil(path: Path) -> None:
    """Its end, where sizes and columns stand, is as it was."""
    content = path.read_bytes()
    start = content[:4]
    path.write_bytes(start + b"\xff" * (len(content) // 4) + content[len(start) + len(content) // 4 :])


def segment(folder: Path, kind: str = "") -> Path:
    return next(
        folder / one.name
        for one in read_manifest(folder).segments
        if one.name.startswith(ERASED) is (kind == ERASED)
    )


@pytest.mark.parametrize("spoils", [cut, Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_file_that_cannot_be_read_is_let_go_of_and_read_anew(
    tmp_path: Path, spoils: Callable[[Path], None]
) -> None:
    pages = [([stored(number, 100 * number)], None) for number in (1, 2)]
    for page in pages:
        pull(tmp_path, page)
    spoils(segment(tmp_path))
    told = pull(tmp_path, *pages, ([stored(3, 300)], None))
    assert told.asked == [{}]
    assert ids(tmp_path) == [statement(number)["id"] for number in (1, 2, 3)]


def test_a_report_that_finds_one_says_so_and_has_it_read_anew(tmp_path: Path) -> None:
    pages = [([stored(number, number) for number in range(900)], None)]
    pull(tmp_path, *pages)
    spoil(segment(tmp_path))
    for _ in range(2):
        with pytest.raises(Unreadable), Gathered([tmp_path]) as found:
            found.rows("SELECT * FROM statement")
    # It looks whole to who does not look at its rows.
    assert pull(tmp_path, *pages).asked == [{}]
    assert len(ids(tmp_path)) == 900


def test_one_that_is_found_while_it_is_read_is_read_anew_at_once(tmp_path: Path) -> None:
    pages = [([stored(number, number) for number in range(900)], None)]
    pull(tmp_path, *pages)
    spoil(segment(tmp_path))
    told = pull(tmp_path, *pages, ([stored(901, 901)], None))
    assert [bool(asked) for asked in told.asked] == [True, False]
    assert len(ids(tmp_path)) == 901


def test_a_mistake_in_a_question_blames_no_file(tmp_path: Path) -> None:
    pull(tmp_path, ([stored(1, 1)], None))
    with pytest.raises(duckdb.ParserException), Gathered([tmp_path]) as found:
        found.rows("SELECT nothing FROM")
    assert pull(tmp_path, ([], None)).asked != [{}]


def test_where_nothing_can_be_written_it_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise duckdb.IOException("IO Error: No space left on device\nmore")

    with monkeypatch.context() as patched:
        patched.setattr(segments, "written", full)
        with pytest.raises(FolderWrong, match=r"cannot be written: .*No space left on device$"):
            pull(tmp_path, ([stored(1, 1)], None))
    pull(tmp_path, ([stored(1, 1)], None))
    assert len(ids(tmp_path)) == 1


def test_who_was_erased_stays_so_when_another_file_is_lost(tmp_path: Path) -> None:
    pages = [([stored(1, 0, person="maya-7"), stored(2, 1, person="joel-7")], None)]
    pull(tmp_path, *pages)
    assert forget(tmp_path, [MAYA]) == 1
    cut(segment(tmp_path))
    pull(tmp_path, *pages)
    assert ids(tmp_path) == [statement(2)["id"]]
    assert "maya-7" not in everything(tmp_path)


def test_that_it_is_not_known_any_more_who_was_erased_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [([stored(1, 0, person="maya-7"), stored(2, 1, person="joel-7")], None)]
    pull(tmp_path, *pages)
    forget(tmp_path, [MAYA])
    cut(segment(tmp_path, ERASED))
    done = []
    monkeypatch.setattr(
        "tests.xapi.gathering.test_gatherer.gather",
        lambda *arguments, **more: done.append(gatherer.gather(*arguments, **more)),
    )
    pull(tmp_path, *pages)
    assert "erased" in " ".join(done[0].remarks)


def test_the_files_of_the_erased_are_merged_among_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "MOST_SMALL", 2)
    pages = [([stored(number, number, person=f"p{number}") for number in range(5)], None)]
    pull(tmp_path, *pages)
    for number in range(3):
        forget(tmp_path, [f"https://moodle.example.edu|p{number}"])
    pull(tmp_path, *pages)
    assert sorted(one.name.startswith(ERASED) for one in read_manifest(tmp_path).segments) == [False, True]
    assert len(ids(tmp_path)) == 2


def test_who_is_erased_goes_though_a_file_cannot_be_read(tmp_path: Path) -> None:
    for number in (1, 2):
        pull(tmp_path, ([stored(number, 100 * number, person="maya-7")], None))
    cut(segment(tmp_path))
    assert forget(tmp_path, [MAYA]) == 1
    assert "maya-7" not in everything(tmp_path)
    assert pull(tmp_path, ([], None)).asked == [{}]


def test_what_a_manifest_names_is_on_the_disk_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, durable = os.fsync, []

    def noted(file: int) -> None:
        fsync(file)
        durable.append(os.fstat(file).st_ino)

    monkeypatch.setattr(os, "fsync", noted)
    pull(tmp_path, ([stored(1, 0), stored(2, 1)], None))
    order = [segment(tmp_path), tmp_path, tmp_path / "manifest.json", tmp_path]
    assert durable == [path.stat().st_ino for path in order]
