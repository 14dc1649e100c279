"""Many at once: one copy of each id, batches whole, and a Consistent-Through that can be trusted."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.xapi.lrs.client import Client, statement
from tests.xapi.lrs.conftest import MakeLrs
from tests.xapi.lrs.running import Running, all_ids
from xapi.lrs.database import Database


def test_batches_that_share_an_id_end_with_one_copy(make_lrs: MakeLrs) -> None:
    shared = statement()
    lrss = [make_lrs() for _ in range(6)]  # as many processes would: each with its own connections
    start = threading.Barrier(len(lrss))

    def send(lrs: Client) -> int:
        start.wait()
        return lrs.post([statement(), shared, statement()]).status_code

    with ThreadPoolExecutor(len(lrss)) as pool:
        assert list(pool.map(send, lrss)) == [200] * len(lrss)
    found = lrss[0].ids()
    assert found.count(shared["id"]) == 1
    assert len(found) == len(set(found)) == 1 + 2 * len(lrss)


def test_of_different_contents_under_one_id_exactly_one_wins(make_lrs: MakeLrs) -> None:
    first = statement()
    lrss = [make_lrs() for _ in range(4)]
    start = threading.Barrier(len(lrss))

    def send(number: int) -> int:
        start.wait()
        different = {**first, "result": {"score": {"raw": number}}}
        return lrss[number].post([statement(), different]).status_code

    with ThreadPoolExecutor(len(lrss)) as pool:
        assert sorted(pool.map(send, range(len(lrss)))) == [200, 409, 409, 409]
    assert len(lrss[0].ids()) == 2


def test_a_reader_who_follows_consistent_through_misses_nothing(make_lrs: MakeLrs) -> None:
    """It reads on from the header each time, as a report does, while four write; nothing is passed over."""
    reader = make_lrs()
    writers = [make_lrs() for _ in range(4)]
    done = threading.Event()
    sent: list[str] = []

    def write(lrs: Client) -> None:
        for _ in range(15):
            sent.extend(lrs.store(*(statement() for _ in range(3))))

    def read() -> list[str]:
        seen: list[str] = []
        since = None
        last_round = False
        while True:
            answer = reader.get(**({"since": since} if since else {}), ascending=True, limit=500)
            through = answer.headers["X-Experience-API-Consistent-Through"]
            found = answer.get_json()["statements"]
            # Only what the header vouches for counts; the rest is read again.
            seen += [one["id"] for one in found if one["stored"] <= through]
            since = through
            if last_round:
                return seen
            last_round = done.is_set()

    with ThreadPoolExecutor(5) as pool:
        reading = pool.submit(read)
        list(pool.map(write, writers))
        done.set()
        seen = reading.result()
    assert len(seen) == len(set(seen))
    assert set(seen) == set(sent)


def test_consistent_through_does_not_pass_a_writer_who_has_not_committed(make_lrs: MakeLrs) -> None:
    lrs, other = make_lrs(), make_lrs()
    database: Database = other.app.extensions["lrs"].database
    lrs.store(statement())
    stored = lrs.found()[0]["stored"]
    before = lrs.app.extensions["lrs"].database.consistent_through()
    with database.write() as connection:
        mine = database.next_stored(connection)
        assert before < mine
        assert lrs.app.extensions["lrs"].database.consistent_through() < mine
    assert lrs.get().headers["X-Experience-API-Consistent-Through"] > stored


def test_two_server_processes_on_one_database(lrs_database_url: str, free_port: Callable[[], int]) -> None:
    servers = [Running(lrs_database_url, free_port()) for _ in range(2)]
    shared = [statement() for _ in range(20)]
    try:
        for server in servers:
            server.start()

        def send(number: int) -> int:
            mine = [statement(), shared[number // 4], statement()]
            return servers[number % 2].request("POST", body=json.loads(json.dumps(mine)))[0]

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(send, range(80))) == {200}
    finally:
        for server in servers:
            server.stop()
    stored = all_ids(lrs_database_url)
    assert len(stored) == len(set(stored)) == 20 + 160
