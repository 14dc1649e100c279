"""What makes one LMS differ from another, as one interface; the quirks stand in moodle.py and canvas.py."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, ClassVar

from lti_tool.sandbox.config import ProfileName, SandboxConfig
from lti_tool.sandbox.launches import DEEP_LINKING, Launch
from lti_tool.sandbox.registrations import GROUPS, Registration
from lti_tool.sandbox.services import groups
from lti_tool.sandbox.services.rules import ServiceRules
from lti_tool.sandbox.world import Person, Role

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person"
DEEP_LINKING_SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person"


@dataclass(eq=False)
class PageRefusal(Exception):
    """The request cannot be trusted to name where to answer: a page of the platform says no."""

    status: int
    sentence: str


@dataclass(eq=False)
class FormRefusal(Exception):
    """The tool is told by a form_post with `error` and `state` (OpenID Connect Core, 3.1.2.6)."""

    error: str
    description: str = ""


Spend = Callable[[str], Launch | None]
"""Gives the launch of a hint and marks it used, at once; None when unknown, used, or too old."""


class Profile(ABC):
    name: ClassVar[ProfileName]
    product: ClassVar[str]
    token_life: ClassVar[timedelta]
    grant_mimetype: ClassVar[str] = "application/json"
    config: SandboxConfig
    services: ServiceRules

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.services = self.service_rules(config.base)

    @property
    def scopes(self) -> tuple[str, ...]:
        """What tools may be allowed."""
        return (*self.services.scopes, *((GROUPS,) if self.config.groups_service else ()))

    @abstractmethod
    def service_rules(self, base: str) -> ServiceRules: ...

    @property
    @abstractmethod
    def issuer(self) -> str: ...

    @property
    def storage_target(self) -> str:
        """The frame that keeps data for tools; empty where the platform offers none."""
        return ""

    @abstractmethod
    def new_client_id(self, randomness: Random) -> str: ...

    @abstractmethod
    def new_deployment_id(self, randomness: Random, taken: Collection[str] = ()) -> str: ...

    @abstractmethod
    def person_sub(self, number: int, key: str) -> str:
        """`number` counts the people from 1, `key` is the person's name in the sandbox."""

    @abstractmethod
    def context_id(self, number: int, key: str) -> str: ...

    @abstractmethod
    def link_id(self, number: int, key: str, context_id: str, placement: str) -> str: ...

    @abstractmethod
    def new_launch_id(self, randomness: Random) -> str: ...

    @abstractmethod
    def message_hint(self, launch: Launch) -> str: ...

    @abstractmethod
    def launch_id_of(self, message_hint: str) -> str | None:
        """None when the hint is not one of this platform's."""

    @abstractmethod
    def judge(self, asked: Mapping[str, str], tools: Mapping[str, Registration], spend: Spend) -> Launch:
        """The launch an authentication request is for. Raises PageRefusal or FormRefusal."""

    @abstractmethod
    def roles(self, person: Person, role: Role | None) -> list[str]: ...

    @abstractmethod
    def claims(self, launch: Launch, role: Role | None, registration: Registration) -> dict[str, Any]:
        """Everything but the claims of the token itself."""

    def token_claims(self, launch: Launch, role: Role | None, nonce: str, now: datetime) -> dict[str, Any]:
        issued = int(now.timestamp())
        registration = launch.registration
        claims = {
            "nonce": nonce,
            "iat": issued,
            "exp": issued + int(self.token_life.total_seconds()),
            "iss": self.issuer,
            "aud": registration.client_id,
            f"{CLAIM}deployment_id": registration.deployment_id,
            f"{CLAIM}target_link_uri": self.target_of(launch),
            "sub": launch.person.sub,
            f"{CLAIM}message_type": launch.message,
            f"{CLAIM}version": "1.3.0",
            f"{CLAIM}roles": self.roles(launch.person, role),
            **self.claims(launch, role, registration),
            **self.services.claims(launch),
        }
        if GROUPS in registration.scopes:
            claims[groups.CLAIM] = groups.claim(self.config.base, launch.course)
        if launch.message == DEEP_LINKING:
            del claims[f"{CLAIM}resource_link"]
            claims[DEEP_LINKING_SETTINGS] = launch.settings
        if launch.for_user:
            claims[f"{CLAIM}for_user"] = self.for_user(launch, launch.for_user)
        return claims

    # Dynamic registration.

    def configuration_url(self, token: str) -> str:
        """Where a tool reads the platform's configuration while it registers."""
        return f"{self.config.base}/.well-known/openid-configuration"

    @abstractmethod
    def platform_configuration(self) -> dict[str, Any]: ...

    def messages_refused(self, kinds: Collection[str]) -> str | None:
        """What a tool is told that registers for messages that are never sent; None where they are passed over."""
        return None

    def kept_custom(self, custom: Mapping[str, str]) -> dict[str, str]:
        return dict(custom)

    @abstractmethod
    def registration_answer(self, tool: Registration, asked: Mapping[str, Any]) -> dict[str, Any]: ...

    # Other messages than the plain launch.

    @abstractmethod
    def deep_linking_settings(self, return_url: str, data: str) -> dict[str, Any]: ...

    @abstractmethod
    def for_user(self, launch: Launch, person: Person) -> dict[str, Any]:
        """The claim of a submission review that says whose work is to be shown."""

    def target_of(self, launch: Launch) -> str:
        return launch.target_link_uri or launch.link.target_link_uri or launch.registration.target_link_uri

    def return_url(self, launch: Launch) -> str:
        return f"{self.config.base}/return?course={launch.course.id}&link={launch.link.key}"

    def identity(self, launch: Launch) -> dict[str, str]:
        """The OpenID Connect claims about the person; what is withheld is absent."""
        person = launch.person
        claims: dict[str, str] = {}
        if launch.options.names:
            claims |= {
                "name": person.name,
                "given_name": person.given_name,
                "family_name": person.family_name,
            }
        if launch.options.email and person.email:
            claims["email"] = person.email
        return claims
