"""What the pages of grading show: all learners in a list, one learner's whole contribution, a learner's own lines."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from babel.dates import get_timezone_location
from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_tool.lti.grade_queries import Destination, Sending, columns, find_destination, left_columns, sendings
from lti_tool.moments import moment
from lti_tool.problems import Problem
from lti_tool.translations import language
from lti_tool.web import grading_words as say
from lti_tool.web.presenting import Presenter, Shown, letters, role_names
from social_layer.discussion.queries import PAGE, contributions, find_entries
from social_layer.grading import queries
from social_layer.grading.queries import Grade, Learner, Sheet
from social_layer.grading.rules import MOST_STAGES, OFFERED, Counted, Rule, first_rule
from social_layer.people.models import Role
from social_layer.refusals import NotFound
from social_layer.viewer import Viewer

# Learners on a page of the list.
ROWS = 50


@dataclass(frozen=True, slots=True)
class StageShown:
    """A stage of one learner, in words. ``look``: how the state of its sending is shown."""

    grade: Grade
    sending: Sending | None
    points: str
    most: str
    look: str
    state: str

    @property
    def id(self) -> UUID:
        return self.grade.stage.id

    @property
    def name(self) -> str:
        return self.grade.stage.rule.name


@dataclass(frozen=True, slots=True)
class LearnerShown:
    """``reasons``: why staff should look, beside what the states of its stages say themselves."""

    learner: Learner
    name: str
    stages: tuple[StageShown, ...]
    reasons: tuple[str, ...]

    @property
    def needs_look(self) -> bool:
        return bool(self.reasons) or any(
            stage.sending is not None and stage.sending.needs_look for stage in self.stages
        )


@dataclass(frozen=True, slots=True)
class Written:
    """An entry of the learner, with what it answers where it answers something."""

    shown: Shown
    to: str
    quoted: str


@dataclass(frozen=True, slots=True)
class Desk:
    """All that is known of a panel's grading at one moment, for somebody who grades it."""

    sheet: Sheet
    destination: Destination | None
    learners: list[LearnerShown]

    @property
    def looking(self) -> list[LearnerShown]:
        return [one for one in self.learners if one.needs_look]


def sheet_of(session: Session, viewer: Viewer) -> Sheet:
    """Raises ``not_found``."""
    sheet = queries.find_sheet(session, viewer.tenant_id, viewer.panel.id)
    if sheet is None:
        raise Problem("not_found")
    return sheet


def open_desk(session: Session, viewer: Viewer, now: datetime) -> Desk:
    """Six statements, however many learners. Raises ``not_grader``."""
    _let_grade(viewer)
    sheet = sheet_of(session, viewer)
    sent = sendings(session, viewer.tenant_id, viewer.panel.id)
    destination = find_destination(session, viewer.tenant_id, viewer.panel.id)
    can_send = destination is not None and destination.takes_scores
    found = [_shown(one, sent, can_send) for one in queries.grades(session, sheet, now)]
    return Desk(sheet, destination, found)


def overview(
    session: Session, viewer: Viewer, now: datetime, *, only_look: bool = False, after: UUID | None = None
) -> dict[str, Any]:
    desk = open_desk(session, viewer, now)
    rows = desk.looking if only_look else desk.learners
    first = 1 + next((at for at, one in enumerate(rows) if one.learner.membership_id == after), -1)
    shown = rows[first : first + ROWS]
    return {
        **_around(viewer, desk.sheet, now),
        "desk": desk,
        "rows": shown,
        "only_look": only_look,
        "next": shown[-1].learner.membership_id if len(rows) > first + ROWS else None,
        "troubles": _troubles(session, viewer, desk.sheet),
        "counts": _counts(desk),
    }


def screen(session: Session, viewer: Viewer, now: datetime, membership_id: UUID) -> dict[str, Any]:
    """One learner, with whoever comes before and after in the list. Raises ``not_grader``, ``learner_not_found``."""
    _let_grade(viewer)
    sheet = sheet_of(session, viewer)
    learner = queries.grade_of(session, sheet, now, membership_id)
    # Only this one is counted: with the keyboard one goes through thousands.
    ids = queries.in_order(session, sheet)
    if learner is None or membership_id not in ids:
        raise NotFound("learner_not_found")
    at = ids.index(membership_id)
    sent = sendings(session, viewer.tenant_id, viewer.panel.id, membership_id)
    destination = find_destination(session, viewer.tenant_id, viewer.panel.id)
    return {
        **_around(viewer, sheet, now),
        **written(session, viewer, learner, now),
        "whose": _shown(learner, sent, destination is not None and destination.takes_scores),
        "place": at + 1,
        "learners": len(ids),
        "before": ids[at - 1] if at else None,
        "following": ids[at + 1] if at + 1 < len(ids) else None,
        "troubles": _troubles(session, viewer, sheet),
    }


def written(
    session: Session, viewer: Viewer, learner: Learner, now: datetime, after: int = 0
) -> dict[str, Any]:
    """What the learner has written, a page of it: two statements."""
    found = (
        contributions(session, viewer, learner.voice_id, after=after, limit=PAGE + 1)
        if learner.voice_id
        else []
    )
    entries = found[:PAGE]
    answered = find_entries(session, viewer, [each.parent_id for each in entries if each.parent_id])
    presenter = Presenter(viewer, now)
    theirs = {id_: presenter.show(entry) for id_, entry in answered.items()}
    items = []
    for entry in entries:
        parent = theirs.get(entry.parent_id) if entry.parent_id else None
        quoted = (parent.entry.title or parent.entry.body) if parent else ""
        items.append(Written(presenter.show(entry), parent.name if parent else "", quoted[:280]))
    return {"entries": items, "entries_after": entries[-1].seq if len(found) > PAGE else None}


def own_lines(session: Session, viewer: Viewer, now: datetime) -> dict[str, Any]:
    """What the viewer has of the panel's rules; ``stages`` is empty for who gets no grades."""
    sheet = sheet_of(session, viewer)
    found = queries.grade_of(session, sheet, now, viewer.membership_id) if sheet.stages else None
    stages = [_stage_shown(grade, None, can_send=False) for grade in found.grades] if found else []
    return {**_around(viewer, sheet, now), "stages": stages}


def former(session: Session, back: Viewer, now: datetime, after: UUID | None) -> dict[str, Any]:
    """Everybody's points in a term that is over, a page of them. ``back``: as who looks back at it."""
    sheet = queries.find_former_sheet(session, back)
    found = queries.former_grades(session, sheet, now) if sheet and sheet.stages else []
    learners = [_shown(one, {}, can_send=False) for one in found]
    first = 1 + next((at for at, one in enumerate(learners) if one.learner.membership_id == after), -1)
    shown = learners[first : first + ROWS]
    is_more = len(learners) > first + ROWS
    around = _around(back, sheet or sheet_of(session, back), now)
    return {**around, "rows": shown, "next": shown[-1].learner.membership_id if is_more else None}


def rules(session: Session, viewer: Viewer, now: datetime) -> dict[str, Any]:
    """The set-up of grading: a form of all stages, or of a first one where there is none."""
    sheet = sheet_of(session, viewer)
    return {
        **_around(viewer, sheet, now),
        "judged": queries.judged_stages(session, sheet),
        "left": left_columns(
            session, viewer.tenant_id, viewer.panel.id, [stage.id for stage in sheet.stages]
        ),
        "offered": OFFERED[viewer.panel.kind],
        "first": first_rule(viewer.panel.kind),
        "zone": get_timezone_location(sheet.zone.key, locale=get_locale(), return_city=False),
        "zone_code": sheet.zone.key,
        "most_stages": MOST_STAGES,
        "wordings": say.WHAT_COUNTS,
        "amount": _amount,
    }


def sentences(session: Session, viewer: Viewer, now: datetime, wanted: list[Rule]) -> dict[str, Any]:
    """What the form says so far."""
    return {**_around(viewer, sheet_of(session, viewer), now), "wanted": wanted}


def _amount(rule: Rule, counted: Counted) -> int | str:
    return next((need.number for need in rule.needs if need.counted is counted), "")


def _let_grade(viewer: Viewer) -> None:
    if not viewer.is_staff:
        raise Problem("not_grader")


def _around(viewer: Viewer, sheet: Sheet, now: datetime) -> dict[str, Any]:
    """What all of these pages need."""
    return {
        "viewer": viewer,
        "panel": viewer.panel,
        "home": url_for("web.panel", panel_id=viewer.panel.id),
        "sheet": sheet,
        "say": say,
        "today": now.astimezone(sheet.zone).date(),
        "when": lambda at: moment(at, sheet.zone, now),
    }


def _shown(learner: Learner, sent: dict[tuple[UUID, UUID], Sending], can_send: bool) -> LearnerShown:
    stages = tuple(
        _stage_shown(grade, sent.get((learner.membership_id, grade.stage.id)), can_send)
        for grade in learner.grades
    )
    name = learner.name or _nameless(learner)
    return LearnerShown(learner, name, stages, tuple(_reasons(learner, stages)))


def _nameless(learner: Learner) -> str:
    role = role_names(language())[Role.learner]
    return f"{role} {letters(learner.voice_id or learner.membership_id)}"


def _stage_shown(grade: Grade, sending: Sending | None, can_send: bool) -> StageShown:
    look, words = say.state(sending, grade, can_send)
    return StageShown(
        grade, sending, say.number(grade.points), say.number(grade.stage.rule.points), look, words
    )


def _reasons(learner: Learner, stages: tuple[StageShown, ...]) -> list[str]:
    found = []
    if any(stage.grade.has_late for stage in stages):
        found.append(_("Wrote after the last day"))
    for stage in stages:
        verdict = stage.grade.verdict
        if verdict and verdict.points is not None and learner.last_at and learner.last_at > verdict.at:
            found.append(_("Has written more since you gave points"))
    return list(dict.fromkeys(found))


def _troubles(session: Session, viewer: Viewer, sheet: Sheet) -> list[str]:
    """What holds up whole columns, as the LMS said it."""
    kept = columns(session, viewer.tenant_id, viewer.panel.id)
    found = [kept[stage.id].trouble for stage in sheet.stages if stage.id in kept]
    return [say.told(trouble) for trouble in dict.fromkeys(found) if trouble]


def _counts(desk: Desk) -> dict[str, int]:
    looks = [stage.look for one in desk.learners for stage in one.stages]
    return {look: looks.count(look) for look in ("sent", "waits", "trouble", "off")}
