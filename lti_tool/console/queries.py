"""Reads of the console: platforms, invites, launches and errors, of one tenant or of the whole installation.

``scope``: the tenant that the operator is restricted to; None for all of them. Lists are paged by key.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from lti_tool.lti.invites import ROWS, InviteRow
from lti_tool.lti.launch_log import LAUNCHED
from lti_tool.lti.log_models import LaunchAttempt, ServiceError
from lti_tool.lti.models import Deployment, FrameAncestor, Invite, Platform
from lti_tool.problems import Problem
from social_layer.people.models import Tenant

PAGE = 50
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and where the next ones begin."""

    items: Sequence[Row]
    next: str | None


@dataclass(frozen=True, slots=True)
class PlatformRow:
    platform: Platform
    tenant: str


@dataclass(frozen=True, slots=True)
class LaunchRow:
    attempt: LaunchAttempt
    platform: str | None
    tenant: str | None


@dataclass(frozen=True, slots=True)
class Counted:
    """How launches of a platform ended: outcome → number."""

    launched: int
    refused: dict[str, int]

    @property
    def refusals(self) -> int:
        return sum(self.refused.values())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for in the launch log. ``accounts``: digests, any of which will do."""

    outcome: str = ""
    platform_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    trace_id: str = ""
    accounts: Sequence[bytes] = ()


def platforms_page(session: Session, scope: UUID | None, after: str | None = None) -> Page[PlatformRow]:
    """Those in use, by name."""
    query = (
        select(Platform, Tenant.name)
        .join(Tenant, Tenant.id == Platform.tenant_id)
        .where(Platform.removed_at.is_(None), *within(Platform.tenant_id, scope))
        .order_by(Platform.name, Platform.id)
        .limit(PAGE + 1)
    )
    if after:
        name, id_ = read_cursor(after)
        query = query.where(or_(Platform.name > name, and_(Platform.name == name, Platform.id > id_of(id_))))
    found = [PlatformRow(*row) for row in session.execute(query)]
    return page_of(found, lambda row: (row.platform.name, str(row.platform.id)))


def find_platform(session: Session, scope: UUID | None, platform_id: UUID) -> PlatformRow:
    """Raises ``not_found``, for one of another tenant too."""
    found = session.execute(
        select(Platform, Tenant.name)
        .join(Tenant, Tenant.id == Platform.tenant_id)
        .where(Platform.id == platform_id, Platform.removed_at.is_(None), *within(Platform.tenant_id, scope))
    ).first()
    if found is None:
        raise Problem("not_found")
    return PlatformRow(*found)


def deployments_page(session: Session, platform: Platform, after: str | None = None) -> Page[Deployment]:
    """In the order in which they came."""
    query = (
        select(Deployment)
        .where(Deployment.tenant_id == platform.tenant_id, Deployment.platform_id == platform.id)
        .order_by(Deployment.created_at, Deployment.id)
        .limit(PAGE + 1)
    )
    if after:
        said, id_ = read_cursor(after)
        at = time_of(said)
        query = query.where(
            or_(Deployment.created_at > at, and_(Deployment.created_at == at, Deployment.id > id_of(id_)))
        )
    found = session.scalars(query).all()
    return page_of(list(found), lambda one: (one.created_at.isoformat(), str(one.id)))


def frames_of(session: Session, tenant_id: UUID) -> Sequence[FrameAncestor]:
    return session.scalars(
        select(FrameAncestor).where(FrameAncestor.tenant_id == tenant_id).order_by(FrameAncestor.origin)
    ).all()


def service_errors_of(session: Session, platform: Platform) -> Sequence[ServiceError]:
    """The latest ones."""
    return session.scalars(
        select(ServiceError)
        .where(ServiceError.tenant_id == platform.tenant_id, ServiceError.platform_id == platform.id)
        .order_by(ServiceError.last_at.desc(), ServiceError.id)
        .limit(PAGE)
    ).all()


def failing_services(
    session: Session, scope: UUID | None, since: datetime
) -> list[tuple[str, UUID, str, int]]:
    """Platform's name and id, service, and how many kinds of errors it had lately."""
    found = session.execute(
        select(Platform.name, Platform.id, ServiceError.service, func.count())
        .join(
            Platform,
            and_(Platform.tenant_id == ServiceError.tenant_id, Platform.id == ServiceError.platform_id),
        )
        .where(
            ServiceError.last_at > since,
            Platform.removed_at.is_(None),
            *within(ServiceError.tenant_id, scope),
        )
        .group_by(Platform.name, Platform.id, ServiceError.service)
        .order_by(Platform.name, ServiceError.service)
        .limit(PAGE)
    )
    return [(name, id_, service, number) for name, id_, service, number in found]


def invites_page(session: Session, scope: UUID | None, after: str | None = None) -> Page[InviteRow]:
    """The newest first."""
    query = ROWS.where(*within(Invite.tenant_id, scope)).limit(PAGE + 1)
    if after:
        said, id_ = read_cursor(after)
        at = time_of(said)
        query = query.where(
            or_(Invite.created_at < at, and_(Invite.created_at == at, Invite.id < id_of(id_)))
        )
    found = [InviteRow(*row) for row in session.execute(query)]
    return page_of(found, lambda row: (row.invite.created_at.isoformat(), str(row.invite.id)))


def find_invite(session: Session, scope: UUID | None, invite_id: UUID) -> InviteRow:
    """Raises ``not_found``, for one of another tenant too."""
    found = session.execute(ROWS.where(Invite.id == invite_id, *within(Invite.tenant_id, scope))).first()
    if found is None:
        raise Problem("not_found")
    return InviteRow(*found)


def launches_page(
    session: Session, scope: UUID | None, wanted: Wanted, after: str | None = None
) -> Page[LaunchRow]:
    """The newest first."""
    query = (
        select(LaunchAttempt, Platform.name, Tenant.name)
        .outerjoin(
            Platform,
            and_(Platform.tenant_id == LaunchAttempt.tenant_id, Platform.id == LaunchAttempt.platform_id),
        )
        .outerjoin(Tenant, Tenant.id == LaunchAttempt.tenant_id)
        .where(*within(LaunchAttempt.tenant_id, scope), *_conditions(wanted))
        .order_by(LaunchAttempt.at.desc(), LaunchAttempt.trace_id.desc())
        .limit(PAGE + 1)
    )
    if after:
        said, trace_id = read_cursor(after)
        at = time_of(said)
        query = query.where(
            LaunchAttempt.at <= at,
            or_(LaunchAttempt.at < at, LaunchAttempt.trace_id < trace_id),
        )
    found = [LaunchRow(*row) for row in session.execute(query)]
    return page_of(found, lambda row: (row.attempt.at.isoformat(), row.attempt.trace_id))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.outcome == LAUNCHED:
        conditions.append(LaunchAttempt.outcome == LAUNCHED)
    elif wanted.outcome:
        # Word for word what the index of refusals says.
        conditions.append(literal_column("outcome <> 'launched'"))
        if wanted.outcome != "refused":
            conditions.append(LaunchAttempt.outcome == wanted.outcome)
    if wanted.platform_id:
        conditions.append(LaunchAttempt.platform_id == wanted.platform_id)
    if wanted.since:
        conditions.append(LaunchAttempt.at >= wanted.since)
    if wanted.until:
        conditions.append(LaunchAttempt.at < wanted.until)
    found = []
    if wanted.trace_id:
        found.append(LaunchAttempt.trace_id == wanted.trace_id)
    if wanted.accounts:
        found.append(LaunchAttempt.account.in_(wanted.accounts))
    if found:
        conditions.append(or_(*found))
    return conditions


def counted_launches(
    session: Session, scope: UUID | None, now: datetime, span: timedelta = timedelta(days=1)
) -> dict[UUID | None, Counted]:
    """How launches ended lately, by platform; None for those whose platform is not known. One statement."""
    numbers: dict[UUID | None, dict[str, int]] = {}
    for platform_id, outcome, number in session.execute(
        select(LaunchAttempt.platform_id, LaunchAttempt.outcome, func.count())
        .where(LaunchAttempt.at > now - span, *within(LaunchAttempt.tenant_id, scope))
        .group_by(LaunchAttempt.platform_id, LaunchAttempt.outcome)
    ):
        numbers.setdefault(platform_id, {})[outcome] = number
    return {
        platform_id: Counted(
            outcomes.get(LAUNCHED, 0),
            {outcome: number for outcome, number in outcomes.items() if outcome != LAUNCHED},
        )
        for platform_id, outcomes in numbers.items()
    }


def issuers(session: Session, scope: UUID | None) -> list[str]:
    """Of every platform that ever was: its launches are in the log for a while."""
    return list(session.scalars(select(Platform.issuer).where(*within(Platform.tenant_id, scope)).distinct()))


def platform_names(session: Session, scope: UUID | None) -> list[tuple[UUID, str]]:
    """To choose from."""
    found = session.execute(
        select(Platform.id, Platform.name)
        .where(Platform.removed_at.is_(None), *within(Platform.tenant_id, scope))
        .order_by(Platform.name)
        .limit(500)
    )
    return [(id_, name) for id_, name in found]


def tenant_names(session: Session, scope: UUID | None) -> list[str]:
    """To choose from."""
    return list(
        session.scalars(select(Tenant.name).where(*within(Tenant.id, scope)).order_by(Tenant.name).limit(500))
    )


def chosen_tenant(session: Session, scope: UUID | None, tenant_id: UUID | None) -> Tenant:
    """The one that is asked for, or else the first. Raises ``not_found``, for one that is not the operator's too."""
    query = select(Tenant).where(*within(Tenant.id, scope)).order_by(Tenant.created_at, Tenant.id).limit(1)
    found = session.scalar(query if tenant_id is None else query.where(Tenant.id == tenant_id))
    if found is None:
        raise Problem("not_found")
    return found


def tenants_to_choose(session: Session, scope: UUID | None) -> list[tuple[UUID, str]]:
    """(id, name)."""
    query = select(Tenant.id, Tenant.name).where(*within(Tenant.id, scope)).order_by(Tenant.name).limit(500)
    return [(row[0], row[1]) for row in session.execute(query)]


def within(column: InstrumentedAttribute[Any], scope: UUID | None) -> list[ColumnElement[bool]]:
    return [] if scope is None else [column == scope]


def page_of(found: list[Row], key: Any) -> Page[Row]:
    items = found[:PAGE]
    return Page(items, cursor_of(*key(items[-1])) if len(found) > PAGE else None)


def cursor_of(*parts: str) -> str:
    return urlsafe_b64encode("\n".join(parts).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[str, str]:
    """Raises ``bad_cursor``."""
    try:
        first, _, last = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().rpartition("\n")
    except ValueError:
        raise Problem("bad_cursor") from None
    if not last.isprintable() or "\x00" in first:
        raise Problem("bad_cursor")
    return first, last


def time_of(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Problem("bad_cursor") from None
    if found.tzinfo is None:
        raise Problem("bad_cursor")
    return found


def id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Problem("bad_cursor") from None
