"""Tells platforms where their notices go (Platform Notification Service 1.0): once, and never in a request.

A launch says where a deployment's platform is told; the worker tells it, again where that failed, and anew where our
public address or the registration has become another one.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.logs import log
from lti_tool.lti import services
from lti_tool.lti.claims import CONTEXT_COPIED
from lti_tool.lti.messages import Message
from lti_tool.lti.models import SAID_LENGTH, Deployment, NoticeService, Platform
from lti_tool.lti.queries import Met, PlatformCard, find_platform
from lti_tool.lti.services import FailureKind, ServiceFailure
from lti_tool.lti.tool_card import NOTICES_SCOPE, ToolCard
from lti_tool.parts import Parts
from social_layer.clock import Clock
from social_layer.database import run, upsert

# Nobody else tells meanwhile; whoever died doing it is followed after this time.
LEASE = timedelta(minutes=5)
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=2), timedelta(hours=6)
# What was refused may be allowed one day, and nobody tells us then.
REFUSED_RETRY = timedelta(days=1)


class Notices(StrEnum):
    """How a deployment's notices stand."""

    not_offered = "not_offered"
    not_allowed = "not_allowed"
    waiting = "waiting"
    failing = "failing"
    on = "on"


def state_of(service: NoticeService | None) -> Notices:
    if service is None:
        return Notices.not_offered
    if not service.is_open:
        return Notices.not_allowed
    if service.taken_at is not None:
        return Notices.on
    return Notices.failing if service.failures else Notices.waiting


def note_launch(session: Session, clock: Clock, tenant_id: UUID, met: Met, message: Message) -> None:
    """Keeps what the launch said, where that is new. A launch that says nothing of it takes nothing back."""
    offer = message.notices
    if offer is None:
        return
    is_open = NOTICES_SCOPE in offer.scopes and (not offer.kinds or CONTEXT_COPIED in offer.kinds)
    told = (offer.url, " ".join(sorted(offer.scopes)), is_open)
    if met.notices == told:
        return
    said = {
        "url": offer.url,
        "scopes": told[1],
        "is_open": is_open,
        "taken_at": None,
        "due_at": clock() if is_open else None,
        "failures": 0,
        "status": None,
        "said": None,
    }
    kept = upsert(session, NoticeService).on_conflict_do_update(
        index_elements=["tenant_id", "deployment_id"], set_=said
    )
    run(session, kept, {"tenant_id": tenant_id, "deployment_id": met.deployment_id, **said})


@dataclass(frozen=True, slots=True)
class _Task:
    tenant_id: UUID
    deployment_id: UUID
    platform: PlatformCard
    url: str
    failures: int


def tell_due(
    given: Parts, *, most: int = 20, stop: threading.Event | None = None, at_once: bool = False
) -> int:
    """Tells who is due; answers how many platforms took it. ``at_once``: pauses are not waited for."""
    handler = ToolCard(given.settings.public_url).notices_url
    is_due = _is_due(given.clock(), handler, at_once)
    with given.database.read() as session:
        found = session.execute(
            _OF_PLATFORMS.where(NoticeService.is_open, is_due).order_by(NoticeService.due_at).limit(most)
        ).all()
    done = 0
    for tenant_id, deployment_id, platform_id, *_ in found:
        if stop is not None and stop.is_set():
            break
        with given.database.write() as session:
            task = _take(session, given.clock(), tenant_id, deployment_id, platform_id, handler)
        if task is not None:
            done += _tell(given, task, handler)
    return done


def untold(session: Session) -> list[tuple[str, str | None]]:
    """Platforms in use that have not taken it, by name, with what they said."""
    found = session.execute(
        _OF_PLATFORMS.where(NoticeService.is_open, NoticeService.taken_at.is_(None)).order_by(Platform.name)
    )
    return [(row.name, row.said) for row in found]


def services_of(session: Session, tenant_id: UUID, deployments: Sequence[UUID]) -> dict[UUID, NoticeService]:
    """By deployment; one statement."""
    found = session.scalars(
        select(NoticeService).where(
            NoticeService.tenant_id == tenant_id, NoticeService.deployment_id.in_(deployments)
        )
    )
    return {one.deployment_id: one for one in found}


_OF_PLATFORMS: Select[*tuple[Any, ...]] = (
    select(
        NoticeService.tenant_id, NoticeService.deployment_id, Platform.id, Platform.name, NoticeService.said
    )
    .join(
        Deployment,
        and_(Deployment.tenant_id == NoticeService.tenant_id, Deployment.id == NoticeService.deployment_id),
    )
    .join(Platform, and_(Platform.tenant_id == Deployment.tenant_id, Platform.id == Deployment.platform_id))
    .where(Platform.removed_at.is_(None))
)


def _is_due(now: datetime, handler: str, at_once: bool) -> ColumnElement[bool]:
    is_another = or_(NoticeService.handler != handler, NoticeService.client_id != Platform.client_id)
    waits = NoticeService.due_at.is_not(None) if at_once else NoticeService.due_at <= now
    return and_(_is_free(now), or_(waits, is_another))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(NoticeService.leased_until.is_(None), NoticeService.leased_until <= now)


def _take(
    session: Session, now: datetime, tenant_id: UUID, deployment_id: UUID, platform_id: UUID, handler: str
) -> _Task | None:
    """None where somebody else tells it, or the platform was removed."""
    platform = find_platform(session, tenant_id, platform_id)
    if platform is None:
        return None
    row = session.execute(
        update(NoticeService)
        .where(
            NoticeService.tenant_id == tenant_id,
            NoticeService.deployment_id == deployment_id,
            _is_free(now),
        )
        .values(leased_until=now + LEASE, handler=handler, client_id=platform.client_id, taken_at=None)
        .execution_options(synchronize_session=False)
        .returning(NoticeService.url, NoticeService.failures)
    ).first()
    return _Task(tenant_id, deployment_id, platform, row.url, row.failures) if row else None


def _tell(given: Parts, task: _Task, handler: str) -> bool:
    body = {"notice_type": CONTEXT_COPIED, "handler": handler}
    try:
        with services.of(given, task.platform) as lms:
            lms.put(task.url, scope=NOTICES_SCOPE, json=body)
    except ServiceFailure as failure:
        log.warning(
            "notice handler not taken",
            platform=str(task.platform.id),
            status=failure.status,
            said=failure.said,
        )
        values = {
            "due_at": given.clock() + _pause(failure, task.failures),
            "failures": task.failures + 1,
            "status": failure.status,
            "said": failure.said[:SAID_LENGTH],
        }
    else:
        log.info("notice handler taken", platform=str(task.platform.id), handler=handler)
        values = {"taken_at": given.clock(), "due_at": None, "failures": 0, "status": None, "said": None}
    with given.database.write() as session:
        _end(session, task, values)
    return "taken_at" in values


def _pause(failure: ServiceFailure, failures: int) -> timedelta:
    if failure.kind is not FailureKind.later:
        return REFUSED_RETRY
    told = timedelta(seconds=failure.retry_after or 0)
    return max(told, min(FIRST_RETRY * 2 ** min(failures, 10), LONGEST_RETRY))


def _end(session: Session, task: _Task, values: dict[str, Any]) -> None:
    """Where a launch has named another address meanwhile, that one is still to be told."""
    of_deployment = (
        NoticeService.tenant_id == task.tenant_id,
        NoticeService.deployment_id == task.deployment_id,
    )
    session.execute(update(NoticeService).where(*of_deployment).values(leased_until=None))
    session.execute(update(NoticeService).where(*of_deployment, NoticeService.url == task.url).values(values))
