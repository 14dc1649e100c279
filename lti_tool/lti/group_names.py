"""Course Groups Service 1.0: what a context's groups and sets are called, read by the worker where an LMS tells.

Who is in which group is learned from launches; here groups get their names, and those that nobody launched with yet
are made, so that a panel can be set up for them.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from lti_tool.logs import log
from lti_tool.lti import services
from lti_tool.lti.claim_fields import is_id, tidied
from lti_tool.lti.lms_groups import UNTOLD, find_or_make_set, make_groups
from lti_tool.lti.models import Deployment, GroupService, LtiContext, LtiGroup, LtiGroupSet
from lti_tool.lti.queries import PlatformCard, find_platform
from lti_tool.lti.services import FailureKind, ServiceFailure, Services
from lti_tool.lti.tool_card import GROUPS_SCOPE
from lti_tool.parts import Parts
from social_layer.clock import Clock
from social_layer.people.models import CourseGroup, GroupSet

GROUPS_TYPE = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"
SETS_TYPE = "application/vnd.ims.lti-gs.v1.contextgroupsetcontainer+json"
EVERY = timedelta(hours=6)
# Nobody else reads meanwhile; whoever died doing it is followed after this time.
LEASE = timedelta(minutes=5)
_FIRST_RETRY = timedelta(minutes=2)
_LONGEST_RETRY = timedelta(hours=6)
MOST_PAGES = 50
MOST_GROUPS = 2_000
MOST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class _Task:
    tenant_id: UUID
    context_id: UUID
    course_id: UUID
    platform: PlatformCard
    groups_url: str
    sets_url: str | None
    failures: int


@dataclass(frozen=True, slots=True)
class _Told:
    """A group or set as the LMS tells it."""

    id: str
    name: str
    set_id: str = UNTOLD


def read_due(given: Parts, *, most: int = 20, stop: threading.Event | None = None) -> int:
    """Reads what is due; answers how many contexts were read to their end."""
    with given.database.read() as session:
        found = session.execute(
            select(GroupService.tenant_id, GroupService.context_id)
            .where(GroupService.due_at <= given.clock())
            .order_by(GroupService.due_at)
            .limit(most)
        ).all()
    done = 0
    for tenant_id, context_id in found:
        if stop is not None and stop.is_set():
            break
        try:
            done += _read(given, tenant_id, context_id)
        except Exception:
            # What one LMS tells holds up nobody else's groups; it is asked again when its lease has run out.
            log.exception("group_names_failed", context=str(context_id))
    return done


def _read(given: Parts, tenant_id: UUID, context_id: UUID) -> bool:
    with given.database.write() as session:
        task = _take(session, given.clock, tenant_id, context_id)
    if task is None:
        return False
    try:
        with services.of(given, task.platform) as lms:
            groups = list(_listed(lms, task.groups_url, GROUPS_TYPE, "groups"))
            sets = list(_listed(lms, task.sets_url, SETS_TYPE, "sets")) if task.sets_url else []
    except ServiceFailure as failure:
        log.warning("group names not read", context=str(context_id), status=failure.status, said=failure.said)
        with given.database.write() as session:
            _put_off(session, given.clock, task, for_good=failure.kind is not FailureKind.later)
        return False
    with given.database.write() as session:
        _note(session, given.clock, task, groups, sets)
        _end(session, task, {"due_at": given.clock() + EVERY, "failures": 0})
    log.info("group names read", context=str(context_id), groups=len(groups), sets=len(sets))
    return True


def _take(session: Session, clock: Clock, tenant_id: UUID, context_id: UUID) -> _Task | None:
    now = clock()
    row = session.execute(
        update(GroupService)
        .where(
            GroupService.tenant_id == tenant_id,
            GroupService.context_id == context_id,
            GroupService.due_at <= now,
        )
        .values(due_at=now + LEASE)
        .returning(GroupService.groups_url, GroupService.sets_url, GroupService.failures)
    ).first()
    if row is None:
        return None
    course_id, platform_id = session.execute(
        select(LtiContext.course_id, Deployment.platform_id)
        .join(
            Deployment,
            and_(Deployment.tenant_id == LtiContext.tenant_id, Deployment.id == LtiContext.deployment_id),
        )
        .where(LtiContext.tenant_id == tenant_id, LtiContext.id == context_id)
    ).one()
    platform = find_platform(session, tenant_id, platform_id)
    if platform is None:
        ended = update(GroupService).where(
            GroupService.tenant_id == tenant_id, GroupService.context_id == context_id
        )
        session.execute(ended.values(due_at=None))
        return None
    return _Task(tenant_id, context_id, course_id, platform, row.groups_url, row.sets_url, row.failures)


def _listed(lms: Services, url: str, media_type: str, key: str) -> Iterator[_Told]:
    """What can be used of a list, page by page. Raises :class:`ServiceFailure`."""
    home = _origin(url)
    following: str | None = url
    seen: set[str] = set()
    told = 0
    while following is not None:
        if following in seen or len(seen) >= MOST_PAGES or _origin(following) != home:
            raise ServiceFailure(
                FailureKind.refused, None, "The list leads in circles, on and on, or elsewhere."
            )
        seen.add(following)
        answer = lms.get(following, scope=GROUPS_SCOPE, accept=media_type, most_bytes=MOST_BYTES)
        body: Any = answer.json
        items = body.get(key) if isinstance(body, dict) else None
        if not isinstance(items, list):
            raise ServiceFailure(FailureKind.refused, answer.status, f"The answer holds no list of {key}.")
        for item in items:
            told += 1
            if told > MOST_GROUPS:
                raise ServiceFailure(FailureKind.refused, answer.status, f"More than {MOST_GROUPS} {key}.")
            if (read := _told(item)) is not None:
                yield read
        following = answer.next_url


def _origin(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.scheme, parts.netloc


def _told(item: Any) -> _Told | None:
    if not isinstance(item, dict):
        return None
    found, name, set_id = item.get("id"), item.get("name"), item.get("set_id")
    found, set_id = (str(one) if type(one) is int else one for one in (found, set_id))
    if not isinstance(found, str) or not is_id(found):
        return None
    words = tidied(name) if isinstance(name, str) else None
    return _Told(found, words or "", set_id if isinstance(set_id, str) and is_id(set_id) else UNTOLD)


def _note(session: Session, clock: Clock, task: _Task, groups: list[_Told], sets: list[_Told]) -> None:
    """Names, sets, and groups that are new. What the LMS names no more stays: people wrote there."""
    _tell_sets(session, task, sets, groups)
    names = {one.id: one.name for one in sets}
    known = {
        row.lti_group_id: row.CourseGroup
        for row in session.execute(
            select(LtiGroup.lti_group_id, CourseGroup)
            .join(
                CourseGroup,
                and_(CourseGroup.tenant_id == LtiGroup.tenant_id, CourseGroup.id == LtiGroup.group_id),
            )
            .where(LtiGroup.tenant_id == task.tenant_id, LtiGroup.context_id == task.context_id)
        )
    }
    for told in groups:
        set_id = find_or_make_set(
            session, clock, task.tenant_id, task.course_id, task.context_id, told.set_id
        )
        if (name := names.get(told.set_id)) and (held := session.get(GroupSet, (task.tenant_id, set_id))):
            held.name = name
        group = known.get(told.id)
        if group is None:
            made = make_groups(
                session, clock, task.tenant_id, task.course_id, task.context_id, [told.id], told.set_id
            )
            # Some list a group twice.
            group = known[told.id] = session.get_one(CourseGroup, (task.tenant_id, made[told.id]))
        if told.name:
            group.name = told.name
        group.set_id = set_id
    session.flush()


def _tell_sets(session: Session, task: _Task, sets: list[_Told], groups: list[_Told]) -> None:
    """Groups were met before their sets were told: the one set that held them becomes the first that is told."""
    untold = session.get(LtiGroupSet, (task.tenant_id, task.context_id, UNTOLD))
    wanted = [one.set_id for one in groups if one.set_id != UNTOLD]
    first = next((one.id for one in sets if one.id in wanted), wanted[0] if wanted else None)
    if untold is None or first is None:
        return
    if session.get(LtiGroupSet, (task.tenant_id, task.context_id, first)) is None:
        untold.lti_set_id = first
        session.flush()


def _put_off(session: Session, clock: Clock, task: _Task, *, for_good: bool) -> None:
    wait = min(_FIRST_RETRY * 2 ** min(task.failures, 10), _LONGEST_RETRY)
    due_at = None if for_good else clock() + wait
    _end(session, task, {"due_at": due_at, "failures": task.failures + 1})


def _end(session: Session, task: _Task, values: dict[str, Any]) -> None:
    """Unless a launch has named another address meanwhile, which is to be asked at once."""
    session.execute(
        update(GroupService)
        .where(
            GroupService.tenant_id == task.tenant_id,
            GroupService.context_id == task.context_id,
            GroupService.groups_url == task.groups_url,
        )
        .values(values)
    )
