"""When courses' lists of members are read, and how far that has come: a row for each context, worked on by whoever
takes its lease. Launches and the Refresh button only say that it is due; reading.py does the asking.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, and_, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.lti.models import Deployment, LtiContext, Platform, Roster
from lti_tool.lti.platforms import family_of
from lti_tool.lti.queries import PlatformCard, RosterCard, find_platform
from social_layer.clock import Clock
from social_layer.database import run, upsert
from social_layer.people.listed import ListedCourse, end_unlisted
from social_layer.people.models import Course, Role
from social_layer.viewer import Viewer

# How often lists are read of courses that people use, and how long one that nobody opens is still one of them.
EVERY = timedelta(hours=4)
USED_LATELY = timedelta(days=14)
# An instructor who opens three panels in a row needs one reading.
FRESH = timedelta(minutes=10)
# Renewed with every page; longer than the longest wait for one.
LEASE = timedelta(minutes=2)
_USE_GRAIN = timedelta(days=1)
_FIRST_RETRY = timedelta(minutes=2)
_ASKS = frozenset({Role.administrator, Role.instructor, Role.designer, Role.assistant})


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of one list, as whoever holds its lease needs it."""

    lease: UUID
    context_id: UUID
    url: str
    began_at: datetime
    platform: PlatformCard
    course: ListedCourse


@dataclass(frozen=True, slots=True)
class RosterState:
    """What people are told about their course's list.

    ``is_awaited``: asked for, and not read yet. ``problem``: a code of problems.py, of the last reading, if it failed.
    """

    as_of: datetime | None
    due_at: datetime | None
    is_running: bool
    is_awaited: bool
    read: int
    members: int | None
    problem: str | None
    said: str | None
    failed_at: datetime | None


def note_launch(
    session: Session,
    clock: Clock,
    viewer: Viewer,
    context_id: UUID,
    known: RosterCard | None,
    url: str | None,
) -> None:
    """A launch told ``url``. Writes only what differs: at a learner's launch nothing, but for once a day."""
    now = clock()
    if known is None:
        if url is not None:
            row = {"tenant_id": viewer.tenant_id, "context_id": context_id, "url": url}
            made = upsert(session, Roster).on_conflict_do_nothing()
            run(session, made, {**row, "used_at": now, "due_at": now, "read": 0, "failures": 0})
        return
    changed: dict[str, Any] = {}
    if url != known.url:
        changed = {"url": url, "due_at": now if url else None}
    elif url is not None:
        is_stale = known.as_of is None or now - known.as_of >= FRESH
        is_due = known.due_at is not None and known.due_at <= now
        # None is due where nobody had used the course for long.
        if not is_due and (known.due_at is None or (is_stale and viewer.role in _ASKS)):
            changed["due_at"] = now
    if now - known.used_at >= _USE_GRAIN:
        changed["used_at"] = now
    if changed:
        run(session, update(Roster).where(_is(viewer.tenant_id, context_id)).values(changed), {})


def ask_for(session: Session, clock: Clock, viewer: Viewer) -> bool:
    """Somebody wants the list read now; False where the LMS offers none."""
    found = session.execute(_of_course(viewer)).first()
    if found is None:
        return False
    now = clock()
    session.execute(
        update(Roster)
        .where(_is(viewer.tenant_id, found.context_id), or_(Roster.due_at.is_(None), Roster.due_at > now))
        .values(due_at=now)
    )
    return True


def state_of(session: Session, clock: Clock, viewer: Viewer) -> RosterState | None:
    """None where the LMS offers no list of this course."""
    row = session.execute(_of_course(viewer)).first()
    if row is None:
        return None
    now = clock()
    is_running = row.leased_until is not None and row.leased_until > now
    return RosterState(
        as_of=row.as_of,
        due_at=row.due_at,
        is_running=is_running,
        is_awaited=not is_running and row.due_at is not None and row.due_at <= now,
        read=row.read if is_running else 0,
        members=row.members,
        problem=row.problem,
        said=row.said,
        failed_at=row.failed_at,
    )


def _of_course(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The list of the viewer's course: through the registration of its LMS that was used last."""
    return (
        select(
            Roster.context_id,
            Roster.as_of,
            Roster.due_at,
            Roster.leased_until,
            Roster.read,
            Roster.members,
            Roster.problem,
            Roster.said,
            Roster.failed_at,
        )
        .select_from(Roster)
        .join(LtiContext, _CONTEXT)
        .join(Deployment, _DEPLOYMENT)
        .join(Platform, _PLATFORM)
        .where(
            Roster.tenant_id == viewer.tenant_id,
            LtiContext.course_id == viewer.panel.course_id,
            Roster.url.is_not(None),
            Platform.removed_at.is_(None),
        )
        .order_by(Roster.used_at.desc(), Roster.context_id)
        .limit(1)
    )


def due(session: Session, clock: Clock, most: int) -> list[tuple[UUID, UUID]]:
    """(tenant, context) of lists to be read now, who waits longest first."""
    now = clock()
    found = session.execute(
        select(Roster.tenant_id, Roster.context_id)
        .where(
            Roster.due_at <= now,
            Roster.url.is_not(None),
            or_(Roster.leased_until.is_(None), Roster.leased_until <= now),
        )
        .order_by(Roster.due_at)
        .limit(most)
    )
    return [(tenant_id, context_id) for tenant_id, context_id in found]


def take(session: Session, clock: Clock, tenant_id: UUID, context_id: UUID) -> Reading | None:
    """The lease of a list that is due; None where another has it, or there is nothing to read any more."""
    now, lease = clock(), uuid4()
    url = session.scalar(
        update(Roster)
        .where(
            _is(tenant_id, context_id),
            Roster.due_at <= now,
            Roster.url.is_not(None),
            or_(Roster.leased_until.is_(None), Roster.leased_until <= now),
        )
        .values(leased_by=lease, leased_until=now + LEASE, began_at=now, read=0)
        .returning(Roster.url)
    )
    if url is None:
        return None
    row = session.execute(
        select(Deployment.platform_id, Course.id, Course.home_page)
        .select_from(LtiContext)
        .join(Deployment, _DEPLOYMENT)
        .join(Course, and_(Course.tenant_id == LtiContext.tenant_id, Course.id == LtiContext.course_id))
        .where(LtiContext.tenant_id == tenant_id, LtiContext.id == context_id)
    ).one()
    platform = find_platform(session, tenant_id, row.platform_id)
    if platform is None:
        # Removed: its next launch, if there ever is one, asks again.
        ended = {"due_at": None, "leased_by": None, "leased_until": None}
        session.execute(update(Roster).where(_is(tenant_id, context_id)).values(ended))
        return None
    shortens = family_of(platform.family).list_shortens_roles
    course = ListedCourse(tenant_id, row.id, row.home_page, shortens_roles=shortens)
    return Reading(lease, context_id, url, now, platform, course)


def go_on(session: Session, clock: Clock, reading: Reading, read: int) -> bool:
    """Notes how many were read, and renews the lease; False where it was lost: nothing more may be written then."""
    renewed = session.scalar(
        update(Roster)
        .where(*_held(reading), Roster.url == reading.url)
        .values(leased_until=clock() + LEASE, read=Roster.read + read)
        .returning(Roster.context_id)
    )
    return renewed is not None


def complete(session: Session, clock: Clock, reading: Reading) -> int | None:
    """All was read: whoever the list does not name any more is out. Answers how many; None where the lease was lost."""
    now = clock()
    row = session.execute(
        update(Roster)
        .where(*_held(reading), Roster.url == reading.url)
        .values(as_of=reading.began_at, members=Roster.read)
        .returning(Roster.used_at)
    ).first()
    if row is None:
        return None
    since = _all_complete_since(session, reading.course)
    ended = end_unlisted(session, reading.course, since=since, began=reading.began_at) if since else 0
    session.execute(
        update(Roster)
        .where(*_held(reading))
        .values(
            due_at=now + EVERY if now - row.used_at < USED_LATELY else None,
            failures=0,
            problem=None,
            status=None,
            said=None,
            failed_at=None,
            **_GIVEN_BACK,
        )
    )
    return ended


def fail(
    session: Session,
    clock: Clock,
    reading: Reading,
    problem: str,
    *,
    status: int | None = None,
    said: str = "",
    in_a_while: bool = True,
    at_least: float | None = None,
) -> None:
    """Nobody is out. ``in_a_while``: it is tried again soon, and less and less so; else only with the schedule.

    ``at_least``: so many seconds are to pass, as the platform has said.
    """
    now = clock()
    row = session.execute(
        select(Roster.failures, Roster.url, Roster.due_at).where(*_held(reading)).with_for_update()
    ).first()
    if row is None:
        return
    pause = min(_FIRST_RETRY * 3 ** min(row.failures, 5), EVERY) if in_a_while else EVERY
    pause = max(pause, timedelta(seconds=at_least or 0))
    session.execute(
        update(Roster)
        .where(*_held(reading))
        .values(
            # Where a launch has told another address meanwhile, that one is due.
            due_at=now + pause if row.url == reading.url else row.due_at,
            failures=row.failures + 1,
            failed_at=now,
            problem=problem,
            status=status,
            said=said[:300] or None,
            **_GIVEN_BACK,
        )
    )


def leave(session: Session, reading: Reading) -> None:
    """Gives the lease back with nothing said: the list is due as it was."""
    session.execute(update(Roster).where(*_held(reading)).values(_GIVEN_BACK))


def _all_complete_since(session: Session, course: ListedCourse) -> datetime | None:
    """From when on everybody in the course must have been listed.

    A course may be reached through several registrations of its LMS, whose lists are one and the same, and in principle
    as several contexts, each with people of its own: of those, every list must have been read. None where one was not.
    """
    latest: dict[str, datetime | None] = {}
    for context, as_of in session.execute(
        select(LtiContext.lti_context_id, Roster.as_of)
        .select_from(LtiContext)
        .join(Roster, _CONTEXT)
        .join(Deployment, _DEPLOYMENT)
        .join(Platform, _PLATFORM)
        .where(
            LtiContext.tenant_id == course.tenant_id,
            LtiContext.course_id == course.course_id,
            Roster.url.is_not(None),
            Platform.removed_at.is_(None),
        )
    ):
        known = latest.get(context)
        latest[context] = max(filter(None, (known, as_of)), default=None)
    found = [as_of for as_of in latest.values() if as_of is not None]
    return min(found) if len(found) == len(latest) and found else None


def _is(tenant_id: UUID, context_id: UUID) -> ColumnElement[bool]:
    return and_(Roster.tenant_id == tenant_id, Roster.context_id == context_id)


def _held(reading: Reading) -> tuple[ColumnElement[bool], ...]:
    return _is(reading.course.tenant_id, reading.context_id), Roster.leased_by == reading.lease


_GIVEN_BACK: dict[str, Any] = {"leased_by": None, "leased_until": None}
_CONTEXT = and_(LtiContext.tenant_id == Roster.tenant_id, LtiContext.id == Roster.context_id)
_DEPLOYMENT = and_(Deployment.tenant_id == LtiContext.tenant_id, Deployment.id == LtiContext.deployment_id)
_PLATFORM = and_(Platform.tenant_id == Deployment.tenant_id, Platform.id == Deployment.platform_id)
