"""Reads: a panel's rules, and what learners have of them. A fixed number of statements, however many learners."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from social_layer.database import PlainRow
from social_layer.discussion.models import Entry
from social_layer.grading.models import GradingStage, Judgement, PanelGrading
from social_layer.grading.rules import (
    KINDS,
    Giving,
    Line,
    Need,
    Rule,
    Stage,
    ends_at,
    from_json,
    opens_at,
    points_for,
)
from social_layer.panels.models import Panel, TemplateVersion
from social_layer.people.models import Course, CourseTerm, Membership, Person, Role, Tenant, Voice
from social_layer.people.zones import zone_named
from social_layer.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Sheet:
    """A panel's grading: its stages in order, the course's time zone, and how far all of it has come.

    ``counter`` is the panel's, ``changes`` that of rules and judgements.
    """

    tenant_id: UUID
    panel_id: UUID
    course_id: UUID
    title: str
    template_id: UUID
    version_id: UUID
    term: int
    zone: ZoneInfo
    counter: int
    changes: int
    stages: tuple[Stage, ...]
    # Whether the zone is the course's own; until then whoever sets rules gives it theirs.
    has_zone: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement that stands."""

    id: UUID
    points: float | None
    comment: str
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Grade:
    """What one learner has in one stage, line by line, and what staff said of it."""

    stage: Stage
    lines: tuple[Line, ...]
    computed: float
    verdict: Verdict | None
    is_over: bool

    @property
    def points(self) -> float:
        if self.verdict is not None and self.verdict.points is not None:
            return self.verdict.points
        return self.computed

    @property
    def comment(self) -> str:
        return self.verdict.comment if self.verdict else ""

    @property
    def is_met(self) -> bool:
        return all(line.is_met(self.stage.rule) for line in self.lines)

    @property
    def has_begun(self) -> bool:
        return any(line.counted(self.stage.rule) for line in self.lines)

    @property
    def has_late(self) -> bool:
        """Whether something came after the last day and does not count."""
        return not self.stage.rule.late_counts and any(line.late for line in self.lines)

    @property
    def is_final(self) -> bool:
        """Whether time alone will not change it any more, or staff have said so."""
        return self.is_met or self.is_over or self.verdict is not None


@dataclass(frozen=True, slots=True)
class Learner:
    """A learner and their grades, a stage each. ``entries``: all that they have written and not removed."""

    membership_id: UUID
    person_id: UUID
    voice_id: UUID | None
    name: str | None
    entries: int
    last_at: datetime | None
    grades: tuple[Grade, ...]


def find_sheet(session: Session, tenant_id: UUID, panel_id: UUID) -> Sheet | None:
    """The panel's grading in one statement; without stages where it is not graded."""
    found = session.execute(
        _SHEET.where(Panel.tenant_id == tenant_id, Panel.id == panel_id).order_by(GradingStage.position)
    ).all()
    if not found:
        return None
    first = found[0]
    return Sheet(
        tenant_id=tenant_id,
        panel_id=panel_id,
        course_id=first.course_id,
        title=first.title,
        template_id=first.template_id,
        version_id=first.version_id,
        term=first.term,
        zone=zone_named(first.course_zone or first.tenant_zone),
        counter=first.counter,
        changes=first.changes or 0,
        stages=tuple(_stage(row) for row in found if row.stage is not None),
        has_zone=first.course_zone is not None,
    )


def find_former_sheet(session: Session, viewer: Viewer) -> Sheet | None:
    """The panel's grading at the end of a term that is over, for a viewer who looks back at it; three statements."""
    sheet = find_sheet(session, viewer.tenant_id, viewer.panel.id)
    if sheet is None:
        return None
    of_then = and_(
        CourseTerm.tenant_id == TemplateVersion.tenant_id, TemplateVersion.created_at <= CourseTerm.ended_at
    )
    version_id = session.scalar(
        select(TemplateVersion.id)
        .join(CourseTerm, of_then)
        .where(
            TemplateVersion.tenant_id == viewer.tenant_id,
            TemplateVersion.template_id == sheet.template_id,
            CourseTerm.course_id == sheet.course_id,
            CourseTerm.number == viewer.panel.term,
        )
        .order_by(TemplateVersion.number.desc())
        .limit(1)
    )
    stages = session.scalars(
        select(GradingStage)
        .where(GradingStage.tenant_id == viewer.tenant_id, GradingStage.template_version_id == version_id)
        .order_by(GradingStage.position)
    ).all()
    return replace(sheet, term=viewer.panel.term, stages=tuple(_stage(each) for each in stages))


def former_grades(session: Session, sheet: Sheet, now: datetime) -> list[Learner]:
    """Whoever wrote or was judged in a term that is over, gone from the course or not; two statements."""
    judged = select(Judgement.membership_id).where(
        Judgement.tenant_id == sheet.tenant_id,
        Judgement.panel_id == sheet.panel_id,
        Judgement.term == sheet.term,
        Judgement.ended_at.is_(None),
    )
    took_part = or_(func.count(Entry.id) > 0, Membership.id.in_(judged))
    rows = session.execute(_counts(sheet, is_over=True).having(took_part)).all()
    return _in_words(session, sheet, now, rows, ())


_SHEET: Select[*tuple[Any, ...]] = (
    select(
        Panel.course_id,
        Panel.counter,
        TemplateVersion.id.label("version_id"),
        TemplateVersion.template_id,
        TemplateVersion.title,
        Course.term,
        Course.time_zone.label("course_zone"),
        Tenant.time_zone.label("tenant_zone"),
        PanelGrading.changes,
        GradingStage.stage,
        GradingStage.name,
        GradingStage.needs,
        GradingStage.points,
        GradingStage.giving,
        GradingStage.opens_on,
        GradingStage.due_on,
        GradingStage.late_counts,
        GradingStage.by_itself,
    )
    .select_from(Panel)
    .join(
        TemplateVersion,
        and_(TemplateVersion.tenant_id == Panel.tenant_id, TemplateVersion.id == Panel.template_version_id),
    )
    .join(Course, and_(Course.tenant_id == Panel.tenant_id, Course.id == Panel.course_id))
    .join(Tenant, Tenant.id == Panel.tenant_id)
    .outerjoin(
        PanelGrading, and_(PanelGrading.tenant_id == Panel.tenant_id, PanelGrading.panel_id == Panel.id)
    )
    .outerjoin(
        GradingStage,
        and_(
            GradingStage.tenant_id == Panel.tenant_id,
            GradingStage.template_version_id == Panel.template_version_id,
        ),
    )
)


def stages_of(session: Session, tenant_id: UUID, version_id: UUID) -> tuple[Stage, ...]:
    """The stages of one version of a template, in their order."""
    found = session.scalars(
        select(GradingStage)
        .where(GradingStage.tenant_id == tenant_id, GradingStage.template_version_id == version_id)
        .order_by(GradingStage.position)
    )
    return tuple(_stage(row) for row in found)


def _stage(row: PlainRow | GradingStage) -> Stage:
    return Stage(
        row.stage,
        Rule(
            needs=from_json(row.needs),
            points=row.points,
            giving=Giving(row.giving),
            name=row.name,
            opens_on=row.opens_on,
            due_on=row.due_on,
            late_counts=row.late_counts,
            by_itself=row.by_itself,
        ),
    )


def grades(session: Session, sheet: Sheet, now: datetime) -> list[Learner]:
    """All learners of the panel's course, by name. Two statements. Test students and staff are not among them."""
    return _learners(session, sheet, now, ())


def grade_of(session: Session, sheet: Sheet, now: datetime, membership_id: UUID) -> Learner | None:
    """One learner, in two statements; None for staff, test students, and who is not in the course."""
    found = _learners(session, sheet, now, (membership_id,))
    return found[0] if found else None


def in_order(session: Session, sheet: Sheet) -> list[UUID]:
    """The memberships of all learners in the order of the list, without counting anything; one statement."""
    rows = session.execute(
        select(Membership.id, Person.name)
        .join(Person, and_(Person.tenant_id == Membership.tenant_id, Person.id == Membership.person_id))
        .where(*_learn_here(sheet))
    )
    return [row[0] for row in sorted(rows, key=lambda row: _place(row[1], row[0]))]


def _place(name: str | None, membership_id: UUID) -> tuple[bool, str, UUID]:
    """By name, and who has none last."""
    return name is None, (name or "").casefold(), membership_id


def _learn_here(sheet: Sheet, *, is_over: bool = False) -> tuple[ColumnElement[bool], ...]:
    return (
        Membership.tenant_id == sheet.tenant_id,
        Membership.course_id == sheet.course_id,
        Membership.role == Role.learner,
        true() if is_over else Membership.active.is_(True),
        ~Membership.is_test,
    )


def _learners(session: Session, sheet: Sheet, now: datetime, only: tuple[UUID, ...]) -> list[Learner]:
    counts = _counts(sheet)
    if only:
        counts = counts.where(Membership.id.in_(only))
    return _in_words(session, sheet, now, session.execute(counts).all(), only)


def _in_words(
    session: Session, sheet: Sheet, now: datetime, rows: Sequence[PlainRow], only: tuple[UUID, ...]
) -> list[Learner]:
    """What was counted, beside what staff said of it, in the order of the list."""
    verdicts = _verdicts(session, sheet, only) if rows and sheet.stages else {}
    learners = [_learner(sheet, now, row, verdicts) for row in rows]
    return sorted(learners, key=lambda one: _place(one.name, one.membership_id))


def _learner(
    sheet: Sheet, now: datetime, row: PlainRow, verdicts: Mapping[tuple[UUID, UUID], Verdict]
) -> Learner:
    numbers = iter(row[6:])
    found = []
    for stage in sheet.stages:
        lines = tuple(Line(need, next(numbers) or 0, next(numbers) or 0) for need in stage.rule.needs)
        ends = ends_at(stage.rule, sheet.zone)
        found.append(
            Grade(
                stage=stage,
                lines=lines,
                computed=points_for(stage.rule, lines),
                verdict=verdicts.get((row[0], stage.id)),
                is_over=ends is not None and now >= ends,
            )
        )
    return Learner(row[0], row[1], row[2], row[3], row[4], row[5], tuple(found))


def _counts(sheet: Sheet, *, is_over: bool = False) -> Select[*tuple[Any, ...]]:
    """A row for each learner: who they are, then for each need what came in time and what came late.

    ``is_over``: also those who have left since.
    """
    own_voice = and_(
        Voice.tenant_id == Membership.tenant_id,
        Voice.course_id == Membership.course_id,
        Voice.person_id == Membership.person_id,
    )
    own_entry = and_(
        Entry.tenant_id == Voice.tenant_id,
        Entry.voice_id == Voice.id,
        Entry.panel_id == sheet.panel_id,
        Entry.term == sheet.term,
        Entry.deleted_at.is_(None),
    )
    who = (Membership.id, Person.id, Voice.id, Person.name)
    numbers = [
        column
        for stage in sheet.stages
        for need in stage.rule.needs
        for column in _numbers(sheet, stage, need)
    ]
    return (
        select(*who, func.count(Entry.id), func.max(Entry.created_at), *numbers)
        .select_from(Membership)
        .join(Person, and_(Person.tenant_id == Membership.tenant_id, Person.id == Membership.person_id))
        .outerjoin(Voice, own_voice)
        .outerjoin(Entry, own_entry)
        .where(*_learn_here(sheet, is_over=is_over))
        .group_by(*who)
    )


def _numbers(sheet: Sheet, stage: Stage, need: Need) -> Iterable[ColumnElement[Any]]:
    opens, ends = opens_at(stage.rule, sheet.zone), ends_at(stage.rule, sheet.zone)
    of_kind: ColumnElement[bool] = Entry.kind.in_(sorted(KINDS[need.counted]))
    if opens is not None:
        of_kind = and_(of_kind, Entry.created_at >= opens)
    in_time = of_kind if ends is None else and_(of_kind, Entry.created_at < ends)
    yield func.sum(case((in_time, 1), else_=0))
    late = Entry.id.is_(None) if ends is None else and_(of_kind, Entry.created_at >= ends)
    yield func.sum(case((and_(Entry.id.is_not(None), late), 1), else_=0))


def _verdicts(session: Session, sheet: Sheet, only: tuple[UUID, ...]) -> dict[tuple[UUID, UUID], Verdict]:
    """The judgements that stand, by membership and stage."""
    judge = aliased(Membership)
    of_those = [Judgement.membership_id.in_(only)] if only else []
    rows = session.execute(
        select(
            Judgement.membership_id,
            Judgement.stage,
            Judgement.id,
            Judgement.points,
            Judgement.comment,
            Person.name,
            Judgement.created_at,
        )
        .join(judge, and_(judge.tenant_id == Judgement.tenant_id, judge.id == Judgement.by_id))
        .join(Person, and_(Person.tenant_id == judge.tenant_id, Person.id == judge.person_id))
        .where(
            Judgement.tenant_id == sheet.tenant_id,
            Judgement.panel_id == sheet.panel_id,
            Judgement.term == sheet.term,
            Judgement.ended_at.is_(None),
            *of_those,
        )
    )
    return {(row[0], row[1]): Verdict(*row[2:]) for row in rows}


def judged_stages(session: Session, sheet: Sheet) -> set[UUID]:
    """The stages in which somebody's judgement stands: what is lost where a stage is taken away."""
    return set(
        session.scalars(
            select(Judgement.stage)
            .where(
                Judgement.tenant_id == sheet.tenant_id,
                Judgement.panel_id == sheet.panel_id,
                Judgement.term == sheet.term,
                Judgement.ended_at.is_(None),
            )
            .distinct()
        )
    )
