"""How long a reply takes while the LRS is well, dead, and 2 s slow; and whether all arrives when it is back.

Real processes, as `alongside demo` runs them: the tool behind gunicorn, the worker, and the bundled LRS behind a gate.
One person replies at an even pace; the states take turns of a few seconds each, so that the machine's moods fall on
all alike, and each turn lasts several of the worker's ticks. Before the LRS is well again for a turn, all that waited
has been delivered: otherwise the worker, which leaves a failing LRS alone for a while, would not be sending.
The intervals are bootstrapped over whole cycles of turns, not over replies: those of one time are alike.
"""

import random
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

import requests
from sqlalchemy import func, select

from lti_tool import bearer, migrations
from lti_tool.demo import LRS_USER, Demo, Ports, connect_parts
from lti_tool.demo.processes import Processes, free_port
from lti_tool.demo.seed import launch
from lti_tool.parts import Parts
from lti_tool.sandbox import start as start_sandbox
from social_layer.events.models import Event
from tests.bench import Row
from tests.bench.gate import Gate, Lrs
from tests.services.read_back import shown
from xapi.models import Delivery, DeliveryState
from xapi.statements import statement_id

# Two turns while it is well to one of each trouble: what is compared with is known best.
CYCLE = (Lrs.well, Lrs.dead, Lrs.well, Lrs.slow)
CYCLES = 9
REPLIES = 75
# Between a reply and the next, so that the worker's ticks fall among all of them and nothing queues up.
THINKING_SECONDS = 0.02
# A change is felt by the worker within a tick.
SETTLING_SECONDS = 1.2
LONGEST_SECONDS = 200.0
SAMPLES = 2000

Cycle = dict[Lrs, list[float]]


def run() -> list[Row]:
    with _installation() as (given, demo, gate, sandbox, processes):
        token = launch(sandbox, demo.tool_url, "maya", "food-web")
        replying = _Replying(given, demo.tool_url, token)
        replying.some(REPLIES)
        passed: Counter[Lrs] = Counter()
        cycles: list[Cycle] = []
        end = time.monotonic() + LONGEST_SECONDS
        while len(cycles) < CYCLES and time.monotonic() < end:
            cycles.append({state: [] for state in Lrs})
            for state in CYCLE:
                _settle(given, gate, replying, state)
                cycles[-1][state] += replying.some(REPLIES)
                passed[state] += gate.show(state)
        gate.show(Lrs.well)
        processes.check()
        events, missing, twice = _missing_and_twice(
            given, demo.lrs_url, processes.environ["LRS_PASSWORD"], seconds=60
        )
        return [
            Row("reply, LRS well, p95", _p95(cycles, Lrs.well), "ms", note=_number(cycles, Lrs.well)),
            _row("reply, LRS dead, p95 over that with it well", cycles, Lrs.dead),
            _row("reply, LRS 2 s slow, p95 over that with it well", cycles, Lrs.slow),
            Row(
                "requests that reached the LRS meanwhile: dead",
                passed[Lrs.dead],
                "",
                0,
                note=f"slow {passed[Lrs.slow]}, well {passed[Lrs.well]}",
            ),
            Row("events", events, ""),
            Row("events whose statement the LRS does not show after its return", missing, "", 0),
            Row("statements that the LRS shows twice", twice, "", 0),
        ]


def _settle(given: Parts, gate: Gate, replying: "_Replying", state: Lrs) -> None:
    """Until the worker feels how the LRS is now."""
    gate.show(state)
    if state == Lrs.well:
        _catch_up(given)
    else:
        replying.some(int(SETTLING_SECONDS / THINKING_SECONDS / 2))
    gate.show(state)


class _Replying:
    def __init__(self, given: Parts, tool_url: str, token: str) -> None:
        self._panel = f"{tool_url}/api/v1/panels/{bearer.read(given, token).panel_id}/entries"
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {token}"
        self._parent = self._post({"title": "A topic", "body": "To be answered."})

    def some(self, number: int) -> list[float]:
        """Posts so many replies at an even pace; milliseconds of each."""
        took = []
        for _ in range(number):
            before = time.perf_counter()
            self._post({"parent_id": self._parent, "body": "I see it differently because …"})
            took.append((time.perf_counter() - before) * 1000)
            time.sleep(THINKING_SECONDS)
        return took

    def _post(self, entry: dict[str, Any]) -> str:
        answer = self._http.post(
            self._panel, json=entry, headers={"Idempotency-Key": secrets.token_hex(8)}, timeout=60
        )
        answer.raise_for_status()
        made: str = answer.json()["id"]
        return made


@contextmanager
def _installation() -> Iterator[tuple[Parts, Demo, Gate, Any, Processes]]:
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder), Ports(free_port(), free_port(), free_port()))
        environ = {**demo.environ(), "ALONGSIDE_RATE_LIMITS": "off", "ALONGSIDE_LOG_LEVEL": "WARNING"}
        processes = Processes(demo.home, {"ALONGSIDE_SECRET_KEY": "", **environ})
        given = Parts.of(demo.settings())
        migrations.upgrade(given.database.engine)
        password = secrets.token_hex(8)
        processes.environ["LRS_PASSWORD"] = password
        gate = Gate(f"http://127.0.0.1:{demo.ports.lrs}")
        sandbox = start_sandbox(demo.sandbox_config(password), "127.0.0.1", demo.ports.sandbox)
        try:
            connect_parts(demo, given, password, lrs_url=f"http://127.0.0.1:{gate.port}/xAPI")
            processes.start("lrs", "lrs", "serve", "--port", str(demo.ports.lrs))
            processes.start("tool", "serve", "--port", str(demo.ports.tool))
            processes.start("worker", "worker")
            processes.wait_for(f"{demo.tool_url}/readyz")
            processes.wait_for(f"http://127.0.0.1:{demo.ports.lrs}/healthz")
            yield given, demo, gate, sandbox.sandbox, processes
        finally:
            processes.stop()
            sandbox.stop()
            gate.close()
            given.database.close()


def _catch_up(given: Parts, seconds: float = 30) -> None:
    """Until nothing waits to be dispatched or delivered."""
    waiting = select(func.count()).select_from(Event).where(~Event.dispatched)
    pending = select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.pending)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with given.database.read() as session:
            if not session.scalar(waiting) and not session.scalar(pending):
                return
        time.sleep(0.2)


def _missing_and_twice(given: Parts, lrs_url: str, password: str, seconds: float) -> tuple[int, int, int]:
    """(events, those whose statement the LRS has not, ids that it has more than once).

    The LRS itself is asked, past the gate, until it has all or the time is up; what our database says of deliveries
    does not count.
    """
    end = time.monotonic() + seconds
    while True:
        with given.database.read() as session:
            wanted = {statement_id(*row) for row in session.execute(select(Event.tenant_id, Event.id))}
        stored = Counter(shown(lrs_url, LRS_USER, password))
        missing = wanted - stored.keys()
        if not missing or time.monotonic() > end:
            return len(wanted), len(missing), sum(count > 1 for count in stored.values())
        time.sleep(1)


def _row(name: str, cycles: Sequence[Cycle], state: Lrs) -> Row:
    least, most = _interval(cycles, state)
    note = f"95 %: {least:.2f} to {most:.2f}; {_number(cycles, state)}"
    return Row(name, _ratio(cycles, state), "×", 1.1, note=note)


def _interval(cycles: Sequence[Cycle], state: Lrs) -> tuple[float, float]:
    """Between which the ratio lies in 95 of 100 draws of as many cycles, with replacement."""
    rng = random.Random(1)
    ratios = sorted(_ratio(rng.choices(cycles, k=len(cycles)), state) for _ in range(SAMPLES))
    return ratios[int(SAMPLES * 0.025)], ratios[int(SAMPLES * 0.975)]


def _ratio(cycles: Sequence[Cycle], state: Lrs) -> float:
    return _p95(cycles, state) / _p95(cycles, Lrs.well)


def _p95(cycles: Sequence[Cycle], state: Lrs) -> float:
    return quantiles((one for cycle in cycles for one in cycle[state]), n=20)[-1]


def _number(cycles: Sequence[Cycle], state: Lrs) -> str:
    return f"{sum(len(cycle[state]) for cycle in cycles)} replies"
