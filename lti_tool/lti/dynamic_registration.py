"""LTI Dynamic Registration, the tool's side: reads who the LMS says it is, registers with it, and keeps what it
answers. Whatever fails on the way leaves nothing here, and the invite as it was.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from marshmallow import EXCLUDE, Schema, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.config import Settings, is_loopback
from lti_tool.logs import log
from lti_tool.lti import invites
from lti_tool.lti.models import URL_LENGTH, Platform
from lti_tool.lti.outbound import AddressRefused, address_trouble, words_of
from lti_tool.lti.parameters import Parameter
from lti_tool.lti.platform_documents import (
    Answer,
    DocumentWrong,
    PlatformConfiguration,
    read_answer,
    read_configuration,
)
from lti_tool.lti.platforms import Family, family_of
from lti_tool.lti.registrations import Registration, RegistrationRefused, register
from lti_tool.lti.tool_card import TOOL_CONFIGURATION, ToolCard, messages_for, scopes_for
from lti_tool.parts import Parts
from lti_tool.problems import Problem
from social_layer.clock import Clock

_JSON = {"Accept": "application/json"}
# What may stand in an Authorization header (RFC 6750, section 2.1), generously.
_TOKEN = re.compile(r"[\x21-\x7e]{0,8000}")
_MOST_SAID = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """What an LMS hands over when it opens the tool's registration page (section 3.3)."""

    invite: str
    configuration_url: str
    token: str

    @property
    def host(self) -> str:
        return urlsplit(self.configuration_url).netloc


class _AskedSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    invite = Parameter(255, load_default="")
    openid_configuration = Parameter(URL_LENGTH, load_default="")
    registration_token = Parameter(8_000, load_default="")


_ASKED = _AskedSchema()


@dataclass(frozen=True, slots=True)
class Done:
    """A registration that was taken."""

    name: str
    issuer: str
    client_id: str
    family: Family
    is_new: bool
    replaced: str | None
    """The client id before, where this registration took its place."""
    earlier: str | None
    """The client id of an earlier registration of the same LMS, which stays in use beside this one."""
    deployment_named: bool


def read_asked(sent: Mapping[str, str], settings: Settings) -> Asked:
    """Raises ``registration_incomplete`` and ``registration_address_wrong``."""
    try:
        found = _ASKED.load(sent)
    except ValidationError as error:
        raise Problem("registration_incomplete") from error
    asked = Asked(found["invite"], found["openid_configuration"], found["registration_token"])
    if not asked.configuration_url or not _TOKEN.fullmatch(asked.token):
        raise Problem("registration_incomplete")
    _check_address("openid_configuration", asked.configuration_url, settings)
    return asked


def run(given: Parts, session: requests.Session, asked: Asked, invite: invites.OpenInvite) -> Done:
    """The whole of it; raises a :class:`Problem` for whatever is in the way."""
    configuration = _fetch_configuration(given.settings, session, asked)
    family = family_of(configuration.family)
    answer = _send(given.settings, session, asked, configuration, family)
    with given.database.write() as rows:
        done = _keep(rows, given.clock, given.settings, invite, configuration, answer, family)
    log.info("lms registered itself", issuer=done.issuer, client_id=done.client_id, new=done.is_new)
    return done


def _fetch_configuration(
    settings: Settings, session: requests.Session, asked: Asked
) -> PlatformConfiguration:
    answer = _ask(session, "GET", asked.configuration_url, headers=_JSON | _bearer(asked))
    if answer.status_code != 200:
        raise Problem("configuration_wrong", part=f"status {answer.status_code}")
    try:
        found = read_configuration(answer.content)
    except DocumentWrong as wrong:
        raise Problem("configuration_wrong", part=wrong.part) from None
    for name in (
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "registration_endpoint",
    ):
        _check_address(name, getattr(found, name), settings)
    # Otherwise whoever has an invite could register as any LMS (section 3.4).
    if _host_of(found.issuer) != _host_of(asked.configuration_url):
        raise Problem("issuer_elsewhere", issuer=found.issuer, host=asked.host)
    return found


def _send(
    settings: Settings,
    session: requests.Session,
    asked: Asked,
    configuration: PlatformConfiguration,
    family: Family,
) -> Answer:
    body = ToolCard(settings.public_url).registration(
        scopes_for(configuration.scopes_supported), messages_for(configuration.messages_supported)
    )
    body[TOOL_CONFIGURATION] = family.tool_configuration(body[TOOL_CONFIGURATION])
    answer = _ask(
        session, "POST", configuration.registration_endpoint, headers=_JSON | _bearer(asked), json=body
    )
    if answer.status_code not in (200, 201):
        said = words_of(answer, _MOST_SAID)
        log.warning("registration refused by the lms", status=answer.status_code, said=said)
        raise Problem("registration_refused", status=answer.status_code, said=said)
    try:
        return read_answer(answer.content)
    except DocumentWrong as wrong:
        raise Problem("registration_answer_wrong", part=wrong.part) from None


def _keep(
    session: Session,
    clock: Clock,
    settings: Settings,
    invite: invites.OpenInvite,
    configuration: PlatformConfiguration,
    answer: Answer,
    family: Family,
) -> Done:
    invites.use(session, clock, invite)
    before = invite.replaces if invite.replaces != answer.client_id else None
    told = Registration(
        issuer=configuration.issuer,
        client_id=answer.client_id,
        auth_login_url=configuration.authorization_endpoint,
        auth_token_url=configuration.token_endpoint,
        jwks_url=configuration.jwks_uri,
        deployment_ids=(answer.deployment_id,) if answer.deployment_id else (),
        name=invite.name or (None if before else configuration.account_name),
        audience=configuration.authorization_server,
        replaces=invite.replaces,
    )
    try:
        platform, is_new = register(session, clock, settings, invite.tenant, told)
    except RegistrationRefused as refused:
        log.warning("registration not kept", reason=str(refused))
        raise Problem("registration_not_kept") from refused
    platform.family = family.code if family.code == configuration.family else platform.family
    invites.note_platform(session, invite, platform.id)
    return Done(
        name=platform.name,
        issuer=platform.issuer,
        client_id=platform.client_id,
        family=family,
        is_new=is_new,
        replaced=before,
        earlier=_earlier(session, platform),
        deployment_named=not platform.deployments_open,
    )


def _earlier(session: Session, platform: Platform) -> str | None:
    """The client id of another registration of the same LMS in use, where its issuer has only this one LMS."""
    if family_of(platform.family).shares_issuer(platform.issuer):
        return None
    return session.scalar(
        select(Platform.client_id)
        .where(
            Platform.tenant_id == platform.tenant_id,
            Platform.issuer == platform.issuer,
            Platform.id != platform.id,
            Platform.removed_at.is_(None),
        )
        .order_by(Platform.created_at.desc())
        .limit(1)
    )


def _ask(session: requests.Session, method: str, url: str, **options: object) -> requests.Response:
    """Raises ``address_refused``, ``lms_unreachable`` and ``lms_redirects``."""
    try:
        answer = session.request(method, url, **options)  # type: ignore[arg-type]
    except AddressRefused as refused:
        log.warning("registration asks for an inner address", reason=str(refused)[:200])
        raise Problem("address_refused", host=_shown_host(url)) from refused
    except (requests.RequestException, ValueError, OSError) as error:
        log.warning("registration: no answer", reason=f"{type(error).__name__}: {error}"[:200])
        raise Problem("lms_unreachable", host=_shown_host(url)) from error
    if 300 <= answer.status_code < 400:
        raise Problem("lms_redirects", host=_shown_host(url))
    return answer


def _check_address(part: str, url: str, settings: Settings) -> None:
    """https, except for this machine's own addresses in development and hosts that the administrator named."""
    trouble = address_trouble(url, settings)
    if trouble is None:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        named = host in settings.allowed_hosts or (not settings.is_production and is_loopback(host))
        if parts.scheme != "https" and not named:
            trouble = "is not an https address"
    if trouble is not None:
        log.warning("registration address refused", part=part, trouble=trouble)
        raise Problem("registration_address_wrong", part=part)


def _bearer(asked: Asked) -> dict[str, str]:
    return {"Authorization": f"Bearer {asked.token}"} if asked.token else {}


def _host_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)


def _shown_host(url: str) -> str:
    return urlsplit(url).netloc
