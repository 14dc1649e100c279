"""An export is killed again and again while people go on: in the end each row is there once, and whole."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from social_layer.clock import system_clock
from social_layer.database import Database
from tests.faults.exporter import export_slowly
from tests.tables import make_tables
from tests.xapi.world import World

ROUNDS = 2
POSTS_A_ROUND = 20


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/alongside.db"


@pytest.fixture
def world(url: str) -> Iterator[World]:
    with closing(Database(url)) as database:
        make_tables(database)
        yield World(database, system_clock)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_an_export_killed_again_and_again_has_each_row_once(
    world: World, url: str, tmp_path: Path, form: str
) -> None:
    rng = random.Random(11)
    out = tmp_path / "log"
    for _ in range(ROUNDS):
        for _ in range(POSTS_A_ROUND):
            world.post("maya")
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.exporter", url, str(world.tenant_id), form, str(out)],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.25))
        process.kill()
        process.wait()
        process.stdout.close()
    assert export_slowly(world.database, world.tenant_id, form, out).rows == ROUNDS * POSTS_A_ROUND
    files = str(out if form == "jsonl" else out / "*.parquet")
    with duckdb.connect() as store:
        read = store.read_json(files) if form == "jsonl" else store.from_parquet(files)
        numbers = [row[0] for row in read.order("number").project("number").fetchall()]
    assert numbers == list(range(1, ROUNDS * POSTS_A_ROUND + 1))
