"""Writes: registering platforms and their deployments, and taking registrations out of use."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.config import Settings
from lti_tool.lti import frames
from lti_tool.lti.models import ID_LENGTH, Deployment, Platform
from lti_tool.lti.outbound import address_trouble
from social_layer.clock import Clock
from social_layer.people.actions import find_or_make_tenant
from social_layer.people.models import Tenant


class RegistrationRefused(Exception):
    """A registration that cannot be taken; the message says which part and why, in one line."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration as an administrator types it, or as an LMS answers it."""

    issuer: str
    client_id: str
    auth_login_url: str
    auth_token_url: str
    jwks_url: str
    deployment_ids: Sequence[str] = ()
    name: str | None = None
    audience: str | None = None
    replaces: str | None = None
    """The client id under which the same LMS was registered before: its courses and panels go on.

    The same client id says so of an LMS whose addresses have changed."""


def check(registration: Registration, settings: Settings) -> None:
    """Raises :class:`RegistrationRefused` for what no platform could have sent."""
    if not frames.is_address(registration.issuer) or len(registration.issuer) > 512:
        raise RegistrationRefused(
            f"--issuer {registration.issuer!r} is not an address such as https://lms.example.edu"
        )
    for what, value in (
        ("--client-id", registration.client_id),
        *(("--deployment-id", d) for d in registration.deployment_ids),
    ):
        if not value.strip() or value != value.strip() or len(value) > ID_LENGTH or not value.isprintable():
            raise RegistrationRefused(
                f"{what} {value!r} is not an id of 1 to {ID_LENGTH} characters without spaces around it"
            )
    for what, value in (
        ("--auth-login-url", registration.auth_login_url),
        ("--auth-token-url", registration.auth_token_url),
        ("--jwks-url", registration.jwks_url),
    ):
        trouble = address_trouble(value, settings)
        if trouble:
            raise RegistrationRefused(f"{what} {value!r} {trouble}")


def register(
    session: Session, clock: Clock, settings: Settings, tenant_name: str, registration: Registration
) -> tuple[Platform, bool]:
    """Registers a platform, or brings the registration up to date; answers whether it is new.

    Doing it twice changes nothing. The tenant is made when it is not known yet. Raises
    :class:`RegistrationRefused`.
    """
    check(registration, settings)
    tenant = find_or_make_tenant(session, clock, tenant_name)
    platform = _existing(session, tenant, registration)
    is_new = platform is None
    if platform is None:
        platform = Platform(
            tenant_id=tenant.id, id=uuid4(), created_at=clock(), name="", issuer=registration.issuer
        )
        session.add(platform)
    is_replaced = not is_new and platform.client_id != registration.client_id
    platform.client_id = registration.client_id
    platform.auth_login_url = registration.auth_login_url
    platform.auth_token_url = registration.auth_token_url
    platform.jwks_url = registration.jwks_url
    platform.audience = registration.audience or platform.audience
    platform.name = registration.name or platform.name or _host_of(registration.issuer)
    platform.removed_at = None
    session.flush()
    _keep_deployments(session, clock, platform, registration, is_replaced)
    frames.forget(session, tenant.id)
    return platform, is_new


def remove(session: Session, clock: Clock, platform: Platform) -> None:
    """Ends its launches. Courses, people and panels stay, and come back when it is registered again."""
    platform.removed_at = clock()
    session.flush()
    frames.forget(session, platform.tenant_id)


def _existing(session: Session, tenant: Tenant, registration: Registration) -> Platform | None:
    found = _by_ids(session, registration.issuer, registration.client_id)
    if found is not None and found.tenant_id != tenant.id:
        raise RegistrationRefused(
            "this issuer and client id are registered for another tenant; a registration has one"
        )
    if registration.replaces == registration.client_id:
        return found
    if not registration.replaces:
        if found is not None:
            _check_same_lms(found, registration)
        return found
    before = _by_ids(session, registration.issuer, registration.replaces)
    if before is None or before.tenant_id != tenant.id:
        raise RegistrationRefused(
            f"--replaces {registration.replaces!r}: no such registration of this issuer and tenant"
        )
    if found is not None:
        raise RegistrationRefused(
            f"--replaces: {registration.client_id!r} is registered already, with courses of its own"
        )
    return before


def _check_same_lms(found: Platform, registration: Registration) -> None:
    """Installations of one product may share a default issuer, and count client ids from 1.

    Where people sign in and whose keys are believed tells them apart: another LMS must not take over the courses.
    """
    for what, before, now in (
        ("sign-in address", found.auth_login_url, registration.auth_login_url),
        ("key set", found.jwks_url, registration.jwks_url),
    ):
        if before != now:
            raise RegistrationRefused(
                f"this issuer and client id are those of {found.name!r}, whose {what} is {before}, not {now}. "
                f"Where it is the same LMS at a new address, say so with: --replaces {registration.client_id}. "
                "Another LMS cannot be registered beside it: give it an issuer or a client id of its own"
            )


def _by_ids(session: Session, issuer: str, client_id: str) -> Platform | None:
    return session.scalar(select(Platform).where(Platform.issuer == issuer, Platform.client_id == client_id))


def _keep_deployments(
    session: Session, clock: Clock, platform: Platform, registration: Registration, is_replaced: bool
) -> None:
    known = {
        deployment.lti_deployment_id: deployment
        for deployment in session.scalars(
            select(Deployment).where(
                Deployment.tenant_id == platform.tenant_id, Deployment.platform_id == platform.id
            )
        )
    }
    new = [name for name in dict.fromkeys(registration.deployment_ids) if name not in known]
    if registration.replaces and len(known) == 1 and len(new) == 1:
        # The LMS gave its one installation of us another number; the courses below it are the same.
        next(iter(known.values())).lti_deployment_id = new.pop()
    for name in new:
        session.add(make_deployment(clock, platform.tenant_id, platform.id, name))
    # An unnamed deployment is learned from the first launch: a new one, or the only one's new number.
    unnamed = not registration.deployment_ids and (not known or (is_replaced and len(known) == 1))
    platform.deployments_open = unnamed
    session.flush()


def make_deployment(
    clock: Clock, tenant_id: UUID, platform_id: UUID, name: str, *, learned: bool = False
) -> Deployment:
    return Deployment(
        tenant_id=tenant_id,
        id=uuid4(),
        platform_id=platform_id,
        lti_deployment_id=name,
        learned=learned,
        created_at=clock(),
    )


def _host_of(issuer: str) -> str:
    return issuer.partition("://")[2].partition("/")[0]
