"""A graded panel in a sandbox LMS: who launches, writes and is graded, and what the LMS's grade book then shows."""

import json
import random
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from lti_tool.lti import grade_orders
from lti_tool.lti.grade_courier import Grader
from lti_tool.lti.grade_models import GradeColumn, Score
from lti_tool.lti.grade_queries import Sending, sendings
from lti_tool.sandbox import Grade, LineItem
from social_layer.discussion import actions as discussion
from social_layer.grading import actions, queries
from social_layer.grading.queries import Sheet
from social_layer.grading.rules import Counted, Need, Rule
from social_layer.panels.models import Panel
from social_layer.panels.queries import find_viewer
from social_layer.people.models import Account, Membership
from social_layer.viewer import Viewer
from tests.lti_tool.lti.launching import Course, config_of

LINK = "food-web"


def one_topic(points: float = 10, **more: Any) -> Rule:
    return Rule((Need(Counted.openings, 1),), points, **more)


@dataclass
class Classroom:
    """``amara`` teaches; ``maya``, ``lucas`` and ``aisha`` learn."""

    course: Course
    link: str = LINK
    panel_id: UUID = field(init=False)
    tenant_id: UUID = field(init=False)
    grader: Grader = field(init=False)

    def __post_init__(self) -> None:
        self.panel_id = UUID(config_of(self.course.launch("amara", self.link))["panel_id"])
        self.tenant_id = self.course.rows(Membership)[0].tenant_id
        self.grader = self.new_grader()

    def new_grader(self) -> Grader:
        return Grader(self.course.given, rng=random.Random(1))

    def arrive(self, *people: str) -> None:
        for person in people:
            config_of(self.course.launch(person, self.link))

    def sub(self, who: str) -> str:
        return self.course.sandbox.world.person(who).sub

    def look(self, who: str) -> Viewer:
        with self.course.given.database.read() as session:
            member = session.scalars(
                select(Membership.id)
                .join(Account, Account.person_id == Membership.person_id)
                .join(Panel, Panel.course_id == Membership.course_id)
                .where(Account.name == self.sub(who), Panel.id == self.panel_id)
            ).one()
            viewer = find_viewer(session, self.tenant_id, member, self.panel_id)
        assert viewer is not None
        return viewer

    def rules(self, *rules: Rule, ids: Sequence[UUID | None] = ()) -> Sheet:
        wanted = list(zip(ids or [None] * len(rules), rules, strict=True))
        with self.course.given.database.write() as session:
            return actions.set_rules(session, self.course.clock, self.look("amara"), wanted)

    def write(self, who: str, **more: Any) -> UUID:
        self.course.clock.pass_by(seconds=1)
        with self.course.given.database.write() as session:
            return discussion.post(session, self.course.clock, self.look(who), body="Some words", **more)

    def remove(self, who: str, entry: UUID) -> None:
        with self.course.given.database.write() as session:
            discussion.remove(session, self.course.clock, self.look(who), entry)

    def judge(self, who: str, points: float | None, comment: str = "", stage: int = 0) -> None:
        clock, given = self.course.clock, self.course.given
        with given.database.write() as session:
            sheet = queries.find_sheet(session, self.tenant_id, self.panel_id)
            assert sheet is not None
            member = self.look(who).membership_id
            learner = queries.grade_of(session, sheet, clock(), member)
            assert learner is not None
            verdict = learner.grades[stage].verdict
            actions.judge(
                session,
                clock,
                self.look("amara"),
                member,
                sheet.stages[stage].id,
                points=points,
                comment=comment,
                seen=verdict.id if verdict else None,
            )

    def send_all(self) -> None:
        with self.course.given.database.write() as session:
            grade_orders.send_all(session, self.course.clock, self.look("amara"))

    def read_back(self) -> None:
        with self.course.given.database.write() as session:
            grade_orders.read_back(session, self.course.clock, self.look("amara"))

    def order(self, who: str, wish: str) -> None:
        with self.course.given.database.write() as session:
            member, stage = self.look(who).membership_id, self.columns()[0].stage
            grade_orders.order(session, self.course.clock, self.look("amara"), member, stage, wish)

    def tick(self, seconds: float = 30, grader: Grader | None = None) -> None:
        """Time passes, and the worker does what is due."""
        self.course.clock.pass_by(seconds=seconds)
        grader = grader or self.grader
        for key in grader.sweep():
            grader.deliver(key)

    def sending(self, who: str, stage: int = 0) -> Sending | None:
        with self.course.given.database.read() as session:
            sheet = queries.find_sheet(session, self.tenant_id, self.panel_id)
            assert sheet is not None
            found = sendings(session, self.tenant_id, self.panel_id)
        return found.get((self.look(who).membership_id, sheet.stages[stage].id))

    def columns(self) -> list[GradeColumn]:
        return self.course.rows(GradeColumn)

    def scores(self) -> list[Score]:
        return self.course.rows(Score)

    # The LMS.

    @property
    def items(self) -> list[LineItem]:
        return list(self.course.sandbox.gradebook.items.values())

    def grade(self, who: str, item: int = 0) -> Grade | None:
        return self.course.sandbox.gradebook.grade(self.items[item], who)

    def shown(self, who: str, item: int = 0) -> float | None:
        grade = self.grade(who, item)
        return grade.score if grade else None

    def posts(self, part: str = "scores", status: int | None = None) -> list[dict[str, Any]]:
        """The bodies that were posted there."""
        return [
            json.loads(call.body)
            for call in self.course.sandbox.door.calls
            if call.method == "POST"
            and call.url.partition("?")[0].endswith(part)
            and status in (None, call.status)
        ]


@contextmanager
def empty_book(course: Course) -> Any:
    """The LMS's grade book without anything of an earlier test."""
    book, door = course.sandbox.gradebook, course.sandbox.door
    book.items.clear()
    book.grades.clear()
    door.calls.clear()
    yield
    door.weather = None
    book.items.clear()
    book.grades.clear()
