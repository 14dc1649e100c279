"""The database is locked, stopped or gone: 503 with when to come again, and nothing is lost or half done."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from lti_tool.app import create_app
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from social_layer.database import Database
from tests.lti_tool.api.speaker import Speaker
from tests.room import Room
from tests.services.servers import OwnServer
from tests.tables import make_tables


def speaker_in(database: Database, folder: Path) -> Speaker:
    settings = read_settings({"ALONGSIDE_HOME": str(folder)})
    room = Room(database)
    given = Parts(settings, database, Parts.of(settings).sealer, room.clock)
    return Speaker.of(create_app(given), given, room, room.join())


@pytest.fixture
def impatient(sqlite_tables_url: str) -> Iterator[Database]:
    """An SQLite file whose lock is waited for a moment only."""
    database = Database(sqlite_tables_url, connect_args={"timeout": 0.1, "check_same_thread": False})
    yield database
    database.close()


def test_while_another_writes_for_long_a_post_is_put_off_and_reading_goes_on(
    impatient: Database, tmp_path: Path
) -> None:
    speaker = speaker_in(impatient, tmp_path)
    speaker.write("Before")
    with closing(sqlite3.connect(impatient.engine.url.database or "")) as other:
        other.execute("BEGIN IMMEDIATE")
        busy = speaker.post("{panel}/entries", {"body": "Meanwhile"}, headers={"Idempotency-Key": "k"})
        assert (busy.status_code, busy.json["code"]) == (503, "database_busy")
        assert int(busy.headers["Retry-After"]) > 0
        assert len(speaker.get("{panel}/entries").json["items"]) == 1
    assert (
        speaker.post("{panel}/entries", {"body": "Meanwhile"}, headers={"Idempotency-Key": "k"}).status_code
        == 201
    )
    assert len(speaker.get("{panel}/entries").json["items"]) == 2


def test_while_postgresql_is_down_all_is_put_off_and_afterwards_goes_on(
    own_server: Callable[[str], AbstractContextManager[OwnServer]], tmp_path: Path
) -> None:
    with own_server("postgres") as server, closing(Database(server.address["url"])) as database:
        make_tables(database)
        speaker = speaker_in(database, tmp_path)
        kept = speaker.write("Before")
        server.stop()
        for busy in (speaker.get("{panel}/entries"), speaker.post("{panel}/entries", {"body": "Meanwhile"})):
            assert (busy.status_code, busy.json["code"]) == (503, "database_busy")
            assert "Retry-After" in busy.headers
        server.start()
        assert speaker.get(f"/entries/{kept['id']}").status_code == 200
        speaker.write("After")
