"""Reads of the protocol's tables: platforms, logins under way, and what a launch's ids already stand for."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, literal, select
from sqlalchemy.orm import Session

from lti_tool.lti.grade_models import GradeService
from lti_tool.lti.messages import GradeEndpoint, Message
from lti_tool.lti.models import Deployment, Login, LtiContext, LtiLink, NoticeService, Platform, Roster
from social_layer.database import rows
from social_layer.people.models import Account, Course, Membership, Person, Tenant
from social_layer.people.queries import KNOWN, Known


@dataclass(frozen=True, slots=True)
class PlatformCard:
    """A platform in use, as logins and launches need it."""

    tenant_id: UUID
    id: UUID
    name: str
    family: str | None
    issuer: str
    client_id: str
    auth_login_url: str
    auth_token_url: str
    jwks_url: str
    audience: str | None


_CARD = (
    Platform.tenant_id,
    Platform.id,
    Platform.name,
    Platform.family,
    Platform.issuer,
    Platform.client_id,
    Platform.auth_login_url,
    Platform.auth_token_url,
    Platform.jwks_url,
    Platform.audience,
)
# Statements of a launch are built once: building one takes longer than running it.
_OF_ISSUER = select(*_CARD).where(Platform.issuer == bindparam("issuer"), Platform.removed_at.is_(None))
_OF_CLIENT = _OF_ISSUER.where(Platform.client_id == bindparam("client_id"))
# Two are enough to see that the issuer alone does not name one.
_FIRST_TWO = _OF_ISSUER.limit(2)


def platforms_of(session: Session, issuer: str, client_id: str | None) -> list[PlatformCard]:
    """By what a login names: the one with this client id, or without one the issuer's, two of them at most."""
    if client_id:
        return [
            PlatformCard(*row)
            for row in rows(session, _OF_CLIENT, {"issuer": issuer, "client_id": client_id})
        ]
    return [PlatformCard(*row) for row in rows(session, _FIRST_TWO, {"issuer": issuer})]


def find_platform(session: Session, tenant_id: UUID, platform_id: UUID) -> PlatformCard | None:
    """By its id, for whoever works without a login; None where it was removed."""
    found = rows(session, _OF_ID, {"tenant_id": tenant_id, "platform_id": platform_id})
    return PlatformCard(*found[0]) if found else None


_OF_ID = select(*_CARD).where(
    Platform.tenant_id == bindparam("tenant_id"),
    Platform.id == bindparam("platform_id"),
    Platform.removed_at.is_(None),
)


@dataclass(frozen=True, slots=True)
class LoginCard:
    """A login as it was stored, with its platform."""

    platform: PlatformCard
    state: str
    nonce: str
    binding: bytes
    authorization_url: str
    storage_target: str | None
    created_at: datetime
    used_at: datetime | None


def find_login(session: Session, state: str) -> LoginCard | None:
    """None where there is none, and where its platform was removed meanwhile."""
    found = rows(session, _LOGIN, {"state": state})
    return LoginCard(PlatformCard(*found[0][7:]), *found[0][:7]) if found else None


_LOGIN = (
    select(
        Login.state,
        Login.nonce,
        Login.binding,
        Login.authorization_url,
        Login.storage_target,
        Login.created_at,
        Login.used_at,
        *_CARD,
    )
    .join(Platform, and_(Platform.tenant_id == Login.tenant_id, Platform.id == Login.platform_id))
    .where(Login.state == bindparam("state"), Platform.removed_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class RosterCard:
    """What a launch needs to know of its context's list of members."""

    url: str | None
    used_at: datetime
    due_at: datetime | None
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Met:
    """What is known of a launch's deployment, context, link and person; None for what is met for the first time."""

    known: Known | None
    roster: RosterCard | None
    deployment_id: UUID
    first_launch_at: datetime | None
    context_id: UUID | None
    course_id: UUID | None
    course_title: str | None
    course_label: str | None
    panel_id: UUID | None
    link_title: str | None
    link_id: UUID | None
    grades: GradeEndpoint | None
    # The address, scopes and openness of the deployment's notification service.
    notices: tuple[str, str, bool] | None


def find_met(session: Session, platform: PlatformCard, message: Message, custom_key: str) -> Met | None:
    """All of it in one statement; None where the deployment is not known."""
    found = rows(
        session,
        _MET,
        {
            "tenant_id": platform.tenant_id,
            "platform_id": platform.id,
            "issuer": platform.issuer,
            "deployment": message.deployment_id,
            "context": message.context_id,
            "link": message.link_id,
            "custom_key": custom_key,
            "sub": message.sub,
        },
    )
    if not found:
        return None
    row = found[0]
    roster, person, notices = row[8:12], row[12:-7], tuple(row[-3:])
    link_id, line_items_url, line_item_url, scopes = row[-7:-3]
    grades = GradeEndpoint(line_items_url, line_item_url, frozenset(scopes.split())) if scopes else None
    return Met(
        Known(*person) if person[0] is not None else None,
        RosterCard(*roster) if roster[1] is not None else None,
        *(*row[:8], link_id, grades, notices if notices[0] is not None else None),
    )


_MET = (
    select(
        Deployment.id,
        Deployment.first_launch_at,
        LtiContext.id,
        Course.id,
        Course.title,
        Course.label,
        LtiLink.panel_id,
        LtiLink.title,
        Roster.url,
        Roster.used_at,
        Roster.due_at,
        Roster.as_of,
        *KNOWN,
        LtiLink.id,
        GradeService.line_items_url,
        GradeService.line_item_url,
        GradeService.scopes,
        NoticeService.url,
        NoticeService.scopes,
        NoticeService.is_open,
    )
    .select_from(Deployment)
    .outerjoin(
        NoticeService,
        and_(
            NoticeService.tenant_id == Deployment.tenant_id,
            NoticeService.deployment_id == Deployment.id,
        ),
    )
    .outerjoin(
        LtiContext,
        and_(
            LtiContext.tenant_id == Deployment.tenant_id,
            LtiContext.deployment_id == Deployment.id,
            LtiContext.lti_context_id == bindparam("context"),
        ),
    )
    .outerjoin(Course, and_(Course.tenant_id == LtiContext.tenant_id, Course.id == LtiContext.course_id))
    .outerjoin(Roster, and_(Roster.tenant_id == LtiContext.tenant_id, Roster.context_id == LtiContext.id))
    .outerjoin(
        LtiLink,
        and_(
            LtiLink.tenant_id == LtiContext.tenant_id,
            LtiLink.context_id == LtiContext.id,
            LtiLink.resource_link_id == bindparam("link"),
            LtiLink.custom_key == bindparam("custom_key"),
        ),
    )
    .outerjoin(
        GradeService,
        and_(GradeService.tenant_id == LtiLink.tenant_id, GradeService.link_id == LtiLink.id),
    )
    .outerjoin(
        Account,
        and_(
            Account.tenant_id == Deployment.tenant_id,
            Account.home_page == bindparam("issuer"),
            Account.name == bindparam("sub"),
        ),
    )
    .outerjoin(Person, and_(Person.tenant_id == Account.tenant_id, Person.id == Account.person_id))
    .outerjoin(
        Membership,
        and_(
            Membership.tenant_id == Person.tenant_id,
            Membership.person_id == Person.id,
            Membership.course_id == Course.id,
        ),
    )
    .where(
        Deployment.tenant_id == bindparam("tenant_id"),
        Deployment.platform_id == bindparam("platform_id"),
        Deployment.lti_deployment_id == bindparam("deployment"),
    )
)


def course_of_same_lms(session: Session, platform: PlatformCard, lti_context_id: str) -> UUID | None:
    """The course that this context is by another registration of the same LMS; None where it is none, or two."""
    if not lti_context_id:
        return None
    found = session.scalars(
        select(LtiContext.course_id)
        .join(
            Deployment,
            and_(Deployment.tenant_id == LtiContext.tenant_id, Deployment.id == LtiContext.deployment_id),
        )
        .join(
            Platform, and_(Platform.tenant_id == Deployment.tenant_id, Platform.id == Deployment.platform_id)
        )
        .where(
            LtiContext.tenant_id == platform.tenant_id,
            LtiContext.lti_context_id == lti_context_id,
            Platform.issuer == platform.issuer,
            Platform.id != platform.id,
        )
        .distinct()
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def panel_of_same_link(
    session: Session, tenant_id: UUID, course_id: UUID, link_id: str, custom_key: str
) -> UUID | None:
    """The panel that this link is by another registration through which the course is known; None where none is."""
    return session.scalar(
        select(LtiLink.panel_id)
        .join(
            LtiContext,
            and_(LtiContext.tenant_id == LtiLink.tenant_id, LtiContext.id == LtiLink.context_id),
        )
        .where(
            LtiLink.tenant_id == tenant_id,
            LtiContext.course_id == course_id,
            LtiLink.resource_link_id == link_id,
            LtiLink.custom_key == custom_key,
        )
        .limit(1)
    )


def is_connected(session: Session, tenant_id: UUID, course_id: UUID) -> bool:
    """Whether a platform in use has a context that is this course."""
    return bool(rows(session, _CONNECTED, {"tenant_id": tenant_id, "course_id": course_id}))


_CONNECTED = (
    select(literal(1))
    .select_from(LtiContext)
    .join(
        Deployment,
        and_(Deployment.tenant_id == LtiContext.tenant_id, Deployment.id == LtiContext.deployment_id),
    )
    .join(Platform, and_(Platform.tenant_id == Deployment.tenant_id, Platform.id == Deployment.platform_id))
    .where(
        LtiContext.tenant_id == bindparam("tenant_id"),
        LtiContext.course_id == bindparam("course_id"),
        Platform.removed_at.is_(None),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Registered:
    """A platform as an administrator sees it."""

    platform: Platform
    tenant: str
    deployments: list[Deployment]


def registered(session: Session, tenant: str | None = None) -> list[Registered]:
    """Every platform in use, by name, with its deployments in the order in which they came."""
    rows = session.execute(
        select(Platform, Tenant.name)
        .join(Tenant, Tenant.id == Platform.tenant_id)
        .where(Platform.removed_at.is_(None), Tenant.name == tenant if tenant else Platform.id.is_not(None))
        .order_by(Platform.name, Platform.created_at)
    ).all()
    deployments: dict[UUID, list[Deployment]] = {}
    for deployment in session.scalars(
        select(Deployment).order_by(Deployment.created_at, Deployment.lti_deployment_id)
    ):
        deployments.setdefault(deployment.platform_id, []).append(deployment)
    return [Registered(platform, name, deployments.get(platform.id, [])) for platform, name in rows]
