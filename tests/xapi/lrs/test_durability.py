"""What was acknowledged stays, through a killed server, a killed database, and an orderly stop."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.client import HTTPException

import pytest

from tests.services.servers import OwnServer
from tests.xapi.lrs.client import Client, Json, statement
from tests.xapi.lrs.conftest import MakeLrs
from tests.xapi.lrs.running import Running, all_ids
from xapi.lrs import upgrade


@pytest.fixture
def running(lrs_database_url: str, free_port: Callable[[], int]) -> Iterator[Running]:
    server = Running(lrs_database_url, free_port())
    server.start()
    yield server
    server.stop()


def post_until_it_fails(server: Running, acknowledged: list[str]) -> None:
    while True:
        batch = [statement() for _ in range(10)]
        try:
            status, _ = server.request("POST", body=batch)
        except (OSError, HTTPException, ValueError):  # cut off in the middle of an answer, too
            return
        assert status == 200
        acknowledged += [one["id"] for one in batch]


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(
    running: Running, lrs_database_url: str
) -> None:
    acknowledged: list[list[str]] = [[], [], []]
    senders = [threading.Thread(target=post_until_it_fails, args=(running, ids)) for ids in acknowledged]
    for sender in senders:
        sender.start()
    while min(len(ids) for ids in acknowledged) < 50:
        threading.Event().wait(0.01)
    running.kill()
    for sender in senders:
        sender.join(timeout=30)
    running.start()
    stored = all_ids(lrs_database_url)
    assert set().union(*acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))
    assert len(stored) % 10 == 0, "a batch is there in part"
    for ids in acknowledged:
        status, answer = running.request("GET", f"/xAPI/statements?statementId={ids[-1]}")
        assert (status, answer["id"]) == (200, ids[-1])


def test_an_orderly_stop_ends_with_zero(lrs_sqlite_url: str, free_port: Callable[[], int]) -> None:
    server = Running(lrs_sqlite_url, free_port())
    server.start()
    assert server.request("POST", body=statement())[0] == 200
    assert server.stop() == 0


def test_while_the_database_is_gone_the_answer_is_503_and_afterwards_all_is_well(
    own_server: Callable[[str], AbstractContextManager[OwnServer]], make_lrs_at: Callable[[str], Client]
) -> None:
    with own_server("postgres") as postgres:
        upgrade(postgres.address["url"])
        lrs = make_lrs_at(postgres.address["url"])
        before, after = statement(), statement()
        lrs.store(before)
        postgres.kill()
        for answer in (lrs.post(after), lrs.put(after["id"], after), lrs.get(), lrs.http.get("/healthz")):
            assert (answer.status_code, answer.get_json()["error"]) == (503, "unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        postgres.start()
        assert lrs.post([before, after]).status_code == 200
        assert lrs.ids() == [after["id"], before["id"]]
        lrs.app.extensions["lrs"].database.engine.dispose()


@pytest.fixture
def make_lrs_at() -> Callable[[str], Client]:
    from tests.xapi.lrs.client import PASSWORD, USER
    from xapi.lrs import LrsSettings, create_lrs

    return lambda url: Client(create_lrs(LrsSettings(url, credentials=((USER, PASSWORD),))))


def test_a_failure_half_way_stores_nothing_and_is_503(
    make_lrs: MakeLrs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database refuses the last table a batch is written to."""
    lrs = make_lrs()
    database = lrs.app.extensions["lrs"].database
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE definitions RENAME TO elsewhere")
    defined: Json = {"id": "https://x.example/a", "definition": {"name": {"en": "A"}}}
    answer = lrs.post([statement(verb={"id": "https://x.example/v"}), statement(object=defined)])
    assert answer.status_code >= 500
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO definitions")
    assert lrs.ids() == []


def test_a_database_locked_for_too_long_is_503(make_lrs: MakeLrs, lrs_database_url: str) -> None:
    lrs = make_lrs(busy_timeout_seconds=0.3)
    other = make_lrs()
    with other.app.extensions["lrs"].database.write():
        assert lrs.post(statement()).status_code == 503
        assert lrs.get().status_code == 200, "readers do not wait for writers"
    assert lrs.post(statement()).status_code == 200
