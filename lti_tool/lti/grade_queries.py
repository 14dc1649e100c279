"""Reads of grades on their way: where a panel's grades go, and what became of each score."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from lti_tool.lti.grade_models import GradeColumn, GradeService, Score, ScoreState
from lti_tool.lti.models import Deployment, LtiContext, LtiLink, Platform

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM, SCORE, RESULTS = f"{AGS}lineitem", f"{AGS}score", f"{AGS}result.readonly"
# Points are the same when they do not differ by more than rounding can.
_NEAR = 0.005


@dataclass(frozen=True, slots=True)
class Sending:
    """What became of one score. ``shown``: what the LMS was seen to show, in the points of the stage."""

    state: ScoreState
    points: float
    maximum: float
    attempts: int
    due_at: datetime
    answer: str | None
    sent: float | None
    sent_at: datetime | None
    shown: float | None
    shown_comment: str | None
    shown_at: datetime | None

    @property
    def differs(self) -> bool:
        """Whether the LMS shows something else than what was sent."""
        arrived = self.state is ScoreState.sent and self.sent is not None and self.shown_at is not None
        return arrived and not near(self.shown, self.sent)

    @property
    def needs_look(self) -> bool:
        return self.state in (ScoreState.parked, ScoreState.held) or self.differs


@dataclass(frozen=True, slots=True)
class Column:
    """A stage's column in the grade book, as its staff see it."""

    url: str | None
    trouble: str | None
    resting_until: datetime | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a panel's grades can go: the latest launch of a link whose platform is in use."""

    tenant_id: UUID
    link_id: UUID
    resource_link_id: str
    platform_id: UUID
    platform: str
    family: str | None
    issuer: str
    line_items_url: str | None
    line_item_url: str | None
    scopes: frozenset[str]

    @property
    def takes_scores(self) -> bool:
        return SCORE in self.scopes and bool(self.line_item_url or self.makes_columns)

    @property
    def makes_columns(self) -> bool:
        return LINE_ITEM in self.scopes and bool(self.line_items_url)

    @property
    def shows_results(self) -> bool:
        return RESULTS in self.scopes


def near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _NEAR


def of_maximum(points: float | None, maximum: float | None, wanted: float) -> float | None:
    """Points of one scale in those of another."""
    if points is None:
        return None
    return round(points * wanted / maximum, 4) if maximum else points


def sendings(
    session: Session, tenant_id: UUID, panel_id: UUID, membership_id: UUID | None = None
) -> dict[tuple[UUID, UUID], Sending]:
    """By membership and stage, of the present term; one statement."""
    asked = select(Score).where(
        Score.tenant_id == tenant_id, Score.panel_id == panel_id, Score.state != ScoreState.former
    )
    if membership_id is not None:
        asked = asked.where(Score.membership_id == membership_id)
    return {(score.membership_id, score.stage): _sending(score) for score in session.scalars(asked)}


def _sending(score: Score) -> Sending:
    return Sending(
        state=ScoreState(score.state),
        points=score.points,
        maximum=score.maximum,
        attempts=score.attempts,
        due_at=score.due_at,
        answer=score.answer,
        sent=of_maximum(score.sent_points, score.sent_maximum, score.maximum),
        sent_at=score.sent_at,
        shown=of_maximum(score.shown_points, score.shown_maximum, score.maximum),
        shown_comment=score.shown_comment,
        shown_at=score.shown_at,
    )


def columns(session: Session, tenant_id: UUID, panel_id: UUID) -> Mapping[UUID, Column]:
    """By stage; one statement."""
    found = session.scalars(
        select(GradeColumn).where(GradeColumn.tenant_id == tenant_id, GradeColumn.panel_id == panel_id)
    )
    return {each.stage: Column(each.url, each.trouble, each.resting_until, each.read_at) for each in found}


@dataclass(frozen=True, slots=True)
class LeftColumn:
    """A column of the LMS's grade book whose stage is graded no more. ``is_ours``: it can be deleted from here."""

    stage: UUID
    label: str
    is_ours: bool
    is_going: bool
    trouble: str | None


def left_columns(
    session: Session, tenant_id: UUID, panel_id: UUID, stages: Collection[UUID]
) -> list[LeftColumn]:
    """Of stages other than these; one statement."""
    found = session.scalars(
        select(GradeColumn)
        .where(
            GradeColumn.tenant_id == tenant_id,
            GradeColumn.panel_id == panel_id,
            GradeColumn.url.is_not(None),
            GradeColumn.stage.not_in(stages),
        )
        .order_by(GradeColumn.label, GradeColumn.id)
    )
    return [
        LeftColumn(each.stage, each.label, each.is_ours, each.removing_at is not None, each.trouble)
        for each in found
    ]


def find_destination(session: Session, tenant_id: UUID, panel_id: UUID) -> Destination | None:
    """By the latest launch; None where no launch has spoken of grades, or its platform was removed."""
    found = session.execute(
        DESTINATIONS.where(LtiLink.tenant_id == tenant_id, LtiLink.panel_id == panel_id)
        .order_by(GradeService.said_at.desc())
        .limit(1)
    ).first()
    return destination_of(found) if found else None


def destination_of(row: Any) -> Destination:
    return Destination(**{**row._mapping, "scopes": frozenset(row.scopes.split())})


DESTINATIONS: Select[*tuple[Any, ...]] = (
    select(
        LtiLink.tenant_id,
        LtiLink.id.label("link_id"),
        LtiLink.resource_link_id,
        Platform.id.label("platform_id"),
        Platform.name.label("platform"),
        Platform.family,
        Platform.issuer,
        GradeService.line_items_url,
        GradeService.line_item_url,
        GradeService.scopes,
    )
    .select_from(GradeService)
    .join(LtiLink, and_(LtiLink.tenant_id == GradeService.tenant_id, LtiLink.id == GradeService.link_id))
    .join(LtiContext, and_(LtiContext.tenant_id == LtiLink.tenant_id, LtiContext.id == LtiLink.context_id))
    .join(
        Deployment,
        and_(Deployment.tenant_id == LtiContext.tenant_id, Deployment.id == LtiContext.deployment_id),
    )
    .join(Platform, and_(Platform.tenant_id == Deployment.tenant_id, Platform.id == Deployment.platform_id))
    .where(Platform.removed_at.is_(None))
)
