"""A sender to be killed: a process of its own, sweeping without rest, with short leases."""

import time
from multiprocessing.connection import Connection

from social_layer.clock import system_clock
from social_layer.database import Database
from tests.xapi.world import BASE, SEALER
from xapi.book import Terms
from xapi.bridge import Bridge

LEASE_SECONDS = 2.0
READ_SECONDS = 1.0
TERMS = Terms(
    lease_seconds=LEASE_SECONDS,
    answer_seconds=READ_SECONDS + 0.3,
    after_timeout_seconds=1,
    most_statements=50,
)


def sender(database: Database) -> Bridge:
    return Bridge(
        database, system_clock, SEALER, BASE, terms=TERMS, connect_seconds=0.2, read_seconds=READ_SECONDS
    )


def send_for_ever(url: str, ready: Connection) -> None:
    bridge = sender(Database(url))
    ready.send(True)
    while True:
        for key in bridge.sweep():
            bridge.deliver(key)
        time.sleep(0.01)
