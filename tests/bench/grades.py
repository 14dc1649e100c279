"""2,000 scores in one batch of work, while the LMS answers 429, 500 and 503 at times: each arrives, and once."""

import random
import time
from collections import Counter
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from lti_tool.lti.grade_courier import Grader
from lti_tool.lti.grade_models import Score, ScoreState
from lti_tool.lti.keys import ToolKeys
from social_layer.grading import actions
from social_layer.grading.rules import Counted, Need, Rule
from social_layer.panels.models import Panel
from social_layer.panels.queries import find_viewer
from social_layer.people.actions import Newcomer, arrive
from social_layer.people.models import Membership, Role
from tests.bench import Row
from tests.bench.world import World, world
from tests.lti_tool.sandbox.stand_in import site

LEARNERS = 2_000
# Of a hundred requests for a score: so many are told to wait, so many fail.
WEATHER = {429: 1, 500: 4, 503: 1}
LIMIT_SECONDS = 600.0


def run() -> list[Row]:
    with world() as made, site() as tool:
        tool.answers["jwks"] = lambda: ToolKeys(made.given).jwks()
        made.sandbox.registration.jwks_url = f"{tool.address}/jwks"
        people = _class(made)
        rng = random.Random(7)
        answers = [status for status, share in WEATHER.items() for _ in range(share)]
        accepted: Counter[str] = Counter()
        refused: Counter[int] = Counter()

        def weather(_method: str, path: str) -> int | None:
            if not path.endswith("/scores"):
                return None
            turn = rng.randrange(100)
            status = answers[turn] if turn < len(answers) else None
            if status:
                refused[status] += 1
            else:
                accepted["scores"] += 1
            return status

        made.sandbox.door.weather = weather
        cpu, wall = _work(made)
        (item,) = made.sandbox.gradebook.items.values()
        shown = made.sandbox.gradebook.grades_in(item)
        lost = sum(person.key not in shown for person in people)
        repeated = accepted["scores"] - len(shown)
        told = ", ".join(f"{number} × {status}" for status, number in sorted(refused.items()))
        return [
            Row(f"{LEARNERS:,} scores through bad weather, lost", lost, "", 0, note=told),
            Row("sent again though they had arrived", repeated, "", 0),
            Row(
                "until the last one has arrived",
                wall,
                "s",
                note="sandbox, pauses that it asks for, and worker",
            ),
            Row("CPU of worker and sandbox for each", 1000 * cpu / LEARNERS, "ms"),
        ]


def _class(made: World) -> list[object]:
    """People who are all graded at once: their last day was long ago."""
    people = made.sandbox.add_members("ecology", LEARNERS)
    made.launch("amara", "food-web")
    given = made.given
    with given.database.write() as session:
        teacher = session.scalars(select(Membership).where(Membership.role == Role.instructor)).one()
        panel: UUID = session.scalars(select(Panel.id)).one()
        viewer = find_viewer(session, teacher.tenant_id, teacher.id, panel)
        if viewer is None:
            raise RuntimeError("the teacher is not at the panel")
        rule = Rule((Need(Counted.openings, 1),), 10, due_on=date(2020, 1, 1))
        actions.set_rules(session, given.clock, viewer, [(None, rule)])
        for person in people:
            arrive(
                session,
                given.clock,
                Newcomer(
                    tenant_id=viewer.tenant_id,
                    course_id=viewer.panel.course_id,
                    home_page=made.sandbox.profile.issuer,
                    account=person.sub,
                    role=Role.learner,
                ),
            )
    return list(people)


def _work(made: World) -> tuple[float, float]:
    """The worker's ticks until nothing is left; CPU and seconds."""
    grader = Grader(made.given)
    began, cpu = time.monotonic(), time.process_time()
    while time.monotonic() - began < LIMIT_SECONDS:
        for key in grader.sweep():
            grader.deliver(key)
        with made.given.database.read() as session:
            sent = session.scalar(
                select(func.count()).select_from(Score).where(Score.state == ScoreState.sent)
            )
        if sent == LEARNERS:
            break
        time.sleep(0.2)
    return time.process_time() - cpu, time.monotonic() - began
