"""A sender to be killed: `python -m tests.faults.sender DATABASE_URL`, sweeping without rest, with short leases."""

import sys
import time

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


if __name__ == "__main__":
    bridge = sender(Database(sys.argv[1]))
    print("ready", flush=True)
    while True:
        for key in bridge.sweep():
            bridge.deliver(key)
        time.sleep(0.01)
