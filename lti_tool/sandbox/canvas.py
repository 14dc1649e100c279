"""The profile of Canvas: a shared issuer, opaque ids, institution roles, storage by postMessage."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid5

from lti_tool.sandbox.launches import DEEP_LINKING, RESOURCE_LINK, Launch
from lti_tool.sandbox.profiles import (
    CLAIM,
    INSTITUTION,
    MEMBERSHIP,
    SYSTEM,
    FormRefusal,
    PageRefusal,
    Profile,
    Spend,
)
from lti_tool.sandbox.registrations import Registration
from lti_tool.sandbox.services.canvas import CONTEXT_ROLES, CanvasServices, numbered, opaque
from lti_tool.sandbox.variables import OF_THE_LINK, filled, of_the_course, personal
from lti_tool.sandbox.world import Person, Role

SHARED_ISSUER = "https://canvas.instructure.com"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

# Ids must look random and yet be the same at every start.
IDS = UUID("8d0c5b0e-52f1-4b53-9d5e-2f6a0a3a1c77")

REQUIRED = (
    "client_id",
    "login_hint",
    "lti_message_hint",
    "nonce",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
)
FIXED = {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none"}

WITHOUT_LINK = ("course_navigation", "editor_button")
INSTITUTION_ROLES = {
    Role.INSTRUCTOR: f"{INSTITUTION}#Instructor",
    Role.ASSISTANT: f"{INSTITUTION}#Instructor",
    Role.LEARNER: f"{INSTITUTION}#Student",
    Role.DESIGNER: f"{INSTITUTION}#Instructor",
    Role.OBSERVER: f"{INSTITUTION}#Observer",
}


class Canvas(Profile):
    name = "canvas"
    product = "Canvas"
    token_life = timedelta(hours=1)

    @property
    def issuer(self) -> str:
        return self.config.issuer or SHARED_ISSUER

    @property
    def storage_target(self) -> str:
        return self.config.storage_target

    def service_rules(self, base: str) -> CanvasServices:
        return CanvasServices(base)

    def new_client_id(self, randomness: Random) -> str:
        # Global ids: the shard's number, then the row's.
        return f"1{randomness.randrange(10**16):016d}"

    def new_deployment_id(self, randomness: Random, taken: Collection[str] = ()) -> str:
        return f"{randomness.randrange(10, 1000)}:{opaque('deployment', str(randomness.random()))}"

    def person_sub(self, number: int, key: str) -> str:
        return str(uuid5(IDS, f"person/{key}"))

    def context_id(self, number: int, key: str) -> str:
        return opaque("course", key)

    def link_id(self, number: int, key: str, context_id: str, placement: str) -> str:
        # What stands in the course's menu or inside a page has no link of its own and goes by the course.
        return context_id if placement in WITHOUT_LINK else str(uuid5(IDS, f"link/{key}"))

    def new_launch_id(self, randomness: Random) -> str:
        return f"{randomness.getrandbits(256):064x}"

    def message_hint(self, launch: Launch) -> str:
        return launch.id

    def launch_id_of(self, message_hint: str) -> str | None:
        return message_hint or None

    def judge(self, asked: Mapping[str, str], tools: Mapping[str, Registration], spend: Spend) -> Launch:
        """Canvas spends the hint last, and says by form_post all that does not concern the address."""
        if not asked.get("lti_message_hint"):
            raise PageRefusal(400, "Invalid lti_message_hint")
        asking = tools.get(asked.get("client_id", ""))
        known = asking.launch_urls if asking else [u for each in tools.values() for u in each.launch_urls]
        if asked.get("redirect_uri") not in known:
            raise PageRefusal(400, "Invalid redirect_uri")
        if missing := [name for name in REQUIRED if not asked.get(name)]:
            raise FormRefusal(
                "invalid_request_object", f"The following parameters are missing: {','.join(missing)}"
            )
        for name, value in FIXED.items():
            if asked[name] != value:
                raise FormRefusal("invalid_request_object", f"The '{name}' must be '{value}'")
        if asking is None or not asking.active:
            raise FormRefusal("unauthorized_client", "Client not authorized in requested context")
        launch = spend(asked["lti_message_hint"])
        if launch is None:
            raise FormRefusal(
                "launch_no_longer_valid", "The launch has either expired or already been consumed"
            )
        if asking is not launch.registration:
            raise FormRefusal("unauthorized_client", "Client not authorized in requested context")
        if asked["login_hint"] != launch.person.sub:
            raise FormRefusal("login_required", "Must have an active user session")
        return launch

    def roles(self, person: Person, role: Role | None) -> list[str]:
        in_context = CONTEXT_ROLES[role] if role else []
        at_the_institution = f"{INSTITUTION}#Administrator" if person.administrator else ""
        if not at_the_institution:
            at_the_institution = INSTITUTION_ROLES[role] if role else f"{INSTITUTION}#Other"
        test = [TEST_USER] if person.test_student else []
        return [at_the_institution, *in_context, f"{SYSTEM}#User", *test]

    def claims(self, launch: Launch, role: Role | None, registration: Registration) -> dict[str, Any]:
        person, course, link, options = launch.person, launch.course, launch.link, launch.options
        unchecked: dict[str, Any] = {"validation_context": None, "errors": {"errors": {}}}
        return {
            "azp": registration.client_id,
            **self.identity(launch),
            "locale": options.language,
            **({"picture": f"{self.config.base}/assets/person.svg"} if options.names else {}),
            f"{CLAIM}context": self.services.context_json(course) | unchecked,
            f"{CLAIM}resource_link": {
                "id": link.id,
                "description": link.description or None,
                "title": course.title if link.placement in WITHOUT_LINK else link.title,
                **unchecked,
            },
            f"{CLAIM}tool_platform": {
                "guid": f"{opaque('platform', self.config.base)}:canvas-lms",
                "name": "Fernhill College",
                "version": "cloud",
                "product_family_code": "canvas",
                **unchecked,
            },
            f"{CLAIM}launch_presentation": {
                "document_target": "window" if options.target == "window" else "iframe",
                "return_url": self.return_url(launch),
                "locale": options.language,
                "height": 400,
                "width": 800,
                **unchecked,
            },
            f"{CLAIM}lis": {
                "person_sourcedid": person.sourced_id or None,
                "course_offering_sourcedid": f"SIS-{course.label}",
                **unchecked,
            },
            f"{CLAIM}custom": self._custom(launch),
            f"{CLAIM}lti11_legacy_user_id": opaque("legacy", person.key),
            f"{CLAIM}lti1p1": {"user_id": opaque("legacy", person.key), **unchecked},
            "https://www.instructure.com/placement": link.placement or None,
            "errors": {"errors": {}},
        }

    def _custom(self, launch: Launch) -> dict[str, str | None]:
        role = launch.course.members.get(launch.person.key)
        groups = launch.course.groups.get(launch.person.key, ())
        known = personal(launch) | of_the_course(launch)
        known["Membership.role"] = ",".join(self.roles(launch.person, role))
        known["Canvas.user.id"] = numbered("person", launch.person.key)
        known["Canvas.course.id"] = numbered("course", launch.course.key)
        known["Canvas.group.contextIds"] = ",".join(opaque("group", group) for group in groups)
        known["ResourceLink.id.history"] = ",".join(launch.link.history)
        for part in ("available", "submission"):
            dates = launch.link.available if part == "available" else launch.link.submission
            for name in ("startDateTime", "endDateTime"):
                known[f"ResourceLink.{part}.{name}"] = dates.get(name)
        # What is withheld is not filled in: the literal variable arrives, as an unsupported one does.
        told = {name: value for name, value in known.items() if value is not None}
        if launch.message == DEEP_LINKING:
            told = {name: value for name, value in told.items() if name not in OF_THE_LINK}
        return filled({**launch.registration.custom, **launch.link.custom, **launch.custom}, told)

    def configuration_url(self, token: str) -> str:
        # Canvas knows by the token for which account a tool registers, and wants it as the bearer too.
        query = urlencode({"registration_token": token})
        return f"{self.config.base}/api/lti/security/openid-configuration?{query}"

    def platform_configuration(self) -> dict[str, Any]:
        return {
            "product_family_code": "canvas",
            "version": "vCloud",
            "messages_supported": [
                {"type": RESOURCE_LINK, "placements": ["course_navigation", "link_selection"]},
                {
                    "type": DEEP_LINKING,
                    "placements": ["assignment_selection", "link_selection", "editor_button"],
                },
            ],
            "notice_types_supported": ["LtiHelloWorldNotice", "LtiContextCopyNotice"],
            "variables": ["Context.id", "Context.id.history", "Canvas.group.contextIds", "ResourceLink.id"],
            "https://canvas.instructure.com/lti/account_name": "Fernhill College",
        }

    def messages_refused(self, kinds: Collection[str]) -> str | None:
        # Its schema for a registration enumerates them.
        known = [message["type"] for message in self.platform_configuration()["messages_supported"]]
        unknown = [kind for kind in kinds if kind not in known]
        return f"messages: {unknown[0]} is not one of {', '.join(known)}" if unknown else None

    def registration_answer(self, tool: Registration, asked: Mapping[str, Any]) -> dict[str, Any]:
        # No deployment id: there is none before the key is switched on in an account.
        kept = {name: value for name, value in asked.items() if name not in ("contacts", TOOL)}
        config = {**asked[TOOL], "custom_parameters": dict(tool.custom)}
        registered = f"{self.config.base}/api/lti/registrations/{tool.client_id}/view"
        config["https://canvas.instructure.com/lti/registration_config_url"] = registered
        return {**kept, "client_id": tool.client_id, "scope": " ".join(tool.scopes), TOOL: config}

    def deep_linking_settings(self, return_url: str, data: str) -> dict[str, Any]:
        return {
            "deep_link_return_url": return_url,
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe", "window"],
            "accept_media_types": "application/vnd.ims.lti.v1.ltilink",
            "accept_multiple": True,
            "accept_lineitem": True,
            "auto_create": False,
            "data": data,
            "validation_context": None,
            "errors": {"errors": {}},
        }

    def for_user(self, launch: Launch, person: Person) -> dict[str, Any]:
        names = {"name": person.name, "given_name": person.given_name, "family_name": person.family_name}
        return {
            "user_id": person.sub,
            **(names if launch.options.names else {}),
            **({"email": person.email} if launch.options.email and person.email else {}),
            "roles": [f"{MEMBERSHIP}#Learner"],
        }
