"""Brings to platforms all that waits for them now, pauses not waited for: grades, columns to go, notice handlers.

For `alongside worker --drain`. Lists of members and names of groups are read from platforms and not brought there:
they are left to the worker's schedule.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.lti.grade_counting import REST, count_panel, panels_to_count
from lti_tool.lti.grade_courier import Grader
from lti_tool.lti.grade_models import GradeColumn, Score, ScoreState
from lti_tool.lti.models import Deployment, LtiContext, LtiLink, Platform
from lti_tool.lti.notice_handlers import tell_due, untold
from lti_tool.parts import Parts
from social_layer.database import UtcDateTime

# Whoever asks for patience gets so much of it; what takes longer is said to be left.
SOON = timedelta(seconds=5)
_MOST_ROUNDS = 60
_THREADS = 4


@dataclass(frozen=True, slots=True)
class Left:
    """What a platform has not taken. ``trouble``: what it said."""

    platform: str
    grades: int = 0
    columns: int = 0
    notices: bool = False
    trouble: str | None = None


def drain_platforms(given: Parts, pause: Callable[[float], None] = time.sleep) -> tuple[int, list[Left]]:
    """How many grades were taken, and what is left."""
    before = given.clock()
    tell_due(given, most=10_000, at_once=True)
    _count(given)
    with given.database.write() as session:
        _wake(session, given.clock())
    grader = Grader(given)
    for _round in range(_MOST_ROUNDS):
        if keys := grader.sweep():
            with ThreadPoolExecutor(_THREADS, thread_name_prefix="drain") as pool:
                list(pool.map(grader.deliver, keys))
            continue
        with given.database.read() as session:
            next_at = _next_at(session)
        if next_at is None or next_at > given.clock() + SOON:
            break
        pause(max(0.05, (next_at - given.clock()).total_seconds()))
    with given.database.read() as session:
        return _arrived(session, before), _left(session)


def _count(given: Parts) -> None:
    """Panels that have just changed too, whose writers may not have done yet."""
    seen: set[tuple[UUID, UUID]] = set()
    while True:
        with given.database.read() as session:
            found = [key for key in panels_to_count(session, given.clock() + REST) if key not in seen]
        if not found:
            return
        for tenant_id, panel_id in found:
            with given.database.write() as session:
                count_panel(session, given.clock, tenant_id, panel_id)
        seen.update(found)


_OF_COLUMN = (
    Score.tenant_id == GradeColumn.tenant_id,
    Score.panel_id == GradeColumn.panel_id,
    Score.stage == GradeColumn.stage,
    Score.state == ScoreState.pending,
)


def _wake(session: Session, now: datetime) -> None:
    """The columns first, as everybody does who changes scores."""
    session.execute(
        update(GradeColumn)
        .where(
            GradeColumn.resting_until > now, or_(exists().where(*_OF_COLUMN), GradeColumn.removing_at <= now)
        )
        .values(resting_until=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Score)
        .where(Score.state == ScoreState.pending, Score.due_at > now)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


def _next_at(session: Session) -> datetime | None:
    """When something can be tried next; none where nothing waits."""
    found = session.execute(
        select(
            GradeColumn.resting_until,
            GradeColumn.lease_until,
            GradeColumn.removing_at,
            func.min(Score.due_at, type_=UtcDateTime()),
        )
        .outerjoin(Score, and_(*_OF_COLUMN))
        .where(or_(Score.id.is_not(None), GradeColumn.removing_at.is_not(None)))
        .group_by(GradeColumn.tenant_id, GradeColumn.id)
    )
    times = []
    for resting_until, lease_until, removing_at, due_at in found:
        due = min(at for at in (removing_at, due_at) if at is not None)
        times.append(max(at for at in (due, resting_until, lease_until) if at is not None))
    return min(times, default=None)


def _arrived(session: Session, since: datetime) -> int:
    return session.scalar(select(func.count()).where(Score.sent_at >= since)) or 0


def _left(session: Session) -> list[Left]:
    found = session.execute(
        select(
            Platform.name,
            func.count(Score.id),
            func.count(func.distinct(GradeColumn.id)).filter(GradeColumn.removing_at.is_not(None)),
            func.max(GradeColumn.trouble),
        )
        .select_from(GradeColumn)
        .outerjoin(Score, and_(*_OF_COLUMN))
        .join(LtiLink, and_(LtiLink.tenant_id == GradeColumn.tenant_id, LtiLink.id == GradeColumn.link_id))
        .join(
            LtiContext, and_(LtiContext.tenant_id == LtiLink.tenant_id, LtiContext.id == LtiLink.context_id)
        )
        .join(
            Deployment,
            and_(Deployment.tenant_id == LtiContext.tenant_id, Deployment.id == LtiContext.deployment_id),
        )
        .join(
            Platform, and_(Platform.tenant_id == Deployment.tenant_id, Platform.id == Deployment.platform_id)
        )
        .where(
            Platform.removed_at.is_(None), or_(Score.id.is_not(None), GradeColumn.removing_at.is_not(None))
        )
        .group_by(Platform.id, Platform.name)
        .order_by(Platform.name)
    )
    left = [Left(name, grades, columns, trouble=trouble) for name, grades, columns, trouble in found]
    return left + [Left(name, notices=True, trouble=said) for name, said in untold(session)]
