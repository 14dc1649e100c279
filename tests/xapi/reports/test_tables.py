"""Tables of a report as other programs open them."""

from pathlib import Path

import duckdb
import pytest

from xapi.reports.tables import guarded, write_rows


@pytest.mark.parametrize("before", ["", "\n", "\r\n", "\t", "\r", " ", "\n\t ", "\u00a0", "\v"])
@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_a_cell_that_begins_a_formula_is_text(before: str, sign: str) -> None:
    assert guarded(f"{before}{sign}1+2") == f"'{before}{sign}1+2"


@pytest.mark.parametrize("value", ["", " ", "Quiz", "a=1", "2026-02-02", -3, None, 0.5])
def test_other_cells_stay_as_they_are(value: object) -> None:
    assert guarded(value) == value


def test_parquet_that_cannot_be_written_is_told_as_other_files_are(tmp_path: Path) -> None:
    with duckdb.connect() as memory, pytest.raises(OSError, match="nowhere"):
        write_rows(memory, "SELECT 1 AS one", tmp_path / "nowhere" / "report.parquet")
