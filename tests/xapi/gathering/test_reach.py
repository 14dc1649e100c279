"""From where an LRS is read on, whatever it says of time and in whatever order it gives its statements."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.xapi.gathering.test_gatherer import LATER, NOW, Told, ids, pull, statement, stored
from tests.xapi.world import TestClock
from xapi.gathering.gatherer import gather
from xapi.gathering.manifest import read_manifest

DAY = 24 * 60


def test_a_statement_stored_in_a_year_hides_none_that_comes_before(tmp_path: Path) -> None:
    glitch = stored(2, 365 * DAY)
    pull(tmp_path, ([stored(1, 0), glitch], None))
    told = pull(tmp_path, ([stored(3, 5), glitch], None))
    assert told.asked == [{"since": "2026-03-02T08:00:00.000Z"}]
    assert len(ids(tmp_path)) == 3
    assert read_manifest(tmp_path).as_of == NOW + timedelta(minutes=5)


def test_nobody_vouches_for_times_to_come(tmp_path: Path) -> None:
    clock = TestClock(LATER)
    pull(tmp_path, ([stored(1, 0)], LATER.replace(year=2099)), clock=clock)
    assert read_manifest(tmp_path).as_of == clock.now
    clock.advance(3600)
    through = clock.now - timedelta(minutes=1)
    pull(tmp_path, ([stored(2, 5)], through), clock=clock)
    assert read_manifest(tmp_path).as_of == through


def test_a_watermark_that_lies_in_the_future_is_none(tmp_path: Path) -> None:
    clock = TestClock(LATER.replace(year=2027))
    pull(tmp_path, ([stored(1, 365 * DAY)], clock.now), clock=clock)
    clock.now = LATER
    told = pull(tmp_path, ([stored(2, 5)], None), clock=clock)
    assert told.asked == [{}]
    assert read_manifest(tmp_path).as_of == NOW + timedelta(minutes=5)


@pytest.mark.parametrize("size", [1, 2])
def test_an_lrs_that_gives_the_newest_first_is_read_whole_whoever_dies(tmp_path: Path, size: int) -> None:
    numbers = range(12, 0, -1)
    pages = [
        ([stored(number, number * DAY) for number in numbers[at : at + size]], None)
        for at in range(0, 12, size)
    ]
    with pytest.raises(RuntimeError):
        pull(tmp_path, *pages[: len(pages) // 2], RuntimeError("killed"))
    assert len(ids(tmp_path)) >= 4
    again = Told(*pages)
    done = gather(again, tmp_path, TestClock(LATER), rows=2)  # type: ignore[arg-type]
    assert again.asked == [{}]
    assert len(ids(tmp_path)) == 12
    assert "order" in " ".join(done.remarks)
    # All of it was read, in whatever order.
    assert done.as_of == NOW + timedelta(days=12)
    assert pull(tmp_path, ([], None)).asked == [{"since": "2026-03-14T08:00:00.000Z"}]


def test_a_pull_that_dies_goes_on_where_the_order_was_seen(tmp_path: Path) -> None:
    pages = [([stored(number, number * DAY), stored(number + 10, number * DAY)], None) for number in (1, 2)]
    with pytest.raises(RuntimeError):
        pull(tmp_path, *pages, RuntimeError("killed"))
    assert pull(tmp_path, ([], None)).asked == [{"since": "2026-03-04T08:00:00.000Z"}]


def test_what_is_odd_about_times_is_said(tmp_path: Path) -> None:
    def remarks(*pages: object) -> str:
        return " ".join(gather(Told(*pages), tmp_path, TestClock(LATER)).remarks)  # type: ignore[arg-type]

    assert remarks(([stored(1, 0)], LATER)) == ""
    assert "future" in remarks(([stored(1, 0)], LATER + timedelta(hours=2)))
    assert "future" in remarks(([stored(1, 0), stored(2, 60 * DAY)], None))
    # A clock that goes before by little is none's fault.
    assert remarks(([{**statement(3), "stored": (LATER + timedelta(minutes=9)).isoformat()}], None)) == ""
