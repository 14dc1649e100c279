"""2,000 scores in one batch of work, while the LMS answers 429, 500 and 503 at times: each arrives, and once.

Everybody has other points, and some 500s come after the score was stored, as from a proxy that lost patience.
"""

import random
import time
from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from lti_tool.lti.grade_courier import Grader
from lti_tool.lti.grade_models import Score, ScoreState
from lti_tool.lti.keys import ToolKeys
from lti_tool.sandbox import Grade, LineItem
from lti_tool.sandbox.services.rules import ServiceRefusal
from social_layer.grading import actions
from social_layer.grading.models import Judgement
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
WEATHER = {429: 1, 500: 3, 503: 1}
# Of a hundred scores that were stored: for so many a 500 is answered all the same.
LOST_ANSWERS = 2
MOST = 1000.0
LIMIT_SECONDS = 600.0


def run() -> list[Row]:
    with world() as made, site() as tool:
        tool.answers["jwks"] = lambda: ToolKeys(made.given).jwks()
        made.sandbox.registration.jwks_url = f"{tool.address}/jwks"
        points = _class(made)
        rng = random.Random(7)
        answers = [status for status, share in WEATHER.items() for _ in range(share)]
        stored: Counter[str] = Counter()
        refused: Counter[int] = Counter()

        def weather(_method: str, path: str) -> int | None:
            if not path.endswith("/scores"):
                return None
            turn = rng.randrange(100)
            status = answers[turn] if turn < len(answers) else None
            if status:
                refused[status] += 1
            return status

        receive = made.sandbox.gradebook.receive

        def stores(item: LineItem, person: str, *given: Any, **more: Any) -> Grade:
            grade = receive(item, person, *given, **more)
            stored[person] += 1
            if rng.randrange(100) < LOST_ANSWERS:
                stored["unanswered"] += 1
                raise ServiceRefusal(500, "Not now")
            return grade

        made.sandbox.door.weather = weather
        made.sandbox.gradebook.receive = stores  # type: ignore[method-assign]
        cpu, wall = _work(made)
        (item,) = made.sandbox.gradebook.items.values()
        shown = made.sandbox.gradebook.grades_in(item)
        unanswered = stored.pop("unanswered", 0)
        lost = sum(key not in shown for key in points)
        wrong = sum(key in shown and shown[key].score != wanted for key, wanted in points.items())
        repeated = stored.total() - len(shown)
        told = ", ".join(f"{number} × {status}" for status, number in sorted(refused.items()))
        told += f", {unanswered} × 500 after it was stored"
        return [
            Row(f"{LEARNERS:,} scores through bad weather, lost", lost, "", 0, note=told),
            Row("that show other points than were sent", wrong, "", 0),
            Row("sent again though they had arrived", repeated, "", 0),
            Row(
                "until the last one has arrived",
                wall,
                "s",
                note="sandbox, pauses that it asks for, and worker",
            ),
            Row("CPU of worker and sandbox for each", 1000 * cpu / LEARNERS, "ms"),
        ]


def _class(made: World) -> dict[str, float]:
    """People who are all graded at once, each with points of their own; what each is to have, by their key."""
    people = made.sandbox.add_members("ecology", LEARNERS)
    made.launch("amara", "food-web")
    given = made.given
    with given.database.write() as session:
        teacher = session.scalars(select(Membership).where(Membership.role == Role.instructor)).one()
        panel: UUID = session.scalars(select(Panel.id)).one()
        viewer = find_viewer(session, teacher.tenant_id, teacher.id, panel)
        if viewer is None:
            raise RuntimeError("the teacher is not at the panel")
        rule = Rule((Need(Counted.openings, 1),), MOST, due_on=date(2020, 1, 1))
        (stage,) = actions.set_rules(session, given.clock, viewer, [(None, rule)]).stages
        points = {}
        for number, person in enumerate(people):
            points[person.key] = (number + 1) / 4
            member = arrive(
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
            session.add(
                Judgement(
                    tenant_id=viewer.tenant_id,
                    id=uuid4(),
                    panel_id=panel,
                    term=viewer.panel.term,
                    stage=stage.id,
                    membership_id=member,
                    points=points[person.key],
                    by_id=viewer.membership_id,
                    created_at=given.clock(),
                )
            )
    return points


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
