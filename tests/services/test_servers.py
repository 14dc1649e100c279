"""The servers that other tests rely on are real, reachable from this machine only, and each test's own."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import psutil
import psycopg
import pytest
import redis
import requests
from sqlalchemy import create_engine, text

from tests.services.servers import LearningLocker, OwnServer, PostgresServer

OwnServers = Callable[[str], AbstractContextManager[OwnServer]]


def _listens_at(port: int) -> set[str]:
    return {
        connection.laddr.ip
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    }


def _statement() -> dict[str, object]:
    return {
        "id": str(uuid.uuid4()),
        "actor": {"account": {"homePage": "https://lms.example", "name": "7"}},
        "verb": {"id": "http://activitystrea.ms/create"},
        "object": {"id": "https://tool.example/entries/1"},
        "timestamp": "2026-03-02T10:00:00.000Z",
    }


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_database_is_empty_whatever_the_last_test_left(database_url: str, attempt: int) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE left_behind (id integer)"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM left_behind")).scalar() == 0
    engine.dispose()


def test_a_database_can_be_copied_from_one_that_is_set_up_already(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as original:
        with psycopg.connect(original.replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE people AS SELECT 'Ada' AS name")
        with (
            postgres_server.database(template=original) as copy,
            psycopg.connect(copy.replace("+psycopg", "")) as connection,
        ):
            assert connection.execute("SELECT name FROM people").fetchall() == [("Ada",)]


@pytest.mark.parametrize("attempt", [1, 2])
def test_redis_is_empty_whatever_the_last_test_left(redis_url: str, attempt: int) -> None:
    with redis.Redis.from_url(redis_url) as connection:
        assert connection.dbsize() == 0
        connection.set("left", "behind")


def test_learning_locker_keeps_a_statement(learning_locker: LearningLocker) -> None:
    statement = _statement()
    session = requests.Session()
    session.auth = (learning_locker.username, learning_locker.password)
    session.headers["X-Experience-API-Version"] = "1.0.3"
    session.post(f"{learning_locker.endpoint}/statements", json=[statement], timeout=10).raise_for_status()
    answer = session.get(
        f"{learning_locker.endpoint}/statements", params={"statementId": statement["id"]}, timeout=10
    )
    assert answer.json()["verb"] == statement["verb"]
    session.close()


@pytest.mark.parametrize("part", ["postgres", "redis", "learning_locker"])
def test_no_server_listens_beyond_this_machine(own_server: OwnServers, part: str) -> None:
    with own_server(part) as server:
        assert _listens_at(server.port) == {"127.0.0.1"}


def test_a_database_server_that_goes_away_comes_back_with_its_data(own_server: OwnServers) -> None:
    with own_server("postgres") as server:
        url = server.address["url"].replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_paused_server_hangs_until_it_is_resumed(own_server: OwnServers) -> None:
    with own_server("redis") as server:
        with redis.Redis.from_url(server.address["url"], socket_timeout=0.3, retry=None) as connection:
            server.pause()
            with pytest.raises(redis.TimeoutError):
                connection.ping()
            server.resume()
        with redis.Redis.from_url(server.address["url"]) as connection:
            assert connection.ping()


def test_a_servers_process_is_gone_after_its_test(own_server: OwnServers) -> None:
    with own_server("redis") as server:
        assert psutil.pid_exists(server.pid)
    assert not psutil.pid_exists(server.pid)
    assert _listens_at(server.port) == set()
