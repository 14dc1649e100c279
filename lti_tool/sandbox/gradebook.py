"""The grade book: line items, the grades in them, and who gave each, the tool or a teacher in the LMS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

By = Literal["tool", "teacher"]


class Stale(Exception):
    """The score is not later than the one there is."""


@dataclass
class LineItem:
    number: int
    course: str
    client_id: str
    label: str
    score_maximum: float
    resource_id: str = ""
    tag: str = ""
    link: str = ""
    """Key of the link it belongs to; empty when it stands alone."""
    submission_review: dict[str, Any] | None = None
    """As the tool gave it; without it nobody is sent to review anything."""
    more: dict[str, Any] = field(default_factory=dict)
    """Dates and extensions, kept as they came."""


@dataclass
class Grade:
    score: float | None
    """In the line item's own points; None when there is none, or it was erased."""
    comment: str
    at: datetime
    by: By
    activity_progress: str = ""
    grading_progress: str = ""
    submissions: int = 0
    """Canvas counts a new submission unless told that there is none."""
    comments: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Score:
    """What a tool says about one person, read and checked; `given` is already in the line item's points."""

    given: float | None
    comment: str
    at: datetime
    activity_progress: str
    grading_progress: str
    new_submission: bool = True
    keeps: bool = False
    """The points that are there stay, whatever else changes."""


@dataclass
class Gradebook:
    items: dict[int, LineItem] = field(default_factory=dict)
    grades: dict[tuple[int, str], Grade] = field(default_factory=dict)
    """By the item's number and the person's key."""
    made: int = 0

    def add(self, course: str, client_id: str, label: str, score_maximum: float, **more: Any) -> LineItem:
        self.made += 1
        item = LineItem(self.made, course, client_id, label, score_maximum, **more)
        self.items[item.number] = item
        return item

    def remove(self, item: LineItem) -> None:
        del self.items[item.number]
        self.grades = {place: grade for place, grade in self.grades.items() if place[0] != item.number}

    def items_of(self, course: str, client_id: str = "") -> list[LineItem]:
        """In the order they were made; of one tool, or of all."""
        return [
            item
            for item in self.items.values()
            if item.course == course and (not client_id or item.client_id == client_id)
        ]

    def sole_item_of(self, link: str) -> LineItem | None:
        """A link's line item, which a launch names only when there is exactly one."""
        found = [item for item in self.items.values() if link and item.link == link]
        return found[0] if len(found) == 1 else None

    def grade(self, item: LineItem, person: str) -> Grade | None:
        return self.grades.get((item.number, person))

    def grades_in(self, item: LineItem) -> dict[str, Grade]:
        """By the person's key."""
        return {person: grade for (number, person), grade in self.grades.items() if number == item.number}

    def receive(self, item: LineItem, person: str, score: Score, whole_seconds: bool = True) -> Grade:
        """A score of the tool; it stands over what was there, a teacher's grade included. Raises Stale."""
        before = self.grade(item, person)
        # LTI-AGS 2.0, section 3.4.5: a score must be later than the last.
        if before and _counted(score.at, whole_seconds) <= _counted(before.at, whole_seconds):
            raise Stale
        grade = Grade(
            score=before.score if score.keeps and before else score.given,
            comment=score.comment,
            at=score.at,
            by="tool",
            activity_progress=score.activity_progress,
            grading_progress=score.grading_progress,
            submissions=(before.submissions if before else 0) + int(score.new_submission),
            comments=[*(before.comments if before else []), *([score.comment] if score.comment else [])],
        )
        self.grades[item.number, person] = grade
        return grade

    def set_by_teacher(
        self, item: LineItem, person: str, score: float | None, comment: str, now: datetime
    ) -> Grade:
        before = self.grade(item, person)
        grade = Grade(
            score=score,
            comment=comment,
            at=now,
            by="teacher",
            grading_progress="FullyGraded" if score is not None else "",
            submissions=before.submissions if before else 0,
            comments=[*(before.comments if before else []), *([comment] if comment else [])],
        )
        self.grades[item.number, person] = grade
        return grade

    def is_reviewable(self, item: LineItem, person: str) -> bool:
        """Whether the tool shows this work: it said so, and the work is as far as it said."""
        review, grade = item.submission_review, self.grade(item, person)
        if review is None or not item.link:
            return False
        wanted = review.get("reviewableStatus")
        return not isinstance(wanted, list) or (grade.activity_progress if grade else "None") in wanted

    def forget_people(self, course: str, people: Mapping[str, Any]) -> None:
        """Their grades in a course, as a reset does."""
        numbers = {item.number for item in self.items_of(course)}
        self.grades = {
            (number, person): grade
            for (number, person), grade in self.grades.items()
            if number not in numbers or person not in people
        }


def _counted(at: datetime, whole_seconds: bool) -> datetime:
    return at.replace(microsecond=0) if whole_seconds else at
