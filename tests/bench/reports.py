"""A course's and the institution's report over a million and five million statements that were read back, and the
memory that they take.

The segments are made by DuckDB, without an LRS: what is measured is the report, in a process of its own. A tenth of all
statements are of one course, the others of 200.
"""

import resource
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import duckdb

from tests.bench import Row
from xapi import vocabulary as words
from xapi.gathering.columns import COLUMNS
from xapi.gathering.manifest import Manifest, Segment, write_manifest
from xapi.gathering.store import Gathered
from xapi.reports.acts import tell
from xapi.reports.course import course_report
from xapi.reports.institution import institution_report
from xapi.reports.measures import Window

SIZES = (1_000_000, 5_000_000)
ROUNDS = 3
SEGMENT = 200_000
BASE = "https://alongside.example.edu"
SMALL, LARGE = f"{BASE}/xapi/courses/7", f"{BASE}/xapi/courses/large"
AS_OF = datetime(2026, 3, 9, tzinfo=UTC)
# Of a hundred statements: 45 openings, 10 threads, 25 answers to one of the last, 12 reactions, 8 formal results.
_ROWS = f"""
SELECT uuid_of(i) AS id, moment AS stored, moment AS happened,
  'https://moodle.example.edu|' || (hash(i, 'who') % people) AS person,
  CASE WHEN share < 45 THEN '{words.VIEWED.iri}' WHEN share < 55 THEN '{words.CREATED.iri}'
    WHEN share < 80 THEN '{words.REPLIED.iri}' WHEN share < 92 THEN '{words.LIKED.iri}'
    ELSE '{words.ADL}verbs/completed' END AS verb,
  CASE WHEN share < 45 THEN panel WHEN share < 80 THEN '{BASE}/xapi/entries/' || i
    WHEN share < 92 THEN '{BASE}/xapi/entries/' || thread
    ELSE 'https://moodle.example.edu/quiz/' || (i % 12) END AS object,
  CASE WHEN share >= 55 AND share < 92 THEN uuid_of(thread) END AS answers,
  course, panel,
  CASE WHEN share >= 55 AND share < 92 THEN ['{BASE}/xapi/entries/' || thread, panel, course] ELSE [panel, course] END
    AS around,
  CASE WHEN share >= 80 AND share < 92 THEN 'insight' END AS detail,
  share < 92 AS ours, 'Alongside' AS platform,
  CASE WHEN share >= 92 THEN 'completed' END AS outcome, CASE WHEN share >= 92 THEN 'moodle' END AS source,
  CASE WHEN share >= 92 THEN 'Quiz ' || (i % 12) END AS name,
  CASE WHEN share >= 92 THEN (hash(i, 'score') % 100) / 100.0 END AS scaled
FROM (
  SELECT i, number % 100 AS share, TIMESTAMP '2026-01-05' + INTERVAL (i * 5000000 / {{rows}}) SECOND AS moment,
    CASE WHEN of_large THEN '{LARGE}' ELSE '{BASE}/xapi/courses/' || (number // 100 % 200) END AS course,
    CASE WHEN of_large THEN 3000 ELSE 20000 END AS people,
    course || '/panel/' || (number // 100 % 3) AS panel,
    i - number % 100 + 45 + hash(i, 'thread') % 10 AS thread
  FROM (SELECT i, i AS number, i // 100 % 10 = 0 AS of_large FROM range({{first}}, {{last}}) AS numbers(i)) AS numbered
) AS drawn
"""


def run() -> list[Row]:
    found = []
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="alongside-bench-") as folder:
            lrs = Path(folder) / "lrs"
            _write(lrs, size)
            for name, course in (
                ("a course", SMALL),
                ("the course with a tenth of them", LARGE),
                ("the institution", None),
            ):
                seconds, memory, acts = _apart(lrs, course)
                what = f"report of {name}, {size:,} statements"
                found += [
                    Row(
                        what,
                        seconds,
                        "s",
                        2.0 if size == SIZES[0] and course else None,
                        note=f"{acts:,} contributions in it; median of {ROUNDS}",
                    ),
                    Row(f"memory, {what}", memory, "GB", 1.0, note="most of the whole process"),
                ]
    return found


def _write(folder: Path, rows: int) -> None:
    folder.mkdir()
    segments = []
    with duckdb.connect(":memory:") as memory:
        memory.execute("CREATE MACRO uuid_of(i) AS md5('statement ' || i)::UUID")
        for first in range(0, rows, SEGMENT):
            last = min(rows, first + SEGMENT)
            path = folder / f"{first}.parquet"
            drawn = _ROWS.format(rows=rows, first=first, last=last)
            names = [name for name, *_ in memory.execute(f"DESCRIBE ({drawn})").fetchall()]
            columns = ", ".join(
                f"CAST({name if name in names else 'NULL'} AS {kind}) AS {name}"
                for name, kind in COLUMNS.items()
            )
            memory.execute(
                f"COPY (SELECT {columns} FROM ({drawn})) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
            )
            segments.append(Segment(path.name, last - first))
    write_manifest(folder, Manifest(tuple(segments), AS_OF, AS_OF))


def _apart(folder: Path, course: str | None) -> tuple[float, float, int]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_measure, args=(folder, course, theirs))
    process.start()
    found: tuple[float, float, int] = ours.recv()
    process.join()
    return found


def _measure(folder: Path, course: str | None, told: Connection) -> None:
    """Seconds, most memory in GB, and how many contributions there were. ``course``: None for the institution."""
    taken, acts = [], 0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        with Gathered([folder]) as found:
            window = Window(zone="Europe/Berlin")
            measures = (
                course_report(found, course, window)
                if course
                else institution_report(tell(found, window, lists=False), BASE)
            )
        taken.append(time.perf_counter() - start)
        acts = sum(row[2] for row in measures[0].rows if isinstance(row[2], int))
    told.send((median(taken), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000_000, acts))
