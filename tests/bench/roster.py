"""A list of 10,000 members read from the LMS, by a process of its own: its CPU, and how much memory it takes."""

import json
import os
import resource
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from lti_tool.config import read_settings
from lti_tool.logs import configure_logs
from lti_tool.lti import reading, rosters
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.models import Roster
from lti_tool.parts import Parts
from social_layer.people.models import Membership
from tests.bench import Row
from tests.bench.world import World, world
from tests.lti_tool.sandbox.stand_in import site

MEMBERS = 10_000
FEW = 1_000


def run() -> list[Row]:
    few, _ = _measured(FEW)
    many, made = _measured(MEMBERS)
    first, again = many
    return [
        Row(f"{MEMBERS:,} members read for the first time, CPU", first["cpu"], "s", 10),
        Row("members that are known then", made, "", MEMBERS, at_least=True),
        Row("the same read again, CPU", again["cpu"], "s", 10),
        Row(
            f"memory that {MEMBERS:,} take over that of {FEW:,}",
            first["megabytes"] / few[0]["megabytes"],
            "×",
            1.1,
            note=f"at the peak, {first['megabytes']:.0f} MB with Python and all libraries",
        ),
    ]


def _measured(members: int) -> tuple[list[dict[str, float]], int]:
    """What the first reading and the second one cost; and how many are members of the course then."""
    with world() as made, site() as tool:
        tool.answers["jwks"] = lambda: ToolKeys(made.given).jwks()
        made.sandbox.registration.jwks_url = f"{tool.address}/jwks"
        made.sandbox.add_members("ecology", members)
        made.launch("amara", "food-web")
        costs = [_read(made)]
        with made.given.database.write() as session:
            session.execute(update(Roster).values(due_at=made.given.clock() - timedelta(seconds=1)))
        costs.append(_read(made))
        with made.given.database.read() as session:
            return costs, session.scalar(select(func.count()).select_from(Membership)) or 0


def _read(made: World) -> dict[str, float]:
    settings = made.given.settings
    environ = {
        **os.environ,
        "ALONGSIDE_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "ALONGSIDE_LOG_LEVEL": "WARNING",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.roster"],
        env=environ,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _child() -> dict[str, Any]:
    """Reads what is due, as the worker does."""
    settings = read_settings(os.environ)
    configure_logs(settings, stream=sys.stderr)
    given = Parts.of(settings)
    with given.database.read() as session:
        ((tenant_id, context_id),) = rosters.due(session, given.clock, 1)
    before = time.process_time()
    if not reading.read(given, tenant_id, context_id):
        raise RuntimeError("the list was not read to its end")
    cpu = time.process_time() - before
    return {"cpu": cpu, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    print(json.dumps(_child()))
