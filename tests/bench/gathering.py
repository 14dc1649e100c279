"""How fast statements are read back from the bundled LRS into columns, and what a report over them costs.

The statements are written straight into the LRS's database: what is measured is the pull, through HTTP, by a process
of its own whose memory is measured too. ``ALONGSIDE_BENCH_STATEMENTS`` says how many; a million unless it does.
"""

import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import requests

from lti_tool.demo.processes import free_port
from social_layer.clock import system_clock
from tests.bench import Row
from xapi.gathering.gatherer import gather
from xapi.gathering.store import Gathered
from xapi.lrs.documents import added_text
from xapi.lrs.migrations import upgrade
from xapi.reports.reading import MOST_BYTES, Reader
from xapi.transport import HttpTransport

STATEMENTS = int(os.environ.get("ALONGSIDE_BENCH_STATEMENTS", "1000000"))
GOLDEN = Path(__file__).parents[1] / "xapi" / "golden"
HOME_PAGE = "https://moodle.example.edu"
COURSES, PEOPLE = 200, 20_000
AUTHORITY = json.dumps(
    {"objectType": "Agent", "account": {"homePage": "http://localhost/xAPI", "name": "key"}}
)
_REPORT = """
SELECT date_trunc('week', happened) AS week, verb, count(*), count(DISTINCT person)
FROM statement WHERE course = ? GROUP BY ALL ORDER BY ALL
"""
_FORMAL = (
    "SELECT outcome, count(*), count(DISTINCT person), avg(scaled) FROM record WHERE course = ? GROUP BY ALL"
)


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        _fill(home / "lrs.db", STATEMENTS)
        with _lrs(home / "lrs.db") as endpoint:
            first, cpu, memory, new = _pull(endpoint, home / "gathered")
            assert new == STATEMENTS, new
            again, *_ = _pull(endpoint, home / "gathered")
        reports, formal = _reports(home / "gathered")
        size = sum(path.stat().st_size for path in (home / "gathered").glob("*.parquet"))
    many = f"{STATEMENTS:,} statements"
    return [
        Row(
            f"first pull of {many} from the bundled LRS",
            first,
            "s",
            60 * STATEMENTS / 1_000_000,
            note=f"{cpu:.0f} s CPU of who pulls",
        ),
        Row("memory of who pulls, at most", memory, "MB", 1024, note=f"{size / 1e6:.0f} MB of segments"),
        Row("next pull, with nothing new", again, "s"),
        Row("a course by week and verb", reports, "s", 2.0, note=f"over {many}, opening included"),
        Row("a course's formal results", formal, "s", 2.0, note="contradictions resolved"),
    ]


def _fill(path: Path, count: int) -> None:
    """Seven in ten are ours, three say a formal result."""
    upgrade(f"sqlite:///{path}")
    ours = [json.loads(one.read_text()) for one in sorted(GOLDEN.glob("*.json"))]
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")
    # Over a month: what is read again with the next pull is the last minutes of it.
    step = 30 * 86_400 * 1_000_000 // count
    start = int(time.time() * 1e6) - (count + 1) * step
    for begin in range(0, count, 50_000):
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO statements (stored, id, voiding, voided, received, added) VALUES (?, ?, 0, 0, ?, ?)",
            (
                _row(number, start + number * step, ours)
                for number in range(begin, min(count, begin + 50_000))
            ),
        )
        database.execute("COMMIT")
    database.close()


def _row(number: int, stored: int, ours: list[dict[str, Any]]) -> tuple[int, str, str, str]:
    key = f"00000000-0000-4000-8000-{number:012x}"
    account = {"homePage": HOME_PAGE, "name": str(number * 7919 % PEOPLE)}
    course = f"https://alongside.example.edu/xapi/courses/{number // 10 % COURSES}"
    happened = f"2026-{1 + number % 9:02}-{1 + number % 28:02}T{number % 24:02}:00:00.000Z"
    if number % 10 < 7:
        statement = dict(ours[number % len(ours)])
        around = statement["context"]["contextActivities"]
        grouping = [*around["grouping"][:-1], {**around["grouping"][-1], "id": course}]
        statement["context"] = {**statement["context"], "contextActivities": {**around, "grouping": grouping}}
    else:
        statement = {
            "verb": {"id": f"http://adlnet.gov/expapi/verbs/{('completed', 'passed', 'failed')[number % 3]}"},
            "object": {
                "id": f"{HOME_PAGE}/mod/quiz/view.php?id={number % 5000}",
                "definition": {
                    "name": {"en": "A quiz"},
                    "type": "http://adlnet.gov/expapi/activities/assessment",
                },
            },
            "result": {"score": {"scaled": number % 11 / 10}, "duration": "PT3M20S"},
            "context": {
                "platform": "Moodle",
                "contextActivities": {
                    "parent": [
                        {
                            "id": course,
                            "definition": {"type": "https://w3id.org/xapi/cmi5/activitytype/course"},
                        }
                    ]
                },
            },
        }
    statement |= {"id": key, "actor": {"objectType": "Agent", "account": account}, "timestamp": happened}
    text = json.dumps(statement)
    added = added_text(statement, key, stored, AUTHORITY, second=False)
    return stored, key.replace("-", ""), text, added


@contextmanager
def _lrs(database: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "lti_tool", "lrs", "serve", "--port", str(port)]
    command += ["--username", "key", "--password", "secret"]
    environ = {
        **os.environ,
        "LRS_DATABASE_URL": f"sqlite:///{database}",
        "ALONGSIDE_HOME": str(database.parent),
    }
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    try:
        endpoint = f"http://127.0.0.1:{port}/xAPI"
        for _ in range(200):
            try:
                requests.get(f"{endpoint}/about", timeout=1)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield endpoint
    finally:
        process.terminate()
        process.wait(30)


def _pull(endpoint: str, folder: Path) -> tuple[float, float, float, int]:
    """Seconds, of them CPU, megabytes at most, and how many statements were new."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_gather, args=(endpoint, folder, theirs))
    process.start()
    took, cpu, memory, new = ours.recv()
    process.join()
    return took, cpu, memory, new


def _gather(endpoint: str, folder: Path, told: Connection) -> None:
    transport = HttpTransport(endpoint, "key", "secret", "1.0.3", most_read=MOST_BYTES)
    began, cpu = time.monotonic(), time.process_time()
    found = gather(Reader(transport), folder, system_clock)
    took = time.monotonic() - began
    transport.close()
    told.send(
        (
            took,
            time.process_time() - cpu,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            found.new,
        )
    )


def _reports(folder: Path) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(5):
        for sql, taken in zip((_REPORT, _FORMAL), times, strict=True):
            began = time.monotonic()
            with Gathered([folder]) as gathered:
                found = gathered.rows(sql, [f"https://alongside.example.edu/xapi/courses/{number}"])
            taken.append(time.monotonic() - began)
            assert found, sql
    return median(times[0]), median(times[1])
