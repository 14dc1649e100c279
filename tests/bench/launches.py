"""A class arrives: 300 people, each new to the tool, open one panel within a minute, and at once.

Real processes: the tool behind gunicorn on SQLite, with its rate limits on, as one address sends them all.
"""

import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from lti_tool import migrations
from lti_tool.demo import Demo, Ports, connect_parts
from lti_tool.demo.processes import Processes, free_port
from lti_tool.demo.seed import LaunchFailed, launch
from lti_tool.parts import Parts
from lti_tool.sandbox import Sandbox
from lti_tool.sandbox import start as start_sandbox
from tests.bench import Row

CLASS = 300
# More than arrive at once when they are spread over the minute; fewer than a server would queue.
BROWSERS = 16


def run() -> list[Row]:
    with _installation() as (demo, sandbox):
        people = [person.key for person in sandbox.add_members("ecology", 2 * CLASS + 10)]
        for name in people[-10:]:
            launch(sandbox, demo.tool_url, name, "food-web")
        spread, failed = _arrive(demo, sandbox, people[:CLASS], over=55.0)
        rows = [
            Row(
                f"launch, {CLASS} in a minute, p95", _p95(spread), "ms", 150, note="all its requests together"
            ),
            Row("launches that failed", failed, "", 0),
        ]
        time.sleep(60)  # the limits of the minute before are none of this
        before = time.perf_counter()
        rushed, failed = _arrive(demo, sandbox, people[CLASS : 2 * CLASS], over=0.0)
        took = time.perf_counter() - before
        rows += [
            Row(
                "the same as fast as they can", CLASS / took, "launches/s", note=f"p95 {_p95(rushed):.0f} ms"
            ),
            Row("launches that failed then", failed, "", 0),
        ]
        return rows


def _arrive(demo: Demo, sandbox: Sandbox, people: Sequence[str], over: float) -> tuple[list[float], int]:
    """Each person at their moment of the time ``over``, in seconds.

    Answers the milliseconds of each launch, and how many failed.
    """
    begin = time.monotonic()

    def one(number: int) -> float | None:
        time.sleep(max(0.0, begin + over * number / len(people) - time.monotonic()))
        before = time.perf_counter()
        try:
            launch(sandbox, demo.tool_url, people[number], "food-web")
        except LaunchFailed:
            return None
        return (time.perf_counter() - before) * 1000

    with ThreadPoolExecutor(BROWSERS) as browsers:
        took = list(browsers.map(one, range(len(people))))
    well = [milliseconds for milliseconds in took if milliseconds is not None]
    return well, len(took) - len(well)


@contextmanager
def _installation() -> Iterator[tuple[Demo, Sandbox]]:
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder), Ports(free_port(), free_port(), free_port()))
        processes = Processes(
            demo.home, {"ALONGSIDE_SECRET_KEY": "", **demo.environ(), "ALONGSIDE_LOG_LEVEL": "WARNING"}
        )
        given = Parts.of(demo.settings())
        migrations.upgrade(given.database.engine)
        password = secrets.token_hex(8)
        with start_sandbox(demo.sandbox_config(password), "127.0.0.1", demo.ports.sandbox) as running:
            try:
                connect_parts(demo, given, password)
                processes.start("tool", "serve", "--port", str(demo.ports.tool))
                processes.wait_for(f"{demo.tool_url}/readyz")
                yield demo, running.sandbox
                processes.check()
            finally:
                processes.stop()
                given.database.close()


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1] if len(values) > 1 else float("inf")
