"""The profile of Moodle, as recorded from a running 4.5."""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import timedelta
from random import Random
from typing import Any

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
from lti_tool.sandbox.registrations import NAMES_AND_ROLES, Registration
from lti_tool.sandbox.services.moodle import MoodleServices
from lti_tool.sandbox.variables import OF_THE_LINK, filled, of_the_course, personal
from lti_tool.sandbox.world import Person, Role

ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
VARIABLES = (
    "Context.id",
    "Context.title",
    "Context.label",
    "Context.id.history",
    "CourseSection.title",
    "CourseSection.label",
    "ResourceLink.id",
    "ResourceLink.title",
    "ResourceLink.description",
    "User.id",
    "User.username",
    "Person.name.full",
    "Person.name.given",
    "Person.name.family",
    "Person.email.primary",
    "Person.sourcedId",
    "Person.address.timezone",
    "Membership.role",
    "Moodle.Person.userGroupIds",
)

# mod/lti's launch containers, seen in return_url beside document_target.
CONTAINERS = {"iframe": "3", "window": "4", "frame": "5"}


class Moodle(Profile):
    name = "moodle"
    product = "Moodle"
    token_life = timedelta(seconds=60)
    grant_mimetype = "text/html"
    """Moodle serves the JSON of its token endpoint under this type."""

    @property
    def issuer(self) -> str:
        return self.config.issuer or self.config.base

    def service_rules(self, base: str) -> MoodleServices:
        return MoodleServices(base)

    def new_client_id(self, randomness: Random) -> str:
        return "".join(randomness.choices(ALPHANUMERIC, k=15))

    def new_deployment_id(self, randomness: Random, taken: Collection[str] = ()) -> str:
        return str(max([int(each) for each in taken if each.isdecimal()], default=0) + 1)

    def person_sub(self, number: int, key: str) -> str:
        # User 1 is Moodle's guest; the administrator is made first and is 2.
        return str(number + 1)

    def context_id(self, number: int, key: str) -> str:
        # Course 1 is the front page of the site.
        return str(number + 1)

    def link_id(self, number: int, key: str, context_id: str, placement: str) -> str:
        return str(number)

    def new_launch_id(self, randomness: Random) -> str:
        return str(randomness.randrange(10**8, 2**31))

    def message_hint(self, launch: Launch) -> str:
        launch_id = f"ltilaunch{launch.link.id}_{launch.id}"
        cmid = int(launch.link.id) + 1 if launch.link.id.isdecimal() else 0
        return json.dumps({"cmid": cmid, "launchid": launch_id}, separators=(",", ":"))

    def launch_id_of(self, message_hint: str) -> str | None:
        try:
            hint = json.loads(message_hint)
        except ValueError:
            return None
        launch_id = hint.get("launchid") if isinstance(hint, dict) else None
        if not isinstance(launch_id, str) or not launch_id.startswith("ltilaunch"):
            return None
        return launch_id.rpartition("_")[2]

    def judge(self, asked: Mapping[str, str], tools: Mapping[str, Registration], spend: Spend) -> Launch:
        """In Moodle's order: the hint is gone once it was looked at, whatever else is wrong."""
        invalid = PageRefusal(404, "Invalid request")
        needed = ("scope", "response_type", "client_id", "redirect_uri", "login_hint", "nonce")
        if not all(asked.get(name) for name in needed):
            raise invalid
        if asked["scope"] != "openid" or asked["response_type"] != "id_token":
            raise invalid
        launch = spend(asked.get("lti_message_hint", ""))
        if launch is None or asked["redirect_uri"] not in launch.registration.launch_urls:
            raise invalid
        if asked["client_id"] != launch.registration.client_id:
            raise FormRefusal("unauthorized_client")
        if asked["login_hint"] != launch.person.sub:
            raise FormRefusal("access_denied")
        if asked.get("response_mode") != "form_post":
            raise FormRefusal("invalid_request", "Invalid response_mode")
        # A missing prompt passes in Moodle; any other than "none" does not.
        if asked.get("prompt", "none") != "none":
            raise FormRefusal("invalid_request", "Invalid prompt")
        return launch

    def roles(self, person: Person, role: Role | None) -> list[str]:
        # Moodle knows two context roles at launch; its non-editing teacher is an Instructor there.
        teaches = role in (Role.INSTRUCTOR, Role.ASSISTANT, Role.DESIGNER)
        if person.administrator:
            return [
                f"{INSTITUTION}#Administrator",
                f"{MEMBERSHIP}#Instructor",
                f"{SYSTEM}#Administrator",
            ]
        return [f"{MEMBERSHIP}#Instructor" if teaches else f"{MEMBERSHIP}#Learner"]

    def claims(self, launch: Launch, role: Role | None, registration: Registration) -> dict[str, Any]:
        person, course, link, options = launch.person, launch.course, launch.link, launch.options
        return {
            f"{CLAIM}lis": {
                "person_sourcedid": person.sourced_id,
                "course_section_sourcedid": f"SIS-{course.label}",
            },
            f"{CLAIM}context": self.services.context_json(course),
            f"{CLAIM}resource_link": {"title": link.title, "description": link.description, "id": link.id},
            **self.identity(launch),
            f"{CLAIM}ext": {
                **({"user_username": person.username} if options.names else {}),
                "lms": "moodle-2",
            },
            f"{CLAIM}launch_presentation": {"locale": launch.options.language, **self._presentation(launch)},
            f"{CLAIM}tool_platform": {
                "product_family_code": "moodle",
                "version": "2024100706",
                "guid": hashlib.sha256(self.config.base.encode()).hexdigest()[:32],
                "name": "Fernhill",
                "description": "Fernhill College (sandbox)",
            },
            f"{CLAIM}custom": self._custom(launch, role),
        }

    def _presentation(self, launch: Launch) -> dict[str, str]:
        if launch.message == DEEP_LINKING:
            return {}
        target = launch.options.target
        return {
            "document_target": target,
            "return_url": f"{self.return_url(launch)}&launch_container={CONTAINERS[target]}",
        }

    def _custom(self, launch: Launch, role: Role | None) -> dict[str, str | None]:
        groups = launch.course.groups.get(launch.person.key, ())
        known = personal(launch) | of_the_course(launch)
        known["Membership.role"] = "Learner" if role in (Role.LEARNER, Role.OBSERVER) else "Instructor"
        known["Moodle.Person.userGroupIds"] = ",".join(groups)
        known["Person.address.timezone"] = "99"  # Moodle's word for "the server's own"
        if launch.message == DEEP_LINKING:
            known |= {name: None for name in OF_THE_LINK if name in known}
        # What the tool's registration says stands over what the link says.
        values = filled({**launch.link.custom, **launch.registration.custom, **launch.custom}, known)
        twice: dict[str, str | None] = {}
        for key, value in values.items():
            # A key with capitals or spaces arrives under its LTI 1.1 spelling too.
            plain = "".join(c if c.isalnum() else "_" for c in key.lower())
            twice[plain] = value
            twice[key] = value
        if NAMES_AND_ROLES in launch.registration.scopes:
            url = self.services.members_url(launch.course, launch.registration)
            twice["context_memberships_url"] = url
        return twice

    def platform_configuration(self) -> dict[str, Any]:
        return {
            "product_family_code": "moodle",
            "version": "4.5.6 (Build: 20250811)",
            "messages_supported": [
                {"type": RESOURCE_LINK},
                {"type": DEEP_LINKING, "placements": ["ContentArea"]},
            ],
            "variables": list(VARIABLES),
        }

    def kept_custom(self, custom: Mapping[str, str]) -> dict[str, str]:
        # Kept as lines of key=value, and cut at the next equals sign.
        return {name: value.partition("=")[0] for name, value in custom.items()}

    def registration_answer(self, tool: Registration, asked: Mapping[str, Any]) -> dict[str, Any]:
        wanted = asked[TOOL]
        config: dict[str, Any] = {
            "version": "1.3.0",
            "deployment_id": tool.deployment_id,
            "target_link_uri": tool.target_link_uri,
            "domain": wanted["domain"],
            "description": tool.description,
        }
        if tool.deep_linking_url:
            # Other kinds of messages are dropped, and so are labels, placements and their own parameters.
            config["messages"] = [{"type": DEEP_LINKING, "target_link_uri": tool.deep_linking_url}]
        if tool.custom:
            config["custom_parameters"] = dict(tool.custom)
        told = ("sub", "iss", "name", "family_name", "given_name", "email")
        config["claims"] = [each for each in told if each in {"sub", "iss", *wanted.get("claims", [])}]
        answer: dict[str, Any] = {
            "client_id": tool.client_id,
            "response_types": ["id_token"],
            "jwks_uri": tool.jwks_url,
            "initiate_login_uri": tool.login_url,
            "grant_types": ["client_credentials", "implicit"],
            "redirect_uris": list(tool.launch_urls),
            "application_type": "web",
            "token_endpoint_auth_method": "private_key_jwt",
            "client_name": tool.name,
        }
        if asked.get("logo_uri"):
            answer["logo_uri"] = asked["logo_uri"]
        return answer | {"scope": " ".join(tool.scopes), TOOL: config}

    def deep_linking_settings(self, return_url: str, data: str) -> dict[str, Any]:
        return {
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["frame", "iframe", "window"],
            "accept_copy_advice": False,
            "accept_multiple": True,
            "accept_unsigned": False,
            "auto_create": False,
            "can_confirm": False,
            "deep_link_return_url": return_url,
            "title": "",
            "text": "",
        }

    def for_user(self, launch: Launch, person: Person) -> dict[str, Any]:
        return {"user_id": person.sub}
