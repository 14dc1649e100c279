"""Reads of the protocol's tables: platforms, logins under way, and what a launch's ids already stand for."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from lti_tool.lti.claims import Message
from lti_tool.lti.models import Deployment, Login, LtiContext, LtiLink, Platform
from social_layer.people.models import Account, Course, Membership, Person, Tenant


def platforms_of_issuer(session: Session, issuer: str) -> list[Platform]:
    """Those in use, at most two: enough to see whether the issuer alone names one."""
    return list(
        session.scalars(
            select(Platform).where(Platform.issuer == issuer, Platform.removed_at.is_(None)).limit(2)
        )
    )


def find_platform(session: Session, issuer: str, client_id: str) -> Platform | None:
    """By what a login names; a removed one is not found."""
    return session.scalar(
        select(Platform).where(
            Platform.issuer == issuer, Platform.client_id == client_id, Platform.removed_at.is_(None)
        )
    )


def find_login(session: Session, state: str) -> tuple[Login, Platform] | None:
    """With its platform, unless that was removed meanwhile."""
    row = session.execute(_LOGIN, {"state": state}).one_or_none()
    return (row[0], row[1]) if row else None


_LOGIN = (
    select(Login, Platform)
    .join(Platform, and_(Platform.tenant_id == Login.tenant_id, Platform.id == Login.platform_id))
    .where(Login.state == bindparam("state"), Platform.removed_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class Met:
    """What is known of a launch's deployment, context, link and person; None for what is met for the first time."""

    deployment: Deployment
    context_id: UUID | None
    course: Course | None
    panel_id: UUID | None
    person: Person | None
    membership: Membership | None


def find_met(session: Session, platform: Platform, message: Message, custom_key: str) -> Met | None:
    """All of it in one statement; None where the deployment is not known."""
    row = session.execute(
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
    ).one_or_none()
    return Met(*row) if row else None


_MET = (
    select(Deployment, LtiContext.id, Course, LtiLink.panel_id, Person, Membership)
    .outerjoin(
        LtiContext,
        and_(
            LtiContext.tenant_id == Deployment.tenant_id,
            LtiContext.deployment_id == Deployment.id,
            LtiContext.lti_context_id == bindparam("context"),
        ),
    )
    .outerjoin(Course, and_(Course.tenant_id == LtiContext.tenant_id, Course.id == LtiContext.course_id))
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
